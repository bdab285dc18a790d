"""pipe_rpc/session/search.py: a cursor over a ring that stops at the first match, however the bytes come."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from pipe_rpc.buffers.matcher import Literal, Matcher, Pattern
from pipe_rpc.buffers.ring import Ring
from pipe_rpc.session.search import Found, Progress, Search

LONGEST = 64


class Source:
    """As much of an output stream as a search looks at."""

    def __init__(self, capacity: int = 1 << 16) -> None:
        self.ring = Ring(capacity)
        self.waiting: list[object] = []

    def when_progress(self, callback: object) -> None:
        self.waiting.append(callback)

    def no_longer(self, callback: object) -> None:
        self.waiting.remove(callback)


def search_for(source: Source, matcher: Matcher, offset: int = 0) -> Search:
    return Search(source, matcher, offset, lambda: None)  # type: ignore[arg-type] # as much of one as it looks at


def pattern(text: str) -> Pattern:
    return Pattern(text, longest_bytes=LONGEST, max_size=250)


def look(search: Search, *, settled: bool = False) -> Found | Progress:
    """Step until it has searched all that is here."""
    for _ in range(10_000):
        result, cost = search.step(settled=settled)
        assert cost >= 0
        if result is not Progress.MORE:
            return result
    raise AssertionError("it does not come to an end")


@pytest.fixture
def source() -> Iterator[Source]:
    made = Source()
    yield made
    made.ring.close()


def test_a_literal_is_found_across_pieces(source: Source) -> None:
    search = search_for(source, Literal(b"ready"))
    for piece in (b"not re", b"ad", b"y, re", b"ad"):
        source.ring.append(piece)
        if piece == b"y, re":
            break
        assert look(search) is Progress.NOTHING
    assert look(search) == Found(4, b"ready", (), {})


def test_a_literal_at_the_end_counts_at_once(source: Source) -> None:
    source.ring.append(b"ready")
    assert look(search_for(source, Literal(b"ready"))) == Found(0, b"ready", (), {})


def test_a_pattern_at_the_end_counts_once_it_has_settled(source: Source) -> None:
    search = search_for(source, pattern(r"port (\d+)"))
    source.ring.append(b"port 80")
    assert look(search) is Progress.MAY_GROW
    source.ring.append(b"80")
    assert look(search) is Progress.MAY_GROW
    assert look(search, settled=True) == Found(0, b"port 8080", (b"8080",), {})


def test_a_pattern_that_more_output_has_ended_counts(source: Source) -> None:
    search = search_for(source, pattern(r"port (\d+)"))
    source.ring.append(b"port 80")
    look(search)
    source.ring.append(b"80\n")
    assert look(search) == Found(0, b"port 8080", (b"8080",), {})


def test_what_was_overwritten_is_counted_and_the_search_goes_on() -> None:
    source = Source(capacity=100)
    search = search_for(source, Literal(b"needle"), offset=10)
    source.ring.append(b"." * 150)
    assert look(search) is Progress.NOTHING
    source.ring.append(b"." * 300 + b"needle")
    found = look(search)
    assert isinstance(found, Found)
    assert found.offset == 450
    assert search.missed_bytes == (50 - 10) + (356 - 145)
    source.ring.close()


def test_behind_overwritten_bytes_no_line_and_no_text_begins() -> None:
    source = Source(capacity=10)
    source.ring.append(b"x" * 20)
    for anchored in ("^x", r"\Ax"):
        assert look(search_for(source, pattern(anchored))) is Progress.NOTHING
    source.ring.close()


def test_a_line_begins_behind_a_line_feed_that_was_searched_before(source: Source) -> None:
    source.ring.append(b"a\nb\n")
    assert look(search_for(source, pattern("^b"), offset=2)) == Found(2, b"b", (), {})
    assert look(search_for(source, pattern("^b"), offset=3)) is Progress.NOTHING


def test_one_step_looks_at_one_window(source: Source) -> None:
    source.ring.append(b"." * 10_000)
    search = search_for(source, pattern("x+"))
    costs = []
    result: Found | Progress = Progress.MORE
    while result is Progress.MORE:
        result, cost = search.step(settled=False)
        costs.append(cost)
    assert len(costs) > 100
    assert max(costs) <= pattern("x+").size * (2 * LONGEST + 1)


def test_a_match_that_a_window_cuts_is_looked_at_again(source: Source) -> None:
    word = b"w" * (LONGEST - 10)
    source.ring.append(b"." * (2 * LONGEST - 20) + word + b".")
    found = look(search_for(source, pattern("w+")))
    assert isinstance(found, Found)
    assert found.data == word


def test_a_match_beyond_every_bound_is_cut(source: Source) -> None:
    source.ring.append(b"w" * 10_000 + b".")
    found = look(search_for(source, pattern("w+")))
    assert isinstance(found, Found)
    assert found.offset == 0
    assert found.data == b"w" * 2 * LONGEST


def test_a_closed_search_reads_along_no_more(source: Source) -> None:
    search = search_for(source, Literal(b"x"))
    assert len(source.waiting) == 1
    search.close()
    assert source.waiting == []


TEXTS = st.text(alphabet="ab\n1 é", max_size=300).map(str.encode)
PATTERNS = st.sampled_from([r"a+", r"(a)(b)?1", r"^b", r"a$", r"b\n+a", r"\bé", r"[^a]1", r"1.{0,5}1", r"é|ab"])


@given(data=TEXTS, text=PATTERNS, cuts=st.lists(st.integers(0, 300), max_size=6), wide=st.booleans())
def test_however_it_comes_the_end_is_what_the_engine_finds_in_all_of_it(
    data: bytes, text: str, cuts: list[int], wide: bool
) -> None:
    source = Source()
    matcher = Pattern(text, longest_bytes=400 if wide else 20, max_size=250)
    search = search_for(source, matcher)
    result: Found | Progress = Progress.NOTHING
    position = 0
    for cut in sorted({min(cut, len(data)) for cut in cuts} | {len(data)}):
        source.ring.append(data[position:cut])
        position = cut
        result = look(search)
        if isinstance(result, Found):
            break
    if not isinstance(result, Found):
        result = look(search, settled=True)
    expected = re2.compile(("(?m)" + text).encode()).search(data[:position])
    if expected is None:
        assert result is Progress.NOTHING
    elif len(expected.group()) <= 20:
        assert isinstance(result, Found)
        assert (result.offset, result.data, result.groups) == (expected.start(), expected.group(), expected.groups())
    source.ring.close()


@given(
    data=TEXTS,
    wanted=st.binary(min_size=1, max_size=3) | st.sampled_from([b"ab", b"\na", b"1"]),
    size=st.integers(1, 9),
)
def test_a_literal_is_found_where_it_first_stands(data: bytes, wanted: bytes, size: int) -> None:
    source = Source()
    search = search_for(source, Literal(wanted))
    result: Found | Progress = Progress.NOTHING
    for at in range(0, len(data), size):
        source.ring.append(data[at : at + size])
        result = look(search)
        if isinstance(result, Found):
            break
    where = re.search(re.escape(wanted), data)
    assert (result.offset if isinstance(result, Found) else None) == (where.start() if where else None)
    source.ring.close()
