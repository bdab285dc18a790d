"""pipe_rpc/server/handlers/running.py: a command in one call."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.conftest import MakeBench
from tests.server.harness import ERR, OUT, Bench, error_kind
from tests.session.harness import fill_pipe

NOTHING = {"head": "", "tail": "", "encoding": "utf-8", "omittedBytes": 0, "nextOffset": 0}


def run(bench: Bench, **params: Any) -> int:
    return bench.start("session/run", {"argv": ["fake"], **params})


def test_it_is_answered_with_the_exit_and_all_that_was_written(bench: Bench) -> None:
    running = run(bench)
    child = bench.children[-1]
    child.write(OUT, b"out")
    child.write(ERR, b"err")
    bench.exit(child)
    result = bench.answer(running)["result"]
    assert result["running"] is False
    assert result["exit"]["exitCode"] == 0
    assert result["stdout"] == {**NOTHING, "head": "out", "nextOffset": 3}
    assert result["stderr"] == {**NOTHING, "head": "err", "nextOffset": 3}
    assert [each["method"] for each in bench.take() if "method" in each] == ["session/exited", "session/closed"]
    assert bench.specs[-1].stdin_pipe is False


def test_it_yields_what_there_is_so_far_and_the_session_goes_on(bench: Bench) -> None:
    running = run(bench, yieldMs=500)
    child = bench.children[-1]
    child.write(OUT, "so far €".encode()[:-1])
    assert bench.answer_or_none(running) is None
    bench.loop.advance(0.6)
    result = bench.answer(running)["result"]
    assert (result["running"], result["exit"]) == (True, None)
    assert result["stdout"] == {**NOTHING, "head": "so far ", "nextOffset": 7}
    child.write(OUT, "€".encode()[-1:] + b"!")
    bench.turn()
    rest = bench.result("session/read", {"sessionId": result["sessionId"], "stream": "stdout", "fromOffset": 7})
    assert rest["data"] == "€!"
    assert child.group.sent == []  # type: ignore[attr-defined] # the fake notes signals


def test_of_much_output_both_ends_are_told_although_the_ring_is_small(bench: Bench) -> None:
    running = run(bench, backlogBytes=1024, maxOutputBytes=100)
    child = bench.children[-1]
    for number in range(500):
        child.write(OUT, b"%09d\n" % number)
        if number % 50 == 49:
            bench.turn()
    bench.exit(child)
    stdout = bench.answer(running)["result"]["stdout"]
    assert stdout["head"] == "".join(f"{number:09}\n" for number in range(5))
    assert stdout["tail"] == "".join(f"{number:09}\n" for number in range(495, 500))
    assert (stdout["omittedBytes"], stdout["nextOffset"]) == (4900, 5000)
    assert bench.registry._spawner._ring_budget.lent_bytes == 1024 + 1024, "the heads were given back"


@pytest.mark.parametrize(("asked", "told"), [(None, 100), (299, 299), (301, 300)])
def test_what_is_told_has_a_default_and_a_limit(make_bench: MakeBench, asked: int | None, told: int) -> None:
    bench = make_bench(default_read_bytes=100, max_read_bytes=300)
    bench.initialize()
    running = run(bench, **({} if asked is None else {"maxOutputBytes": asked}))
    child = bench.children[-1]
    child.write(OUT, b"x" * 1000)
    bench.exit(child)
    stdout = bench.answer(running)["result"]["stdout"]
    assert len(stdout["head"]) + len(stdout["tail"]) == told
    assert stdout["omittedBytes"] == 1000 - told


def test_stderr_that_is_merged_is_null(bench: Bench) -> None:
    running = run(bench, mergeStderr=True)
    bench.children[-1].write(OUT, b"both")
    bench.exit(bench.children[-1])
    result = bench.answer(running)["result"]
    assert (result["stdout"]["head"], result["stderr"]) == ("both", None)


@pytest.mark.parametrize(("params", "written", "is_open"), [({}, b"input", False), ({"stdin": "pipe"}, b"input", True)])
def test_the_child_reads_its_input_and_then_the_end(
    bench: Bench, params: dict[str, Any], written: bytes, is_open: bool
) -> None:
    running = run(bench, input="aW5wdXQ=", inputEncoding="base64", **params)
    child = bench.children[-1]
    assert bench.specs[-1].stdin_pipe is True
    assert child.read_stdin() == written
    (session,) = bench.registry.sessions()
    assert session.stdin.is_open is is_open
    bench.exit(child)
    assert bench.answer(running)["result"]["running"] is False


def test_streams_that_are_asked_for_are_told_as_they_come(bench: Bench) -> None:
    running = run(bench, attach=["stdout"])
    child = bench.children[-1]
    child.write(OUT, b"live")
    child.write(ERR, b"quiet")
    assert [each["data"] for each in bench.notifications("session/output")] == ["live"]
    bench.exit(child)
    result = bench.answer(running)["result"]
    assert (result["stdout"]["head"], result["stderr"]["head"]) == ("live", "quiet")


def test_a_cancelled_one_is_terminated(bench: Bench) -> None:
    running = run(bench)
    child = bench.children[-1]
    bench.notify("$/cancelRequest", {"id": running})
    answer = bench.answer(running)
    assert error_kind(answer) == "RequestCancelled"
    assert bench.registry.get(answer["error"]["data"]["sessionId"]).state.value == "terminating"
    bench.exit(child)


def test_the_same_id_asks_for_the_same_run(bench: Bench) -> None:
    first = run(bench, sessionId="mine", input="once", stdin="pipe")
    child = bench.children[-1]
    assert child.read_stdin() == b"once"
    again = run(bench, sessionId="mine", input="once", stdin="pipe", yieldMs=60_000)
    assert len(bench.children) == 1
    child.write(OUT, b"x")
    bench.exit(child)
    assert bench.answer(first)["result"] == bench.answer(again)["result"]
    late = bench.result("session/run", {"argv": ["fake"], "sessionId": "mine", "input": "once", "stdin": "pipe"})
    assert late["stdout"]["head"] == "x"
    other = bench.refusal("session/run", {"argv": ["fake"], "sessionId": "mine", "input": "twice", "stdin": "pipe"})
    assert other["data"]["problems"][0]["path"] == "params.sessionId"
    assert len(bench.children) == 1


def test_the_session_that_is_removed_meanwhile_is_not_found(bench: Bench) -> None:
    running = run(bench, sessionId="mine")
    bench.result("session/remove", {"sessionId": "mine", "force": True})
    assert error_kind(bench.answer(running)) == "SessionNotFound"
    assert error_kind(bench.request("session/run", {"argv": ["fake"], "sessionId": "mine"})) == "SessionNotFound"
    assert len(bench.children) == 1, "nothing runs twice"


def test_input_has_a_limit_that_is_looked_at_before_anything_runs(make_bench: MakeBench) -> None:
    bench = make_bench(max_stdin_bytes=4, max_total_stdin_bytes=4)
    bench.initialize()
    error = bench.refusal("session/run", {"argv": ["fake"], "input": "12345"})
    assert error["data"]["problems"][0]["path"] == "params.input"
    assert bench.children == []


def test_where_there_is_no_room_for_its_input_it_is_killed(make_bench: MakeBench) -> None:
    bench = make_bench(max_total_stdin_bytes=100)
    bench.initialize()
    other, _ = bench.spawn()
    stdin = bench.registry.get(other).stdin._descriptor
    assert stdin is not None
    fill_pipe(stdin.fd)
    bench.start("session/write", {"sessionId": other, "data": "x" * 60})
    answer = bench.request("session/run", {"argv": ["fake"], "input": "y" * 60})
    assert error_kind(answer) == "StdinFull"
    assert bench.registry.sessions()[-1].state.value == "killing"
    bench.exit(bench.children[-1])


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"input": "QQ", "inputEncoding": "base64"}, "params.input"),
        ({"yieldMs": -1}, "params.yieldMs"),
        ({"maxOutputBytes": 0}, "params.maxOutputBytes"),
        ({"argv": []}, "params.argv"),
        ({"argv": ["fake"], "data": "x"}, "params.data"),
    ],
)
def test_wrong_params_run_nothing(bench: Bench, params: dict[str, Any], path: str) -> None:
    error = bench.refusal("session/run", {"argv": ["fake"], **params})
    assert error["data"]["problems"][0]["path"] == path
    assert bench.children == []


class TestChosenIds:
    def test_a_spawn_can_be_repeated_and_others_sent_behind_it(self, bench: Bench) -> None:
        spawn = {
            "method": "session/spawn",
            "params": {"argv": ["fake"], "sessionId": "mine", "env": {"A": "1", "B": "2"}},
        }
        again = {**spawn, "params": {"env": {"B": "2", "A": "1"}, "sessionId": "mine", "argv": ["fake"]}}
        write = {"method": "session/write", "params": {"sessionId": "mine", "data": "x"}}
        messages = [{"jsonrpc": "2.0", "id": number, **each} for number, each in enumerate([spawn, write, again])]
        bench.wires.send(*messages)
        bench.turn(5)
        answers = {message["id"]: message["result"] for message in bench.take() if "id" in message}
        assert answers[0]["sessionId"] == answers[2]["sessionId"] == "mine"
        assert answers[1] == {"bytesWritten": 1}
        assert len(bench.children) == 1

    def test_another_order_is_refused_in_words_without_values(self, bench: Bench) -> None:
        bench.spawn(["fake"], sessionId="mine", env={"TOKEN": "canary"})
        error = bench.refusal("session/spawn", {"argv": ["fake"], "sessionId": "mine", "env": {"TOKEN": "kanary"}})
        assert error["code"] == -32602
        assert "anary" not in str(error)
        assert error["message"] == (
            "params.sessionId: names the session of 'fake', which was asked for in other words. Choose another id, or "
            "repeat the same request."
        )

    def test_a_run_is_no_spawn(self, bench: Bench) -> None:
        bench.spawn(["fake"], sessionId="mine")
        assert error_kind(bench.request("session/run", {"argv": ["fake"], "sessionId": "mine"})) == "InvalidParams"

    def test_an_exited_session_is_answered_and_a_forgotten_one_is_told(self, bench: Bench) -> None:
        _, child = bench.spawn(["fake"], sessionId="mine")
        bench.exit(child)
        bench.turn()
        again = bench.result("session/spawn", {"argv": ["fake"], "sessionId": "mine"})
        assert again["exit"]["exitCode"] == 0
        bench.result("session/purge")
        error = bench.refusal("session/spawn", {"argv": ["fake"], "sessionId": "mine"})
        assert (error["data"]["kind"], error["data"]["forgotten"]) == ("SessionNotFound", "purged")
        assert len(bench.children) == 1

    @pytest.mark.parametrize("session_id", ["", "pipe-x", "a\tb", "größe", "x" * 129])
    def test_an_id_is_short_printable_and_not_one_of_the_server_s(self, bench: Bench, session_id: str) -> None:
        error = bench.refusal("session/spawn", {"argv": ["fake"], "sessionId": session_id})
        assert error["data"]["problems"][0]["path"] == "params.sessionId"
        assert bench.children == []
