"""The ring against plain bytes: whatever is done to it, it holds the newest bytes at their absolute offsets."""

import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipe_rpc.buffers.ring import Ring

MEBIBYTE = 1024 * 1024
NOISE = random.Random(4711).randbytes(2 * MEBIBYTE + 4096)
"""Bytes without a period, so that one that lies in the wrong place is seen."""


class RingModel(RuleBasedStateMachine):
    """A ring, and beside it the bytes that it must hold."""

    capacity: int

    def __init__(self) -> None:
        super().__init__()
        self.ring = Ring(self.capacity)
        self.retained = b""
        self.end = 0
        self.closed = False

    def noise(self, size: int) -> bytes:
        begin = self.end % 4093
        return NOISE[begin : begin + size]

    def expect(self, data: bytes) -> None:
        self.retained = (self.retained + data)[-self.capacity :]
        self.end += len(data)

    def sizes(self, largest: int) -> st.SearchStrategy[int]:
        edges = [size for size in (0, 1, self.capacity - 1, self.capacity, self.capacity + 1) if size <= largest]
        return st.one_of(st.sampled_from(edges), st.integers(0, largest))

    @precondition(lambda self: not self.closed)
    @rule(data=st.data())
    def append(self, data: st.DataObject) -> None:
        appended = self.noise(data.draw(self.sizes(2 * self.capacity + 1), label="appended bytes"))
        self.ring.append(appended)
        self.expect(appended)

    @precondition(lambda self: not self.closed)
    @rule(data=st.data())
    def fill_lent_room(self, data: st.DataObject) -> None:
        limit = data.draw(self.sizes(self.capacity + 1), label="limit")
        views = self.ring.room(limit)
        lent = sum(len(view) for view in views)
        assert lent == min(limit, self.capacity)
        assert len(views) <= 2
        filled = self.noise(data.draw(st.integers(0, lent), label="committed bytes"))
        position = 0
        for view in views:
            part = filled[position : position + len(view)]
            view[: len(part)] = part
            position += len(part)
        self.ring.commit(len(filled))
        self.expect(filled)

    @precondition(lambda self: not self.closed)
    @rule(capacity=st.integers(1, 9))
    def resize(self, capacity: int) -> None:
        if self.capacity <= 9:  # The mebibyte stays one.
            self.ring.resize(capacity)
            self.capacity = capacity
            self.retained = self.retained[-capacity:]

    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        skipped = data.draw(st.integers(0, len(self.retained)), label="skipped bytes")
        limit = data.draw(self.sizes(self.capacity + 1), label="limit")
        start = self.end - len(self.retained)
        assert self.ring.read(start + skipped, limit) == self.retained[skipped : skipped + limit]

    @rule(distance=st.integers(1, 3))
    def read_outside(self, distance: int) -> None:
        start = self.end - len(self.retained)
        for offset in (start - distance, self.end + distance):
            with pytest.raises(ValueError, match="is outside"):
                self.ring.read(offset, 1)

    @precondition(lambda self: self.end > 0)
    @rule()
    def close(self) -> None:
        """It holds nothing from here on and takes nothing more, but it can be asked, and closed again."""
        self.ring.close()
        self.retained = b""
        self.closed = True

    @invariant()
    def holds_the_newest_bytes(self) -> None:
        assert (self.ring.start, self.ring.end) == (self.end - len(self.retained), self.end)
        assert len(self.ring) == len(self.retained) <= self.capacity
        assert self.ring.read(self.ring.start, self.capacity) == self.retained

    def teardown(self) -> None:
        self.ring.close()


class RingOfOneByte(RingModel):
    capacity = 1


class RingOfTwoBytes(RingModel):
    capacity = 2


class RingOfSevenBytes(RingModel):
    capacity = 7


class RingOfOneMebibyte(RingModel):
    capacity = MEBIBYTE


TestRingOfOneByte = RingOfOneByte.TestCase
TestRingOfTwoBytes = RingOfTwoBytes.TestCase
TestRingOfSevenBytes = RingOfSevenBytes.TestCase
TestRingOfOneMebibyte = RingOfOneMebibyte.TestCase
TestRingOfOneMebibyte.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
