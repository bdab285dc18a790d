"""A search that reads along: a cursor over a ring that stops at the first match.

Rules of this file: a byte is searched once, but for as many as a match may be long, which are searched again when more
comes; each step is bounded, so that who searches never holds up who talks. A match that ends where the output does may
be half of one: it counts once the output has settled.
"""

from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import NamedTuple

from pipe_rpc.buffers.matcher import Match, Matcher
from pipe_rpc.session.output_stream import OutputStream

_LITERAL_WINDOW_BYTES = 64 * 1024
_UNKNOWN = b"\0"
"""Stands for the byte before the oldest retained one: neither part of a word nor the end of a line."""


class Found(NamedTuple):
    """A match, at an absolute offset."""

    offset: int
    data: bytes
    groups: tuple[bytes | None, ...]
    named: Mapping[str, bytes | None]


class Progress(Enum):
    """What a step came to, where it found nothing that counts."""

    MORE = auto()
    """There is more to search now."""
    MAY_GROW = auto()
    """What is here ends with a match that more output could change."""
    NOTHING = auto()
    """All that is here was searched in vain."""


class Search:
    """From ``offset`` on; ``on_output`` is called when there may be something new to search, the end included."""

    def __init__(self, stream: OutputStream, matcher: Matcher, offset: int, on_output: Callable[[], None]) -> None:
        self.offset = offset
        """No match begins before it."""
        self.missed_bytes = 0
        """Bytes that were overwritten before they could be searched."""
        self._stream = stream
        self._matcher = matcher
        self._window_bytes = 2 * matcher.longest_bytes if matcher.may_grow else _LITERAL_WINDOW_BYTES
        self._on_output = on_output
        stream.when_progress(on_output)

    def close(self) -> None:
        """Stop reading along."""
        self._stream.no_longer(self._on_output)

    def step(self, *, settled: bool) -> tuple[Found | Progress, int]:
        """Search one window, and tell what it cost: instructions of the matcher times bytes.

        ``settled``: a match that ends where the output does counts as it is.
        """
        data, before = self._window()
        window_end = self.offset + len(data) - before
        at_end = window_end == self._stream.ring.end
        match = self._matcher.search(data, before)
        cost = self._matcher.size * len(data)
        if match is not None:
            return self._judge(match, data, before, at_end=at_end, settled=settled), cost
        self.offset = max(self.offset, window_end - self._matcher.longest_bytes + 1)
        return (Progress.NOTHING if at_end else Progress.MORE), cost

    def _window(self) -> tuple[bytes, int]:
        """What to search, and how many bytes of it only lie before."""
        ring = self._stream.ring
        if self.offset < ring.start:
            self.missed_bytes += ring.start - self.offset
            self.offset = ring.start
        if self.offset == 0:
            return ring.read(0, self._window_bytes), 0
        if self.offset == ring.start:
            return _UNKNOWN + ring.read(self.offset, self._window_bytes), 1
        return ring.read(self.offset - 1, self._window_bytes + 1), 1

    def _judge(self, match: Match, data: bytes, before: int, *, at_end: bool, settled: bool) -> Found | Progress:
        begin = self.offset + match.start - before
        if self._matcher.may_grow and match.end == len(data):
            if at_end and not settled:
                self.offset = begin
                return Progress.MAY_GROW
            if not at_end and begin > self.offset:
                self.offset = begin
                return Progress.MORE  # Cut by the window: look again with all of it in view.
        return Found(begin, data[match.start : match.end], match.groups, match.named)
