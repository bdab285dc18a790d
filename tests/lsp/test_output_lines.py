"""pipe_rpc/lsp/output_lines.py: lines, whatever the pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipe_rpc.lsp.output_lines import OutputLines

LONGEST = 8


def lines_of(*pieces: bytes, longest: int = LONGEST) -> list[bytes]:
    lines = OutputLines(longest)
    return [line for piece in pieces for line in lines.feed(piece)] + lines.end()


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"\n", [b""]),
        (b"a\nb", [b"a", b"b"]),
        (b"a\r\nb\r\n", [b"a", b"b"]),
        (b"a\r\r\nb\n", [b"a", b"b"]),
        (b"10%\r20%\rdone\n", [b"10%", b"20%", b"done"]),
        (b"a\n\nb\n", [b"a", b"", b"b"]),
        (b"a\r", [b"a"]),
        (b"\x1b[1ma\x1b[K\n\x1b]8;;u\x07b\n", [b"a", b"b"]),
        (b"12345678\n123456789\n", [b"12345678", b"12345678"]),
        (b"123456789", [b"12345678"]),
    ],
    ids=repr,
)
def test_a_text_is_cut_into_lines(data: bytes, lines: list[bytes]) -> None:
    assert lines_of(data, longest=LONGEST if b"\x1b" not in data else 100) == lines


@given(st.lists(st.sampled_from([b"a", b"bc", b"\r", b"\n", b"\r\n", b"x" * 7, b"\x1b[1m", b""])), st.data())
def test_the_pieces_make_no_difference(parts: list[bytes], data: st.DataObject) -> None:
    text = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert lines_of(*pieces) == lines_of(text)


def test_a_line_without_end_takes_no_memory() -> None:
    lines = OutputLines(LONGEST)
    for _ in range(1000):
        assert lines.feed(b"x" * 100) == []
    assert len(lines._rest) <= LONGEST
    assert lines.feed(b"\nnext\n") == [b"x" * LONGEST, b"next"]


def test_lines_around_a_gap_are_no_lines() -> None:
    lines = OutputLines(LONGEST)
    assert lines.feed(b"a\nbegin") == [b"a"]
    lines.miss()
    assert lines.feed(b"of it\nb\n") == [b"b"]
    lines.miss()
    lines.feed(b"rest")
    assert lines.end() == []
