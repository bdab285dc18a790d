"""pipe_rpc/buffers/line_cutter.py: whole lines, whatever the pieces in which they come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipe_rpc.buffers.line_cutter import LineCutter


@pytest.mark.parametrize(
    ("pieces", "lines", "rest"),
    [
        ([], [], b""),
        ([b""], [], b""),
        ([b"one\n"], [b"one\n"], b""),
        ([b"one\ntwo\nthr", b"ee\n"], [b"one\n", b"two\n", b"three\n"], b""),
        ([b"\n\n"], [b"\n", b"\n"], b""),
        ([b"part"], [], b"part"),
        ([b"a", b"b", b"\n", b"c"], [b"ab\n"], b"c"),
        ([b"\xff\xfe\r\n\0\n"], [b"\xff\xfe\r\n", b"\0\n"], b""),
        ([b"12345678"], [], b"12345678"),
        ([b"12345678\n"], [b"12345678\n"], b""),
        ([b"123456789"], [b"12345678\n"], b"9"),
        ([b"123456789\n"], [b"12345678\n", b"9\n"], b""),
        ([b"1234", b"56789", b"\n"], [b"12345678\n", b"9\n"], b""),
        (
            [b"a\n" + b"x" * 12 + b"\nb\n" + b"y" * 17],
            [b"a\n", b"xxxxxxxx\n", b"xxxx\n", b"b\n", *[b"yyyyyyyy\n"] * 2],
            b"y",
        ),
    ],
)
def test_lines_end_with_line_feeds_and_long_ones_are_cut(pieces: list[bytes], lines: list[bytes], rest: bytes) -> None:
    cutter = LineCutter(8)
    assert [line for piece in pieces for line in cutter.feed(piece)] == lines
    assert cutter.rest == rest
    assert cutter.flush() == ([rest + b"\n"] if rest else [])
    assert cutter.flush() == []
    assert cutter.rest == b""


@given(st.lists(st.text("ab\n", max_size=30).map(str.encode)))
def test_the_pieces_make_no_difference(pieces: list[bytes]) -> None:
    in_pieces, whole = LineCutter(5), LineCutter(5)
    lines = [line for piece in pieces for line in in_pieces.feed(piece)]
    assert lines == whole.feed(b"".join(pieces))
    assert in_pieces.rest == whole.rest
    assert max(map(len, lines), default=0) <= 6
