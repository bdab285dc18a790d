"""The outbound queue: whole frames in order, however they are cut on the way."""

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
    assert [bytes(piece) for piece in outbound.front()] == [b"one", b"two", b"three"]


def test_looking_at_the_front_takes_nothing() -> None:
    outbound = Outbound(low_water_bytes=10)
    outbound.append(b"one")
    assert outbound.front() == outbound.front() == [memoryview(b"one")]
    assert outbound.queued_bytes == 3


@pytest.mark.parametrize(
    ("dropped", "left"),
    [
        (0, [b"one", b"two"]),
        (1, [b"ne", b"two"]),
        (2, [b"e", b"two"]),
        (3, [b"two"]),
        (4, [b"wo"]),
        (5, [b"o"]),
        (6, []),
    ],
)
def test_what_was_written_leaves_the_front(dropped: int, left: list[bytes]) -> None:
    outbound = Outbound(low_water_bytes=10)
    outbound.append(b"one")
    outbound.append(b"two")
    outbound.drop(dropped)
    assert [bytes(piece) for piece in outbound.front()] == left
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


def test_one_write_gathers_a_bounded_number_of_frames() -> None:
    outbound = Outbound(low_water_bytes=10)
    for number in range(100):
        outbound.append(bytes([number]))
    assert front_bytes(outbound) == bytes(range(64))
    outbound.drop(64)
    assert front_bytes(outbound) == bytes(range(64, 100))


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
    outbound.append(b"one")
    outbound.append(b"two")
    outbound.drop(1)
    assert repr(outbound) == "<Outbound 5 bytes in 2 frames>"
