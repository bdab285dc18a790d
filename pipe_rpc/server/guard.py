"""The process that cleans up when the server itself cannot: the one that the client sees, and the server's parent.

Rules of this file: it is forked before anything heavy is imported, and holds none of the protocol's pipes, so the
client sees the end of the server as it comes. It waits, passes signals on, and does nothing else. When the server is
killed, everything that the server had started falls to its guard, the next subreaper up, and is killed (prctl(2),
PR_SET_CHILD_SUBREAPER). When the guard is killed, the server is told by a signal and ends in order (PR_SET_PDEATHSIG).
The server has a session of its own, so that no signal to the guard's process group takes both at once. Where sessions
have cgroups, these are killed first and in one stroke: whoever forks and forks does not win a race against the guard.
What the system refuses for want of descriptors or memory is asked for again for as long as that takes: nobody else is
left who could do it. Linux only; elsewhere the server runs unguarded.
"""

import errno
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from pipe_rpc.child import prctl
from pipe_rpc.child.cgroup import Cgroup
from pipe_rpc.child.cgroup_place import server_directory
from pipe_rpc.child.zombie import is_zombie

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""What ends the server in order, whether it comes to the server or to its guard."""

FORWARDED: dict[signal.Signals, int] = (
    {number: signal.SIGRTMIN + place for place, number in enumerate(ENDING_SIGNALS)} if sys.platform == "linux" else {}
)
"""What the server is sent for a signal that came to its guard.

Who signals guard and server alike, as systemd does, signals once: the server is to see the way that each has come.
"""

_AWAITED = (*ENDING_SIGNALS, signal.SIGCHLD)
"""What the guard takes one by one, all of them blocked from before there is a server.

A handler would run only when a system call is interrupted, and none is, by a signal that comes just before it.
"""

_PATIENCE_S = 2.0
"""How long to wait for killed processes to leave their cgroups, where one that is stuck in the kernel keeps its own;
and for processes that have ended and that a tracer holds."""

_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)
"""How the system says that it has run out of something, which it may have again a moment later."""
_LOOK_AGAIN_S = 0.05

_Result = TypeVar("_Result")


def stand_guard(cgroup_home: str | None = None) -> bool:
    """Fork: return in the child, which is to become the server; the parent guards it and ends with its exit status.

    ``cgroup_home`` is where the server makes its cgroups. Returns whether there is a guard. The signals that it
    forwards are blocked in the server, and are to be unblocked there as soon as they are handled.
    """
    if sys.platform != "linux" or not prctl.become_subreaper():
        return False
    inherited = frozenset(prctl.children())
    guard_pid = os.getpid()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [*_AWAITED, *FORWARDED.values()])
    server_pid = os.fork()
    if server_pid == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, [*mask, *FORWARDED.values()])
        os.setsid()
        prctl.signal_when_parent_ends(signal.SIGTERM)
        if os.getppid() != guard_pid:
            os._exit(1)  # It ended between the fork and the line above, and took the client's end of things with it.
        return True
    os._exit(_guard(server_pid, inherited, cgroup_home))


def _guard(server_pid: int, inherited: frozenset[int], cgroup_home: str | None) -> int:
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    _forward_until_ended(server_pid)
    cgroup = None
    if cgroup_home is not None:
        with suppress(OSError):  # Whom this does not reach, the following does.
            cgroup = Cgroup(_in_the_end(lambda: server_directory(cgroup_home, server_pid)))
            _in_the_end(cgroup.kill)
    _, status = os.waitpid(server_pid, 0)
    _end_all_but(set(inherited))
    if cgroup is not None:
        # As long as nobody can tell whether anybody is in there, what is in the way may be the system's want alone.
        while not cgroup.remove(_PATIENCE_S) and cgroup.has_running() is None:
            time.sleep(_LOOK_AGAIN_S)
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _forward_until_ended(server_pid: int) -> None:
    """Pass on the signals that come, until the server has ended and is to be reaped."""
    # Not reaped yet, so its number is still its own when the last signal is forwarded.
    while os.waitid(os.P_PID, server_pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        number = signal.Signals(signal.sigwait(_AWAITED))
        if number != signal.SIGCHLD:
            os.kill(server_pid, FORWARDED[number])


def _end_all_but(spared: set[int]) -> None:
    """Kill all children, and what comes to us from them while they end, and wait for none before all are killed.

    One that is stuck in the kernel is waited for, for its own children come to us only when it ends. One that has
    ended, and whose tracer does not let us have it (ptrace(2)), has none: it is left after a while.
    """
    patience_ends = time.monotonic() + _PATIENCE_S
    while left := [pid for pid in _in_the_end(prctl.children) if pid not in spared and not _is_of_our_session(pid)]:
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                spared.add(pid)  # It runs as another user now, by a set-uid program.
        for pid in left:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if not all(is_zombie(pid) for pid in left):
            patience_ends = time.monotonic() + _PATIENCE_S
        elif time.monotonic() >= patience_ends:
            return
        signal.sigtimedwait([signal.SIGCHLD], _LOOK_AGAIN_S)


def _in_the_end(work: Callable[[], _Result]) -> _Result:
    """Do something as soon as the system has descriptors and memory for it. Raises OSError for any other reason."""
    while True:
        try:
            return work()
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
        time.sleep(_LOOK_AGAIN_S)


def _is_of_our_session(pid: int) -> bool:
    """Whether it was there before us: the server and all that it starts are in kernel sessions of their own."""
    try:
        return os.getsid(pid) == os.getsid(0)
    except ProcessLookupError:
        return False
