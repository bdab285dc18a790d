"""When a person is told that a job has ended, and in which words: pure."""

from typing import NamedTuple

from pipe_rpc.errors import shown
from pipe_rpc.session.description import Exit
from pipe_rpc.session.lifecycle import Reason


class Notice(NamedTuple):
    """A line for a person."""

    text: str
    is_error: bool


def last_word(exit_: Exit) -> str:
    """How a job ended, in a few words."""
    how = exit_.status.signal_name or f"exit status {exit_.status.exit_code}"
    return f"{how} after {exit_.duration_s:.1f} s"


def notice(command: str, exit_: Exit, long_job_s: float) -> Notice | None:
    """What is worth an interruption: a failure, and the end of a job that took long; not what somebody asked for."""
    label = shown(" ".join(command.split()))
    if exit_.reason is Reason.TIMEOUT:
        return Notice(f"{label}: timed out, {last_word(exit_)}", is_error=True)
    if exit_.reason is not None:
        return None
    if exit_.status.exit_code != 0:
        return Notice(f"{label}: {last_word(exit_)}", is_error=True)
    if exit_.duration_s >= long_job_s:
        return Notice(f"{label}: done after {exit_.duration_s:.1f} s", is_error=False)
    return None
