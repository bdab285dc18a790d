"""The ring: absolute offsets over a bounded memory."""

import os
import re

import pytest

from pipe_rpc.buffers.ring import Ring


def retained(ring: Ring) -> bytes:
    return ring.read(ring.start, len(ring))


def test_a_new_ring_is_empty_and_begins_at_offset_zero() -> None:
    ring = Ring(8)
    assert (ring.start, ring.end, len(ring), ring.capacity) == (0, 0, 0, 8)
    assert ring.read(0, 8) == b""


def test_a_ring_for_which_there_is_no_memory_is_told_when_it_is_made() -> None:
    with pytest.raises(OSError, match="memory"):
        Ring(1 << 60)  # No machine could map that many bytes.


def test_a_ring_that_was_never_filled_is_closed_like_any_other() -> None:
    ring = Ring(8)
    ring.close()
    assert (ring.start, ring.end) == (0, 0)
    assert ring.read(0, 1) == b""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="there is no /proc/self/statm here")
def test_a_ring_takes_only_as_much_memory_as_it_was_filled() -> None:
    def resident_pages() -> int:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[1])

    size = 256 << 20
    before = resident_pages()
    ring = Ring(size)
    ring.append(b"little")
    assert (resident_pages() - before) * os.sysconf("SC_PAGESIZE") < size // 8
    ring.close()


def test_appended_bytes_are_read_back_from_their_absolute_offset() -> None:
    ring = Ring(8)
    ring.append(b"abc")
    ring.append(b"de")
    assert (ring.start, ring.end, len(ring)) == (0, 5, 5)
    assert ring.read(0, 8) == b"abcde"
    assert ring.read(2, 8) == b"cde"
    assert ring.read(1, 3) == b"bcd"


def test_an_exactly_full_ring_has_lost_nothing() -> None:
    ring = Ring(4)
    ring.append(b"abcd")
    assert (ring.start, ring.end) == (0, 4)
    assert retained(ring) == b"abcd"


def test_one_byte_more_than_the_capacity_pushes_the_oldest_byte_out() -> None:
    ring = Ring(4)
    ring.append(b"abcd")
    ring.append(b"e")
    assert (ring.start, ring.end) == (1, 5)
    assert retained(ring) == b"bcde"


def test_a_read_across_the_wrap_is_in_order() -> None:
    ring = Ring(4)
    ring.append(b"abcdef")
    assert ring.read(2, 2) == b"cd"
    assert ring.read(3, 2) == b"de"
    assert ring.read(4, 2) == b"ef"
    assert ring.read(3, 99) == b"def"


def test_a_view_shares_the_memory_of_the_ring() -> None:
    ring = Ring(8)
    ring.append(b"abcdefgh")
    with ring.view(0, 8) as whole, ring.view(1, 3) as view:
        assert (bytes(whole), bytes(view)) == (b"abcdefgh", b"bcd")
        ring.append(b"XY")
        assert (bytes(whole), bytes(view)) == (b"XYcdefgh", b"Ycd")
    ring.close()


def test_a_view_across_the_wrap_is_in_order() -> None:
    ring = Ring(4)
    ring.append(b"abcdef")
    with ring.view(2, 4) as view:
        assert bytes(view) == b"cdef"


@pytest.mark.parametrize("size", [5, 8, 9, 23])
def test_of_an_append_larger_than_the_ring_the_tail_is_kept_at_its_offsets(size: int) -> None:
    ring = Ring(4)
    ring.append(b"??")
    data = bytes(range(size))
    ring.append(data)
    assert (ring.start, ring.end) == (2 + size - 4, 2 + size)
    assert retained(ring) == data[-4:]


def test_an_empty_append_changes_nothing() -> None:
    ring = Ring(4)
    ring.append(b"abcde")
    ring.append(b"")
    assert (ring.start, ring.end) == (1, 5)
    assert retained(ring) == b"bcde"


def test_a_ring_of_one_byte_keeps_the_last_byte() -> None:
    ring = Ring(1)
    for byte in b"abc":
        ring.append(bytes([byte]))
        assert retained(ring) == bytes([byte])
    assert (ring.start, ring.end) == (2, 3)


def test_nothing_is_read_at_the_end_or_with_no_limit_left() -> None:
    ring = Ring(4)
    ring.append(b"ab")
    assert ring.read(2, 10) == b""
    assert ring.read(0, 0) == b""
    assert ring.read(0, -1) == b""


@pytest.mark.parametrize("offset", [-1, 1, 7])
def test_an_offset_outside_what_is_retained_is_refused_by_name(offset: int) -> None:
    ring = Ring(4)
    ring.append(b"abcdef")
    with pytest.raises(ValueError, match=re.escape(f"offset {offset} is outside [2, 6]")):
        ring.read(offset, 1)


