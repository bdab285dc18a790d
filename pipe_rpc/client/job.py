"""One command of several: what is known of it, and what it said last."""

from collections import deque
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from pipe_rpc.buffers.line_cutter import LineCutter
from pipe_rpc.client.command_status import status_of
from pipe_rpc.protocol.types import ExitedParams

KEPT_LINES = 10
"""Last lines that are kept, to be shown of a job that failed: enough for most errors, and few beside many jobs."""
_KEPT_BYTES = 1024
"""Of each of them; hundreds of jobs must not fill the memory."""


class JobState(StrEnum):
    """How far it is."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"
    NOT_STARTED = "not started"
    LOST = "lost"


class Consumption(NamedTuple):
    """What a running job uses."""

    processor: float
    """Processors, on average since the figure before."""
    memory_bytes: int


class Cause(NamedTuple):
    """What a job was told to end by."""

    what: str
    may_be_heeded: bool = False
    """Whether the job itself decides what to do about it, so that an end of its own accord may come of it."""
    kills: bool = False
    """Whether it leaves no grace."""


class Job:
    """One command, from waiting to its end."""

    def __init__(self, session_id: str, name: str, argv: list[str]) -> None:
        self.session_id = session_id
        self.name = name
        self.argv = argv
        self.state = JobState.WAITING
        self.status: int | None = None
        self.cause: Cause | None = None
        """Why it was told to end, the last time; None as long as nobody did."""
        self.exited: ExitedParams | None = None
        self.started_at: float | None = None
        self.ended_at: float | None = None
        self.consumption: Consumption | None = None
        self._used = (0.0, 0.0)
        self._cutters = {"stdout": LineCutter(), "stderr": LineCutter()}
        self._latest = ""
        self.tail: deque[bytes] = deque(maxlen=KEPT_LINES)

    def __repr__(self) -> str:
        return f"<Job {self.name} {self.state.value} {self.status}>"

    @property
    def has_failed(self) -> bool:
        """Whether it ended with another status than 0, or never began to run."""
        return self.state is JobState.ENDED and self.status != 0

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to come of it."""
        return self.state not in (JobState.WAITING, JobState.RUNNING)

    @property
    def last_piece(self) -> bytes:
        """The line that it is writing, or the last one that it wrote."""
        rest = self._cutters[self._latest].rest if self._latest else b""
        return rest or (self.tail[-1] if self.tail else b"")

    def start(self, now: float) -> None:
        """It runs from now on."""
        self.state = JobState.RUNNING
        self.started_at = now
        self._used = (0.0, now)

    def hear(self, stream: str, data: bytes) -> list[bytes]:
        """Take output in; returns the lines that it completes."""
        self._latest = stream
        return self._remember(self._cutters[stream].feed(data))

    def flush(self, stream: str) -> list[bytes]:
        """The last line of a stream, where it has no end."""
        return self._remember(self._cutters[stream].flush())

    def measure(self, used_s: float, memory_bytes: int, now: float) -> None:
        """Take in how much processor time it has used so far, and its memory now."""
        before_s, before = self._used
        processor = max(0.0, used_s - before_s) / (now - before) if now > before else 0.0
        self._used = (used_s, now)
        self.consumption = Consumption(processor, memory_bytes)

    def exit(self, exited: ExitedParams, now: float) -> None:
        """It ended."""
        self.exited = exited
        self._end(status_of(exited), now)

    def fail_to_start(self, status: int, now: float) -> None:
        """It could not be started."""
        self._end(status, now)

    def abandon(self) -> None:
        """It is not going to run any more, or nobody is going to hear how it ended."""
        self.state = JobState.NOT_STARTED if self.state is JobState.WAITING else JobState.LOST
        self.consumption = None

    def _end(self, status: int, now: float) -> None:
        self.status = status
        self.state = JobState.ENDED
        self.ended_at = now
        self.consumption = None

    def _remember(self, lines: list[bytes]) -> list[bytes]:
        self.tail.extend(_kept(lines[-KEPT_LINES:]))
        return lines


def _kept(lines: Iterable[bytes]) -> Iterable[bytes]:
    for line in lines:
        yield line if len(line) <= _KEPT_BYTES else line[:_KEPT_BYTES] + b"\n"
