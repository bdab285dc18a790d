"""pipe_rpc/server/ending.py: processes, announcements, frames, and a clock that is moved by hand."""

import errno
import signal

import pytest

from tests.server.conftest import MakeBench
from tests.server.harness import OUT, Bench, sent
from tests.session.harness import KILLED, TERMINATED, FakeCgroup, fill_pipe

SOFT = [signal.SIGTERM, signal.SIGCONT]
LOOK_S = 0.05
TWIN_S = 0.021
"""Just longer than what is taken for the same signal."""
NEWS_S = 5.0
"""What is waited at most for news of a session that is not closed: the flush timeout, once for it and once to flush."""


@pytest.fixture
def quick(make_bench: MakeBench) -> Bench:
    """A server with round numbers."""
    bench = make_bench(default_grace_ms=10_000, kill_timeout_ms=1000, flush_timeout_ms=5000)
    bench.initialize()
    return bench


def stopped(bench: Bench) -> bool:
    return bench.loop._stopped


def pass_time(bench: Bench, seconds: float, step_s: float = LOOK_S) -> None:
    """Let time pass in steps as long as the longest between two looks."""
    end = bench.loop.clock.now + seconds
    while bench.loop.clock.now + step_s < end:
        bench.loop.advance(step_s)
    bench.loop.advance(end - bench.loop.clock.now)


def test_a_server_without_sessions_stops_at_once(quick: Bench) -> None:
    quick.ending.end("a test")
    quick.turn()
    assert stopped(quick)
    assert quick.ending.exit_status == 1
    assert "info: ending: a test" in quick.log_text()


def test_every_session_is_asked_softly_and_given_its_grace(quick: Bench) -> None:
    _, patient = quick.spawn()
    _, hasty = quick.spawn(graceMs=3000)
    quick.ending.end("a test")
    assert sent(patient) == sent(hasty) == SOFT
    pass_time(quick, 2.99)
    assert sent(hasty) == SOFT
    pass_time(quick, 0.02)
    assert sent(hasty) == [*SOFT, signal.SIGKILL]
    assert sent(patient) == SOFT
    pass_time(quick, 6.95)
    assert sent(patient) == SOFT
    pass_time(quick, 0.1)
    assert sent(patient) == [*SOFT, signal.SIGKILL]
    assert not stopped(quick)


def test_the_server_stops_when_the_last_process_is_gone_and_told(quick: Bench) -> None:
    (_, first), (_, second) = quick.spawn(), quick.spawn()
    quick.ending.end("a test")
    quick.exit(first, TERMINATED)
    pass_time(quick, 1)
    assert not stopped(quick)
    quick.exit(second, TERMINATED)
    pass_time(quick, 0.2)
    assert stopped(quick)
    assert len(quick.notifications("session/closed")) == 2


def test_a_member_of_the_group_that_outlives_its_leader_is_waited_for_and_killed(quick: Bench) -> None:
    _, child = quick.spawn(graceMs=1000)
    quick.ending.end("a test")
    child.fake_group.survivors = True
    quick.exit(child, TERMINATED)
    pass_time(quick, 0.9)
    assert not stopped(quick)
    pass_time(quick, 0.2)
    assert sent(child)[-1] == signal.SIGKILL
    child.fake_group.survivors = False
    pass_time(quick, 0.2)
    assert stopped(quick)


def test_what_a_forgotten_session_left_is_killed_as_soon_as_the_system_has_room_for_that(quick: Bench) -> None:
    session_id, child = quick.spawn()
    child.cgroup = cgroup = FakeCgroup()
    quick.exit(child)
    quick.result("session/remove", {"sessionId": session_id, "force": True})
    cgroup.fails = errno.EMFILE
    quick.ending.end("a test")
    pass_time(quick, 0.5)
    assert not stopped(quick)
    cgroup.fails = 0
    tried = cgroup.kills
    pass_time(quick, 0.1)
    assert cgroup.kills > tried
    cgroup.populated = False
    pass_time(quick, 0.2)
    assert stopped(quick)
    assert "did not end" not in quick.log_text()


def test_an_end_has_no_effect_once_it_has_begun(quick: Bench) -> None:
    _, child = quick.spawn()
    quick.ending.end("the first")
    pass_time(quick, 6)
    quick.ending.end("the second")
    assert sent(child) == SOFT
    assert "the second" not in quick.log_text()
    pass_time(quick, 4.1)
    assert sent(child) == [*SOFT, signal.SIGKILL], "the grace did not begin anew"


