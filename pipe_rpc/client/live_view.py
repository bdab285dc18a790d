"""Several commands on a terminal: their lines go by above a table of how they are doing.

Rules of this file: drawn from the loop, and only when the terminal has taken all that was drawn before, so that one
that is stopped (Ctrl-S) holds up its own output and nothing else. Lines wait for a drawing only while few of them do.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from pipe_rpc.buffers.terminal_text import coloured_lines
from pipe_rpc.client.job import Job
from pipe_rpc.client.live_cells import cells_of, most_telling
from pipe_rpc.client.live_region import DrawnRow, LiveRegion, TerminalSize
from pipe_rpc.client.live_table import HEADER_ROWS, LiveTable
from pipe_rpc.client.prefixes import Prefixes
from pipe_rpc.client.sink import Sink
from pipe_rpc.loop.descriptor import claim
from pipe_rpc.loop.loop import Deadline, Loop

_SHORTEST_S = 1 / 8
"""From one making of the rows to the next; people see no more, and a flood of output must not become one of tables."""
_RESTFUL_S = 1.0
"""After so long it is drawn in any case, since time goes by."""
_FEW_BYTES = 16 * 1024
"""As long as fewer wait, lines wait for the next drawing; so many at a time are put above the table as it is."""
_MOST_BYTES = 64 * 1024
"""While more wait, no more should come."""
_USUAL_SIZE = TerminalSize(80, 24)
"""Of a terminal that does not know its own."""


class LiveView:
    """The view of a terminal; what jobs write to a stderr that is elsewhere goes there, in whole lines."""

    def __init__(
        self,
        loop: Loop,
        jobs: Sequence[Job],
        prefixes: Prefixes,
        *,
        colour: bool,
        quiet: bool,
        has_one_place: bool,
        on_room: Callable[[], None],
        on_broken: Callable[[OSError], None],
    ) -> None:
        """``quiet``: no lines above the table; ``has_one_place``: stderr is the terminal as well."""
        self._loop = loop
        self._jobs = jobs
        self._prefixes = prefixes
        self._quiet = quiet
        self._on_room = on_room
        self._terminal = Sink(claim(1), loop, on_room=self._roomy, on_broken=on_broken)
        self._stderr = None if has_one_place else Sink(claim(2), loop, on_room=on_room, on_broken=on_broken)
        self._table = LiveTable(colour=colour)
        self._region = LiveRegion()
        self._above: deque[str] = deque()
        self._above_bytes = 0
        self._rows: list[DrawnRow] = []
        self._size = _terminal_size()
        self._made_at = float("-inf")
        self._next: Deadline | None = None
        self._is_stale = True
        self._is_due = False
        self._is_drawing = False
        self._has_ended = False
        self.changed()

    @property
    def has_room(self) -> bool:
        """See View."""
        return (
            self._above_bytes < _MOST_BYTES
            and self._terminal.has_room
            and (self._stderr is None or self._stderr.has_room)
        )

    @property
    def is_empty(self) -> bool:
        """See View."""
        return not self._above and self._terminal.is_empty and (self._stderr is None or self._stderr.is_empty)

    @property
    def wants_usage(self) -> bool:
        """See View."""
        return not self._has_ended

    def show(self, job: Job, stream: str, lines: list[bytes]) -> None:
        """See View."""
        if not self._quiet:
            self._show(job, stream, lines)
        self.changed()

    def say(self, text: str) -> None:
        """See View."""
        if self._stderr is None:
            self._put_above(coloured_lines(text))
        else:
            self._stderr.send(text.encode(errors="replace"))

    def changed(self) -> None:
        """See View."""
        self._is_stale = True
        self._plan(self._made_at + _SHORTEST_S)

    def resized(self) -> None:
        """See View."""
        self._size = _terminal_size()
        self.changed()

    def end(self) -> None:
        """See View. Where the summary goes elsewhere, the table stays in its place."""
        self._make_rows()
        if self._stderr is None:
            self._rows = []
        self._has_ended = True
        self._draw()

    def show_tails(self, jobs: list[Job]) -> None:
        """See View. They have been seen, but may be far up by now."""
        for job in jobs:
            self.say(f"pipe-rpc run: the last lines of {job.name}:\n")
            self._show(job, "stderr", job.tail)

    def break_off(self) -> None:
        """See View."""
        for sink in (self._terminal, self._stderr):
            if sink is not None and not sink.is_empty:
                sink.break_off()
        self._above.clear()
        self._above_bytes = 0

    def close(self) -> None:
        """See View."""
        if self._next is not None:
            self._loop.cancel(self._next)
        self._terminal.close()
        if self._stderr is not None:
            self._stderr.close()

    def _show(self, job: Job, stream: str, lines: Iterable[bytes]) -> None:
        if self._stderr is not None and stream == "stderr":
            self._stderr.send(self._prefixes.in_front_of(lines, job.name, stream))
        elif data := b"".join(lines):
            name = self._prefixes.of(job.name, "stdout").decode()
            self._put_above([name + line for line in coloured_lines(data.decode(errors="replace"))])

    def _put_above(self, lines: list[str]) -> None:
        if self._terminal.is_broken:
            return
        self._above += lines
        self._above_bytes += sum(map(len, lines))
        if self._above_bytes >= _FEW_BYTES or self._has_ended:
            self._draw()
        else:
            self.changed()

    def _plan(self, when: float) -> None:
        if self._has_ended or (self._next is not None and self._next.when <= when):
            return
        if self._next is not None:
            self._loop.cancel(self._next)
        self._next = self._loop.call_at(when, self._draw_anew)

    def _draw_anew(self) -> None:
        self._next = None
        if self._has_ended:
            return
        self._is_stale = True
        self._draw()
        self._plan(self._loop.time() + _RESTFUL_S)

    def _make_rows(self) -> None:
        now = self._made_at = self._loop.time()
        self._is_stale = False
        shown, note = most_telling(self._jobs, max(1, self._size.rows // 2 - HEADER_ROWS))
        self._rows = self._table.draw([cells_of(job, now) for job in shown], note, self._size)
        # A terminal of very few lines has no room for all of it.
        del self._rows[max(0, self._size.rows - 1) :]

    def _draw(self) -> None:
        """Put what waits above the rows, or let that be done when the terminal has taken what it got."""
        self._is_due = True
        if self._is_drawing:
            return
        self._is_drawing = True
        while self._is_due and self._terminal.is_empty:
            if self._is_stale and not self._has_ended and self._loop.time() >= self._made_at + _SHORTEST_S:
                self._make_rows()
            above = self._take_above()
            self._is_due = bool(self._above)
            self._terminal.send(self._region.draw(above, self._rows, self._size).encode(errors="replace"))
        self._is_drawing = False

    def _take_above(self) -> list[str]:
        """A few of the lines that wait: on a slow terminal nobody would see the rows for long behind many."""
        taken: list[str] = []
        size = 0
        while self._above and size < _FEW_BYTES:
            line = self._above.popleft()
            size += len(line)
            taken.append(line)
        self._above_bytes -= size
        return taken

    def _roomy(self) -> None:
        if self._is_due and self._terminal.is_empty:
            self._draw()
        self._on_room()


def _terminal_size() -> TerminalSize:
    try:
        size = os.get_terminal_size(1)
    except OSError:
        return _USUAL_SIZE  # It has hung up, which the next write tells.
    return TerminalSize(size.columns or _USUAL_SIZE.columns, size.lines or _USUAL_SIZE.rows)
