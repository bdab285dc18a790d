"""Frames as this side of the pipes sees them: strict about the server's, careless about nothing."""

from __future__ import annotations

import json
from typing import Any

from tests.support.trace import Message


class BrokenFrameError(AssertionError):
    """The server wrote something to stdout that is not a well-formed frame."""


def encode_frame(message: Any) -> bytes:
    """The frame of a JSON value, as a client sends it."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def take_frame(incoming: bytearray) -> Message | None:
    """Take the first message off the front of what a server has written, or None while it is not all there."""
    head_length = incoming.find(b"\r\n\r\n")
    if head_length < 0:
        if incoming[:8] != b"Content-"[: len(incoming)]:
            raise BrokenFrameError(f"not a frame on stdout: {bytes(incoming[:200])!r}")
        return None
    body_length: int | None = None
    for field in bytes(incoming[:head_length]).split(b"\r\n"):
        name, colon, value = field.partition(b": ")
        if name == b"Content-Length" and colon and value.isdigit() and body_length is None:
            body_length = int(value)
        elif name != b"Content-Type":
            raise BrokenFrameError(f"bad header field on stdout: {field!r}")
    if body_length is None:
        raise BrokenFrameError("a frame on stdout without Content-Length")
    begin = head_length + 4
    if len(incoming) < begin + body_length:
        return None
    body = bytes(incoming[begin : begin + body_length])
    del incoming[: begin + body_length]
    message = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise BrokenFrameError(f"not a JSON-RPC 2.0 message on stdout: {body[:200]!r}")
    return message


def decode_frames(data: bytes, *, partial: bool = False) -> list[Message]:
    """Every message in what a server has written. `partial` lets the last frame be unfinished."""
    incoming = bytearray(data)
    messages: list[Message] = []
    while (message := take_frame(incoming)) is not None:
        messages.append(message)
    if incoming and not partial:
        raise BrokenFrameError(f"stdout ended inside a frame: {bytes(incoming[:200])!r}")
    return messages


def _refuse_constant(name: str) -> Any:
    raise BrokenFrameError(f"{name} on stdout is not JSON")
