"""How several commands ended, in words."""

from collections.abc import Sequence

from pipe_rpc.client.job import Job, JobState
from pipe_rpc.protocol.types import ExitedParams

_REASONS = {"timeout": "its time was up", "shutdown": "since the endpoint ended"}
"""What the endpoint itself ends a job for."""


def summary(jobs: Sequence[Job], duration_s: float) -> list[str]:
    """A line for each job, in the order in which they were given, and one for all."""
    lines = [f"{job.name}: {end_of(job)}" for job in jobs]
    counts = (
        (sum(job.status == 0 for job in jobs), "succeeded"),
        (sum(job.has_failed for job in jobs), "failed"),
        (sum(job.state is JobState.NOT_STARTED for job in jobs), "not started"),
        (sum(job.state is JobState.LOST for job in jobs), "unknown"),
    )
    told = ", ".join(f"{count} {what}" for count, what in counts if count)
    return [*lines, f"{len(jobs)} command{'s' if len(jobs) != 1 else ''} in {duration_s:.1f} s: {told}"]


def end_of(job: Job) -> str:
    """How one ended, how long it took, and why where somebody told it to."""
    if job.state is JobState.LOST:
        return "unknown, since the endpoint is gone"
    if job.state is not JobState.ENDED:
        return job.state.value
    if job.exited is None:
        return f"exit {job.status}, it could not be started"
    end = f"{how_it_ended(job)} after {job.exited.duration_ms / 1000:.1f} s"
    return ", ".join(part for part in (end, _why(job, job.exited)) if part)


def _why(job: Job, exited: ExitedParams) -> str:
    told = _REASONS.get(exited.reason or "", "")
    kills = False
    if job.cause is not None and not told:
        # One that ended by itself a moment before it was told to has nothing to do with that.
        counts = job.cause.may_be_heeded or exited.outcome != "naturalExit"
        told, kills = (job.cause.what, job.cause.kills) if counts else ("", False)
    killed = "killed after its grace" if exited.outcome == "hardKilled" and not kills else ""
    return ", ".join(part for part in (told, killed) if part)


def how_it_ended(job: Job) -> str:
    """The exit status, or the signal."""
    if job.exited is not None and job.exited.signal is not None:
        return str(job.exited.signal)
    return f"exit {job.status}"
