"""The rows of a live view, drawn by rich.

Rules of this file: imported only where something is shown live, since rich takes its time.
"""

import io
from collections.abc import Sequence
from typing import Literal

from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from pipe_rpc.client.live_cells import Cells
from pipe_rpc.client.live_region import DrawnRow, TerminalSize

_GAP = 2
"""Cells between columns."""
_COLUMNS: tuple[tuple[str, Literal["left", "right"]], ...] = (
    ("command", "left"),
    ("state", "left"),
    ("time", "right"),
    ("CPU", "right"),
    ("memory", "right"),
    ("last line", "left"),
)
_GIVES_WAY = "last line"
"""The column that is cut first where there is no room: rich takes room from columns that may wrap."""
HEADER_ROWS = 1
"""Above those of the jobs; it also parts them from the output."""


class LiveTable:
    """Draws rows that are never wider than the terminal."""

    def __init__(self, *, colour: bool) -> None:
        # Its size is given with each drawing, its file is never written.
        self._console = Console(
            file=io.StringIO(),
            force_terminal=True,
            color_system="standard" if colour else None,
            no_color=not colour,
            legacy_windows=False,
            width=1,
            height=1,
        )
        self._colour_system = ColorSystem.STANDARD if colour else None

    def draw(self, rows: Sequence[Cells], note: str, size: TerminalSize) -> list[DrawnRow]:
        """A header, a row for each job, and one for ``note`` unless it is empty."""
        table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
        for title, justify in _COLUMNS:
            header = Text(title, no_wrap=True, overflow="ellipsis")
            table.add_column(header, justify=justify, no_wrap=title != _GIVES_WAY, overflow="ellipsis")
        for row in rows:
            name, state, *others, last = row.texts
            shortened = Text(last, no_wrap=True, overflow="ellipsis")
            table.add_row(Text(name, "bold"), Text(state, row.style), *map(Text, others), shortened)
        return self._lines(table, size) + (self._lines(Text(note, "dim", no_wrap=True), size) if note else [])

    def _lines(self, shown: Table | Text, size: TerminalSize) -> list[DrawnRow]:
        options = self._console.options.update(width=size.columns, overflow="ellipsis", no_wrap=True)
        lines = self._console.render_lines(shown, options, pad=False, new_lines=False)
        return [DrawnRow("".join(map(self._text, line)), Segment.get_line_length(line)) for line in lines]

    def _text(self, segment: Segment) -> str:
        if segment.style is None:
            return segment.text
        return segment.style.render(segment.text, color_system=self._colour_system)
