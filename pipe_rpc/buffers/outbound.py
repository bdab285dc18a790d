"""Frames that wait for the client to read.

Rules of this file: frames leave whole and in order, however the descriptor cuts them. Only answers and announcements
that cannot wait may lift the queue above its low-water mark; output is made when the queue is below it.
"""

from collections import deque
from itertools import islice

_MAX_PIECES = 64
"""How many frames one write may gather; writev takes up to IOV_MAX (1024), and few frames already fill a pipe."""


class Outbound:
    """A byte queue in pieces: append frames, look at the front pieces, drop what was written."""

    def __init__(self, *, low_water_bytes: int) -> None:
        self._low_water_bytes = low_water_bytes
        self._pieces: deque[memoryview] = deque()
        self.queued_bytes = 0

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def __repr__(self) -> str:
        return f"<Outbound {self.queued_bytes} bytes in {len(self._pieces)} frames>"

    @property
    def wants_output(self) -> bool:
        """Whether the queue is below the low-water mark, so that output may be turned into frames."""
        return self.queued_bytes < self._low_water_bytes

    def append(self, frame: bytes) -> None:
        """Queue one frame behind the others."""
        self._pieces.append(memoryview(frame))
        self.queued_bytes += len(frame)

    def front(self) -> list[memoryview]:
        """The pieces to write next, in order."""
        return list(islice(self._pieces, _MAX_PIECES))

    def drop(self, size: int) -> None:
        """Forget the first ``size`` bytes, which were written."""
        self.queued_bytes -= size
        while size:
            piece = self._pieces[0]
            if size < len(piece):
                self._pieces[0] = piece[size:]
                return
            size -= len(piece)
            self._pieces.popleft()

    def clear(self) -> None:
        """Forget everything: nobody is left to read it."""
        self._pieces.clear()
        self.queued_bytes = 0
