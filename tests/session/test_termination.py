"""pipe_rpc/session/termination.py over a group and orphans that note what is sent; test_registry has real processes."""

import errno
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from pipe_rpc.child.exit_status import ExitStatus
from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.session.lifecycle import Outcome, Reason, State
from pipe_rpc.session.termination import Termination
from tests.child.family import close_pipes
from tests.session.harness import EXITED_0, KILLED, TERMINATED, FakeCgroup, FakeChild, FakeOrphans, StillLoop

SOFT = [signal.SIGTERM, signal.SIGCONT]
HARD = [signal.SIGKILL]


class Way:
    """One child's way out."""

    def __init__(self) -> None:
        self.loop = StillLoop()
        self.child = FakeChild()
        self.orphans = FakeOrphans()
        self.termination = Termination("pipe-1", self.child, self.loop, self.orphans)
        self.group = self.child.fake_group

    def request(self, grace_s: float, reason: Reason = Reason.REQUEST) -> None:
        """Ask it to end."""
        self.termination.request(grace_s, reason)

    def exit(self, status: ExitStatus) -> Outcome:
        """The child was reaped."""
        return self.termination.exited(status)

    def close(self) -> None:
        """Give every descriptor back."""
        self.child.close()
        close_pipes(self.child)
        self.loop.close()


@pytest.fixture
def way() -> Iterator[Way]:
    """A child that runs."""
    made = Way()
    yield made
    made.close()


# The grace and the kill


def test_a_grace_begins_softly_and_ends_hard(way: Way) -> None:
    way.request(3)
    assert (way.group.sent, way.termination.lifecycle.state) == (SOFT, State.TERMINATING)
    way.loop.advance(2.99)
    assert way.group.sent == SOFT
    way.loop.advance(0.02)
    assert (way.group.sent, way.termination.lifecycle.state) == ([*SOFT, *HARD], State.KILLING)
    way.loop.advance(100)
    assert way.group.sent == [*SOFT, *HARD]


def test_the_grace_is_counted_from_the_request_however_long_the_turn_has_lasted(way: Way) -> None:
    way.loop.clock.now += 2
    way.request(3)
    way.loop.advance(2.99)
    assert way.group.sent == SOFT
    way.loop.advance(0.02)
    assert way.group.sent == [*SOFT, *HARD]


def test_without_grace_there_is_no_sigterm(way: Way) -> None:
    way.request(0)
    assert way.group.sent == HARD
    way.request(0)
    way.request(5)
    way.loop.advance(10)
    assert way.group.sent == HARD


def test_a_shorter_grace_moves_the_kill_forward_and_a_longer_one_does_not_move_it_back(way: Way) -> None:
    way.request(10)
    way.request(1)
    way.request(60)
    way.loop.advance(1)
    way.loop.advance(60)
    assert way.group.sent == [*SOFT, *HARD]


def test_a_kill_may_come_within_the_grace(way: Way) -> None:
    way.request(10)
    way.request(0)
    assert way.group.sent == [*SOFT, *HARD]
    way.loop.advance(20)
    assert way.group.sent == [*SOFT, *HARD]


def test_the_end_is_told_by_who_asked_first(way: Way) -> None:
    way.request(3, Reason.TIMEOUT)
    way.request(3, Reason.SHUTDOWN)
    assert not way.termination.has_exited
    assert way.exit(TERMINATED) is Outcome.SOFT_EXIT
    assert way.termination.has_exited
    assert way.termination.lifecycle.reason is Reason.TIMEOUT


# What is left when the child has ended


def test_a_child_that_ends_within_its_grace_is_not_killed_when_nothing_of_its_group_is_left(way: Way) -> None:
    way.request(3)
    assert way.exit(TERMINATED) is Outcome.SOFT_EXIT
    assert not way.termination.has_processes()
    way.group.survivors = True  # as if the number were somebody else's now
    way.loop.advance(10)
    assert way.group.sent == SOFT


def test_what_is_left_of_the_group_is_killed_at_the_deadline(way: Way) -> None:
    way.group.survivors = True
    way.request(3)
    way.exit(TERMINATED)
    assert way.termination.has_processes()
    way.loop.advance(3)
    assert way.group.sent == [*SOFT, *HARD]
    assert way.termination.lifecycle.state is State.EXITED


def test_what_is_left_after_an_exit_that_nobody_asked_for_lives_until_somebody_asks(way: Way) -> None:
    way.group.survivors = True
    way.exit(EXITED_0)
    way.loop.advance(1000)
    assert way.group.sent == []
    assert way.orphans.condemned == []
    way.request(5)
    assert way.group.sent == HARD


def test_to_terminate_where_nobody_is_left_is_no_error(way: Way) -> None:
    way.exit(EXITED_0)
    way.request(5)
    assert way.group.sent == []
    assert not way.termination.has_processes()


# Orphans of its kernel session


