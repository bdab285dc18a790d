"""The memory of all rings together.

Rules of this file: every ring has its first piece of memory whatever the budget says, so that every stream moves on;
beyond that a ring grows only within the budget. Where it is used up, the largest rings give way, down to the size that
another one asks for and no further: rings that want much end up with equal shares, small ones are never touched.
"""

from typing import Protocol


class Borrower(Protocol):
    """Whoever holds a ring."""

    def shrink(self, capacity: int) -> bool:
        """Make do with ``capacity`` bytes; returns whether it did: not where bytes would be lost that must not be."""


class RingBudget:
    """Who holds how much. What a ring never touched counts as well, since it may touch it at any time."""

    def __init__(self, max_bytes: int) -> None:
        self.lent_bytes = 0
        self._max_bytes = max_bytes
        self._held: dict[Borrower, int] = {}
        self._by_size: dict[int, dict[Borrower, None]] = {}  # the oldest loan of a size first

    def __repr__(self) -> str:
        return f"<RingBudget {self.lent_bytes} of {self._max_bytes} bytes in {len(self._held)} rings>"

    def open(self, borrower: Borrower, capacity: int) -> None:
        """Lend the first piece, which nobody is refused."""
        self._make_room(capacity, capacity)
        self._hold(borrower, capacity)

    def grow(self, borrower: Borrower, capacity: int) -> bool:
        """Lend ``capacity`` bytes instead of what the borrower has; returns whether there is room for that."""
        if not self._make_room(capacity - self._held[borrower], capacity):
            return False
        self._hold(borrower, capacity)
        return True

    def close(self, borrower: Borrower) -> None:
        """Take everything back; without effect where nothing is lent."""
        self._hold(borrower, 0)

    def _make_room(self, wanted: int, size: int) -> bool:
        """Let rings above ``size`` shrink, the largest first, until ``wanted`` bytes are free."""
        for larger in sorted((held for held in self._by_size if held > size), reverse=True):
            for borrower in list(self._by_size[larger]):
                if self.lent_bytes + wanted <= self._max_bytes:
                    return True
                smaller = max(size, larger // 2)
                if borrower.shrink(smaller):
                    self._hold(borrower, smaller)
        return self.lent_bytes + wanted <= self._max_bytes

    def _hold(self, borrower: Borrower, capacity: int) -> None:
        before = self._held.pop(borrower, 0)
        self.lent_bytes += capacity - before
        if before:
            of_size = self._by_size[before]
            del of_size[borrower]
            if not of_size:
                del self._by_size[before]
        if capacity:
            self._held[borrower] = capacity
            self._by_size.setdefault(capacity, {})[borrower] = None
