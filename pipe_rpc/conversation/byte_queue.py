"""Bytes that wait for a reader that is busy elsewhere: some in memory, more in a file, never more than both hold.

Rules of this file: bytes leave in the order in which they came. The file has no name, is as large as what waited at
most, wraps around at its limit, and is emptied when its last byte has left.
"""

import os
import weakref
from collections import deque

_PIECE_BYTES = 64 * 1024
"""How much one look into the file takes."""
_JOINED_BYTES = 4 * 1024
"""Small pieces are joined up to this size: as objects of their own they would take many times their bytes."""


class ByteQueue:
    """A first-in-first-out queue of at most ``memory_bytes`` and ``file_bytes``.

    It is not safe for several threads at once. The file is made when it is needed, in the directory for temporary ones.
    """

    def __init__(self, *, memory_bytes: int, file_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._file_bytes = file_bytes
        self._first: deque[bytes] = deque()
        self._last: deque[bytes] = deque()  # behind what is in the file
        self._in_memory = 0
        self._read, self._written = 0, 0  # of all bytes that ever went through the file
        self._fd = -1
        self._finalizer: weakref.finalize[[int], ByteQueue] | None = None

    def __len__(self) -> int:
        return self._in_memory + self._in_file

    def __repr__(self) -> str:
        return f"<ByteQueue {self._in_memory} bytes in memory, {self._in_file} in a file>"

    @property
    def _in_file(self) -> int:
        return self._written - self._read

    def put(self, data: bytes) -> bool:
        """Append bytes; returns False, and has not, where there is no room. Raises OSError where the file fails.

        An empty queue has room for any bytes.
        """
        if not len(self) or (self._in_memory + len(data) <= self._memory_bytes and (self._last or not self._in_file)):
            self.keep(data)
            return True
        if self._last or self._in_file + len(data) > self._file_bytes:
            return False
        self._spill(data)
        return True

    def keep(self, data: bytes) -> None:
        """Append bytes in memory even if there is no room: they came before it could be said that there is none."""
        pieces = self._last if self._in_file or self._last else self._first
        if pieces and len(pieces[-1]) + len(data) <= _JOINED_BYTES:
            pieces[-1] += data
        else:
            pieces.append(data)
        self._in_memory += len(data)

    def take(self, limit: int) -> bytes:
        """The next bytes, as many as came together, at most ``limit``; b"" where none wait."""
        if not self._first:
            if self._in_file:
                return self._fetch(min(limit, _PIECE_BYTES))
            self._first, self._last = self._last, self._first
            if not self._first:
                return b""
        piece = self._first.popleft()
        if len(piece) > limit:
            self._first.appendleft(piece[limit:])
            piece = piece[:limit]
        self._in_memory -= len(piece)
        return piece

    def clear(self) -> None:
        """Forget all bytes, and give the file back."""
        self._first.clear()
        self._last.clear()
        self._in_memory = self._read = self._written = 0
        if self._finalizer is not None:
            self._finalizer()
            self._finalizer = None
            self._fd = -1

    def _spill(self, data: bytes) -> None:
        if self._finalizer is None:
            import tempfile  # Few programs leave so much unread.

            file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it is open as long as the queue is there
            with file:
                self._fd = os.dup(file.fileno())
            self._finalizer = weakref.finalize(self, os.close, self._fd)
        view = memoryview(data)
        written = self._written
        while view:
            place = written % self._file_bytes
            size = os.pwrite(self._fd, view[: self._file_bytes - place], place)
            view = view[size:]
            written += size
        self._written = written

    def _fetch(self, limit: int) -> bytes:
        place = self._read % self._file_bytes
        piece = os.pread(self._fd, min(limit, self._in_file, self._file_bytes - place), place)
        if not piece:
            raise OSError("The file for output that waits was cut by somebody else.")
        self._read += len(piece)
        if not self._in_file:
            os.ftruncate(self._fd, 0)
            self._read = self._written = 0
        return piece
