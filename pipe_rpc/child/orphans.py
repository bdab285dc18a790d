"""Descendants that lost their parent: they come to us, are reaped by us, and end with us.

Rules of this file: a process that detaches itself (setsid, a double fork) leaves its group, but as the nearest
subreaper we still become its parent (prctl(2), PR_SET_CHILD_SUBREAPER; Linux only). An unreaped child keeps its number,
so it can be signalled safely. Children that we had before we spawned anything, and what descends
from them, are not ours to touch: each child of ours leads a kernel session of its own, so nothing of ours is in the
one that we were started in.
"""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from pipe_rpc.child import prctl
from pipe_rpc.loop.loop import Loop
from pipe_rpc.loop.signals import SignalWatch

_LOOK_AGAIN_S = 0.05


class Orphans:
    """Adopts the orphans among our descendants where the system has such a thing.

    ``expect`` tells which children are reaped by their sessions, and so are none.
    """

    def __init__(self, loop: Loop, signals: SignalWatch) -> None:
        self._loop = loop
        self._leaders: set[int] = set()
        self.adopts = sys.platform == "linux" and prctl.become_subreaper()
        """Whether orphans come to us at all."""
        self._inherited = frozenset(prctl.children()) if self.adopts else frozenset[int]()
        self._own_session = os.getsid(0)
        self._condemned: set[int] = set()
        self._reaping = False
        if self.adopts:
            signals.add(signal.SIGCHLD, self._reap_soon)

    def expect(self, pid: int) -> None:
        """Leave this child to its session, until ``release``."""
        self._leaders.add(pid)

    def release(self, pid: int) -> None:
        """The session has reaped the child."""
        self._leaders.discard(pid)

    def living(self) -> list[int]:
        """Adopted processes that have not ended; those that have are reaped on the way.

        One that ends while we look hands its own children to us, so we look until none has ended meanwhile.
        Raises OSError where the system has no memory or descriptor to tell who they are.
        """
        if not self.adopts:
            return []
        while True:
            adopted = [pid for pid in prctl.children() if self._is_adopted(pid)]
            living = [pid for pid in adopted if not _reap(pid)]
            if living == adopted:
                return living

    def any_left(self) -> bool:
        """Whether there are any, or may be: where the system cannot tell now, somebody is to ask again."""
        try:
            return bool(self.living())
        except OSError:
            return True

    def ask_to_end(self) -> None:
        """Send SIGTERM to each that does not get it with the process group of an expected child."""
        self._send(signal.SIGTERM, lambda pid: os.getpgid(pid) not in self._leaders)

    def kill(self, *, in_sessions: bool) -> None:
        """Send SIGKILL to each; to those in the kernel session of an expected child, only ``in_sessions``."""
        self._send(signal.SIGKILL, lambda pid: in_sessions or os.getsid(pid) not in self._leaders)

    def of_session(self, session: int) -> bool:
        """Whether any of them belongs to a kernel session (setsid(2)), or may: see ``any_left``."""
        try:
            return any(_session_of(pid) == session for pid in self.living())
        except OSError:
            return True

    def condemn(self, session: int) -> None:
        """Kill those of a kernel session (setsid(2)), and those that come to us from it while they die.

        Jobs of an interactive shell leave the shell's group, but not its session.
        """
        if self.adopts:
            self._condemned.add(session)
            self._execute()

    def _send(self, number: int, is_meant: Callable[[int], bool]) -> None:
        """Send a signal to each that is meant; where the system cannot tell now who they are, to none."""
        with suppress(OSError):
            for pid in self.living():
                with suppress(OSError):
                    if is_meant(pid):
                        os.kill(pid, number)

    def _execute(self) -> None:
        if not self._condemned:
            return
        found = set[int]()
        try:
            living = self.living()
        except OSError:
            self._look_again()
            return
        for pid in living:
            if (session := _session_of(pid)) in self._condemned:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
                    found.add(session)
        self._condemned = found

    def _is_adopted(self, pid: int) -> bool:
        return pid not in self._leaders and pid not in self._inherited and _session_of(pid) != self._own_session

    def _reap_soon(self) -> None:
        """Reap behind the sessions of this turn: most often one of theirs is all that has ended."""
        if not self._reaping:
            self._reaping = True
            self._loop.call_at(self._loop.now, self._reap_ended)

    def _reap_ended(self) -> None:
        self._reaping = False
        try:
            if os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                self.living()
        except ChildProcessError:
            pass  # There is no child at all.
        except OSError:
            self._look_again()
            return
        self._execute()

    def _look_again(self) -> None:
        """What the system cannot tell for want of memory or descriptors, it may tell a moment later."""
        if not self._reaping:
            self._reaping = True
            self._loop.call_at(self._loop.now + _LOOK_AGAIN_S, self._reap_ended)


def _session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


def _reap(pid: int) -> bool:
    """Reap an ended child; returns whether it had ended."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True
