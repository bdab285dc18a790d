"""Bytes of a stream as text, in whatever pieces they come: characters and lines are never split.

Rules of this file: bytes that are not UTF-8 become U+FFFD, as the wire's "utf-8" has it.
"""

import codecs
from collections.abc import Iterator


class TextReader:
    """Feeds of bytes become text; what is unfinished at the end of a feed waits for the next."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, data: bytes) -> str:
        """The text that is complete now; b"" is the end of the stream."""
        return self._decoder.decode(data, final=not data)


class LineReader:
    """Feeds of bytes become lines without their ends, which are LF or CR LF.

    A line of more than ``longest`` characters is cut there, since nothing promises that its end ever comes.
    """

    def __init__(self, longest: int) -> None:
        self._text = TextReader()
        self._longest = longest
        self._line = ""

    def feed(self, data: bytes) -> Iterator[str]:
        """The lines that are complete now; b"" is the end of the stream, and of the last line."""
        *whole, self._line = (self._line + self._text.feed(data)).split("\n")
        for line in whole:
            yield from self._cut(line.removesuffix("\r"))
        while len(self._line) > self._longest:
            yield self._line[: self._longest]
            self._line = self._line[self._longest :]
        if not data and self._line:
            yield self._line
            self._line = ""

    def _cut(self, line: str) -> Iterator[str]:
        for at in range(0, max(len(line), 1), self._longest):
            yield line[at : at + self._longest]
