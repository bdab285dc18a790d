"""Doubles of what macOS does otherwise, for tests on Linux: kqueue(2)'s process filter, killpg(2), and wait4(2).

They are made after the manuals and the sources of XNU. They stand in for a run on a macOS machine as far as they are
faithful, and no further.
"""

from __future__ import annotations

import errno
import os
import select
import sys
from typing import Any, NamedTuple

_POLLED = select.EPOLLIN | select.EPOLLONESHOT if sys.platform == "linux" else 0
_own_eyes: list[str] = []


class Kevent(NamedTuple):
    """select.kevent: a change to make, or an event."""

    ident: int
    filter: int = -1
    flags: int = 1
    fflags: int = 0
    data: int = 0
    udata: int = 0


PROC, ADD, ONESHOT, NOTE_EXIT = -5, 0x0001, 0x0010, 0x80000000
"""sys/event.h"""


class Kqueue:
    """select.kqueue, as far as EVFILT_PROC with NOTE_EXIT goes; made of pidfds in an epoll."""

    def __init__(self) -> None:
        self._epoll = _Epoll()
        self._pidfds: dict[int, int] = {}

    def fileno(self) -> int:
        """A descriptor that is readable while there are events."""
        descriptor: int = self._epoll.fileno()
        return descriptor

    def control(self, changes: list[Kevent] | None, max_events: int, timeout: float | None = None) -> list[Kevent]:
        """Make the changes, and take events. Raises ProcessLookupError for a process that has ended, reaped or not."""
        for change in changes or []:
            assert change == Kevent(change.ident, PROC, ADD | ONESHOT, NOTE_EXIT), f"the double does not know {change}"
            pidfd = _pidfd_open(change.ident)
            if _is_readable(pidfd):
                os.close(pidfd)
                raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
            self._epoll.register(pidfd, _POLLED)
            self._pidfds[pidfd] = change.ident
        events = []
        for pidfd, _ in self._epoll.poll(timeout, max_events) if max_events else []:
            events.append(Kevent(self._pidfds.pop(pidfd), PROC, ADD | ONESHOT, NOTE_EXIT))
            self._epoll.unregister(pidfd)
            os.close(pidfd)
        return events

    def close(self) -> None:
        """Close it; the events that are left die with it."""
        self._epoll.close()
        for pidfd in self._pidfds:
            os.close(pidfd)
        self._pidfds.clear()


_pidfd_open = getattr(os, "pidfd_open", None) or (lambda pid: -1)
_real_wait4 = os.wait4
_real_killpg = os.killpg
_seen_to_end = set[int]()


def hesitant_wait4(pid: int, options: int) -> tuple[int, int, Any]:
    """os.wait4, which says "not yet" to the first who asks for a process that has ended.

    NOTE_EXIT comes while the process still ends, and so a moment before it can be waited for.
    """
    if options & os.WNOHANG and pid not in _seen_to_end:
        pidfd = _pidfd_open(pid)
        ended = _is_readable(pidfd)
        os.close(pidfd)
        if ended:
            _seen_to_end.add(pid)
            return 0, 0, None
    _seen_to_end.discard(pid)
    return _real_wait4(pid, options)


def killpg(group: int, number: int) -> None:
    """os.killpg, which answers EPERM for a group of nothing but zombies: XNU counts none that it may signal."""
    _own_eyes.append("killpg")
    try:
        states = _states_of_group(group)
    finally:
        _own_eyes.pop()
    if states and set(states) <= {"Z", "X"}:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
    _real_killpg(group, number)


def _states_of_group(group: int) -> list[str]:
    states = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as stat:
                    state, _, its_group, *_ = stat.read().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(its_group) == group:
                states.append(state)
    return states


def _is_readable(fd: int) -> bool:
    poller = _Poll()
    poller.register(fd, select.POLLIN)
    return bool(poller.poll(0))


_Poll = select.poll
_Epoll: Any = getattr(select, "epoll", None)
"""Taken before a test takes them away."""


KQUEUE: dict[str, Any] = {
    "kqueue": Kqueue,
    "kevent": Kevent,
    "KQ_FILTER_PROC": PROC,
    "KQ_EV_ADD": ADD,
    "KQ_EV_ONESHOT": ONESHOT,
    "KQ_NOTE_EXIT": NOTE_EXIT,
}
"""What macOS's select has and Linux's lacks."""


def install(own_eyes: list[str]) -> None:
    """Make this process think that it runs on macOS. ``own_eyes`` is not empty while the doubles look at /proc."""
    global _own_eyes  # noqa: PLW0603 - one process, one system
    _own_eyes = own_eyes
    # They choose what to use by the platform when they are imported, and what they choose on macOS is not here.
    import selectors
    import subprocess

    assert selectors
    assert subprocess
    for name, value in KQUEUE.items():
        setattr(select, name, value)
    os.wait4 = hesitant_wait4
    os.killpg = killpg
    sys.platform = "darwin"
