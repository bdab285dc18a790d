"""The problems of all jobs: who reads along with which job, and whose problems give way to whose.

Rules of this file: a job that runs the same argv in the same directory as an earlier one takes its place, and the
earlier one's problems go.
"""

from collections.abc import Callable
from typing import Any

from pipe_rpc.limits import Limits
from pipe_rpc.lsp.compiled_matchers import CompiledMatchers
from pipe_rpc.lsp.diagnostics import file_uri
from pipe_rpc.lsp.matcher_params import read_matchers
from pipe_rpc.lsp.problem_board import ProblemBoard
from pipe_rpc.lsp.problem_matcher import Problem
from pipe_rpc.lsp.problem_reader import ProblemReader
from pipe_rpc.session.searches import Searches
from pipe_rpc.session.session import Session

_Place = tuple[tuple[str, ...], str]


class JobProblems:
    """Jobs are named by their session ids."""

    def __init__(self, board: ProblemBoard, searches: Searches, limits: Limits) -> None:
        self._board = board
        self._searches = searches
        self._limits = limits
        self._readers: dict[str, ProblemReader] = {}
        self._latest: dict[_Place, str] = {}
        """Who ran an argv in a directory last, as long as it is read along with or its problems are shown."""

    def compile(self, matchers: Any, path: str) -> CompiledMatchers:
        """What a client says that a job is to be read by, to be closed or given to ``begin``. Raises PipeRpcError."""
        return CompiledMatchers(read_matchers(matchers, path), path, self._searches, self._limits)

    def begin(self, session: Session, matchers: CompiledMatchers | None) -> None:
        """Read along with a job, where there are matchers; it takes the place of an earlier one either way."""
        place = _place(session)
        earlier = self._latest.pop(place, None)
        if earlier is not None:
            self._drop(earlier)
        if matchers is None:
            return
        job, cwd = session.session_id, session.description.cwd

        def show(problem: Problem) -> None:
            self._board.add(job, file_uri(problem.file, cwd), problem)

        self._latest[place] = job
        self._readers[job] = ProblemReader(
            session, matchers, self._searches, show, max_line_bytes=self._limits.max_problem_line_bytes
        )

    def finish(self, job: str, on_end: Callable[[], None]) -> None:
        """Call ``on_end`` once all that the job wrote was read and its problems told; at once where nobody reads it."""
        reader = self._readers.get(job)
        if reader is None:
            on_end()
            return

        def end() -> None:
            self._readers.pop(job, None)
            self._board.tell()
            if not self._board.has(job):
                self._forget_place(job)
            on_end()

        reader.finish(end)

    def forget(self, job: str) -> None:
        """Show nothing of the job any more."""
        self._drop(job)
        self._forget_place(job)
        self._board.tell()

    def _drop(self, job: str) -> None:
        self._board.clear(job)
        reader = self._readers.pop(job, None)
        if reader is not None:
            reader.close()

    def _forget_place(self, job: str) -> None:
        for place, latest in list(self._latest.items()):
            if latest == job:
                del self._latest[place]


def _place(session: Session) -> _Place:
    return session.description.argv, session.description.cwd
