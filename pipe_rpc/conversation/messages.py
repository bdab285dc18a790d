"""The client's side of the protocol: bytes in, messages out, and the other way round.

Rules of this file: requests get ids counted from 1; notifications become typed events; a message that fits no type is
an error of the server and raised as such, never skipped.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any, Literal

from pipe_rpc.buffers.framer import Framer, encode_frame
from pipe_rpc.conversation.errors import refusal
from pipe_rpc.limits import Limits
from pipe_rpc.protocol.converter import structure
from pipe_rpc.protocol.envelope import Notification, Response, parse
from pipe_rpc.protocol.json_text import encode
from pipe_rpc.protocol.types import (
    ClosedParams,
    DetachedParams,
    ExitedParams,
    OutputParams,
    ReadResult,
    TeeErrorParams,
)

Event = OutputParams | DetachedParams | TeeErrorParams | ExitedParams | ClosedParams
"""A notification of the server."""

_EVENT_TYPES: dict[str, type[Event]] = {
    "session/output": OutputParams,
    "session/detached": DetachedParams,
    "session/teeError": TeeErrorParams,
    "session/exited": ExitedParams,
    "session/closed": ClosedParams,
}
Sender = Literal["client", "server"]
Listener = Callable[[Sender, Mapping[str, Any]], None]
"""Gets each message, and who says it, in the order in which the client says and hears them."""
_MAX_BODY_BYTES = 1 << 40
"""We trust our own server: a list of many sessions may be larger than what it would take from us."""


class Conversation:
    """Makes frames of requests and messages of frames."""

    def __init__(self, listener: Listener | None = None) -> None:
        self._listener = listener
        self._ids = count(1)
        self._framer = Framer(max_header_bytes=Limits().max_header_bytes, max_body_bytes=_MAX_BODY_BYTES)

    def request(self, method: str, params: Any) -> tuple[int, bytes]:
        """A request's id and its frame. Raises ValueError for what JSON has no text for, such as NaN."""
        request_id = next(self._ids)
        return request_id, self._frame({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})

    def notification(self, method: str, params: Any) -> bytes:
        """A notification's frame."""
        return self._frame({"jsonrpc": "2.0", "method": method, "params": params})

    def receive(self, data: bytes) -> Iterator[Response | Notification]:
        """Messages that ``data`` completes, in order."""
        self._framer.feed(data)
        while (body := self._framer.next_body()) is not None:
            message = parse(body)
            if self._listener is not None:
                whole = message.message if isinstance(message, Response) else {"jsonrpc": "2.0", **message._asdict()}
                self._listener("server", whole)
            if isinstance(message, Response | Notification):
                yield message

    def _frame(self, message: Mapping[str, Any]) -> bytes:
        frame = encode_frame(encode(message))
        if self._listener is not None:
            self._listener("client", message)
        return frame


def event_of(notification: Notification) -> Event | None:
    """The typed event, or None for a notification of LSP's."""
    event_type = _EVENT_TYPES.get(notification.method)
    return None if event_type is None else structure(notification.params, event_type)


def result_of(response: Response) -> Any:
    """The result of an answer. Raises RpcError, of the class of its code."""
    error = response.message.get("error")
    if error is not None:
        raise refusal(error["code"], error["message"], error.get("data") or {})
    return response.message.get("result")


def output_bytes(piece: OutputParams | ReadResult) -> bytes:
    """The raw bytes of a piece of output, exact where its encoding is base64 or what was asked for is "auto"."""
    if piece.encoding == "base64":
        import binascii

        return binascii.a2b_base64(piece.data)
    return piece.data.encode()
