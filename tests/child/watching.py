"""Children whose ends are watched, for the tests of each way of seeing an end."""

import os
import selectors
from collections.abc import Callable

import pytest

from pipe_rpc.child.exit_watch import ExitWatch
from pipe_rpc.child.spawn import Child
from pipe_rpc.loop.loop import Loop
from pipe_rpc.loop.signals import SignalWatch
from tests.support.trace import DEADLINE_S


class Watching:
    """A loop, an exit watch, and who was reported; a report is taken by reaping, as a session does."""

    def __init__(
        self, make: Callable[[Loop, SignalWatch], ExitWatch], selector: selectors.BaseSelector | None = None
    ) -> None:
        self.loop = Loop(selector)
        self.signals = SignalWatch(self.loop, {})
        self.exits = make(self.loop, self.signals)
        self.reported: list[Child] = []
        self.calls = 0

    def watch(self, child: Child) -> None:
        """Watch a child and note its end."""
        self.exits.watch(child, lambda: self._may_have_exited(child))

    def _may_have_exited(self, child: Child) -> None:
        self.calls += 1
        if child.reap() is None:
            return
        self.exits.unwatch(child)
        child.group.leader_reaped()
        self.reported.append(child)

    def run_until_reported(self, count: int) -> None:
        """Take turns until so many ends are known."""
        deadline = self.loop.call_at(self.loop.now + DEADLINE_S, lambda: pytest.fail("no report in time"))
        while len(self.reported) < count:
            self.loop.run_turn()
        self.loop.cancel(deadline)

    def run_ready(self) -> None:
        """Take one turn that does not sleep."""
        due = self.loop.call_at(self.loop.now, lambda: None)
        self.loop.run_turn()
        self.loop.cancel(due)

    def close(self) -> None:
        """Give everything back."""
        self.exits.close()
        self.signals.close()
        self.loop.close()


def let_end(child: Child) -> None:
    """Send a line to a child that waits for one."""
    assert child.stdin_fd is not None
    os.write(child.stdin_fd, b"\n")


def wait_ended(child: Child) -> None:
    """Return when the child has ended, and leave it unreaped."""
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