def test_a_child_that_was_killed_takes_the_orphans_of_its_session_along(way: Way) -> None:
    way.request(0)
    assert way.orphans.condemned == []  # They are children of the shell still, and none of ours to find.
    assert way.exit(KILLED) is Outcome.HARD_KILLED
    assert way.orphans.condemned == [way.child.pid]


@pytest.mark.parametrize("grace_s", [0, 1])
def test_a_child_that_had_ended_by_itself_when_it_was_killed_takes_them_along_too(way: Way, grace_s: float) -> None:
    way.request(grace_s)
    way.loop.advance(2)
    assert way.exit(EXITED_0) is Outcome.SOFT_EXIT
    assert way.orphans.condemned == [way.child.pid]


def test_a_child_that_somebody_else_killed_does_not(way: Way) -> None:
    assert way.exit(KILLED) is Outcome.NATURAL_EXIT
    assert way.orphans.condemned == []


def test_orphans_of_a_child_that_ended_within_its_grace_have_what_is_left_of_it(way: Way) -> None:
    way.orphans.sessions = {way.child.pid}
    way.request(3)
    way.exit(TERMINATED)
    way.loop.advance(2.99)
    assert way.orphans.condemned == []
    way.loop.advance(0.02)
    assert way.orphans.condemned == [way.child.pid]


def test_orphans_of_other_sessions_are_no_reason_for_a_deadline(way: Way) -> None:
    way.orphans.sessions = {way.child.pid + 1}
    way.request(3)
    way.exit(TERMINATED)
    way.loop.advance(10)
    assert way.orphans.condemned == []
    assert way.group.sent == SOFT


def test_to_terminate_after_the_exit_ends_the_orphans_too(way: Way) -> None:
    way.exit(EXITED_0)
    way.request(5)
    assert way.orphans.condemned == [way.child.pid]


# The system refuses


@pytest.mark.parametrize("grace_s", [0, 5])
def test_a_system_that_refuses_is_told_to_who_asked_and_the_kill_is_tried_all_the_same(
    way: Way, grace_s: float
) -> None:
    way.group.refuses = True
    with pytest.raises(PipeRpcError, match="another user") as caught:
        way.request(grace_s)
    assert caught.value.code is ErrorCode.SIGNAL_FAILED
    assert caught.value.data["errno"] == "EPERM"
    assert caught.value.data["signal"] == ("SIGTERM" if grace_s else "SIGKILL")
    way.loop.advance(4)
    way.group.refuses = False
    way.loop.advance(1)
    assert way.group.sent == ([signal.SIGKILL] if grace_s else [])


@pytest.mark.parametrize("grace_s", [0, 5])
def test_who_asks_again_after_a_kill_that_was_refused_hears_again_and_has_it_tried_again(
    way: Way, grace_s: float
) -> None:
    way.group.refuses = True
    for _ in range(2):
        with pytest.raises(PipeRpcError, match="another user") as caught:
            way.request(0)
        assert caught.value.data["signal"] == "SIGKILL"
    with pytest.raises(PipeRpcError, match="another user"):
        way.request(grace_s)
    way.group.refuses = False
    way.request(grace_s)
    assert way.group.sent == HARD
    way.request(grace_s)
    assert way.group.sent == HARD, "it was killed, and once is enough"


def test_a_kill_at_the_deadline_that_is_refused_does_not_end_the_loop(way: Way) -> None:
    way.group.refuses = True
    with suppress(PipeRpcError):
        way.request(1)
    way.loop.advance(1)
    assert way.termination.lifecycle.state is State.KILLING


def test_a_signal_for_nobody_and_one_that_is_refused_say_so(way: Way) -> None:
    way.termination.send(signal.SIGUSR1)
    assert way.group.sent == [signal.SIGUSR1]
    way.group.refuses = True
    with pytest.raises(PipeRpcError) as refused:
        way.termination.send(signal.SIGINT)
    way.group.refuses = False
    way.exit(EXITED_0)
    with pytest.raises(PipeRpcError) as late:
        way.termination.send(signal.SIGINT)
    for caught, name in ((refused, "EPERM"), (late, "ESRCH")):
        assert caught.value.code is ErrorCode.SIGNAL_FAILED
        assert dict(caught.value.data) == {"sessionId": "pipe-1", "signal": "SIGINT", "errno": name}


# The session is forgotten


def test_whoever_is_released_while_a_kill_is_due_is_killed_at_once(way: Way) -> None:
    way.group.survivors = True
    way.request(1000)
    way.exit(TERMINATED)
    assert way.termination.release() is way.child
    assert way.group.sent == [*SOFT, *HARD]
    way.loop.advance(2000)
    assert way.group.sent == [*SOFT, *HARD]


def test_orphans_of_a_session_that_is_released_while_a_kill_is_due_end_with_it(way: Way) -> None:
    way.orphans.sessions = {way.child.pid}
    way.request(1000)
    way.exit(TERMINATED)
    assert way.termination.release() is None
    assert way.orphans.condemned == [way.child.pid]


