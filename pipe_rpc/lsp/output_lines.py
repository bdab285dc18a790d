"""Output as lines: pure, whatever the pieces in which it comes."""

import re

from pipe_rpc.buffers.terminal_text import ESCAPES

_LINE_END = re.compile(rb"\r*\n|\r")
"""A carriage return begins a line, as on a terminal."""
_ESCAPES = re.compile(ESCAPES.pattern.encode())


class OutputLines:
    """Cuts a stream into lines without their ends and without control sequences.

    Of each line the first ``max_line_bytes`` are kept.
    """

    def __init__(self, max_line_bytes: int) -> None:
        self._max_line_bytes = max_line_bytes
        self._rest = b""
        self._is_cut = False
        """Whether the beginning of the line is missing."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take a piece; returns the lines that are whole now."""
        text = self._rest + data
        # A carriage return at the end may be half of a line's end.
        held = b"\r" if text.endswith(b"\r") else b""
        *lines, rest = _LINE_END.split(text.rstrip(b"\r") if held else text)
        self._rest = rest[: self._max_line_bytes] + held
        if lines and self._is_cut:
            del lines[0]
            self._is_cut = False
        return [self._clean(line) for line in lines]

    def end(self) -> list[bytes]:
        """The last line, where it has no end."""
        last = self._rest.rstrip(b"\r")
        self._rest = b""
        return [self._clean(last)] if last and not self._is_cut else []

    def miss(self) -> None:
        """Something is missing here: the line before and the line behind are not whole."""
        self._rest = b""
        self._is_cut = True

    def _clean(self, line: bytes) -> bytes:
        line = line[: self._max_line_bytes]
        return _ESCAPES.sub(b"", line) if b"\x1b" in line else line
