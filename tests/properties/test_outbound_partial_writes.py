"""However little the client's pipe takes at once, every frame arrives whole, once and in order."""

import os

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipe_rpc.buffers.outbound import Outbound
from pipe_rpc.loop.descriptor import OwnDescriptor

LOW_WATER_BYTES = 20
MOST_PIECES = 64

frames = st.binary(min_size=1, max_size=30)


class PartialWrites(RuleBasedStateMachine):
    """A queue whose descriptor takes any part of what is offered."""

    def __init__(self) -> None:
        super().__init__()
        self.outbound = Outbound(low_water_bytes=LOW_WATER_BYTES)
        self.queued = b""

    @rule(frame=frames)
    def append(self, frame: bytes) -> None:
        self.outbound.append(frame)
        self.queued += frame

    @rule(frame=frames, number=st.integers(50, 150))
    def append_many(self, frame: bytes, number: int) -> None:
        for _ in range(number):
            self.append(frame)

    @precondition(lambda self: self.queued)
    @rule(data=st.data())
    def write(self, data: st.DataObject) -> None:
        offered = b"".join(self.outbound.front())
        assert offered
        taken = data.draw(st.one_of(st.just(len(offered)), st.integers(0, len(offered))), label="taken bytes")
        assert offered == self.queued[: len(offered)]
        self.outbound.drop(taken)
        self.queued = self.queued[taken:]

    @precondition(lambda self: self.queued)
    @rule()
    def clear(self) -> None:
        self.outbound.clear()
        self.queued = b""

    @invariant()
    def counts_what_waits(self) -> None:
        assert self.outbound.queued_bytes == len(self.queued)
        assert bool(self.outbound) is bool(self.queued)
        assert self.outbound.wants_output is (len(self.queued) < LOW_WATER_BYTES)

    @invariant()
    def offers_a_bounded_number_of_whole_pieces(self) -> None:
        pieces = self.outbound.front()
        assert len(pieces) <= MOST_PIECES
        assert all(pieces), "an empty piece would keep the queue from becoming empty"
        if len(pieces) < MOST_PIECES:
            assert b"".join(pieces) == self.queued


TestPartialWrites = PartialWrites.TestCase


@settings(deadline=None, max_examples=30)
@given(sent=st.lists(st.integers(1, 30_000), min_size=1, max_size=80), read_bytes=st.integers(3000, 70_000))
def test_frames_through_a_full_pipe_arrive_as_they_were_sent(sent: list[int], read_bytes: int) -> None:
    outbound = Outbound(low_water_bytes=LOW_WATER_BYTES)
    frames_sent = [bytes([number]) * size for number, size in enumerate(sent)]
    for frame in frames_sent:
        outbound.append(frame)
    read_fd, write_fd = os.pipe()
    writer = OwnDescriptor(write_fd)
    received = bytearray()
    try:
        while outbound:
            written = writer.write(outbound.front())
            if written is None:
                received += os.read(read_fd, read_bytes)
            else:
                outbound.drop(written)
        writer.close()
        while data := os.read(read_fd, 1 << 20):
            received += data
    finally:
        writer.close()
        os.close(read_fd)
    assert received == b"".join(frames_sent)