def test_whoever_is_released_with_survivors_is_handed_over(way: Way) -> None:
    way.group.survivors = True
    way.exit(EXITED_0)
    assert way.termination.release() is way.child
    assert not way.group.forgotten
    assert way.group.sent == []


def test_whoever_is_released_without_survivors_is_never_signalled_again(way: Way) -> None:
    way.exit(EXITED_0)
    assert way.termination.release() is None
    assert way.group.forgotten


# The session has a cgroup


@pytest.fixture
def cgroup(way: Way) -> FakeCgroup:
    """What the child and everything that it starts is in."""
    made = FakeCgroup()
    way.child.cgroup = made
    return made


def test_a_soft_end_leaves_the_cgroup_alone_until_the_deadline(way: Way, cgroup: FakeCgroup) -> None:
    way.request(5)
    way.exit(TERMINATED)
    assert (way.group.sent, cgroup.kills) == (SOFT, 0)
    way.loop.advance(5)
    assert cgroup.kills == 1


def test_a_cgroup_that_is_empty_by_the_time_of_the_exit_is_not_killed(way: Way, cgroup: FakeCgroup) -> None:
    way.request(5)
    cgroup.populated = False
    way.exit(TERMINATED)
    way.loop.advance(10)
    assert cgroup.kills == 0


def test_a_hard_end_is_for_the_whole_cgroup(way: Way, cgroup: FakeCgroup) -> None:
    way.request(0)
    assert (way.group.sent, cgroup.kills) == (HARD, 1)


def test_a_natural_end_leaves_the_cgroup_alone_until_somebody_asks(way: Way, cgroup: FakeCgroup) -> None:
    way.exit(EXITED_0)
    way.loop.advance(10)
    assert cgroup.kills == 0
    assert way.termination.has_processes()
    way.request(5)
    assert cgroup.kills == 1


def test_a_signal_is_not_for_the_cgroup(way: Way, cgroup: FakeCgroup) -> None:
    way.termination.send(signal.SIGKILL)
    assert (way.group.sent, cgroup.kills) == (HARD, 0)


def test_whoever_is_released_with_somebody_in_its_cgroup_is_handed_over(way: Way, cgroup: FakeCgroup) -> None:
    way.exit(EXITED_0)
    assert way.termination.release() is way.child
    cgroup.populated = False
    assert way.termination.release() is None


def test_where_the_cgroup_cannot_be_killed_the_group_is_and_that_is_told(way: Way, cgroup: FakeCgroup) -> None:
    cgroup.fails = errno.ENFILE
    with pytest.raises(PipeRpcError, match="Too many open files in system") as caught:
        way.request(0)
    assert caught.value.data["errno"] == "ENFILE"
    assert way.group.sent == HARD


@pytest.mark.parametrize("state", ["before the exit", "after the exit"])
def test_where_the_cgroup_was_killed_the_end_of_a_set_uid_program_is_no_failure(
    way: Way, cgroup: FakeCgroup, state: str
) -> None:
    if state == "after the exit":
        way.group.survivors = True
        way.exit(EXITED_0)
    way.group.refuses = True
    way.request(0)
    assert cgroup.kills == 1


def test_where_the_cgroup_may_not_be_killed_for_the_server_s_sake_a_set_uid_program_is_told(
    way: Way, cgroup: FakeCgroup
) -> None:
    way.group.refuses = cgroup.holds_server = True
    with pytest.raises(PipeRpcError, match="another user"):
        way.request(0)


# A kill is owed


def _owing(way: Way, cgroup: FakeCgroup) -> None:
    """Let a kill fail that is to be tried again, and the child end by what reached its group."""
    cgroup.fails = errno.EMFILE
    with suppress(PipeRpcError):
        way.request(0)
    way.group.survivors = True
    way.exit(KILLED)


def test_a_kill_that_is_owed_is_tried_once_more_when_the_session_is_released(way: Way, cgroup: FakeCgroup) -> None:
    _owing(way, cgroup)
    cgroup.fails = 0
    assert way.termination.release() is way.child
    assert cgroup.kills == 2
    way.loop.advance(10)
    assert cgroup.kills == 2


def test_a_kill_that_is_owed_is_tried_until_it_is_done_though_the_session_was_released(
    way: Way, cgroup: FakeCgroup
) -> None:
    _owing(way, cgroup)
    assert way.termination.release() is way.child
    for tried in (3, 4, 5):
        way.loop.advance(0.1)
        assert cgroup.kills == tried
    cgroup.fails = 0
    way.loop.advance(0.1)
    way.loop.advance(10)
    assert cgroup.kills == 6


def test_a_kill_that_is_owed_to_nobody_any_more_is_given_up(way: Way, cgroup: FakeCgroup) -> None:
    _owing(way, cgroup)
    assert way.termination.release() is way.child
    cgroup.populated = way.group.survivors = False
    for _ in range(3):
        way.loop.advance(0.1)
    assert cgroup.kills == 3
    assert way.termination.release() is None
