"""pipe_rpc/protocol/envelope.py: every row of the malformed table, and what is well formed."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.protocol.envelope import (
    MalformedError,
    Notification,
    Request,
    Response,
    encode_error,
    encode_notification,
    encode_result,
    is_id,
    parse,
)

USABLE_IDS: list[str | int] = [0, 1, -1, 2**53, 2**70, "", "1", "a" * 1000, "é\U0001f600", "\0"]
UNUSABLE_IDS: list[Any] = [None, True, False, 1.0, 1.5, 1e300, [], [1], {}, {"a": 1}]


def body(**members: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **members}).encode()


def malformed(text: bytes) -> tuple[ErrorCode, Any]:
    with pytest.raises(MalformedError) as caught:
        parse(text)
    assert str(caught.value) == caught.value.error.message
    assert caught.value.error.message.endswith(".")
    return caught.value.error.code, caught.value.id


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"nonsense",
        b'{"jsonrpc":"2.0","id":1,"method":"m"',
        b'{"jsonrpc":"2.0","id":1,"method":"\xff"}',
        b'{"jsonrpc":"2.0","id":NaN,"method":"m"}',
        b'{"jsonrpc":"2.0","id":1,"method":"m","params":{"x":Infinity}}',
        b'{"jsonrpc":"2.0","id":1,"method":"m","params":{"x":1e999}}',
        b'{"jsonrpc":"2.0","id":' + b"1" * 4301 + b',"method":"m"}',
        b'{"jsonrpc":"2.0","id":1,"method":"m","params":' + b"[" * 9999 + b"]" * 9999 + b"}",
        b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"method":"m"}',
    ],
    ids=lambda text: repr(text[-24:]),
)
def test_a_body_that_is_no_json_is_a_parse_error_with_id_null(text: bytes) -> None:
    assert malformed(text) == (ErrorCode.PARSE_ERROR, None)


@pytest.mark.parametrize("text", [b"null", b"true", b"1", b"1.5", b'"text"', b"[]", b"[[]]"])
def test_a_body_that_is_no_object_is_refused_with_id_null(text: bytes) -> None:
    assert malformed(text) == (ErrorCode.INVALID_REQUEST, None)


@pytest.mark.parametrize("count", [1, 2])
def test_a_batch_is_refused_once_with_id_null(count: int) -> None:
    batch = b"[" + b",".join([body(id=1, method="m")] * count) + b"]"
    assert malformed(batch) == (ErrorCode.INVALID_REQUEST, None)


@pytest.mark.parametrize("version", ["1.0", "2", "", 2, 2.0, None, True, ["2.0"], {"2.0": 1}])
def test_another_version_is_refused_with_the_id_of_the_request(version: Any) -> None:
    for request_id in USABLE_IDS:
        text = body(jsonrpc=version, id=request_id, method="m")
        assert malformed(text) == (ErrorCode.INVALID_REQUEST, request_id)


def test_a_missing_version_is_refused_with_the_id_of_the_request() -> None:
    assert malformed(b'{"id":7,"method":"m"}') == (ErrorCode.INVALID_REQUEST, 7)


@pytest.mark.parametrize("request_id", UNUSABLE_IDS, ids=repr)
def test_an_id_that_is_neither_string_nor_integer_is_refused_with_id_null(request_id: Any) -> None:
    assert malformed(body(id=request_id, method="m")) == (ErrorCode.INVALID_REQUEST, None)
    assert malformed(body(jsonrpc="1", id=request_id, method="m")) == (ErrorCode.INVALID_REQUEST, None)
    assert malformed(body(id=request_id, method=5)) == (ErrorCode.INVALID_REQUEST, None)


@pytest.mark.parametrize("method", [None, 1, True, 1.5, [], {}, ["session/list"]])
def test_a_method_that_is_no_string_is_refused_with_the_id(method: Any) -> None:
    assert malformed(body(id="x", method=method)) == (ErrorCode.INVALID_REQUEST, "x")
    assert malformed(body(method=method)) == (ErrorCode.INVALID_REQUEST, None)


def test_a_message_without_method_result_and_error_is_refused_with_the_id() -> None:
    assert malformed(body(id=3)) == (ErrorCode.INVALID_REQUEST, 3)
    assert malformed(body()) == (ErrorCode.INVALID_REQUEST, None)


@pytest.mark.parametrize(
    ("text", "request_id"),
    [
        (b'{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}', 1),
        (b'{"jsonrpc":"2.0","id":"x","method":"a","params":{"x":1,"x":2}}', "x"),
        (b'{"method":"a","method":"a","jsonrpc":"2.0","id":0}', 0),
        (b'{"jsonrpc":"2.0","id":1,"id":1,"method":"a"}', None),
        (b'{"jsonrpc":"2.0","id":1,"id":2,"id":3,"method":"a"}', None),
        (b'{"jsonrpc":"2.0","id":null,"method":"a","method":"b"}', None),
        (b'[{"id":1,"id":2}]', None),
    ],
)
def test_a_member_given_twice_is_refused_for_no_reading_of_it_is_right(text: bytes, request_id: Any) -> None:
    assert malformed(text) == (ErrorCode.INVALID_REQUEST, request_id)


def test_a_name_given_twice_is_no_matter_for_the_next_message() -> None:
    malformed(b'{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}')
    assert parse(body(id=1, method="a")) == Request(1, "a", None)
    malformed(b'{"jsonrpc":"2.0","id":1,"method":"a","method":"b"')


@pytest.mark.parametrize("request_id", USABLE_IDS, ids=lambda each: repr(each)[:9])
def test_a_request_keeps_its_id_and_the_type_of_it(request_id: str | int) -> None:
    message = parse(body(id=request_id, method="m", params={"a": [None]}))
    assert message == Request(request_id, "m", {"a": [None]})
    assert isinstance(message, Request)
    assert type(message.id) is type(request_id)


@pytest.mark.parametrize("params", [None, [], {}, 5, "text", {"jsonrpc": "2.0", "id": 5, "method": "inner"}])
def test_params_are_not_looked_at(params: Any) -> None:
    assert parse(body(id=1, method="m", params=params)) == Request(1, "m", params)
    assert parse(body(method="m", params=params)) == Notification("m", params)


def test_left_out_params_are_none() -> None:
    assert parse(body(id=1, method="m")) == Request(1, "m", None)
    assert parse(body(method="")) == Notification("", None)


def test_further_members_are_no_fault() -> None:
    assert parse(body(id=1, method="m", extra=1, result=2, error=3)) == Request(1, "m", None)


@pytest.mark.parametrize(
    "members", [{"result": None}, {"error": {"code": 1, "message": ""}}, {"result": 1, "error": None}]
)
@pytest.mark.parametrize("response_id", [1, "x", None, [], {}])
def test_an_answer_is_a_response_whatever_its_id(members: dict[str, Any], response_id: Any) -> None:
    assert parse(body(id=response_id, **members)) == Response({"jsonrpc": "2.0", "id": response_id, **members})


def test_what_an_id_is() -> None:
    assert all(is_id(each) for each in USABLE_IDS)
    assert not any(is_id(each) for each in UNUSABLE_IDS)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_whatever_comes_is_a_message_or_malformed(text: bytes) -> None:
    with contextlib.suppress(MalformedError):
        assert isinstance(parse(text), Request | Notification | Response)


def test_a_result_is_answered_under_its_id() -> None:
    assert json.loads(encode_result("1", None)) == {"jsonrpc": "2.0", "id": "1", "result": None}
    assert json.loads(encode_result(2**70, {"a": "\ud800"})) == {
        "jsonrpc": "2.0",
        "id": 2**70,
        "result": {"a": "\ud800"},
    }


@pytest.mark.parametrize("code", ErrorCode)
def test_an_error_carries_code_sentence_kind_and_data(code: ErrorCode) -> None:
    error = json.loads(encode_error(None, PipeRpcError(code, "It failed.", sessionId="pipe-1")))
    assert error == {
        "jsonrpc": "2.0",
        "id": None,
        "error": {
            "code": code.value,
            "message": "It failed.",
            "data": {"kind": code.kind, "sessionId": "pipe-1"},
        },
    }


def test_a_notification_has_no_id() -> None:
    assert json.loads(encode_notification("m", {"a": 1})) == {"jsonrpc": "2.0", "method": "m", "params": {"a": 1}}
