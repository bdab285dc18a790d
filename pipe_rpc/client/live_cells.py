"""What a live view says of each job, as plain text, and of which jobs where there is no room for all."""

from collections.abc import Sequence
from typing import NamedTuple

from pipe_rpc.buffers.terminal_text import last_line
from pipe_rpc.client.job import Job, JobState
from pipe_rpc.client.summary import how_it_ended

_MINUTE_S = 60
_KIBIBYTE = 1024
_TAIL_BYTES = 4096
"""Of the last line; a terminal shows fewer."""


class Cells(NamedTuple):
    """The texts of one row, and how rich is to show the state."""

    texts: tuple[str, str, str, str, str, str]
    """Name, state, time, processors, memory, last line."""
    style: str


def cells_of(job: Job, now: float) -> Cells:
    """The row of a job."""
    state, style = _state(job)
    processor = memory = ""
    if job.consumption is not None:
        processor, memory = f"{job.consumption.processor:.0%}", size_text(job.consumption.memory_bytes)
    time = "" if job.started_at is None else time_text((job.ended_at or now) - job.started_at)
    last = last_line(job.last_piece[-_TAIL_BYTES:].decode(errors="replace")).replace("\t", " ")
    return Cells((job.name, state, time, processor, memory, last), style)


def most_telling(jobs: Sequence[Job], room: int) -> tuple[list[Job], str]:
    """The jobs to show in ``room`` rows, at least one, in their order, and a note on the others: "" for none.

    Running ones come first, then those that failed, then those that wait.
    """
    if len(jobs) <= room:
        return list(jobs), ""
    ranked = sorted(jobs, key=lambda job: (job.state is not JobState.RUNNING, not job.has_failed, job.is_over))
    shown, others = ranked[: max(0, room - 1)], ranked[max(0, room - 1) :]
    counts = {state.value: sum(job.state is state for job in others) for state in JobState}
    note = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return [job for job in jobs if job in shown], f"… and {len(others)} more: {note}" if shown else note


def time_text(seconds: float) -> str:
    """A duration: 7 s, 1:05, 2:00:00."""
    whole = int(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    minutes, whole = divmod(whole, _MINUTE_S)
    hours, minutes = divmod(minutes, _MINUTE_S)
    return f"{hours}:{minutes:02}:{whole:02}" if hours else f"{minutes}:{whole:02}"


def size_text(size: float) -> str:
    """Bytes: 512 B, 3 KiB, 1.5 GiB."""
    for unit in ("B", "KiB", "MiB"):
        if size < _KIBIBYTE:
            return f"{size:.0f} {unit}"
        size /= _KIBIBYTE
    return f"{size:.1f} GiB"


def _state(job: Job) -> tuple[str, str]:
    match job.state:
        case JobState.RUNNING:
            return ("ending", "yellow") if job.cause else ("running", "")
        case JobState.ENDED:
            return how_it_ended(job), "green" if job.status == 0 else "bold red"
        case _:
            return job.state.value, "dim"
