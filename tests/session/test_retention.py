"""pipe_rpc/session/retention.py: closed sessions within a count and an amount of memory, the oldest first."""

from __future__ import annotations

from typing import cast

from pipe_rpc.session.retention import Retention
from pipe_rpc.session.session import Session


class Closed:
    """What the retention asks of a session."""

    def __init__(self, kept_bytes: int = 0, *, processes: bool = False) -> None:
        self.kept_bytes = kept_bytes
        self.asked = 0
        self._processes = processes

    def has_processes(self) -> bool:
        """What the test has set."""
        self.asked += 1
        return self._processes


def closed(kept_bytes: int = 0, *, processes: bool = False) -> Session:
    return cast("Session", Closed(kept_bytes, processes=processes))


def test_as_many_as_may_be_are_kept_and_of_one_more_the_oldest_is_overdue() -> None:
    retention = Retention(max_sessions=2, max_bytes=100)
    sessions = [closed() for _ in range(3)]
    for session in sessions[:2]:
        retention.add(session)
        assert retention.overdue() is None
    retention.add(sessions[2])
    assert retention.overdue() is sessions[0]
    retention.discard(sessions[0])
    assert retention.overdue() is None
    assert len(retention) == 2


def test_as_much_as_may_be_is_kept_and_of_one_byte_more_the_oldest_is_overdue() -> None:
    retention = Retention(max_sessions=9, max_bytes=100)
    first, second = closed(60), closed(40)
    retention.add(first)
    retention.add(second)
    assert retention.overdue() is None
    retention.add(closed(1))
    assert retention.overdue() is first


def test_what_a_session_retained_when_it_was_added_is_what_it_gives_back() -> None:
    retention = Retention(max_sessions=9, max_bytes=100)
    shrinking = Closed(100)
    retention.add(cast("Session", shrinking))
    shrinking.kept_bytes = 10
    retention.discard(cast("Session", shrinking))
    retention.add(closed(100))
    assert retention.overdue() is None


def test_one_that_is_not_kept_is_discarded_without_effect() -> None:
    retention = Retention(max_sessions=1, max_bytes=100)
    retention.add(closed(100))
    retention.discard(closed(100))
    assert len(retention) == 1
    retention.add(closed())
    assert retention.overdue() is not None


def test_those_that_left_processes_are_counted() -> None:
    retention = Retention(max_sessions=9, max_bytes=100)
    for processes in (True, False, True):
        retention.add(closed(processes=processes))
    assert retention.with_processes() == 2


def test_only_those_that_have_left_processes_are_asked_again() -> None:
    retention = Retention(max_sessions=9, max_bytes=100)
    left, ended, discarded = (Closed(processes=processes) for processes in (True, False, True))
    for each in (left, ended, discarded):
        retention.add(cast("Session", each))
    retention.discard(cast("Session", discarded))
    for _ in range(3):
        assert retention.with_processes() == 1
    assert (left.asked, ended.asked, discarded.asked) == (3, 1, 0)
