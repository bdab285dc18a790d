"""Conversations led by vscode-jsonrpc under Node: VS Code's own library, over the Unix sockets that Node gives."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.processes import process_state

Summary = dict[str, Any]
Converse = Callable[..., Summary]

LEFT_IN_ORDER: Summary = {"shutdown": None, "exit": {"code": 0, "signal": None}, "faults": []}
"""Shutdown answered null, exit status 0, and no complaint of the library about anything that it received."""

# What vscode-languageclient starts a server with: Transport.stdio adds the first, every transport the second.
STOCK_ARGUMENTS = ("--stdio", "--clientProcessId=1")


def left(summary: Summary) -> Summary:
    return {name: summary.get(name, "absent") for name in LEFT_IN_ORDER}


@pytest.mark.parametrize("arguments", [(), STOCK_ARGUMENTS], ids=["plain", "as VS Code starts it"])
def test_the_life_cycle_runs_from_initialize_to_exit_0(converse: Converse, arguments: tuple[str, ...]) -> None:
    summary = converse("lifeCycle", *arguments)

    assert summary["initialize"]["serverInfo"]["name"] == "pipe-rpc"
    assert summary["initialize"]["capabilities"]["experimental"]["pipeRpc"]["protocolVersion"] == 1
    assert summary["list"] == {"result": {"sessions": []}}
    assert left(summary) == LEFT_IN_ORDER


def test_what_is_written_comes_back_in_order_and_the_answer_precedes_every_notification(converse: Converse) -> None:
    summary = converse("echo")

    second = "zweite Zeile: äöü€😀\n"
    assert summary["written"] == {"result": {"bytesWritten": 6}}
    assert summary["closed"] == {"result": {"bytesWritten": len(second.encode())}}
    assert summary["events"][0]["method"] == "answer"
    output = [event["params"] for event in summary["events"] if event["method"] == "session/output"]
    assert "".join(chunk["data"] for chunk in output) == "first\n" + second
    assert [chunk["offset"] for chunk in output[:2]] == [0, 6]
    assert {(chunk["stream"], chunk["encoding"]) for chunk in output} == {("stdout", "utf-8")}
    ends = [event for event in summary["events"] if event["method"] != "session/output"][1:]
    assert sorted(event["params"]["stream"] for event in ends if event["method"] == "session/detached") == [
        "stderr",
        "stdout",
    ]
    assert {event["params"].get("reason") for event in ends if event["method"] == "session/detached"} == {"ended"}
    assert [event["params"]["exitCode"] for event in ends if event["method"] == "session/exited"] == [0]
    assert summary["events"][-1]["method"] == "session/closed"
    assert left(summary) == LEFT_IN_ORDER


def test_every_byte_value_arrives_once_at_its_offset(converse: Converse) -> None:
    summary = converse("everyByte")

    expected = bytes(range(256)) * 4096
    assert summary["length"] == len(expected)
    assert summary["sha256"] == hashlib.sha256(expected).hexdigest()
    assert summary["offsetsFit"] is True
    assert left(summary) == LEFT_IN_ORDER


def test_terminate_ends_a_session_softly(converse: Converse) -> None:
    summary = converse("terminate")

    assert summary["terminate"] == {"result": {}}
    exited = summary["exited"]
    assert (exited["exitCode"], exited["signal"]) == (None, "SIGTERM")
    assert (exited["outcome"], exited["reason"]) == ("softExit", "request")
    assert exited["streamsOpen"] == []
    assert left(summary) == LEFT_IN_ORDER


def test_a_cancellation_token_cancels_a_pending_wait_and_not_the_session(converse: Converse) -> None:
    summary = converse("cancel")

    assert summary["cancelled"]["error"]["code"] == -32800
    assert summary["running"] == "running"
    assert left(summary) == LEFT_IN_ORDER


def test_errors_reach_the_caller_with_code_and_kind(converse: Converse) -> None:
    summary = converse("errors")

    assert summary["early"]["error"]["code"] == -32002
    assert summary["unknownSession"]["error"]["code"] == 1001
    assert summary["unknownSession"]["error"]["data"]["kind"] == "SessionNotFound"
    assert summary["unknownMethod"]["error"]["code"] == -32601
    assert summary["positional"]["error"]["code"] == -32602
    assert summary["misspelt"]["error"]["code"] == -32602
    assert [problem["path"] for problem in summary["misspelt"]["error"]["data"]["problems"]] == ["params.timeoutms"]
    assert left(summary) == LEFT_IN_ORDER


def test_trace_and_unknown_dollar_notifications_are_accepted_silently(converse: Converse) -> None:
    summary = converse("trace")

    assert summary["list"] == {"result": {"sessions": []}}
    assert left(summary) == LEFT_IN_ORDER


def test_a_client_that_only_ends_its_socket_leaves_nothing_running(converse: Converse) -> None:
    summary = converse("vanish")

    assert summary["exit"] == {"code": 1, "signal": None}
    assert process_state(summary["pid"]) in ("", "Z")
