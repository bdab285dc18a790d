"""pipe_rpc/conversation/messages.py: bytes in, messages out."""

import json
from typing import Any

import pytest

from pipe_rpc.buffers.framer import FramingError, encode_frame
from pipe_rpc.conversation.errors import RpcError
from pipe_rpc.conversation.messages import Conversation, event_of, output_bytes, result_of
from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.protocol.envelope import MalformedError, Notification, Response
from pipe_rpc.protocol.types import ClosedParams, OutputParams
from tests.support.frames import decode_frames

OUTPUT: dict[str, Any] = {
    "sessionId": "s",
    "stream": "stdout",
    "offset": 0,
    "length": 3,
    "data": "€",
    "encoding": "utf-8",
    "seq": 1,
    "timeMs": 0.5,
}


def frame(message: Any) -> bytes:
    return encode_frame(json.dumps({"jsonrpc": "2.0", **message}).encode())


def test_requests_are_counted_from_1() -> None:
    conversation = Conversation()
    made = [conversation.request("session/list", {"a": number}) for number in range(3)]
    assert [request_id for request_id, _ in made] == [1, 2, 3]
    assert decode_frames(b"".join(data for _, data in made)) == [
        {"jsonrpc": "2.0", "id": number + 1, "method": "session/list", "params": {"a": number}} for number in range(3)
    ]


def test_notifications_have_no_id() -> None:
    (message,) = decode_frames(Conversation().notification("exit", None))
    assert message == {"jsonrpc": "2.0", "method": "exit", "params": None}


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_messages_come_in_order_however_the_bytes_are_cut(size: int) -> None:
    data = frame({"id": 1, "result": {}}) + frame({"method": "session/closed", "params": {"sessionId": "s"}}) * 2
    conversation = Conversation()
    messages = [each for at in range(0, len(data), size) for each in conversation.receive(data[at : at + size])]
    assert [type(each) for each in messages] == [Response, Notification, Notification]


def test_requests_of_the_server_are_not_for_this_client() -> None:
    data = frame({"id": 5, "method": "window/workDoneProgress/create", "params": {}})
    assert list(Conversation().receive(data)) == []


@pytest.mark.parametrize("body", [b"nonsense", b"[]", b"{}"])
def test_a_message_that_is_none_is_an_error_and_never_skipped(body: bytes) -> None:
    with pytest.raises(MalformedError):
        list(Conversation().receive(encode_frame(body)))


def test_a_lost_boundary_is_an_error() -> None:
    with pytest.raises(FramingError):
        list(Conversation().receive(b"Traceback (most recent call last):\r\n\r\n"))


def test_an_answer_may_be_larger_than_what_a_server_takes() -> None:
    size = 20 * 1024 * 1024
    (message,) = Conversation().receive(frame({"id": 1, "result": "x" * size}))
    assert isinstance(message, Response)
    assert len(result_of(message)) == size


def test_notifications_become_typed_events() -> None:
    assert event_of(Notification("session/output", OUTPUT)) == OutputParams(
        session_id="s", stream="stdout", offset=0, length=3, data="€", encoding="utf-8", seq=1, time_ms=0.5
    )
    assert event_of(Notification("session/closed", {"sessionId": "s"})) == ClosedParams(session_id="s")
    assert event_of(Notification("$/progress", {"token": 1})) is None


def test_a_notification_that_does_not_fit_its_type_is_an_error() -> None:
    with pytest.raises(PipeRpcError, match=r"params\.length: is required"):
        event_of(Notification("session/output", {key: value for key, value in OUTPUT.items() if key != "length"}))


@pytest.mark.parametrize("result", [None, {}, [], "x", 0, False])
def test_a_result_is_what_it_is(result: Any) -> None:
    assert result_of(Response({"id": 1, "result": result})) == result


def test_an_error_is_raised_with_its_fields() -> None:
    error = {"code": 1001, "message": "No session.", "data": {"kind": "SessionNotFound", "sessionId": "x"}}
    with pytest.raises(RpcError, match=r"No session\.") as caught:
        result_of(Response({"id": 1, "error": error}))
    assert caught.value.code is ErrorCode.SESSION_NOT_FOUND
    assert caught.value.kind == "SessionNotFound"
    assert caught.value.data["sessionId"] == "x"


@pytest.mark.parametrize("data", [None, {}])
def test_an_error_without_data_and_of_an_unknown_code_is_one_too(data: Any) -> None:
    with pytest.raises(RpcError) as caught:
        result_of(Response({"id": 1, "error": {"code": 42, "message": "", "data": data}}))
    assert caught.value.code == 42
    assert caught.value.kind == "42"
    assert caught.value.data == {}


@pytest.mark.parametrize(("data", "encoding", "raw"), [("€", "utf-8", "€".encode()), ("/wA=", "base64", b"\xff\0")])
def test_the_bytes_of_an_output(data: str, encoding: Any, raw: bytes) -> None:
    where = {"session_id": "s", "stream": "stdout", "offset": 0, "length": len(raw), "seq": 1, "time_ms": 0.5}
    event = OutputParams(**where, data=data, encoding=encoding)  # type: ignore[arg-type]
    assert output_bytes(event) == raw
