"""pipe_rpc/server/handlers/searching.py: what ends a session/waitFor."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.conftest import MakeBench
from tests.server.harness import ERR, OUT, Bench, error_kind
from tests.session.harness import FakeChild, fill_pipe

Quiet = tuple[Bench, str, FakeChild]


@pytest.fixture
def quiet(bench: Bench) -> Quiet:
    """A session that nobody is attached to."""
    session_id, child = bench.spawn(attach=[], backlogBytes=1024)
    return bench, session_id, child


def wanted(session_id: str, **params: Any) -> dict[str, Any]:
    return {"sessionId": session_id, "stream": "stdout", **params}


def outcome(answer: dict[str, Any]) -> tuple[Any, ...]:
    result = answer["result"]
    return result["matched"], result["reason"], result["offset"], result["text"], result["nextOffset"]


def test_what_is_there_already_is_found_at_once(quiet: Quiet) -> None:
    bench, session_id, child = quiet
    child.write(OUT, b"the port is 80, the host is x\n")
    bench.take()
    result = bench.result("session/waitFor", wanted(session_id, pattern=r"port is (?P<port>\d+)(!)?"))
    assert result == {
        "matched": True,
        "reason": None,
        "offset": 4,
        "length": 10,
        "text": "port is 80",
        "groups": ["80", None],
        "named": {"port": "80"},
        "nextOffset": 14,
        "missedBytes": 0,
    }


def test_a_literal_is_found_when_the_rest_of_it_comes(quiet: Quiet) -> None:
    bench, session_id, child = quiet
    child.write(OUT, b"rea")
    waiting = bench.start("session/waitFor", wanted(session_id, literal="ready"))
    child.write(ERR, b"ready")
    assert bench.answer_or_none(waiting) is None
    child.write(OUT, b"dy")
    assert outcome(bench.answer(waiting)) == (True, None, 0, "ready", 5)


def test_the_search_begins_where_it_is_told_to(quiet: Quiet) -> None:
    bench, session_id, child = quiet
    child.write(OUT, b"x y x")
    bench.take()
    assert bench.result("session/waitFor", wanted(session_id, literal="x", fromOffset=1))["offset"] == 4
    assert bench.refusal("session/waitFor", wanted(session_id, literal="x", fromOffset=6))["data"]["endOffset"] == 5


def test_bytes_that_are_not_text_are_replaced(quiet: Quiet) -> None:
    bench, session_id, child = quiet
    child.write(OUT, b"<\xff>\n")
    bench.take()
    result = bench.result("session/waitFor", wanted(session_id, pattern=r"<(\C)>"))
    assert (result["length"], result["text"], result["groups"]) == (3, "<\ufffd>", ["\ufffd"])


def test_a_pattern_at_the_end_waits_until_the_output_has_settled(quiet: Quiet) -> None:
    bench, session_id, child = quiet
    waiting = bench.start("session/waitFor", wanted(session_id, pattern=r"\d+"))
    child.write(OUT, b"80")
    assert bench.answer_or_none(waiting) is None
    bench.loop.advance(0.015)
    child.write(OUT, b"80")
    assert bench.answer_or_none(waiting) is None
    bench.loop.advance(0.015)
    assert bench.answer_or_none(waiting) is None
    bench.loop.advance(0.006)
    assert outcome(bench.answer(waiting)) == (True, None, 0, "8080", 4)


def test_the_time_runs_out(quiet: Quiet) -> None:
    bench, session_id, child = quiet
    child.write(OUT, b"some")
    waiting = bench.start("session/waitFor", wanted(session_id, literal="never", timeoutMs=500))
    bench.loop.advance(0.4)
    child.write(OUT, b" more")
    assert bench.answer_or_none(waiting) is None
    bench.loop.advance(0.11)
    assert outcome(bench.answer(waiting)) == (False, "timeout", None, "", 5), "where a match could still begin"


def test_no_time_at_all_looks_at_what_is_there(quiet: Quiet) -> None:
    bench, session_id, child = quiet
    child.write(OUT, b"here 42")
    bench.take()
    assert outcome(bench.request("session/waitFor", wanted(session_id, pattern=r"\d+", timeoutMs=0)))[:2] == (
        True,
        None,
    )
    assert outcome(bench.request("session/waitFor", wanted(session_id, literal="there", timeoutMs=0)))[1] == "timeout"


SLOW = "(?:x{50}){4}y"
"""Of which a turn searches less than a turn of a flood brings."""


@pytest.mark.parametrize("timeout_ms", [0, 100])
def test_a_flood_does_not_put_off_the_end_of_the_time(make_bench: MakeBench, timeout_ms: float) -> None:
    bench = make_bench()
    bench.initialize()
    session_id, child = bench.spawn(attach=[])
    child.write(OUT, b"x" * 60_000)
    bench.turn()
    waiting = bench.start("session/waitFor", wanted(session_id, pattern=SLOW, timeoutMs=timeout_ms))
    for _ in range(20):
        child.write(OUT, b"x" * 60_000)
        bench.loop.advance(0.009)
    answers: list[Any] = []

    def is_answered() -> bool:
        child.write(OUT, b"x" * 60_000)
        answers.append(bench.answer_or_none(waiting))
        return answers[-1] is not None

    bench.turn_until(is_answered, "the end of what was there when the time was up")
    assert outcome(answers[-1])[:2] == (False, "timeout")


@pytest.mark.parametrize("timeout_ms", [0, 0.001, 1])
def test_what_is_there_is_found_however_little_time_there_is(bench: Bench, timeout_ms: float) -> None:
    session_id, child = bench.spawn(attach=[])
    for _ in range(10):
        child.write(OUT, b"x" * 60_000)
        bench.turn()
    child.write(OUT, b"needle\n")
    bench.turn()
    params = wanted(session_id, pattern="(?:y{50}){4}y|needle", timeoutMs=timeout_ms)
    bench.wires.send({"jsonrpc": "2.0", "id": "w", "method": "session/waitFor", "params": params})
    bench.turn()
    bench.loop.advance(0.01)
    answers: list[Any] = []

    def is_answered() -> bool:
        answers.append(bench.answer_or_none("w"))
        return answers[-1] is not None

    bench.turn_until(is_answered, "the match")
    assert outcome(answers[-1])[:3] == (True, None, 600_000)


def test_a_stream_that_brings_nothing_is_idle(quiet: Quiet) -> None:
    bench, session_id, child = quiet
    waiting = bench.start("session/waitFor", wanted(session_id, literal="never", idleMs=500))
    bench.loop.advance(0.4)
    child.write(OUT, b"something")
    bench.turn()
    bench.loop.advance(0.4)
    child.write(ERR, b"elsewhere")
    bench.turn()
    assert bench.answer_or_none(waiting) is None
    bench.loop.advance(0.15)
    assert outcome(bench.answer(waiting))[:2] == (False, "idle")


def test_a_stream_that_is_not_read_is_not_idle(make_bench: MakeBench) -> None:
    bench = make_bench(outbound_low_water_bytes=1, child_read_bytes=1024, max_output_bytes=1024)
    bench.initialize()
    session_id, child = bench.spawn(backlogBytes=1024)
    stream = bench.registry.get(session_id).streams[OUT]
    bench.turn()
    fill_pipe(bench.wires.stdout.fd)
    bench.wires.send(
        {
            "jsonrpc": "2.0",
            "id": "w",
            "method": "session/waitFor",
            "params": wanted(session_id, literal="never", idleMs=500),
        }
    )
    child.write(OUT, b"x" * 4096)
    bench.turn(5)
    assert stream.is_paused
    bench.loop.advance(0.6)
    bench.turn()
    assert "w" in bench.pending
    while bench.wires.read():
        bench.turn()
    assert not stream.is_paused
    bench.loop.advance(0.6)
    bench.loop.run_turn()
    assert "w" not in bench.pending


@pytest.mark.parametrize("late", [False, True], ids=["asked before", "asked after"])
def test_the_end_of_the_child_ends_it(quiet: Quiet, late: bool) -> None:
    bench, session_id, child = quiet
    child.write(OUT, b"last words")
    waiting = None if late else bench.start("session/waitFor", wanted(session_id, literal="never"))
    bench.exit(child)
    bench.turn()
    if waiting is None:
        answer = bench.request("session/waitFor", wanted(session_id, literal="never"))
    else:
        answer = bench.answer(waiting)
    assert outcome(answer) == (False, "exited", None, "", 6)


def test_a_match_at_the_very_end_counts_when_the_child_has_exited(quiet: Quiet) -> None:
    bench, session_id, child = quiet
    waiting = bench.start("session/waitFor", wanted(session_id, pattern=r"\w+$"))
    child.write(OUT, b"last words")
    bench.exit(child)
    assert outcome(bench.answer(waiting))[:4] == (True, None, 5, "words")


def test_a_child_that_closes_its_stream_ends_it(quiet: Quiet) -> None:
    bench, session_id, child = quiet
    waiting = bench.start("session/waitFor", wanted(session_id, literal="never"))
    child.close()
    assert bench.answer_or_none(waiting) is None, "its exit may be a moment away"
    bench.loop.advance(0.021)
    assert outcome(bench.answer(waiting))[:2] == (False, "ended")


def test_a_child_whose_exit_is_heard_of_a_moment_behind_the_end_of_its_pipes_has_exited(quiet: Quiet) -> None:
    bench, session_id, child = quiet
    waiting = bench.start("session/waitFor", wanted(session_id, literal="never"))
    child.close()
    assert bench.answer_or_none(waiting) is None
    bench.exit(child, close=False)
    assert outcome(bench.answer(waiting))[:2] == (False, "exited")


def test_of_a_daemon_the_output_is_waited_for_by_who_asks_behind_the_exit(quiet: Quiet) -> None:
    bench, session_id, child = quiet
    before = bench.start("session/waitFor", wanted(session_id, literal="ready"))
    bench.exit(child, close=False)
    assert outcome(bench.answer(before))[:2] == (False, "exited")
    after = bench.start("session/waitFor", wanted(session_id, literal="ready"))
    child.write(OUT, b"ready")
    assert outcome(bench.answer(after))[:4] == (True, None, 0, "ready")


def test_any_number_may_wait_and_one_may_be_cancelled(quiet: Quiet) -> None:
    bench, session_id, child = quiet
    waits = [bench.start("session/waitFor", wanted(session_id, pattern=f"<{number}>")) for number in range(20)]
    bench.notify("$/cancelRequest", {"id": waits[7]})
    assert error_kind(bench.answer(waits[7])) == "RequestCancelled"
    child.write(OUT, b"".join(b"<%d>" % number for number in range(20)) + b"\n")
    found = {number: bench.answer(waits[number])["result"]["text"] for number in range(20) if number != 7}
    assert found == {number: f"<{number}>" for number in range(20) if number != 7}
    assert bench.searches._patterns == {}
    assert bench.registry.get(session_id).streams[OUT]._waiting == []


def test_who_waits_hears_that_the_session_is_removed(quiet: Quiet) -> None:
    bench, session_id, _ = quiet
    waiting = bench.start("session/waitFor", wanted(session_id, pattern="never"))
    bench.result("session/remove", {"sessionId": session_id, "force": True})
    assert error_kind(bench.answer(waiting)) == "SessionNotFound"
    assert bench.searches._patterns == {}


@pytest.mark.parametrize(
    ("params", "path", "problem"),
    [
        ({}, "params", "must have one of pattern and literal"),
        ({"pattern": "a", "literal": "a"}, "params", "must have one of pattern and literal"),
        ({"pattern": ""}, "params.pattern", "must not be empty"),
        ({"literal": ""}, "params.literal", "must not be empty"),
        ({"pattern": "a(b"}, "params.pattern", "missing ), at character 1 (RE2 syntax)"),
        ({"literal": "x" * 1025}, "params.literal", "must be at most 1024 characters long"),
        ({"literal": "x", "idleMs": 0}, "params.idleMs", "must be greater than 0"),
        ({"literal": "x", "timeoutMs": -1}, "params.timeoutMs", "must be at least 0"),
        ({"literal": "x", "stream": "stdin"}, "params.stream", 'must be one of "stdout", "stderr"'),
    ],
)
def test_wrong_params_are_told_with_their_path(quiet: Quiet, params: dict[str, Any], path: str, problem: str) -> None:
    bench, session_id, _ = quiet
    error = bench.refusal("session/waitFor", wanted(session_id, **params))
    assert error["data"]["problems"] == [{"path": path, "problem": problem}]


def test_the_place_of_a_bad_pattern_is_a_number(quiet: Quiet) -> None:
    bench, session_id, _ = quiet
    assert bench.refusal("session/waitFor", wanted(session_id, pattern="abc**"))["data"]["position"] == 4


def test_a_merged_stream_is_not_searched(bench: Bench) -> None:
    session_id, _ = bench.spawn(mergeStderr=True)
    params = {"sessionId": session_id, "stream": "stderr", "literal": "x"}
    assert bench.refusal("session/waitFor", params)["data"]["kind"] == "StreamUnavailable"