def test_room_lends_one_view_where_the_memory_is_in_one_piece() -> None:
    ring = Ring(8)
    ring.append(b"abc")
    assert [len(view) for view in ring.room(5)] == [5]


def test_room_lends_two_views_where_the_ring_wraps() -> None:
    ring = Ring(8)
    ring.append(b"abcde")
    assert [len(view) for view in ring.room(4)] == [3, 1]


@pytest.mark.parametrize(("before", "lengths"), [(b"", [8]), (b"abc", [5, 3])])
def test_room_never_lends_more_than_the_capacity(before: bytes, lengths: list[int]) -> None:
    ring = Ring(8)
    ring.append(before)
    assert [len(view) for view in ring.room(9)] == lengths


def test_lent_room_holds_nothing_until_it_is_committed() -> None:
    ring = Ring(4)
    (view,) = ring.room(3)
    view[:] = b"xyz"
    assert (ring.start, ring.end) == (0, 0)
    ring.commit(2)
    assert (ring.start, ring.end) == (0, 2)
    assert retained(ring) == b"xy"


def test_room_that_comes_back_unused_leaves_the_oldest_bytes_readable() -> None:
    ring = Ring(4)
    ring.append(b"abcd")
    assert [len(view) for view in ring.room(4)] == [4]
    ring.commit(0)
    assert (ring.start, ring.end) == (0, 4)
    assert retained(ring) == b"abcd"


def test_committed_room_pushes_out_exactly_as_many_of_the_oldest_bytes() -> None:
    ring = Ring(4)
    ring.append(b"abc")
    first, second = ring.room(3)
    first[:] = b"d"
    second[:1] = b"e"
    ring.commit(2)
    assert (ring.start, ring.end) == (1, 5)
    assert retained(ring) == b"bcde"


def test_a_descriptor_is_read_straight_into_a_wrapping_room() -> None:
    ring = Ring(5)
    ring.append(b"abc")
    read_fd, write_fd = os.pipe()
    try:
        os.write(write_fd, b"1234")
        ring.commit(os.readv(read_fd, ring.room(5)))
    finally:
        os.close(read_fd)
        os.close(write_fd)
    assert (ring.start, ring.end) == (2, 7)
    assert retained(ring) == b"c1234"


def test_closing_forgets_the_bytes_and_keeps_the_offsets() -> None:
    ring = Ring(4)
    ring.append(b"abcdef")
    ring.close()
    assert (ring.start, ring.end, len(ring)) == (6, 6, 0)
    assert ring.read(6, 4) == b""
    with pytest.raises(ValueError, match=re.escape("offset 5 is outside [6, 6]")):
        ring.read(5, 1)


def test_closing_gives_the_memory_back() -> None:
    ring = Ring(4)
    views = ring.room(4)
    with pytest.raises(BufferError):  # The memory is truly unmapped, so a lent view must have been dropped.
        ring.close()
    views.clear()
    ring.close()
    ring.close()


def test_a_closed_ring_is_not_filled_again() -> None:
    ring = Ring(4)
    ring.append(b"abc")
    ring.close()
    with pytest.raises(ValueError, match="closed"):
        ring.append(b"de")
    assert (ring.start, ring.end, len(ring)) == (3, 3, 0)
    assert ring.read(3, 4) == b""


def test_a_ring_shows_its_offsets() -> None:
    ring = Ring(4)
    ring.append(b"abcdef")
    assert repr(ring) == "<Ring [2, 6) of 4>"


@pytest.mark.parametrize("capacity", [1, 3, 5, 8, 13, 64])
def test_a_resized_ring_keeps_the_newest_bytes_at_their_offsets(capacity: int) -> None:
    ring = Ring(8)
    ring.append(b"abcdefghijk")
    ring.resize(capacity)
    kept = min(capacity, 8)
    assert (ring.capacity, ring.start, ring.end) == (capacity, 11 - kept, 11)
    assert retained(ring) == b"defghijk"[-kept:]
    ring.append(b"lm")
    assert retained(ring).endswith(b"klm"[-capacity:])
    ring.close()


def test_more_than_one_piece_is_moved_when_a_large_ring_is_resized() -> None:
    data = os.urandom(300_000)
    ring = Ring(300_000)
    ring.append(data)
    ring.resize(200_000)
    assert ring.read(100_000, 200_000) == data[100_000:]
    ring.close()


def test_where_there_is_no_memory_a_resize_changes_nothing() -> None:
    ring = Ring(8)
    ring.append(b"abc")
    with pytest.raises(OSError, match="memory"):
        ring.resize(1 << 60)
    assert (ring.capacity, retained(ring)) == (8, b"abc")
    ring.close()
