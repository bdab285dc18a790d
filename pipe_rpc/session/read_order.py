"""In which order, and when, the bytes of a session's streams were read.

Rules of this file: bytes that were read one after the other from one stream are one run; a run ends where the other
stream was read, or where time has passed that a client may want to see. What waits for long keeps its order as far as
there is room for it: the oldest runs become one.
"""

from array import array
from bisect import bisect_right
from itertools import pairwise
from typing import NamedTuple

_RESOLUTION_S = 0.001
"""Reads of one stream within less are one run: a flood would need thousands of runs a second."""


class Run(NamedTuple):
    """Where a byte stands: the number of its run in the session, when it was read, and where another stream cuts in."""

    seq: int
    time_s: float
    """Since the spawn, on the loop's clock."""
    until: int | None
    """The offset at which bytes of the other stream come between; None where none do."""


class ReadOrder:
    """What the streams of one session share: the count of runs, and the time of the spawn."""

    def __init__(self, started: float) -> None:
        self.started = started
        self.seq = 0
        self.last: object = None
        """Stands for the stream that was read last."""


class ReadRuns:
    """The runs of one stream, ``most`` of them at once."""

    def __init__(self, order: ReadOrder, most: int) -> None:
        self._order = order
        self._mark = object()  # Rather than the runs themselves, which would hold each other.
        self._most = max(2, most)
        self._offsets = array("q")
        self._seqs = array("q")
        self._times = array("d")

    def note(self, offset: int, now: float, ring_start: int) -> None:
        """Bytes from ``offset`` on were read at ``now``, on the loop's clock; those before ``ring_start`` are gone."""
        order = self._order
        time_s = now - order.started
        if order.last is self._mark and time_s - self._times[-1] < _RESOLUTION_S:
            return
        order.last = self._mark
        order.seq += 1
        if len(self._offsets) >= self._most:
            self._make_room(ring_start)
        self._offsets.append(offset)
        self._seqs.append(order.seq)
        self._times.append(time_s)

    def at(self, offset: int, limit: int) -> Run:
        """The run of the byte at ``offset``, which must have been read, and what cuts in within ``limit`` bytes."""
        index = max(0, bisect_right(self._offsets, offset) - 1)
        return Run(self._seqs[index], self._times[index], self._cut_behind(index, offset + limit))

    def _cut_behind(self, index: int, end: int) -> int | None:
        for at in range(index + 1, len(self._seqs)):
            if self._offsets[at] >= end:
                return None
            if self._seqs[at] != self._seqs[at - 1] + 1:
                return self._offsets[at]
        return None

    def _make_room(self, ring_start: int) -> None:
        """Forget what is overwritten, then when one and the same stream went on, then the order of the oldest."""
        first = max(0, bisect_right(self._offsets, ring_start) - 1)
        kept = range(first, len(self._offsets))
        if len(kept) > self._most // 2:
            kept_runs = [first, *(at for before, at in pairwise(kept) if self._seqs[at] != self._seqs[before] + 1)]
        else:
            kept_runs = list(kept)
        spare = len(kept_runs) - self._most * 3 // 4
        if spare > 0:
            kept_runs = [first, *kept_runs[1 + spare :]]
        self._offsets = array("q", [self._offsets[at] for at in kept_runs])
        self._seqs = array("q", [self._seqs[at] for at in kept_runs])
        self._times = array("d", [self._times[at] for at in kept_runs])
