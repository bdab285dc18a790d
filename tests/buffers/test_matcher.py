"""pipe_rpc/buffers/matcher.py: literals and patterns over bytes."""

from __future__ import annotations

import time

import pytest

from pipe_rpc.buffers.matcher import Literal, Match, Pattern, PatternError


def pattern(text: str, max_size: int = 250) -> Pattern:
    return Pattern(text, longest_bytes=4096, max_size=max_size)


def test_a_literal_is_found_from_where_the_search_begins() -> None:
    literal = Literal(b"ab")
    assert literal.search(b"abxab", 0) == Match(0, 2)
    assert literal.search(b"abxab", 1) == Match(3, 5)
    assert literal.search(b"abxab", 4) is None
    assert literal.longest_bytes == 2
    assert not literal.may_grow


def test_a_pattern_tells_its_groups() -> None:
    found = pattern(r"port (?P<port>\d+)( tls)?").search(b"on port 8080.", 0)
    assert found is not None
    assert (found.start, found.end, found.groups, found.named) == (3, 12, (b"8080", None), {"port": b"8080"})


@pytest.mark.parametrize(
    ("text", "data", "start", "found"),
    [
        ("^b", b"a\nb", 0, (2, 3)),
        ("a$", b"a\nb", 0, (0, 1)),
        ("^a", b"aa", 1, None),
        (r"\Aa", b"aa", 1, None),
        (r"\bb", b"ab b", 1, (3, 4)),
        ("(?-m)^b", b"a\nb", 0, None),
        ("é+", "xéé".encode(), 0, (1, 5)),
        (".", b"\xff", 0, None),
        (r"\C", b"\xff", 0, (0, 1)),
        ("", b"", 0, (0, 0)),
    ],
)
def test_anchors_stand_at_lines_and_see_what_lies_before(
    text: str, data: bytes, start: int, found: tuple[int, int] | None
) -> None:
    match = pattern(text).search(data, start)
    assert (match and (match.start, match.end)) == found


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("ab**", 3, "bad repetition operator"),
        ("a(b", 1, "missing )"),
        ("ab)", 2, "unexpected )"),
        ("a[z-a]", 2, "invalid character class range"),
        (r"ab\1", 3, "invalid escape sequence"),
        ("a(?=b)", 1, "invalid perl operator"),
        ("ab{2000}", 2, "invalid repetition size"),
        ("a\\", 1, "trailing \\"),
        ("é(", 1, "missing )"),
        ("(" * 500, 0, "missing )"),
        (r"\pL{100}", 0, "pattern too large"),
    ],
)
def test_what_is_no_pattern_is_told_with_its_place(text: str, position: int, reason: str) -> None:
    with pytest.raises(PatternError) as refused:
        pattern(text)
    assert (str(refused.value).partition(" - ")[0], refused.value.position) == (reason, position)


def test_a_pattern_that_is_too_large_is_told_with_its_largest_repetition() -> None:
    with pytest.raises(PatternError, match="needs 907 instructions, more than 250: repeat less") as refused:
        pattern("a{2}(?:a?){300}a{300}b")
    assert refused.value.position == 10
    pattern("abc", max_size=pattern("abc").size)
    with pytest.raises(PatternError, match="repeat less") as refused:
        pattern("abc", max_size=pattern("abc").size - 1)
    assert refused.value.position == 0


def test_the_time_of_a_search_is_its_size_times_the_bytes() -> None:
    """Catastrophic for whoever backtracks: 2 to the power of 30 tries."""
    bomb = pattern("(x+x+)+y")
    begun = time.process_time()
    assert bomb.search(b"x" * 65536, 0) is None
    assert time.process_time() - begun < 5.0
