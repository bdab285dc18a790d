"""Bytes as they come, cut into whole lines.

Rules of this file: only line feeds end lines; bytes are left as they are; what waits for the end of its line is
bounded.
"""

LONGEST_LINE_BYTES = 64 * 1024
"""A longer line is cut, and goes on in the next: whoever writes no end must not fill the memory."""
_END = b"\n"


class LineCutter:
    """Feed it pieces; it gives lines, each with its line feed."""

    def __init__(self, longest_bytes: int = LONGEST_LINE_BYTES) -> None:
        self._longest_bytes = longest_bytes
        self._rest = bytearray()

    @property
    def rest(self) -> bytes:
        """What waits for the end of its line."""
        return bytes(self._rest)

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that ``data`` completes, in order."""
        first, *others = data.split(_END)
        self._rest += first
        lines: list[bytes] = []
        self._cut(self._rest, lines)
        if others:
            lines.append(bytes(self._rest) + _END)
            self._rest = bytearray(others.pop())
        for line in others:
            if len(line) > self._longest_bytes:
                line = self._cut(bytearray(line), lines)  # noqa: PLW2901 - what is left of it
            lines.append(line + _END)
        self._cut(self._rest, lines)
        return lines

    def flush(self) -> list[bytes]:
        """The unfinished line, which is given an end; nothing if there is none."""
        if not self._rest:
            return []
        line = bytes(self._rest) + _END
        self._rest.clear()
        return [line]

    def _cut(self, line: bytearray, lines: list[bytes]) -> bytes:
        """Take from the front of a line what is too long for one; returns what is left."""
        while len(line) > self._longest_bytes:
            lines.append(bytes(line[: self._longest_bytes]) + _END)
            del line[: self._longest_bytes]
        return bytes(line)
