"""pipe_rpc/session/excerpt.py: all of a stream, or both ends of it, and an exact count of the rest."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from pipe_rpc.buffers.ring import Ring
from pipe_rpc.buffers.text import Encoding
from pipe_rpc.session.excerpt import Excerpt, excerpt

UTF_8, BASE64, AUTO = Encoding


def taken(
    data: bytes, max_bytes: int, encoding: Encoding = UTF_8, *, capacity: int = 1000, final: bool = True
) -> Excerpt:
    """Of a stream that had these bytes, in a ring that holds so many."""
    ring = Ring(capacity)
    ring.append(data)
    result = excerpt(data[: (max_bytes + 1) // 2], ring, max_bytes, encoding, final=final)
    ring.close()
    return result


def test_what_fits_is_told_whole() -> None:
    assert taken(b"", 10) == Excerpt("", "", UTF_8, 0, 0)
    assert taken(b"0123456789", 10) == Excerpt("0123456789", "", UTF_8, 0, 10)


def test_of_more_both_ends_are_told_and_the_rest_is_counted() -> None:
    assert taken(b"0123456789a", 10) == Excerpt("01234", "6789a", UTF_8, 1, 11)
    assert taken(b"0123456789a", 3) == Excerpt("01", "a", UTF_8, 8, 11)
    assert taken(b"0123456789a", 1) == Excerpt("0", "", UTF_8, 10, 11)


def test_what_the_ring_has_lost_is_counted_too() -> None:
    assert taken(b"0123456789a", 10, capacity=3) == Excerpt("01234", "89a", UTF_8, 3, 11)


def test_no_character_is_cut() -> None:
    assert taken("ab€cdefg€hi".encode(), 8) == Excerpt("ab", "hi", UTF_8, 11, 15)


def test_a_character_that_has_not_come_whole_is_left_for_the_next() -> None:
    data = "ab€".encode()[:-1]
    assert taken(data, 100, final=False) == Excerpt("ab", "", UTF_8, 0, 2)
    assert taken(data, 100, final=True) == Excerpt("ab\ufffd", "", UTF_8, 0, 4)
    assert taken(b"x" * 20 + data, 10, final=False) == Excerpt("xxxxx", "xab", UTF_8, 14, 22)


def test_auto_is_text_where_both_ends_are_and_else_base64() -> None:
    assert taken(b"abc", 100, AUTO).encoding is UTF_8
    assert taken(b"ab\xff", 100, AUTO).encoding is BASE64
    assert taken(b"abcdefgh\xff", 4, AUTO) == Excerpt("YWI=", "aP8=", BASE64, 5, 9)
    assert taken(b"\xffbcdefghi", 4, AUTO) == Excerpt("/2I=", "aGk=", BASE64, 5, 9)


@given(
    data=st.binary(max_size=60) | st.text(alphabet="a€é😀", max_size=30).map(str.encode),
    max_bytes=st.integers(1, 70),
    encoding=st.sampled_from(Encoding),
    capacity=st.integers(1, 80),
)
def test_every_byte_is_told_or_counted(data: bytes, max_bytes: int, encoding: Encoding, capacity: int) -> None:
    result = taken(data, max_bytes, encoding, capacity=capacity)
    assert result.next_offset == len(data)
    if result.encoding is BASE64:
        head, tail = base64.b64decode(result.head), base64.b64decode(result.tail)
        assert len(head) + result.omitted_bytes + len(tail) == len(data)
        assert data.startswith(head)
        assert data.endswith(tail)
        assert len(head) + len(tail) <= max_bytes
    elif "\ufffd" not in result.head + result.tail:
        head, tail = result.head.encode(), result.tail.encode()
        assert len(head) + result.omitted_bytes + len(tail) == len(data)
        assert data.startswith(head)
        assert data.endswith(tail)
    if not result.omitted_bytes:
        assert result.tail == ""
