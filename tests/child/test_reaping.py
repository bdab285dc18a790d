"""pipe_rpc/child/reaping.py: a child's status is taken once, whenever the system hands it out."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator

import pytest

from pipe_rpc.child.exit_status import ExitStatus
from pipe_rpc.child.reaping import Reaping
from tests.session.harness import EXITED_0, FakeChild, ManualExitWatch, StillLoop


class Reaped:
    """A child under a reaper, what the next tries to reap it come to, and what was told."""

    def __init__(self) -> None:
        self.loop = StillLoop()
        self.exits = ManualExitWatch()
        self.child = FakeChild()
        self.told: list[ExitStatus] = []
        self.tries: list[ExitStatus | OSError | None] = []
        self.child.reap = self._reap  # type: ignore[method-assign]  # a double of one call
        Reaping(self.child, self.loop, self.exits, self.told.append)
        self.report: Callable[[], None] = self.exits.callbacks[self.child.pid]

    def _reap(self) -> ExitStatus | None:
        outcome = self.tries.pop(0)
        if isinstance(outcome, OSError):
            raise outcome
        return outcome


@pytest.fixture
def reaped() -> Iterator[Reaped]:
    made = Reaped()
    yield made
    made.child.close()
    for fd in (made.child.stdin_fd, made.child.stdout_fd, made.child.stderr_fd):
        assert fd is not None

        os.close(fd)
    made.loop.close()


def test_the_status_is_told_once_and_nobody_watches_any_more(reaped: Reaped) -> None:
    reaped.tries = [EXITED_0]
    reaped.report()
    assert reaped.told == [EXITED_0]
    assert reaped.exits.callbacks == {}
    reaped.loop.advance(10)
    assert reaped.told == [EXITED_0]


@pytest.mark.parametrize("hindrance", [None, InterruptedError(errno.EINTR, "again"), OSError(errno.ENOMEM, "memory")])
def test_a_child_that_cannot_be_reaped_yet_is_asked_for_again(reaped: Reaped, hindrance: OSError | None) -> None:
    reaped.tries = [hindrance, hindrance, EXITED_0]
    reaped.report()
    assert reaped.exits.callbacks == {}, "a pidfd would be readable in every turn"
    reaped.loop.advance(0.001)
    assert reaped.told == []
    reaped.loop.advance(0.002)
    assert reaped.told == [EXITED_0]


def test_it_is_asked_for_less_and_less_often_and_never_given_up(reaped: Reaped) -> None:
    reaped.tries = [*[None] * 100, EXITED_0]
    reaped.report()
    for _ in range(99):
        reaped.loop.advance(0.05)
        assert reaped.told == []
    reaped.loop.advance(0.05)
    assert reaped.told == [EXITED_0]


def test_where_news_may_be_of_any_child_the_watch_goes_on(reaped: Reaped) -> None:
    reaped.exits.exit_is_near = False
    reaped.tries = [None, EXITED_0]
    reaped.report()
    assert list(reaped.exits.callbacks) == [reaped.child.pid]
    reaped.report()
    assert reaped.told == [EXITED_0]


def test_a_status_that_somebody_else_has_taken_is_an_error_of_ours(reaped: Reaped) -> None:
    reaped.tries = [ChildProcessError(errno.ECHILD, "no child")]
    with pytest.raises(ChildProcessError):
        reaped.report()