def test_two_signals_at_nearly_the_same_time_are_one(quick: Bench) -> None:
    _, child = quick.spawn()
    quick.ending.end_by_signal("SIGTERM", forwarded=True)
    quick.ending.end_by_signal("SIGTERM", forwarded=True)
    quick.loop.clock.now += 0.019
    quick.ending.end_by_signal("SIGHUP", forwarded=True)
    assert sent(child) == SOFT
    quick.loop.clock.now += 0.002
    quick.ending.end_by_signal("SIGHUP", forwarded=True)
    assert sent(child) == [*SOFT, signal.SIGKILL]


@pytest.mark.parametrize("forwarded", [False, True])
def test_a_signal_to_server_and_guard_is_one_however_late_the_guard_is(quick: Bench, forwarded: bool) -> None:
    _, child = quick.spawn()
    quick.ending.end_by_signal("SIGTERM", forwarded=forwarded)
    quick.loop.clock.now += 0.99
    quick.ending.end_by_signal("SIGTERM", forwarded=not forwarded)
    assert sent(child) == SOFT
    quick.loop.clock.now += TWIN_S
    quick.ending.end_by_signal("SIGTERM", forwarded=not forwarded)
    assert sent(child) == [*SOFT, signal.SIGKILL]


@pytest.mark.parametrize("forwarded", [False, True])
def test_a_signal_by_the_other_way_long_after_the_first_is_a_second_one(quick: Bench, forwarded: bool) -> None:
    _, child = quick.spawn()
    quick.ending.end_by_signal("SIGTERM", forwarded=forwarded)
    quick.loop.clock.now += 1.01
    quick.ending.end_by_signal("SIGTERM", forwarded=not forwarded)
    assert sent(child) == [*SOFT, signal.SIGKILL]


def test_the_first_signal_after_another_end_asks_for_no_more_and_the_second_kills(quick: Bench) -> None:
    _, child = quick.spawn()
    quick.ending.end("a test")
    pass_time(quick, 1)
    quick.ending.end_by_signal("SIGTERM", forwarded=False)
    assert sent(child) == SOFT
    quick.loop.clock.now += TWIN_S
    quick.ending.end_by_signal("SIGTERM", forwarded=False)
    assert sent(child) == [*SOFT, signal.SIGKILL]


def test_a_second_end_kills_at_once(quick: Bench) -> None:
    _, child = quick.spawn()
    quick.ending.end_by_signal("SIGTERM", forwarded=False)
    assert sent(child) == SOFT
    quick.loop.clock.now += TWIN_S
    quick.ending.end_by_signal("SIGINT", forwarded=False)
    assert sent(child) == [*SOFT, signal.SIGKILL]
    quick.exit(child, KILLED)
    pass_time(quick, 0.2)
    assert stopped(quick)
    assert quick.notifications("session/exited")[0]["outcome"] == "hardKilled"


def test_a_process_that_never_ends_is_given_up_after_the_kill_timeout(quick: Bench) -> None:
    _, child = quick.spawn()
    quick.ending.end("a test")
    pass_time(quick, 10.9)
    assert sent(child)[-1] == signal.SIGKILL
    assert not stopped(quick)
    pass_time(quick, 0.3 + NEWS_S)
    assert stopped(quick)
    assert "did not end after SIGKILL" in quick.log_text()


def test_after_a_second_end_it_is_given_up_earlier(quick: Bench) -> None:
    quick.spawn()
    quick.ending.end_by_signal("SIGTERM", forwarded=False)
    quick.loop.clock.now += TWIN_S
    quick.ending.end_by_signal("SIGINT", forwarded=False)
    pass_time(quick, 0.9)
    assert not stopped(quick)
    pass_time(quick, 0.3 + NEWS_S)
    assert stopped(quick)


def test_shutdown_ends_the_sessions_and_not_the_server(quick: Bench) -> None:
    _, child = quick.spawn()
    told: list[str] = []
    quick.ending.end_sessions(lambda: told.append("quiet"))
    assert sent(child) == SOFT
    pass_time(quick, 1)
    assert told == []
    quick.exit(child, TERMINATED)
    pass_time(quick, 0.2)
    assert told == ["quiet"]
    assert not stopped(quick)
    assert not quick.ending.begun


