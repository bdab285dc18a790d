"""JSON-RPC 2.0 envelopes: bodies in, a closed union of messages out, and the other way round.

Rules of this file: nothing but the envelope is looked at; ``params`` stay as they came. What is not a message becomes a
MalformedError, which knows the id to answer where the message had a usable one.
"""

import sys
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple, TypeGuard

from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.protocol.json_text import DuplicateNameError, JsonError, decode
from pipe_rpc.protocol.json_writer import JsonWriter

Id = str | int
"""A request's id; 1 and "1" are different ids."""


class Request(NamedTuple):
    """A call that gets exactly one answer."""

    id: Id
    method: str
    params: Any
    """None where the message has none."""


class Notification(NamedTuple):
    """A call without an answer."""

    method: str
    params: Any


class Response(NamedTuple):
    """An answer of the client to a request of ours; ``message`` is the whole of it."""

    message: Mapping[str, Any]


Message = Request | Notification | Response


class MalformedError(Exception):
    """The body is no message; ``id`` is the id to answer, or None."""

    def __init__(self, code: ErrorCode, message: str, request_id: Id | None) -> None:
        super().__init__(message)
        self.error = PipeRpcError(code, message)
        self.id = request_id


class Deferred(Enum):
    """What a handler returns whose request is answered at another time, or was answered already."""

    DEFERRED = "deferred"


DEFERRED = Deferred.DEFERRED


def parse(body: bytes, max_values: int = sys.maxsize) -> Message:
    """Read one body of at most so many JSON values. Raises MalformedError."""
    try:
        message = decode(body, max_values)
    except DuplicateNameError as error:
        request_id = error.value.get("id") if isinstance(error.value, dict) else None
        usable_id = request_id if is_id(request_id) else None
        raise MalformedError(ErrorCode.INVALID_REQUEST, str(error), usable_id) from None
    except JsonError as error:
        raise MalformedError(ErrorCode.PARSE_ERROR, str(error), None) from None
    if not isinstance(message, dict):
        what = "batches are not accepted; send one object a frame" if isinstance(message, list) else "send an object"
        raise MalformedError(ErrorCode.INVALID_REQUEST, f"The message is not an object: {what}.", None)
    request_id = message.get("id")
    usable_id = request_id if is_id(request_id) else None
    if message.get("jsonrpc") != "2.0":
        raise MalformedError(ErrorCode.INVALID_REQUEST, 'The message needs "jsonrpc": "2.0".', usable_id)
    if "method" not in message and ("result" in message or "error" in message):
        return Response(message)
    method = message.get("method")
    if not isinstance(method, str):
        raise MalformedError(ErrorCode.INVALID_REQUEST, "The message needs a method, which is a string.", usable_id)
    if "id" not in message:
        return Notification(method, message.get("params"))
    if usable_id is None:
        raise MalformedError(ErrorCode.INVALID_REQUEST, "The id must be a string or an integer.", None)
    return Request(usable_id, method, message.get("params"))


def is_id(value: Any) -> TypeGuard[Id]:
    """Whether the value can be the id of a request: a string or an integer, and True is no integer."""
    return type(value) is str or type(value) is int


def id_key(request_id: Id | None) -> tuple[type, Id | None]:
    """What to keep a request under in a mapping."""
    return type(request_id), request_id


def encode_result(request_id: Id, result: Any) -> bytes:
    """The body of a successful answer."""
    return _write({"jsonrpc": "2.0", "id": request_id, "result": result})


def encode_error(request_id: Id | None, error: PipeRpcError) -> bytes:
    """The body of a failed answer; ``data.kind`` names the code."""
    data = {"kind": error.code.kind, **error.data}
    code = {"code": int(error.code), "message": error.message, "data": data}
    return _write({"jsonrpc": "2.0", "id": request_id, "error": code})


def encode_notification(method: str, params: Any) -> bytes:
    """The body of a notification."""
    return _write({"jsonrpc": "2.0", "method": method, "params": params})


_write = JsonWriter().write
