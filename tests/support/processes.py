"""Facts about processes that are not our children, without polling by time."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from tests.support.trace import DEADLINE_S


class WatchedProcess:
    """Any process, watched from now on. Make it while the process is known to live; then `wait_gone()`.

    A zombie counts as gone: it has ended, and who reaps it is somebody else's business.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._pidfd = -1
        if sys.platform == "linux":
            self._pidfd = os.pidfd_open(pid)
        else:
            self._queue = select.kqueue()
            change = select.kevent(
                pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD | select.KQ_EV_ONESHOT, select.KQ_NOTE_EXIT
            )
            self._queue.control([change], 0)

    def wait_gone(self) -> None:
        """Return when the process has ended; fail at the deadline."""
        assert self._is_gone(DEADLINE_S), f"process {self.pid} is still running"

    def is_gone(self) -> bool:
        """Has it ended by now?"""
        return self._is_gone(0.0)

    def _is_gone(self, within_s: float) -> bool:
        if sys.platform == "linux":
            poller = select.poll()
            poller.register(self._pidfd, select.POLLIN)
            return bool(poller.poll(within_s * 1000))
        return bool(self._queue.control([], 1, within_s))

    def close(self) -> None:
        if sys.platform == "linux":
            os.close(self._pidfd)
        else:
            self._queue.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def process_state(pid: int) -> str:
    """The state letter of /proc/PID/stat: R, S, T (stopped), Z (zombie) … or "" when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


@contextmanager
def frozen(pids: Iterable[int]) -> Iterator[None]:
    """Stop processes for the length of a block: what happens in it, they find all at once afterwards (Linux)."""
    stopped = list(pids)
    try:
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        for pid in stopped:
            wait_state(pid, "T")
        yield
    finally:
        for pid in reversed(stopped):
            os.kill(pid, signal.SIGCONT)


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used (Linux)."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """Resident memory of a process (Linux)."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descendants(pid: int) -> list[int]:
    """Every live or zombie descendant of a process, parents before children (Linux)."""
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as stat:
                parent = int(stat.read().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # It ended while we looked.
        parents.setdefault(parent, []).append(int(name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = parents.get(waiting.pop(0), [])
        found += children
        waiting += children
    return found


def wait_until_alone(pid: int) -> None:
    """Return when the first child of a process has ended, and the process, which hears of that, sleeps or is gone.

    It is woken by its child's end before that shows, so once it sleeps again it has taken note of it (Linux).
    """
    for child in descendants(pid)[:1]:
        wait_state(child, "Z", "")
    wait_state(pid, "S", "Z", "")


def wait_state(pid: int, *states: str) -> None:
    """Return when the process is in one of these states (Linux); see `process_state`.

    Only a parent can wait for a stop, so this looks again and again.
    """
    deadline = time.monotonic() + DEADLINE_S
    while (state := process_state(pid)) not in states:
        assert time.monotonic() < deadline, f"process {pid} is in state {state!r}, never in {states}"
        os.sched_yield()


def wait_ended(pids: Iterable[int]) -> None:
    """Return when none of these processes runs any more."""
    for pid in pids:
        wait_state(pid, "", "Z")