def test_an_end_during_a_shutdown_answers_the_shutdown_first(quick: Bench) -> None:
    _, child = quick.spawn()
    shutdown = quick.start("shutdown")
    quick.notify("exit")
    quick.exit(child, TERMINATED)
    pass_time(quick, 0.2)
    assert stopped(quick)
    quick.received += quick.wires.receive()
    answers = [message for message in quick.received if message.get("id") == shutdown]
    assert [answer["result"] for answer in answers] == [None]
    assert quick.ending.exit_status == 0


def test_a_client_that_reads_slowly_is_given_time_for_the_last_frames(quick: Bench) -> None:
    _, child = quick.spawn()
    fill_pipe(quick.wires.stdout.fd)
    child.write(OUT, b"last words")
    quick.turn()
    quick.ending.end("a test")
    quick.exit(child, TERMINATED)
    pass_time(quick, 4)
    assert not stopped(quick)
    while quick.wires.read():
        pass
    pass_time(quick, 0.2)
    assert stopped(quick)
    names = [message["method"] for message in quick.wires.receive()]
    assert names[0] == "session/output"
    assert names[-1] == "session/closed"


def test_a_client_that_does_not_read_is_not_waited_for_for_ever(quick: Bench) -> None:
    fill_pipe(quick.wires.stdout.fd)
    quick.transport.send(b"{}")
    quick.ending.end("a test")
    pass_time(quick, 4.9)
    assert not stopped(quick)
    pass_time(quick, 0.2)
    assert stopped(quick)


def test_nothing_is_kept_for_a_client_that_is_gone(quick: Bench) -> None:
    _, child = quick.spawn()
    quick.wires.hang_up()
    quick.turn()
    assert quick.ending.begun
    child.write(OUT, b"to nobody")
    quick.exit(child, TERMINATED)
    pass_time(quick, 0.2)
    assert stopped(quick)


def test_requests_that_were_read_are_answered_at_the_end_of_input(quick: Bench) -> None:
    quick.wires.send(*({"jsonrpc": "2.0", "id": number, "method": "session/list"} for number in range(5)))
    quick.wires.close_input()
    quick.turn(5)
    assert stopped(quick)
    assert [message["id"] for message in quick.wires.receive()] == list(range(5))


def test_what_left_its_group_is_ended_too(quick: Bench) -> None:
    quick.orphans.left = [12345]
    quick.ending.end("a test")
    assert quick.orphans.sent[0] is signal.SIGTERM
    pass_time(quick, 9.9)
    assert not stopped(quick)
    assert quick.orphans.sent == [signal.SIGTERM], "it has the default grace"
    pass_time(quick, 0.2)
    assert not stopped(quick)
    assert signal.SIGKILL in quick.orphans.sent
    quick.orphans.left = []
    pass_time(quick, 0.2)
    assert stopped(quick)


def test_an_orphan_of_a_session_that_runs_has_the_grace_of_that_session(quick: Bench) -> None:
    _, patient = quick.spawn(graceMs=20_000)
    _, gone = quick.spawn(graceMs=60_000)
    quick.exit(gone)
    quick.orphans.members = [12345]
    quick.ending.end("a test")
    pass_time(quick, 19.9)
    assert quick.orphans.sent == []
    quick.exit(patient, TERMINATED)
    pass_time(quick, 0.2)
    assert signal.SIGKILL in quick.orphans.sent
    quick.orphans.members = []
    pass_time(quick, 0.2)
    assert stopped(quick)


def test_what_left_its_group_is_killed_at_once_by_a_second_signal(quick: Bench) -> None:
    quick.orphans.left = [12345]
    quick.ending.end_by_signal("SIGTERM", forwarded=False)
    assert quick.orphans.sent == [signal.SIGTERM]
    quick.loop.clock.now += TWIN_S
    quick.ending.end_by_signal("SIGTERM", forwarded=False)
    assert quick.orphans.sent == [signal.SIGTERM, signal.SIGKILL]
    quick.orphans.left = []
    pass_time(quick, 0.2)
    assert stopped(quick)


def test_what_left_its_group_is_given_its_grace_behind_a_hasty_session(quick: Bench) -> None:
    _, child = quick.spawn(graceMs=100)
    quick.orphans.left = [12345]
    quick.ending.end("a test")
    quick.exit(child, TERMINATED)
    pass_time(quick, 5)
    assert quick.orphans.sent == [signal.SIGTERM]
    quick.orphans.left = []
    pass_time(quick, 0.2)
    assert stopped(quick), "nobody waits for the rest of the grace"
