"""Several commands as lines in a file or pipe: each whole, its bytes unchanged, the name of its job in front."""

from collections.abc import Callable

from pipe_rpc.client.job import Job
from pipe_rpc.client.prefixes import Prefixes
from pipe_rpc.client.sink import Sink
from pipe_rpc.loop.descriptor import claim
from pipe_rpc.loop.loop import Loop


class PlainView:
    """What jobs write to stdout goes to our stdout, and what they write to stderr to our stderr."""

    def __init__(
        self,
        loop: Loop,
        prefixes: Prefixes,
        *,
        quiet: bool,
        has_one_place: bool,
        on_room: Callable[[], None],
        on_broken: Callable[[OSError], None],
    ) -> None:
        """``quiet``: only the last lines of jobs that failed; ``has_one_place``: stdout and stderr are the same."""
        self._prefixes = prefixes
        self._quiet = quiet
        self._stdout = Sink(claim(1), loop, on_room=on_room, on_broken=on_broken)
        self._stderr = self._stdout
        if not has_one_place:
            self._stderr = Sink(claim(2), loop, on_room=on_room, on_broken=on_broken)

    @property
    def has_room(self) -> bool:
        """See View."""
        return self._stdout.has_room and self._stderr.has_room

    @property
    def is_empty(self) -> bool:
        """See View."""
        return self._stdout.is_empty and self._stderr.is_empty

    @property
    def wants_usage(self) -> bool:
        """See View."""
        return False

    def show(self, job: Job, stream: str, lines: list[bytes]) -> None:
        """See View."""
        if not self._quiet:
            (self._stdout if stream == "stdout" else self._stderr).send(
                self._prefixes.in_front_of(lines, job.name, stream)
            )

    def say(self, text: str) -> None:
        """See View."""
        self._stderr.send(text.encode(errors="replace"))

    def changed(self) -> None:
        """See View."""

    def resized(self) -> None:
        """See View."""

    def end(self) -> None:
        """See View."""

    def show_tails(self, jobs: list[Job]) -> None:
        """See View. Where everything was shown, its end need not be again."""
        for job in jobs if self._quiet else []:
            self.say(f"pipe-rpc run: the last lines of {job.name}:\n")
            self._stderr.send(self._prefixes.in_front_of(job.tail, job.name, "stderr"))

    def break_off(self) -> None:
        """See View."""
        for sink in (self._stdout, self._stderr):
            if not sink.is_empty:
                sink.break_off()

    def close(self) -> None:
        """See View."""
        self._stdout.close()
        self._stderr.close()
