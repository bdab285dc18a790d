"""session/run over the real wire: real commands in one call."""

from __future__ import annotations

from tests.support.fixture_types import MakeGate
from tests.support.programs import shell
from tests.support.refusals import REQUEST_CANCELLED
from tests.support.wire_client import Message, WireClient


def test_a_command_is_run_in_one_call(wire: WireClient) -> None:
    result = wire.request("session/run", {"argv": ["sh", "-c", "cat; echo error >&2; exit 3"], "input": "größe\n"})
    assert result["exit"]["exitCode"] == 3
    assert (result["stdout"]["head"], result["stderr"]["head"]) == ("größe\n", "error\n")
    wire.wait_closed(result["sessionId"])


def test_a_child_that_reads_is_not_left_waiting(wire: WireClient) -> None:
    assert wire.request("session/run", {"argv": ["cat"]})["stdout"]["nextOffset"] == 0


def test_of_a_flood_both_ends_and_the_exact_rest_are_told(wire: WireClient) -> None:
    result = wire.request("session/run", {"argv": ["seq", "1000000"], "maxOutputBytes": 28, "backlogBytes": 1024})
    stdout = result["stdout"]
    whole = sum(len(str(number)) + 1 for number in range(1, 1_000_001))
    assert stdout["head"] == "1\n2\n3\n4\n5\n6\n7\n"
    assert stdout["tail"] == "99999\n1000000\n"
    assert (stdout["omittedBytes"], stdout["nextOffset"]) == (whole - 28, whole)


def test_a_long_one_yields_and_is_gone_on_with(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    params = {"argv": shell("echo begun; read _ < $1; echo done", held.path), "sessionId": "build", "yieldMs": 0}
    first = wire.request("session/run", params)
    assert (first["running"], first["exit"], first["sessionId"]) == (True, None, "build")
    second = wire.start("session/run", {**params, "yieldMs": 600_000})
    held.open_and_release()
    result = wire.result(second)
    assert (result["exit"]["exitCode"], result["stdout"]["head"]) == (0, "begun\ndone\n")


def test_a_cancelled_one_leaves_nothing_running(wire: WireClient) -> None:
    running = wire.start("session/run", {"argv": ["sleep", "600"], "sessionId": "long"})
    wire.request("session/info", {"sessionId": "long"})
    wire.notify("$/cancelRequest", {"id": running})
    assert wire.answer(running)["error"]["code"] == REQUEST_CANCELLED
    assert wire.wait_exited("long")["signal"] == "SIGTERM"


def test_the_time_limit_of_the_session_holds(wire: WireClient) -> None:
    result = wire.request("session/run", {"argv": shell("echo so far; exec sleep 600"), "timeoutMs": 200})
    assert (result["exit"]["reason"], result["stdout"]["head"]) == ("timeout", "so far\n")


def test_what_cannot_be_started_is_told_as_by_spawn(wire: WireClient) -> None:
    error = wire.answer(wire.start("session/run", {"argv": ["/nonexistent/program"]}))["error"]
    assert (error["data"]["kind"], error["data"]["stage"]) == ("SpawnFailed", "exec")


def test_spawn_write_and_wait_are_sent_in_one_go(wire: WireClient) -> None:
    requests: list[tuple[str, str, Message]] = [
        ("spawn", "spawn", {"argv": ["cat"]}),
        ("retry", "spawn", {"argv": ["cat"]}),
        ("write", "write", {"data": "x", "close": True}),
        ("wait", "wait", {}),
    ]
    wire.send_all(
        {"jsonrpc": "2.0", "id": name, "method": f"session/{method}", "params": {"sessionId": "one", **params}}
        for name, method, params in requests
    )
    assert wire.result("spawn")["pid"] == wire.result("retry")["pid"]
    assert wire.result("write") == {"bytesWritten": 1}
    assert wire.result("wait")["exit"]["exitCode"] == 0
    assert wire.collect_output("one", "stdout") == b"x"
