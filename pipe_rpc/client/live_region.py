"""Rows that stay at the foot of a terminal while lines go by above them.

Rules of this file: no descriptor, no clock, only what to write. The cursor rests at the start of the line below the
rows and is never hidden, and nothing else of the terminal is switched, so there is nothing to restore, however we end.
"""

from collections.abc import Sequence
from typing import NamedTuple


class TerminalSize(NamedTuple):
    """In character cells."""

    columns: int
    rows: int


class DrawnRow(NamedTuple):
    """A row as it is written, with its colours, and how many cells it takes."""

    text: str
    cells: int


class LiveRegion:
    """Makes what replaces the rows of before by lines above and rows of now."""

    def __init__(self) -> None:
        self._drawn: list[DrawnRow] = []

    def draw(self, above: Sequence[str], rows: Sequence[DrawnRow], size: TerminalSize) -> str:
        """What to write to a terminal of this size, which may have had another one when the last rows were drawn."""
        # A narrower terminal has wrapped each of them by now, as nearly all do.
        drawn_lines = sum(max(1, -(-row.cells // size.columns)) for row in self._drawn)
        up = f"\x1b[{min(drawn_lines, size.rows - 1)}A" if drawn_lines and size.rows > 1 else ""
        self._drawn = list(rows)
        return "".join((f"\r{up}\x1b[J", *(f"{line}\r\n" for line in (*above, *(row.text for row in rows)))))
