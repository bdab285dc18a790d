"""pipe_rpc/server/to_wire.py: seconds become milliseconds, and enums become words."""

from typing import Any, Literal, TypeVar

import pytest

from pipe_rpc.buffers.text import Encoding
from pipe_rpc.child.exit_status import ExitStatus, LiveUsage, Usage
from pipe_rpc.protocol import types
from pipe_rpc.protocol.converter import structure
from pipe_rpc.protocol.json_text import decode, encode
from pipe_rpc.server import to_wire
from pipe_rpc.session.announcement import Closed, DetachReason, Exited, Output, StreamName
from pipe_rpc.session.description import Exit
from pipe_rpc.session.lifecycle import Outcome, Reason
from tests.server.harness import FIRST_PID, OUT, Bench

T = TypeVar("T")

STATUS = ExitStatus(3, None, core_dumped=False, usage=Usage(0.25, 0.5, 4096))


def as_read(members: dict[str, Any], message_type: type[T]) -> T:
    """What a client makes of the members, once they have been on the wire."""
    return structure(decode(encode(members)), message_type)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("reason", [None, *Reason])
@pytest.mark.parametrize("left", [None, False, True])
def test_an_exit_has_the_words_of_the_contract(outcome: Outcome, reason: Reason | None, left: bool | None) -> None:
    info = to_wire.exit_info(Exit(STATUS, outcome, reason, exited_at=7.5, duration_s=1.25, processes_left=left))
    assert info == {
        "exitCode": 3,
        "signal": None,
        "coreDumped": False,
        "exitedAt": 7.5,
        "durationMs": 1250.0,
        "outcome": outcome.value,
        "reason": None if reason is None else reason.value,
        "usage": {"userMs": 250.0, "systemMs": 500.0, "maxRssBytes": 4096},
        "processesLeft": left,
    }
    assert as_read(info, types.ExitInfo).reason == info["reason"]


def test_a_session_that_runs_is_described(bench: Bench) -> None:
    session_id, child = bench.spawn(["make", "-j 2"], cwd="/", originator="me", attach=["stdout"])
    child.write(OUT, b"12345")
    bench.take()
    info = to_wire.session_info(bench.registry.get(session_id))
    stream = {"startOffset": 0, "missedBytes": 0, "ended": False}
    assert info == {
        "sessionId": session_id,
        "pid": FIRST_PID,
        "state": "running",
        "command": "make '-j 2'",
        "argv": ["make", "-j 2"],
        "cwd": "/",
        "originator": "me",
        "createdAt": 5.0,
        "mergeStderr": False,
        "containment": "group",
        "stdin": {"open": True, "pendingBytes": 0},
        "stdout": {**stream, "endOffset": 5, "attached": True, "attachmentId": "attachment-00000001"},
        "stderr": {**stream, "endOffset": 0, "attached": False, "attachmentId": None},
        "exit": None,
        "usage": None,
    }
    assert as_read(info, types.SessionInfo).argv == ["make", "-j 2"]


def test_a_session_that_has_exited_is_described(bench: Bench) -> None:
    session_id, child = bench.spawn(mergeStderr=True, stdin="null")
    bench.exit(child, STATUS)
    bench.take()
    info = as_read(to_wire.session_info(bench.registry.get(session_id)), types.SessionInfo)
    assert (info.state, info.merge_stderr, info.stderr) == ("exited", True, None)
    assert info.stdin == types.StdinInfo(open=False, pending_bytes=0)
    assert info.stdout.ended
    assert info.exit is not None
    assert info.exit.exit_code == 3


def test_what_a_session_uses_is_told_to_who_asks_while_it_runs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    session_id, child = bench.spawn()
    monkeypatch.setattr(child, "usage", lambda: LiveUsage(1.5, 0.00025, 4096, 2))
    session = bench.registry.get(session_id)
    assert to_wire.session_info(session)["usage"] is None
    members = {"userMs": 1500.0, "systemMs": 0.25, "rssBytes": 4096, "processes": 2}
    info = to_wire.session_info(session, usage=True)
    assert info["usage"] == members
    assert as_read(info, types.SessionInfo).usage == as_read(members, types.LiveUsage)
    bench.exit(child)
    bench.take()
    assert to_wire.session_info(session, usage=True)["usage"] is None, "its number may be another's by now"


def test_a_session_of_which_nobody_can_know_what_it_uses_says_null(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id, child = bench.spawn()
    monkeypatch.setattr(child, "usage", lambda: None)
    assert bench.result("session/info", {"sessionId": session_id, "usage": True})["usage"] is None
    assert bench.result("session/list", {"usage": True})["sessions"][0]["usage"] is None


def test_who_does_not_ask_what_a_session_uses_costs_no_look(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    session_id, child = bench.spawn()
    monkeypatch.setattr(child, "usage", lambda: looks.append(1))
    for params in ({"sessionId": session_id}, {"sessionId": session_id, "usage": False}):
        bench.result("session/info", params)
    bench.result("session/list")
    assert looks == []
    bench.result("session/list", {"usage": True})
    assert looks == [1]


def test_the_last_notifications_have_the_members_of_their_types(bench: Bench) -> None:
    session_id, child = bench.spawn()
    bench.exit(child, STATUS, close=False)
    bench.take()
    session = bench.registry.get(session_id)
    exited = to_wire.exited(Exited(session))
    assert as_read(exited, types.ExitedParams).streams_open == ["stdout", "stderr"]
    assert exited["sessionId"] == session_id
    assert as_read(to_wire.closed(Closed(session)), types.ClosedParams).session_id == session_id


def test_the_end_of_an_attachment_has_the_members_of_its_type(bench: Bench) -> None:
    session_id, child = bench.spawn(attach=["stderr"])
    detached = bench.registry.get(session_id).detach(StreamName.STDERR, DetachReason.STOLEN)
    assert detached is not None
    assert as_read(to_wire.detached(detached), types.DetachedParams) == types.DetachedParams(
        session_id=session_id, stream="stderr", attachment_id=detached.attachment_id, offset=0, reason="stolen"
    )
    bench.exit(child)


@pytest.mark.parametrize("missed", [0, 1])
@pytest.mark.parametrize("encoding", ["utf-8", "base64"])
def test_output_has_the_members_of_its_type(encoding: Literal["utf-8", "base64"], missed: int) -> None:
    members = to_wire.output(Output("s", StreamName.STDOUT, 7, 4, "QUJD", Encoding(encoding), missed, 3, 0.0125))
    assert as_read(members, types.OutputParams) == types.OutputParams(
        session_id="s",
        stream="stdout",
        offset=7,
        length=4,
        data="QUJD",
        encoding=encoding,
        seq=3,
        time_ms=12.5,
        missed_bytes=missed or None,
    )
    assert ("missedBytes" in members) is bool(missed)
