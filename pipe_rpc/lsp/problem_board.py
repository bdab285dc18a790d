"""The problems that are shown now: which job found them, in which files, and when they are told.

Rules of this file: the client has one list for each file, so what is told of a file is the union of all jobs'. A file
is told of once in an interval, when something about it has changed, and only while the client takes what it is sent.
"""

from collections.abc import Callable
from typing import NamedTuple

from pipe_rpc.loop.loop import Deadline, Loop
from pipe_rpc.lsp.problem_matcher import Problem


class BoardLimits(NamedTuple):
    """How many problems are kept, and how often they are told."""

    most_in_file: int
    most_of_job: int
    most: int
    publish_every_s: float


class ProblemBoard:
    """``publish`` tells all problems of a file, by its URI; ``has_room`` says whether the client takes more now."""

    def __init__(
        self,
        loop: Loop,
        publish: Callable[[str, list[Problem]], None],
        has_room: Callable[[], bool],
        limits: BoardLimits,
    ) -> None:
        self._loop = loop
        self._publish = publish
        self._has_room = has_room
        self._limits = limits
        self._files: dict[str, dict[str, dict[Problem, None]]] = {}
        """By URI and job. A dictionary keeps the order, and each problem once: a watcher repeats what is still so."""
        self._counts: dict[str, int] = {}
        """By job; without those that have no problem."""
        self._count = 0
        self._changed: dict[str, None] = {}
        self._told: set[str] = set()
        """The files of which the client shows problems."""
        self._next: Deadline | None = None

    def has(self, job: str) -> bool:
        """Whether a problem of the job is shown."""
        return job in self._counts

    def add(self, job: str, uri: str, problem: Problem) -> None:
        """Show a problem as well; beyond the limits it is left out."""
        found = self._files.get(uri, {}).get(job, {})
        limits = self._limits
        if problem in found or len(found) >= limits.most_in_file:
            return
        if self._counts.get(job, 0) >= limits.most_of_job or self._count >= limits.most:
            return
        self._files.setdefault(uri, {}).setdefault(job, found)[problem] = None
        self._counts[job] = self._counts.get(job, 0) + 1
        self._count += 1
        self._note(uri)

    def clear(self, job: str) -> None:
        """Show no problem of the job any more."""
        if job not in self._counts:
            return
        self._count -= self._counts.pop(job)
        for uri, jobs in list(self._files.items()):
            if jobs.pop(job, None) is not None:
                self._note(uri)
            if not jobs:
                del self._files[uri]

    def tell(self) -> None:
        """Tell what has changed, now; what there is no room for comes later."""
        if self._next is not None:
            self._loop.cancel(self._next)
            self._next = None
        while self._changed and self._has_room():
            uri = next(iter(self._changed))
            del self._changed[uri]
            self._tell(uri)
        if self._changed:
            self._set_alarm()

    def _note(self, uri: str) -> None:
        self._changed[uri] = None
        if self._next is None:
            self._set_alarm()

    def _set_alarm(self) -> None:
        self._next = self._loop.call_at(self._loop.now + self._limits.publish_every_s, self.tell)

    def _tell(self, uri: str) -> None:
        union = [*dict.fromkeys(problem for found in self._files.get(uri, {}).values() for problem in found)]
        if union:
            self._told.add(uri)
        elif uri in self._told:
            self._told.discard(uri)
        else:
            return  # It came and went, and nobody has heard of it.
        self._publish(uri, union)
