"""The streams of a session: attach, detach, read, write."""

import binascii

from pybase64 import b64decode

from pipe_rpc.buffers.text import Encoding
from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.protocol.envelope import DEFERRED, Deferred
from pipe_rpc.protocol.problems import invalid_params
from pipe_rpc.protocol.types.member import TextEncodingName
from pipe_rpc.protocol.types.params import AttachParams, DetachParams, ReadParams, WriteParams
from pipe_rpc.server.call import Call
from pipe_rpc.server.to_wire import Members
from pipe_rpc.session.announcement import DetachReason, StreamName
from pipe_rpc.session.refusals import require_offset

_CRUMB_BYTES = 1024
"""What an awaited session/read returns at most while other messages wait for the client: it has to ask again anyway."""


def attach(call: Call, params: AttachParams) -> Members:
    """session/attach: an AttachResult."""
    attachment, missed, stolen = call.registry.attach(
        call.registry.get(params.session_id),
        StreamName(params.stream),
        from_offset=params.from_offset,
        encoding=None if params.encoding is None else Encoding(params.encoding),
        steal=params.steal,
    )
    if stolen is not None:
        call.teller.tell(stolen)
    return {"attachmentId": attachment.attachment_id, "offset": attachment.offset, "missedBytes": missed}


def detach(call: Call, params: DetachParams) -> Members:
    """session/detach: a DetachResult."""
    session = call.registry.get(params.session_id)
    detached = session.detach(StreamName(params.stream), DetachReason.DETACHED)
    if detached is None:
        raise PipeRpcError(
            ErrorCode.NOT_ATTACHED,
            f"{params.stream} of session {params.session_id} is not attached, so there is nothing to detach.",
            sessionId=params.session_id,
            stream=params.stream,
        )
    call.teller.tell(detached)
    return {"offset": detached.offset}


def read(call: Call, params: ReadParams) -> Members | Deferred:
    """session/read: a ReadResult."""
    session = call.registry.get(params.session_id)
    name = StreamName(params.stream)
    stream = session.stream(name)
    encoding = session.description.encoding if params.encoding is None else Encoding(params.encoding)
    wanted = stream.ring.start if params.from_offset is None else require_offset(session, name, params.from_offset)
    limit = min(params.max_bytes or call.limits.default_read_bytes, call.limits.max_read_bytes)

    def piece(at_most: int = limit) -> Members:
        start = max(wanted, stream.ring.start)
        length, text, used = stream.peek(start, at_most, encoding)
        return {
            "offset": start,
            "length": length,
            "data": text,
            "encoding": used,
            "missedBytes": start - wanted,
            "nextOffset": start + length,
            "ended": stream.ended and start + length == stream.ring.end,
        }

    def has_news(result: Members) -> bool:
        return bool(result["length"] or result["ended"])

    now = piece()
    if has_news(now) or params.wait_ms == 0:
        return now
    call.pending.require_room(call.request_id)
    pending = call.pending.open(call.request_id, params.session_id)

    def on_progress() -> None:
        # One piece of news may answer thousands: a client that has not read the first gets little of the others.
        result = piece(limit if call.teller.has_room else min(limit, _CRUMB_BYTES))
        if has_news(result):
            pending.answer(result)

    stream.when_progress(on_progress)
    pending.release = lambda: stream.no_longer(on_progress)
    pending.answer_at(call.loop.now + params.wait_ms / 1000, piece)
    return DEFERRED


def write(call: Call, params: WriteParams) -> Members | Deferred:
    """session/write: a WriteResult."""
    session = call.registry.get(params.session_id)
    data = decode(params.data, params.encoding, "params.data")
    call.pending.require_room(call.request_id)
    outcomes: list[Members | PipeRpcError] = []
    pending = None

    def done(written: int, error: PipeRpcError | None) -> None:
        outcome = {"bytesWritten": written} if error is None else error
        if pending is None:
            outcomes.append(outcome)
        else:
            pending.release = lambda: None  # It has left the queue already.
            pending.answer(outcome)

    written = session.stdin.write(data, done, close=params.close)
    for outcome in outcomes:
        if isinstance(outcome, PipeRpcError):
            raise outcome
        return outcome
    pending = call.pending.open(call.request_id, params.session_id)
    pending.cancelled = lambda: {"bytesWritten": written.written}
    pending.release = lambda: session.stdin.cancel(written)
    return DEFERRED


def decode(data: str, encoding: TextEncodingName, path: str) -> bytes:
    """The bytes that a member stands for. Raises PipeRpcError: INVALID_PARAMS, with the member's path."""
    if encoding == "utf-8":
        return data.encode()
    try:
        return b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        wanted = "must be base64 (RFC 4648 §4): A-Z a-z 0-9 + /, padded with = to a multiple of four characters"
        raise invalid_params([(path, wanted)]) from None
