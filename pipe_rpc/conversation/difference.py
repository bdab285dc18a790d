"""How a server's conversation differs from the recorded one, in a form that a person can act on.

Rules of this file: only what differs is shown, with what stands around it, and no more than fits on a screen or two. A
terminal obeys nothing of it.
"""

import json
from difflib import unified_diff
from typing import Any

from pipe_rpc.buffers.terminal_text import ESCAPED_CONTROLS

_MOST_LINES = 60
"""Of a diff; whoever needs more has the file, and can trace the server."""
_LONGEST_LINE = 200
"""Characters; a line of output may have a mebibyte."""


class DifferenceError(Exception):
    """The first difference: what it is, at which line, what was expected there and what came.

    ``expected`` and ``received`` are JSON values, or None where there is nothing to show.
    """

    def __init__(self, line: int, what: str, expected: Any = None, received: Any = None) -> None:
        super().__init__(what)
        self.line = line
        self.what = what
        self.expected = expected
        self.received = received

    def diff(self) -> list[str]:
        """The lines of a diff of both, or of the one there is."""
        lines = unified_diff(
            _pretty(self.expected),
            _pretty(self.received),
            f"expected by line {self.line}",
            "received",
            lineterm="",
            n=4,
        )
        shown = [_cut(line) for line in lines]
        if len(shown) > _MOST_LINES:
            shown[_MOST_LINES:] = [f"… and {len(shown) - _MOST_LINES} lines more"]
        return shown


class EndedEarlyError(DifferenceError):
    """The server ended while more was expected of it."""


def printable(text: str) -> str:
    """Text of a server, so that a terminal shows it and does nothing else."""
    return "".join(char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in text)


def _pretty(value: Any) -> list[str]:
    if value is None:
        return []
    return (
        json.dumps(value, indent=2, ensure_ascii=False)
        .translate(ESCAPED_CONTROLS)
        .encode(errors="replace")
        .decode()
        .split("\n")
    )


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}… ({len(line)} characters)"
