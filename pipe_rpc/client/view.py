"""Where several commands are seen: what the plain and the live view have in common."""

from typing import Protocol

from pipe_rpc.client.job import Job


class View(Protocol):
    """Shows whole lines of jobs, and how the jobs are doing."""

    @property
    def has_room(self) -> bool:
        """Whether more should be shown now."""

    @property
    def is_empty(self) -> bool:
        """Whether all that was shown has left."""

    @property
    def wants_usage(self) -> bool:
        """Whether it shows what jobs use."""

    def show(self, job: Job, stream: str, lines: list[bytes]) -> None:
        """Show lines that a job wrote to "stdout" or "stderr"."""

    def say(self, text: str) -> None:
        """Show a whole line of our own, for people."""

    def changed(self) -> None:
        """Jobs are not what they were."""

    def resized(self) -> None:
        """The terminal has another size."""

    def end(self) -> None:
        """All jobs have ended: what is shown from now on stays."""

    def show_tails(self, jobs: list[Job]) -> None:
        """Show the last lines of jobs that failed, if that helps here."""

    def break_off(self) -> None:
        """Drop what nobody takes; what can still be shown is."""

    def close(self) -> None:
        """Give the descriptors back."""
