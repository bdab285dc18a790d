"""`$/cancelRequest`: what waits is answered -32800, once; everything else goes on as if nothing had been said."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.fixture_types import MakeGate
from tests.support.programs import child, shell
from tests.support.refusals import REQUEST_CANCELLED, is_sentence
from tests.support.wire_client import Message, WireClient, WireError


def pending(wire: WireClient, method: str, held: str, request_id: int | str | None = None) -> tuple[str, int | str]:
    """A session, and a request to it that has to wait until the gate opens. The session then exits by itself."""
    session = wire.spawn(child("slow_reader", held))["sessionId"]
    params: Message = {
        "session/wait": {},
        "session/read": {"stream": "stdout", "fromOffset": 0, "waitMs": 600_000},
        "session/write": {"data": "x" * (1 << 20), "close": True},
    }[method]
    return session, wire.start(method, {"sessionId": session, **params}, request_id)


def cancel(wire: WireClient, request_id: Any) -> None:
    """Send `$/cancelRequest`, and wait until the server has handled it."""
    wire.notify("$/cancelRequest", {"id": request_id})
    wire.fence()


def check_cancelled(wire: WireClient, request_id: int | str) -> None:
    """The request must be answered as cancelled."""
    with pytest.raises(WireError) as caught:
        wire.result(request_id)
    assert caught.value.code == REQUEST_CANCELLED
    assert is_sentence(caught.value.message)


def answers(wire: WireClient, request_id: int | str) -> list[Message]:
    """All answers to the request so far."""
    return [
        entry.message
        for entry in wire.trace
        if entry.direction == "in"
        and not isinstance(entry.message, bytes)
        and "method" not in entry.message
        and type(entry.message["id"]) is type(request_id)
        and entry.message["id"] == request_id
    ]


@pytest.mark.parametrize("method", ["session/wait", "session/read"])
def test_a_request_that_waits_is_answered_once_and_the_session_lives_on(
    wire: WireClient, gate: MakeGate, method: str
) -> None:
    held = gate()
    session, request = pending(wire, method, held.path)
    cancel(wire, request)
    check_cancelled(wire, request)
    assert wire.request("session/info", {"sessionId": session})["state"] == "running"
    held.open_and_release()
    wire.request("session/write", {"sessionId": session, "close": True})
    assert wire.wait_exited(session)["outcome"] == "naturalExit"
    wire.wait_closed(session)
    assert len(answers(wire, request)) == 1


def test_a_write_that_waits_is_answered_once_and_later_writes_arrive(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("read _ < $1; exec cat", held.path))["sessionId"]
    first = wire.start("session/write", {"sessionId": session, "data": "a" * (1 << 20)})
    second = wire.start("session/write", {"sessionId": session, "data": "b" * (1 << 20)})
    third = wire.start("session/write", {"sessionId": session, "data": "c" * 1000, "close": True})
    cancel(wire, second)
    check_cancelled(wire, second)
    held.open_and_release()
    assert wire.result(first) == {"bytesWritten": 1 << 20}
    assert wire.result(third) == {"bytesWritten": 1000}
    wire.wait_closed(session)
    output = wire.collect_output(session, "stdout")
    # Nothing of the second had entered the pipe when it was cancelled: the first filled it.
    assert output == b"a" * (1 << 20) + b"c" * 1000
    assert len(answers(wire, second)) == 1


def test_a_write_that_was_cancelled_half_way_leaves_its_beginning(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("read _ < $1; exec cat", held.path))["sessionId"]
    request = wire.start("session/write", {"sessionId": session, "data": "a" * (1 << 20)})
    entered = (1 << 20) - wire.request("session/info", {"sessionId": session})["stdin"]["pendingBytes"]
    assert 0 < entered < 1 << 20
    cancel(wire, request)
    check_cancelled(wire, request)
    assert wire.request("session/info", {"sessionId": session})["stdin"] == {"open": True, "pendingBytes": 0}
    last = wire.start("session/write", {"sessionId": session, "data": "z", "close": True})
    held.open_and_release()
    assert wire.result(last) == {"bytesWritten": 1}
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == b"a" * entered + b"z"


@pytest.mark.parametrize("other", [10_000, "7", "", -1, 0, 7.0, True, None, {}, [7], "x" * 10_000])
def test_cancelling_anything_else_is_ignored(wire: WireClient, gate: MakeGate, other: Any) -> None:
    held = gate()
    session, request = pending(wire, "session/wait", held.path, 7)
    cancel(wire, other)
    held.open_and_release()
    wire.request("session/write", {"sessionId": session, "close": True})
    assert wire.result(request)["exit"]["exitCode"] == 0


@pytest.mark.parametrize(("request_id", "other"), [(1001, "1001"), ("1001", 1001), ("a", "A")])
def test_the_types_of_ids_are_told_apart(
    wire: WireClient, gate: MakeGate, request_id: int | str, other: int | str
) -> None:
    held = gate()
    session, _ = pending(wire, "session/wait", held.path, request_id)
    wire.start("session/wait", {"sessionId": session}, other)
    cancel(wire, other)
    check_cancelled(wire, other)
    assert not answers(wire, request_id)
    held.open_and_release()
    wire.request("session/write", {"sessionId": session, "close": True})
    assert wire.result(request_id)["exit"]["exitCode"] == 0


@pytest.mark.parametrize("params", [None, {}, [], [1], {"id": 1, "more": 2}, {"ID": 1}])
def test_a_cancellation_of_any_shape_is_never_answered(wire: WireClient, params: Any) -> None:
    wire.notify("$/cancelRequest", params)
    wire.fence()


def test_an_answered_request_cannot_be_cancelled(wire: WireClient) -> None:
    session = wire.spawn(["true"])["sessionId"]
    request = wire.start("session/wait", {"sessionId": session})
    assert wire.result(request)["exit"]["exitCode"] == 0
    cancel(wire, request)
    assert len(answers(wire, request)) == 1


def test_an_id_may_be_used_again_after_it_was_cancelled(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session, request = pending(wire, "session/wait", held.path)
    for _ in range(3):
        cancel(wire, request)
        check_cancelled(wire, request)
        wire.start("session/wait", {"sessionId": session}, request)
    held.open_and_release()
    wire.request("session/write", {"sessionId": session, "close": True})
    assert wire.result(request)["exit"]["exitCode"] == 0


def test_only_one_of_many_waits_is_cancelled(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session, first = pending(wire, "session/wait", held.path)
    others = [wire.start("session/wait", {"sessionId": session}) for _ in range(10)]
    cancel(wire, others[4])
    check_cancelled(wire, others[4])
    held.open_and_release()
    wire.request("session/write", {"sessionId": session, "close": True})
    for request in [first, *others[:4], *others[5:]]:
        assert wire.result(request)["exit"]["exitCode"] == 0


def test_a_request_and_its_cancellation_in_one_breath_have_one_answer(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("read _ < $1", held.path))["sessionId"]
    request = wire.next_id()
    wire.send_all(
        [
            {"jsonrpc": "2.0", "id": request, "method": "session/wait", "params": {"sessionId": session}},
            {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": request}},
            {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": request}},
        ]
    )
    check_cancelled(wire, request)
    wire.fence()
    assert len(answers(wire, request)) == 1
    held.open_and_release()
    wire.wait_closed(session)


def test_a_cancelled_terminate_goes_on(wire: WireClient) -> None:
    session = wire.spawn(["cat"])["sessionId"]
    request = wire.start("session/terminate", {"sessionId": session})
    wire.notify("$/cancelRequest", {"id": request})
    assert wire.result(request) == {}  # It had been answered when the cancellation came.
    assert wire.wait_exited(session)["signal"] == "SIGTERM"
