"""The outbound queue: whole frames in order, however they are cut on the way."""

from collections import deque
from collections.abc import Iterable

import pytest

from pipe_rpc.buffers.outbound import Outbound


def front_bytes(outbound: Outbound) -> bytes:
    return b"".join(outbound.front())


def test_a_new_queue_is_empty_and_wants_output() -> None:
    outbound = Outbound(low_water_bytes=10)
    assert not outbound
    assert outbound.front() == []
    assert outbound.queued_bytes == 0
    assert outbound.wants_output


def test_frames_are_written_in_the_order_of_their_coming() -> None:
    outbound = Outbound(low_water_bytes=10)
    for frame in (b"one", b"two", b"three"):
        outbound.append(frame)
    assert outbound
    assert outbound.queued_bytes == 11
    assert front_bytes(outbound) == b"onetwothree"


def test_looking_at_the_front_takes_nothing() -> None:
    outbound = Outbound(low_water_bytes=10)
    outbound.append(b"one")
    assert outbound.front() == outbound.front() == [memoryview(b"one")]
    assert outbound.queued_bytes == 3


@pytest.mark.parametrize(
    ("dropped", "left"),
    [
        (0, b"onetwo"),
        (1, b"netwo"),
        (2, b"etwo"),
        (3, b"two"),
        (4, b"wo"),
        (5, b"o"),
        (6, b""),
    ],
)
def test_what_was_written_leaves_the_front(dropped: int, left: bytes) -> None:
    outbound = Outbound(low_water_bytes=10)
    outbound.append(b"one")
    outbound.append(b"two")
    outbound.drop(dropped)
    assert front_bytes(outbound) == left
    assert outbound.queued_bytes == 6 - dropped
    assert bool(outbound) is bool(left)


def test_a_frame_that_is_half_written_goes_on_where_it_stopped() -> None:
    outbound = Outbound(low_water_bytes=10)
    outbound.append(b"abcdef")
    outbound.drop(2)
    outbound.append(b"gh")
    outbound.drop(1)
    assert front_bytes(outbound) == b"defgh"
    assert outbound.queued_bytes == 5


def test_a_half_written_frame_is_not_copied() -> None:
    outbound = Outbound(low_water_bytes=10)
    frame = bytes(100)
    outbound.append(frame)
    outbound.drop(1)
    assert outbound.front()[0].obj is frame


@pytest.mark.parametrize("sizes", [(9000, 9000), (100, 16 * 1024), (16 * 1024, 100), (48 * 1024, 48 * 1024)])
def test_large_frames_are_not_copied(sizes: tuple[int, int]) -> None:
    outbound = Outbound(low_water_bytes=10)
    queued = [bytes(size) for size in sizes]
    for frame in queued:
        outbound.append(frame)
    assert all(view.obj is frame for view, frame in zip(outbound.front(), queued, strict=True))


def test_the_parts_of_a_frame_are_one_frame() -> None:
    outbound = Outbound(low_water_bytes=10)
    outbound.append(b"a", b"bc")
    outbound.append(b"d", b"")
    outbound.append(b"e", bytes(20_000))
    assert front_bytes(outbound) == b"abcde" + bytes(20_000)
    assert outbound.queued_bytes == 20_005


def test_the_parts_of_a_large_frame_are_not_copied() -> None:
    outbound = Outbound(low_water_bytes=10)
    parts = [b"header", bytes(20_000)]
    outbound.append(*parts)
    assert [view.obj for view in outbound.front()] == parts
    assert outbound.front()[1].obj is parts[1]


def test_of_a_frame_that_finds_no_memory_nothing_is_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    class FullAtTheSecond(deque[bytes | bytearray]):
        def extend(self, parts: Iterable[bytes | bytearray]) -> None:
            self.append(next(iter(parts)))
            raise MemoryError

    outbound = Outbound(low_water_bytes=10)
    outbound.append(b"before")
    monkeypatch.setattr(outbound, "_pieces", FullAtTheSecond(outbound._pieces))
    with pytest.raises(MemoryError):
        outbound.append(b"header", bytes(20_000))
    assert front_bytes(outbound) == b"before"
    assert outbound.queued_bytes == 6


def test_small_frames_are_joined() -> None:
    outbound = Outbound(low_water_bytes=10)
    frames = [b"%07d" % number for number in range(10_000)]
    for frame in frames:
        outbound.append(frame)
    pieces = outbound.front()
    assert len(pieces) <= 5
    assert b"".join(pieces) == b"".join(frames)


def test_frames_are_joined_to_one_that_is_half_written() -> None:
    outbound = Outbound(low_water_bytes=10)
    outbound.append(b"abc")
    outbound.append(b"def")
    for rest in (b"bcdef", b"cdef", b"def", b"ef"):
        outbound.drop(1)
        assert front_bytes(outbound) == rest
    outbound.append(b"gh")
    assert front_bytes(outbound) == b"efgh"
    outbound.drop(4)
    assert not outbound
    outbound.append(b"next")
    assert front_bytes(outbound) == b"next"


def test_one_write_gathers_a_bounded_number_of_pieces() -> None:
    outbound = Outbound(low_water_bytes=10)
    frames = [bytes([number]) * 20_000 for number in range(100)]
    for frame in frames:
        outbound.append(frame)
    assert front_bytes(outbound) == b"".join(frames[:64])
    outbound.drop(64 * 20_000)
    assert front_bytes(outbound) == b"".join(frames[64:])


def test_output_is_wanted_below_the_low_water_mark_only() -> None:
    outbound = Outbound(low_water_bytes=10)
    outbound.append(bytes(9))
    assert outbound.wants_output
    outbound.append(b"x")
    assert not outbound.wants_output
    outbound.drop(1)
    assert outbound.wants_output


def test_an_answer_may_lift_the_queue_far_above_the_mark() -> None:
    outbound = Outbound(low_water_bytes=10)
    outbound.append(bytes(1000))
    outbound.append(b"x")
    assert outbound.queued_bytes == 1001
    assert not outbound.wants_output


def test_clearing_forgets_everything() -> None:
    outbound = Outbound(low_water_bytes=10)
    outbound.append(bytes(20))
    outbound.append(bytes(20))
    outbound.drop(1)
    outbound.clear()
    assert not outbound
    assert outbound.front() == []
    assert outbound.queued_bytes == 0
    assert outbound.wants_output
    outbound.append(b"next")
    assert front_bytes(outbound) == b"next"


def test_a_queue_shows_how_much_waits() -> None:
    outbound = Outbound(low_water_bytes=10)
    outbound.append(bytes(20_000))
    outbound.append(bytes(20_000))
    outbound.drop(1)
    assert repr(outbound) == "<Outbound 39999 bytes in 2 pieces>"
