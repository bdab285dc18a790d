"""JSON text of the messages that are sent, by the faster encoder as soon as it pays.

Rules of this file: what a message says does not depend on who writes it. orjson writes text ten times as fast as the
standard library, but is not imported before so much was written that this has begun to count: the import takes as long
as the whole start of the server. It ends the process where memory is refused, so where that may happen it is not used.
"""

from collections.abc import Callable
from typing import Any

from pipe_rpc.child.memory_limit import memory_may_be_refused
from pipe_rpc.protocol.json_text import encode

_IMPORT_BEHIND_BYTES = 64 * 1024
"""A hundred answers, or the first two pieces of a flood."""


class JsonWriter:
    """Writes one message after the other."""

    def __init__(self, import_behind_bytes: int = _IMPORT_BEHIND_BYTES) -> None:
        self._import_behind_bytes = import_behind_bytes
        self._written_bytes = 0
        self._dumps: Callable[[Any], bytes] | None = None

    def write(self, message: Any) -> bytes:
        """Encode a message."""
        if self._dumps is None or memory_may_be_refused():
            return self._write_slowly(message)
        try:
            return self._dumps(message)
        except TypeError:
            return encode(message)  # An id of more than 64 bits, or with half of a surrogate pair.

    def _write_slowly(self, message: Any) -> bytes:
        text = encode(message)
        self._written_bytes += len(text)
        if self._dumps is None and self._written_bytes > self._import_behind_bytes:
            self._written_bytes = 0
            try:
                from orjson import dumps
            except (ImportError, OSError):
                return text  # The system opens no file now; it is tried again as much text later.
            self._dumps = dumps
        return text
