"""A byte ring with absolute offsets.

Rules of this file: ``start <= end``; ``end - start <= capacity``; the byte at absolute offset ``o`` lies at
``o % capacity``. Offsets only grow and are never reset, so a gap is a subtraction.
"""

import mmap

_MOVED_BYTES = 64 * 1024
"""Moved at once when a ring is resized; larger pieces cost page faults."""


class Ring:
    """The newest ``capacity`` bytes of a stream; older ones are overwritten.

    Filling is in two steps, so that a descriptor can be read straight into it: ``room`` lends the memory behind the
    end, ``commit`` says how much of it was filled. Making one raises OSError where memory has run out.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.start = 0
        self.end = 0
        # Private, so that the kernel hands out zero pages one by one: who says little costs little.
        self._memory = mmap.mmap(-1, capacity, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

    def __len__(self) -> int:
        return self.end - self.start

    def __repr__(self) -> str:
        return f"<Ring [{self.start}, {self.end}) of {self.capacity}>"

    def room(self, limit: int) -> list[memoryview]:
        """Lend up to ``limit`` bytes of memory behind the end, as one view or two where the ring wraps.

        The oldest bytes may lie in it, so write only what will be committed. The views must be dropped before
        ``close``.
        """
        limit = min(limit, self.capacity)
        at = self.end % self.capacity
        memory = memoryview(self._memory)
        if at + limit <= self.capacity:
            return [memory[at : at + limit]]
        return [memory[at:], memory[: at + limit - self.capacity]]

    def commit(self, size: int) -> None:
        """Make the first ``size`` bytes of the lent room part of the ring; overwritten ones leave it."""
        self.end += size
        self.start = max(self.start, self.end - self.capacity)

    def append(self, data: bytes) -> None:
        """Add bytes at the end; of more than ``capacity`` only the tail is kept."""
        skipped = max(0, len(data) - self.capacity)
        self.end += skipped
        position = skipped
        for view in self.room(len(data) - skipped):
            view[:] = data[position : position + len(view)]
            position += len(view)
        self.commit(len(data) - skipped)

    def resize(self, capacity: int) -> None:
        """Go on with another capacity and the newest bytes. Raises OSError where memory has run out."""
        resized = Ring(capacity)
        resized.start = resized.end = max(self.start, self.end - capacity)
        while resized.end < self.end:
            resized.append(self.read(resized.end, _MOVED_BYTES))
        self._memory.close()
        self.capacity, self.start, self._memory = capacity, resized.start, resized._memory

    def read(self, offset: int, limit: int) -> bytes:
        """Copy up to ``limit`` bytes from ``offset`` on, which must lie within ``start`` and ``end``."""
        return bytes(self.view(offset, limit))

    def view(self, offset: int, limit: int) -> memoryview:
        """The same without a copy, unless they wrap; release it before anything else is done with the ring."""
        if not self.start <= offset <= self.end:
            raise ValueError(f"offset {offset} is outside [{self.start}, {self.end}]")
        size = min(limit, self.end - offset)
        if size <= 0:
            return memoryview(b"")
        at = offset % self.capacity
        if at + size <= self.capacity:
            return memoryview(self._memory)[at : at + size]
        return memoryview(self._memory[at : self.capacity] + self._memory[: at + size - self.capacity])

    def close(self) -> None:
        """Give the memory back and forget the retained bytes; the offsets stay."""
        self._memory.close()
        self.start = self.end
