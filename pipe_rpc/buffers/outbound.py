"""Frames that wait for the client to read.

Rules of this file: frames leave whole and in order, however the descriptor cuts them. Only answers and announcements
that cannot wait may lift the queue above its low-water mark; output is made when the queue is below it. Small frames
are joined, since a million of them as objects of their own would take many times their bytes; large ones, and what
they are put together from, are never copied.
"""

from collections import deque
from itertools import islice

_MAX_PIECES = 64
"""How many pieces one write may gather; writev takes up to IOV_MAX (1024), and few already fill a pipe."""
_JOINED_BYTES = 16 * 1024
"""Frames are joined up to about this size; larger ones are not copied."""


class Outbound:
    """A byte queue in pieces: append frames, look at the front pieces, drop what was written."""

    def __init__(self, *, low_water_bytes: int) -> None:
        self._low_water_bytes = low_water_bytes
        self._pieces: deque[bytes | bytearray] = deque()
        self._written = 0  # of the first piece
        self.queued_bytes = 0

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def __repr__(self) -> str:
        return f"<Outbound {self.queued_bytes} bytes in {len(self._pieces)} pieces>"

    @property
    def wants_output(self) -> bool:
        """Whether the queue is below the low-water mark, so that output may be turned into frames."""
        return self.queued_bytes < self._low_water_bytes

    def append(self, *parts: bytes) -> None:
        """Queue one frame behind the others; where there is no memory for all of it, nothing of it is queued."""
        size = sum(map(len, parts))
        if size > _JOINED_BYTES:
            before = len(self._pieces)
            try:
                self._pieces.extend(parts)
            except MemoryError:
                while len(self._pieces) > before:
                    self._pieces.pop()
                raise
        elif self._pieces and len(self._pieces[-1]) + size <= _JOINED_BYTES:
            last = self._pieces[-1]
            if isinstance(last, bytes):
                last = self._pieces[-1] = bytearray(last)
            last += b"".join(parts)
        else:
            self._pieces.append(b"".join(parts))
        self.queued_bytes += size

    def front(self) -> list[memoryview]:
        """The pieces to write next, in order; let go of them before the next ``append``."""
        views = [memoryview(piece) for piece in islice(self._pieces, _MAX_PIECES)]
        if views:
            views[0] = views[0][self._written :]
        return views

    def drop(self, size: int) -> None:
        """Forget the first ``size`` bytes, which were written."""
        self.queued_bytes -= size
        self._written += size
        while self._pieces and self._written >= len(self._pieces[0]):
            self._written -= len(self._pieces.popleft())

    def clear(self) -> None:
        """Forget everything: nobody is left to read it."""
        self._pieces.clear()
        self._written = 0
        self.queued_bytes = 0
