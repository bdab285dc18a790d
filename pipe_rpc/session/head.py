"""The first bytes of a stream, kept from the ring that overwrites them.

Rules of this file: what is kept is lent by the budget of all rings; where that has no room, the head is as long as it
came. It has no gap: it is the stream's beginning or nothing.
"""

from typing import Protocol

from pipe_rpc.buffers.ring import Ring
from pipe_rpc.buffers.ring_budget import RingBudget


class Source(Protocol):
    """As much of an output stream as a head looks at."""

    ring: Ring

    def when_progress(self, callback: "Head") -> None:
        """Call it for each progress."""

    def no_longer(self, callback: "Head") -> None:
        """Call it no more."""


class Head:
    """Up to ``limit`` bytes; called when there is something new."""

    def __init__(self, source: Source, budget: RingBudget, limit: int) -> None:
        self.data = bytearray()
        self._source = source
        self._budget = budget
        self._limit = limit
        self._is_open = True
        budget.open(self, 1)
        source.when_progress(self)
        self()

    def __call__(self) -> None:
        """Copy what has come."""
        ring, begin = self._source.ring, len(self.data)
        wanted = min(self._limit, ring.end)
        if ring.start <= begin < wanted and self._budget.grow(self, wanted):
            self.data += ring.read(begin, wanted - begin)

    def shrink(self, capacity: int) -> bool:  # noqa: ARG002 - as Borrower has it
        """It never does; see Borrower."""
        return False

    def close(self) -> None:
        """Give the memory back; without effect where that was done."""
        if self._is_open:
            self._is_open = False
            self._source.no_longer(self)
            self._budget.close(self)
