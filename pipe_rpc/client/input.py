# Made of pipe_rpc/aio/input.py by python -m tests.house.generate: change that one.
"""A child's stdin, for whoever writes to it.

Rules of this file: a write ends when its last byte has entered the child's pipe, so a child that does not read holds
up its writer, and nothing else.
"""

import time

from pipe_rpc.buffers.text import Encoding, encode_piece
from pipe_rpc.client.calls import Calls
from pipe_rpc.conversation.errors import CallTimeout, RpcError
from pipe_rpc.protocol.types import WriteResult

_PIECE_BYTES = 1 << 20
"""One request of any bytes fits a frame, and several fit the server's queue."""


class Input:
    """Writes to one session's stdin."""

    def __init__(self, calls: Calls, session_id: str) -> None:
        self._calls = calls
        self._session_id = session_id

    def write(
        self, data: bytes | bytearray | memoryview | str, *, close: bool = False, timeout: float | None = None
    ) -> int:
        """Write bytes, or text as UTF-8, then close where that is asked for; returns how many bytes were written.

        More than 1 MiB goes in several requests, between which a write of another thread or task may come. Raises
        StdinClosed, StdinFull and CallTimeout, which tell in ``bytes_written`` how much the child's pipe had taken.
        """
        raw = data.encode() if isinstance(data, str) else bytes(data)
        deadline = None if timeout is None else time.monotonic() + timeout
        written = 0
        while True:
            piece = encode_piece(raw[written : written + _PIECE_BYTES], Encoding.AUTO, final=True)
            is_last = written + piece.length == len(raw)
            try:
                self._calls.ask(
                    "session/write",
                    WriteResult,
                    patience=None if deadline is None else max(0.0, deadline - time.monotonic()),
                    session_id=self._session_id,
                    data=piece.text,
                    encoding=piece.encoding,
                    close=True if close and is_last else None,
                )
            except CallTimeout as error:
                raise CallTimeout(str(error), written + (error.bytes_written or 0)) from None
            except RpcError as error:
                error.data = {**error.data, "bytesWritten": written + error.data.get("bytesWritten", 0)}
                raise
            written += piece.length
            if is_last:
                return written
