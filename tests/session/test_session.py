"""pipe_rpc/session/session.py over a fake child and real pipes, by hand; test_registry has real processes."""

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from pipe_rpc.buffers.text import Encoding
from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.session.announcement import Closed, Detached, DetachReason, Exited, Output, StreamName
from pipe_rpc.session.attachment import Overflow
from pipe_rpc.session.lifecycle import Outcome, Reason, State
from tests.session.harness import EXITED_0, KILLED, TERMINATED, Bench, FakeCgroup, kinds, text
from tests.support.trace import DEADLINE_S

OUT, ERR = StreamName.STDOUT, StreamName.STDERR
SOFT = [signal.SIGTERM, signal.SIGCONT]

MakeBench = Callable[..., Bench]


@pytest.fixture
def bench() -> Iterator[MakeBench]:
    """A factory of sessions over fake children."""
    made: list[Bench] = []

    def make(**options: object) -> Bench:
        made.append(Bench(**options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_a_new_session_runs_and_has_nothing_to_tell(bench: MakeBench) -> None:
    made = bench()
    session = made.session
    assert (session.state, session.is_running, session.exit) == (State.RUNNING, True, None)
    assert session.streams.open_names == [OUT, ERR]
    assert session.has_processes()
    assert session.streams.retained_bytes == 0
    assert session.pull(100) is None
    assert (session.session_id, session.pid) == ("pipe-1", made.child.pid)
    assert repr(session) == f"<Session pipe-1 pid {made.child.pid} running>"


def test_output_comes_with_its_offsets_and_in_the_order_in_which_it_was_read(bench: MakeBench) -> None:
    made = bench(attach=(OUT, ERR))
    made.child.write(OUT, b"one two")
    made.child.write(ERR, b"uno due")
    made.loop.run_turn()
    assert made.pull_all(4) == [
        Output("pipe-1", OUT, 0, 4, "one ", Encoding.UTF_8, 0, 1, 0.0),
        Output("pipe-1", OUT, 4, 3, "two", Encoding.UTF_8, 0, 1, 0.0),
        Output("pipe-1", ERR, 0, 4, "uno ", Encoding.UTF_8, 0, 2, 0.0),
        Output("pipe-1", ERR, 4, 3, "due", Encoding.UTF_8, 0, 2, 0.0),
    ]
    assert made.session.streams.retained_bytes == 14


def test_each_stream_ends_by_itself_while_the_child_lives(bench: MakeBench) -> None:
    made = bench(attach=(OUT, ERR))
    made.child.write(OUT, b"bye")
    made.child.close_output(OUT)
    made.loop.run_turn()
    made.loop.run_turn()
    told = made.pull_all()
    assert kinds(told) == ["output stdout", "ended stdout"]
    assert told[-1] == Detached("pipe-1", OUT, "a-stdout", 3, DetachReason.ENDED)
    assert made.session.streams.open_names == [ERR]
    assert made.session.is_running


def test_output_then_ends_then_exit_then_close(bench: MakeBench) -> None:
    made = bench(attach=(OUT, ERR))
    made.child.write(OUT, b"out")
    made.child.write(ERR, b"err")
    made.child.close_output()
    made.exit()
    told = made.pull_all()
    assert kinds(told) == ["output stdout", "output stderr", "ended stdout", "ended stderr", "exited", "closed"]
    assert told[-2:] == [Exited(made.session), Closed(made.session)]
    assert made.session.exit_announced
    assert made.session.closed_announced
    assert made.session.pull(100) is None


def test_exit_and_close_are_told_although_nobody_is_attached(bench: MakeBench) -> None:
    made = bench()
    made.child.write(OUT, b"unread")
    made.child.close_output()
    made.exit()
    assert kinds(made.pull_all()) == ["exited", "closed"]


def test_the_exit_does_not_wait_for_a_grandchild_but_the_close_does(bench: MakeBench) -> None:
    made = bench(attach=(OUT, ERR))
    made.child.write(OUT, b"mine ")
    made.child.close_output(ERR)
    made.exit()
    assert kinds(made.pull_all()) == ["output stdout", "ended stderr", "exited"]
    assert made.session.streams.open_names == [OUT]
    made.child.write(OUT, b"late")
    made.loop.run_turn()
    assert text(made.pull_all()) == "late"
    made.child.close_output()
    made.loop.run_turn()
    assert kinds(made.pull_all()) == ["ended stdout", "closed"]


def test_an_exit_that_says_that_nobody_holds_a_stream_comes_behind_all_of_its_output(bench: MakeBench) -> None:
    made = bench(attach=(OUT, ERR))
    made.child.write(OUT, b"mine, ")
    made.child.write(ERR, b"mine")
    made.exit()
    made.child.write(OUT, b"and of one that was left behind, and ended before the exit was told")
    made.child.close_output()
    told = []
    while made.session.streams.open_names:
        told.append(made.session.pull(100))
    assert Exited(made.session) not in told
    assert kinds(made.pull_all()) == ["ended stdout", "exited", "closed"]


def test_the_exit_waits_for_a_client_that_has_not_read_and_a_detach_lets_it_go(bench: MakeBench) -> None:
    made = bench(attach=(OUT,), backlog_bytes=16)
    made.child.write(OUT, b"x" * 40)
    made.loop.run_turn()
    made.exit()
    first = made.session.pull(10)
    assert isinstance(first, Output)
    second = made.session.pull(10)
    assert isinstance(second, Output)
    assert made.session.pull(10) is None
    before = made.ready_count
    assert made.session.detach(OUT, DetachReason.DETACHED) == Detached(
        "pipe-1", OUT, "a-stdout", 16, DetachReason.DETACHED
    )
    assert made.ready_count == before + 1
    made.loop.run_turn()
    made.loop.run_turn()
    assert kinds(made.pull_all()) == ["exited"]


def test_an_attachment_after_the_exit_gets_the_backlog_and_the_end(bench: MakeBench) -> None:
    made = bench()
    made.child.write(OUT, b"backlog")
    made.child.close_output()
    made.exit()
    assert kinds(made.pull_all()) == ["exited", "closed"]
    made.session.attach(OUT, "late", 0, Encoding.UTF_8)
    told = made.pull_all()
    assert kinds(told) == ["output stdout", "ended stdout"]
    assert text(told) == "backlog"


def test_an_attachment_before_the_close_is_told_holds_it_until_it_has_read(bench: MakeBench) -> None:
    made = bench()
    made.child.write(OUT, b"backlog")
    made.child.close_output()
    made.exit()
    made.session.attach(OUT, "late", 0, Encoding.UTF_8)
    assert kinds(made.pull_all()) == ["output stdout", "ended stdout", "exited", "closed"]


def test_there_may_be_something_to_pull_whenever_something_happens(bench: MakeBench) -> None:
    made = bench()
    counts = [made.ready_count]

    def grew() -> bool:
        counts.append(made.ready_count)
        return counts[-1] > counts[-2]

    made.session.attach(OUT, "a", 0, Encoding.UTF_8)
    assert grew()
    made.child.write(OUT, b"x")
    made.loop.run_turn()
    assert grew()
    made.child.close_output(OUT)
    made.loop.run_turn()
    assert grew()
    made.exit()
    assert grew()
    made.loop.run_turn()
    assert not grew()


def test_a_detach_of_nobody_is_nothing(bench: MakeBench) -> None:
    assert bench().session.detach(OUT, DetachReason.DETACHED) is None


def test_with_merge_stderr_there_is_no_stderr(bench: MakeBench) -> None:
    made = bench(merge_stderr=True)
    assert list(made.session.streams) == [OUT]
    with pytest.raises(PipeRpcError, match="mergeStderr") as caught:
        made.session.stream(ERR)
    assert caught.value.code is ErrorCode.STREAM_UNAVAILABLE
    assert dict(caught.value.data) == {"sessionId": "pipe-1", "stream": "stderr"}
    for operation in (
        lambda: made.session.attach(ERR, "a", 0, Encoding.UTF_8),
        lambda: made.session.detach(ERR, DetachReason.DETACHED),
    ):
        with pytest.raises(PipeRpcError):
            operation()


def test_the_facts_of_the_exit_are_recorded(bench: MakeBench) -> None:
    made = bench()
    made.loop.advance(2.5)
    made.exit(KILLED)
    assert made.session.exit is not None
    assert made.session.exit._asdict() == {
        "status": KILLED,
        "outcome": Outcome.NATURAL_EXIT,
        "reason": None,
        "exited_at": 7.5,
        "duration_s": 2.5,
        "processes_left": None,
    }
    assert made.session.state is State.EXITED
    assert made.exits.callbacks == {}


def test_a_report_that_any_child_has_ended_changes_nothing_where_it_was_another(bench: MakeBench) -> None:
    made = bench()
    made.exits.exit_is_near = False
    made.exits.callbacks[made.child.pid]()
    assert made.session.is_running
    assert made.child.pid in made.exits.callbacks
    made.child.status = EXITED_0
    made.loop.advance(DEADLINE_S)
    assert made.session.is_running
    made.exit()
    assert not made.session.is_running


def test_a_child_that_has_ended_and_cannot_be_reaped_is_asked_for_until_it_can_be(bench: MakeBench) -> None:
    made = bench(attach=(OUT,))
    made.exits.callbacks[made.child.pid]()
    assert made.exits.callbacks == {}  # It would be reported in every turn.
    for _ in range(20):
        made.loop.advance(0.05)
        assert made.session.is_running
        assert made.orphans.expected == {made.child.pid}
    made.child.write(OUT, b"last words")
    made.child.close_output()
    made.child.status = KILLED
    made.loop.advance(0.05)
    assert made.session.exit is not None
    assert made.session.exit.status == KILLED
    assert made.orphans.expected == set()
    made.loop.run_turn()
    assert kinds(made.pull_all()) == ["output stdout", "ended stdout", "exited", "closed"]


def test_a_child_that_cannot_be_reaped_is_asked_for_soon_at_first_and_never_rarely(
    bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bench()
    asked: list[float] = []

    def reap() -> None:
        asked.append(made.loop.clock.now)

    monkeypatch.setattr(made.child, "reap", reap)
    made.exits.callbacks[made.child.pid]()
    for _ in range(2000):
        made.loop.advance(0.0005)
    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert pauses[0] < 0.005
    assert pauses == sorted(pauses, key=lambda pause: round(pause, 3))
    assert 0.02 < max(pauses) < 0.1


def test_a_session_that_cannot_be_reaped_may_be_terminated_and_removed_meanwhile(bench: MakeBench) -> None:
    made = bench()
    made.exits.callbacks[made.child.pid]()
    made.session.terminate(0, Reason.REQUEST)
    assert made.child.fake_group.sent == [signal.SIGKILL]
    made.session.abandon()
    made.loop.advance(0.05)
    assert made.session.has_processes()
    made.child.status = KILLED
    made.loop.advance(0.05)
    assert made.session.exit is not None
    assert made.session.exit.outcome is Outcome.HARD_KILLED


def test_a_kill_that_is_owed_when_the_session_is_abandoned_is_tried_again(bench: MakeBench) -> None:
    made, cgroup = bench(), FakeCgroup()
    made.child.cgroup = cgroup
    cgroup.fails = errno.EMFILE
    with pytest.raises(PipeRpcError, match="Too many open files"):
        made.session.terminate(0, Reason.REQUEST)
    made.session.abandon()
    cgroup.fails = 0
    made.loop.advance(0.1)
    assert cgroup.kills == 2


def test_after_the_exit_stdin_is_closed_and_what_waited_is_answered(bench: MakeBench) -> None:
    made = bench(stdin_bytes=1 << 20)
    answers: list[tuple[int, PipeRpcError | None]] = []
    made.session.stdin.write(b"x" * 200_000, lambda *answer: answers.append(answer), close=False)
    made.exit()
    [(size, error)] = answers
    assert 0 < size < 200_000
    assert error is not None
    assert (error.code, error.data["bytesWritten"]) == (ErrorCode.STDIN_CLOSED, size)
    assert not made.session.stdin.is_open


def test_terminate_sends_sigterm_and_sigcont_and_kills_at_the_deadline(bench: MakeBench) -> None:
    made = bench()
    made.session.terminate(3, Reason.REQUEST)
    sent = made.child.fake_group.sent
    assert (sent, made.session.state) == (SOFT, State.TERMINATING)
    made.loop.advance(2.99)
    assert sent == SOFT
    made.loop.advance(0.02)
    assert (sent, made.session.state) == ([*SOFT, signal.SIGKILL], State.KILLING)
    made.loop.advance(100)
    made.exit(KILLED)
    assert made.session.exit is not None
    assert (made.session.exit.outcome, made.session.exit.reason) == (Outcome.HARD_KILLED, Reason.REQUEST)
    assert sent == [*SOFT, signal.SIGKILL]


def test_what_is_left_of_the_group_is_killed_at_the_deadline(bench: MakeBench) -> None:
    made = bench()
    made.child.fake_group.survivors = True
    made.session.terminate(3, Reason.REQUEST)
    made.exit(TERMINATED)
    assert made.session.has_processes()
    made.loop.advance(3)
    assert made.child.fake_group.sent == [*SOFT, signal.SIGKILL]
    assert made.session.state is State.EXITED


def test_the_time_limit_terminates_with_the_session_s_own_grace(bench: MakeBench) -> None:
    made = bench(timeout_s=10, grace_s=3)
    made.loop.advance(9.9)
    assert made.child.fake_group.sent == []
    made.loop.advance(0.1)
    assert made.child.fake_group.sent == SOFT
    made.loop.advance(3)
    assert made.child.fake_group.sent == [*SOFT, signal.SIGKILL]
    made.exit(KILLED)
    assert made.session.exit is not None
    assert (made.session.exit.outcome, made.session.exit.reason) == (Outcome.HARD_KILLED, Reason.TIMEOUT)


def test_the_time_limit_ends_with_the_exit(bench: MakeBench) -> None:
    made = bench(timeout_s=10)
    made.child.fake_group.survivors = True
    made.exit()
    made.loop.advance(100)
    assert made.child.fake_group.sent == []


def test_a_kill_or_a_time_limit_that_the_system_refuses_does_not_end_the_loop(bench: MakeBench) -> None:
    made = bench(timeout_s=1, grace_s=1)
    made.child.fake_group.refuses = True
    made.loop.advance(1)
    made.loop.advance(1)
    assert made.session.state is State.KILLING


def test_a_signal_goes_to_the_group(bench: MakeBench) -> None:
    made = bench()
    made.session.send_signal(signal.SIGUSR1)
    assert made.child.fake_group.sent == [signal.SIGUSR1]
    assert made.session.state is State.RUNNING


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has real-time signals here")
def test_a_signal_without_a_name_of_its_own_goes_to_the_group_too(bench: MakeBench) -> None:
    made = bench()
    made.session.send_signal(signal.SIGRTMIN + 3)
    assert made.child.fake_group.sent == [signal.SIGRTMIN + 3]
    made.exit()
    with pytest.raises(PipeRpcError, match=r"^SIGRTMIN\+3 could not be sent") as caught:
        made.session.send_signal(signal.SIGRTMIN + 3)
    assert (caught.value.code, caught.value.data["signal"]) == (ErrorCode.SIGNAL_FAILED, "SIGRTMIN+3")


def test_an_abandoned_session_lets_go_of_everything_but_the_process(bench: MakeBench) -> None:
    made = bench(attach=(OUT,), timeout_s=5)
    made.child.write(OUT, b"data")
    made.loop.run_turn()
    made.session.terminate(3, Reason.REQUEST)
    made.session.abandon()
    assert made.session.streams.retained_bytes == 0
    assert made.session.streams.open_names == []
    with pytest.raises(BrokenPipeError):
        made.child.write(OUT, b"more")
    assert made.child.read_stdin() == b""
    made.loop.advance(10)
    assert made.child.fake_group.sent == [*SOFT, signal.SIGKILL], "the timeout is over, and the deadline is not"
    made.exit(TERMINATED)
    assert not made.session.is_running


def test_a_group_that_is_released_is_handed_over_where_something_of_it_is_left(bench: MakeBench) -> None:
    made = bench()
    made.child.fake_group.survivors = True
    made.exit()
    assert made.session.release_group() is made.child
    assert not made.child.fake_group.forgotten
    made.child.fake_group.survivors = False
    assert made.session.release_group() is None
    assert made.child.fake_group.forgotten


def test_the_child_is_expected_until_it_is_reaped(bench: MakeBench) -> None:
    made = bench()
    assert made.orphans.expected == {made.child.pid}
    made.exits.exit_is_near = False
    made.exits.callbacks[made.child.pid]()
    assert made.orphans.expected == {made.child.pid}
    made.exit()
    assert made.orphans.expected == set()


def test_only_with_force_is_a_running_session_removable(bench: MakeBench) -> None:
    made = bench()
    made.session.require_removable(force=True)
    with pytest.raises(PipeRpcError, match="force") as caught:
        made.session.require_removable(force=False)
    assert (caught.value.code, dict(caught.value.data)) == (ErrorCode.SESSION_RUNNING, {"sessionId": "pipe-1"})
    made.exit()
    made.session.require_removable(force=False)


def test_a_broken_character_at_the_end_of_the_child_s_output_does_not_hold_the_exit_up(bench: MakeBench) -> None:
    made = bench(attach=(OUT,))
    made.child.write(OUT, "a€".encode()[:-1])
    made.exit(EXITED_0)
    told = made.pull_all()
    assert kinds(told) == ["output stdout", "exited"]
    assert text(told) == "a\ufffd"


def test_dropping_the_oldest_tells_the_gap_with_the_next_output(bench: MakeBench) -> None:
    made = bench(attach=(OUT,), overflow=Overflow.DROP_OLDEST, backlog_bytes=8)
    made.child.write(OUT, b"0123456789abcdef")
    made.loop.run_turn()
    made.loop.run_turn()
    assert made.pull_all() == [Output("pipe-1", OUT, 8, 8, "89abcdef", Encoding.UTF_8, 8, 1, 0.0)]


def test_a_stream_that_nobody_holds_is_not_told_as_open_although_the_ring_was_full(bench: MakeBench) -> None:
    made = bench(attach=(OUT,), backlog_bytes=16)
    made.child.write(OUT, b"x" * 16)
    made.child.close_output()
    made.exit()
    while not isinstance(told := made.session.pull(100), Exited):
        assert told is not None
    assert made.session.streams.open_names == []


def test_session_without_a_stdin_pipe_refuses_writes(bench: MakeBench) -> None:
    made = bench(stdin_pipe=False)
    assert not made.session.stdin.is_open
    with pytest.raises(PipeRpcError, match="null"):
        made.session.stdin.write(b"x", lambda *_: None, close=False)


def test_output_of_a_session_is_read_while_stdin_waits(bench: MakeBench) -> None:
    """Neither side waits for the other: a child that writes before it reads does not block."""
    made = bench(attach=(OUT,), backlog_bytes=1 << 20)
    answers: list[int] = []
    made.session.stdin.write(b"x" * 200_000, lambda size, _: answers.append(size), close=True)
    received = sent = 0
    while received < 200_000:
        received += len(os.read(made.child.stdin_reader, 4096))
        sent += made.child.write(OUT, b"y" * 4096)
        made.loop.run_turn()
        made.pull_all()
    assert answers == [200_000]
    assert made.session.streams[OUT].ring.end == sent > 0
