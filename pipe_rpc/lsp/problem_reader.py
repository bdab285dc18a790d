"""Reads along with one job's output, line by line, in bounded steps.

Rules of this file: nothing is consumed and nobody waits: what is overwritten before it was looked at is missed, and the
lines around it are not taken for whole ones.
"""

from collections.abc import Callable

from pipe_rpc.lsp.compiled_matchers import CompiledMatchers
from pipe_rpc.lsp.output_lines import OutputLines
from pipe_rpc.lsp.problem_matcher import Problem
from pipe_rpc.session.output_stream import OutputStream
from pipe_rpc.session.searches import Searches
from pipe_rpc.session.session import Session

_PIECE_BYTES = 4096
"""Taken from a stream at once; its lines are then matched one in each step."""
_LINE_COST = 5000
"""What a line costs each matcher however short it is, as instructions times bytes: some microseconds of Python."""


class ProblemReader:
    """From the first byte on; ``on_problem`` gets each problem."""

    def __init__(
        self,
        session: Session,
        matchers: CompiledMatchers,
        searches: Searches,
        on_problem: Callable[[Problem], None],
        *,
        max_line_bytes: int,
    ) -> None:
        self._matchers = matchers
        self._searches = searches
        self._on_problem = on_problem
        self._on_end: Callable[[], None] | None = None
        self._streams = [
            _StreamLines(each, matchers, max_line_bytes, self._on_output) for each in session.streams.values()
        ]
        self._on_output()

    def finish(self, on_end: Callable[[], None]) -> None:
        """Call ``on_end`` when all that the child wrote has been read, which has exited; or at ``close``."""
        self._on_end = on_end
        # Now, since nobody wakes the loop where there is nothing more to read; else the next turn goes on.
        if self._step() is not None:
            self._on_output()

    def close(self) -> None:
        """Read no more."""
        self._searches.discard(self._step)
        for stream in self._streams:
            stream.close(self._on_output)
        self._streams = []
        self._matchers.close()
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end()

    def _on_output(self) -> None:
        self._searches.put(self._step)

    def _step(self) -> int | None:
        for stream in self._streams:
            line = stream.next_line()
            if line is not None:
                problem = stream.feed(line)
                if problem is not None:
                    self._on_problem(problem)
                return self._matchers.size * len(line) + _LINE_COST * self._matchers.count
        if self._on_end is not None and all(stream.is_over for stream in self._streams):
            self.close()
        return None


class _StreamLines:
    """The lines of one stream, and its matchers' progress through them."""

    def __init__(
        self, stream: OutputStream, matchers: CompiledMatchers, max_line_bytes: int, on_output: Callable[[], None]
    ) -> None:
        self._stream = stream
        self._matchers = matchers.line_matchers()
        self._lines = OutputLines(max_line_bytes)
        self._offset = 0
        self._waiting: list[bytes] = []
        """Lines to be matched, the next one last."""
        self._had_last = False
        stream.when_progress(on_output)

    def close(self, on_output: Callable[[], None]) -> None:
        self._stream.no_longer(on_output)

    @property
    def is_over(self) -> bool:
        """Whether all lines of the exited child were taken."""
        return self._had_last

    def next_line(self) -> bytes | None:
        """The next line that is whole; None where there is none now."""
        while not self._waiting:
            ring, child_end = self._stream.ring, self._stream.child_end
            end = ring.end if child_end is None else min(ring.end, child_end)
            if self._offset < ring.start:
                self._offset = ring.start
                self._lines.miss()
                for matcher in self._matchers:
                    matcher.miss()
            if self._offset >= end:
                if child_end is None or ring.end < child_end or self._had_last:
                    return None
                self._had_last = True
                self._waiting = self._lines.end()
                continue
            data = ring.read(self._offset, min(_PIECE_BYTES, end - self._offset))
            self._offset += len(data)
            self._waiting = self._lines.feed(data)[::-1]
        return self._waiting.pop()

    def feed(self, line: bytes) -> Problem | None:
        """All matchers see the line; of those that find something in it the first one counts."""
        found = [matcher.feed(line) for matcher in self._matchers]
        return next((problem for problem in found if problem is not None), None)
