"""One child process of the benchmark: its pipes, its end, and what it costs."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from select import POLLIN, poll
from types import TracebackType
from typing import Self

from .deadline import Deadline, RivalError

PROJECT_ROOT = Path(__file__).resolve().parents[2]
BUFFER_BYTES = 512 * 1024
"""Read buffer: several times the capacity of a default pipe, and still inside a processor's cache."""
END_S = 10.0
"""How long a process may take to end by itself after its stdin was closed, before it is killed."""
END_POLL_S = 0.001
LAST_WORDS_BYTES = 4096

# An installed package has its byte code beside it. A source tree would else be compiled anew at each start, and that
# would be measured.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Process:
    """A process in a session of its own, with raw descriptors for its pipes; use it in a `with` block."""

    def __init__(self, argv: Sequence[str], *, stdin: int = subprocess.PIPE, pipe_bytes: int | None = None) -> None:
        """Start `argv`; `stdin` is a descriptor to read from, by default a new pipe.

        `pipe_bytes` is the capacity of the new pipes, by default the system's. Raises `RivalError` if it cannot start.
        """
        self._stderr_fd, path = tempfile.mkstemp(prefix="pipe-rpc-stderr-")
        Path(path).unlink()
        try:
            self._popen = subprocess.Popen(
                argv,
                bufsize=0,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=self._stderr_fd,
                cwd=PROJECT_ROOT,
                env=_ENVIRONMENT,
                start_new_session=True,
                pipesize=-1 if pipe_bytes is None else pipe_bytes,
            )
        except OSError as error:
            os.close(self._stderr_fd)
            raise RivalError(f"cannot start {argv[0]}: {error}") from error
        self.pid = self._popen.pid

    @property
    def stdin_fd(self) -> int:
        """Our end of its stdin."""
        assert self._popen.stdin is not None
        return self._popen.stdin.fileno()

    @property
    def stdout_fd(self) -> int:
        """Our end of its stdout."""
        assert self._popen.stdout is not None
        return self._popen.stdout.fileno()

    def close_stdin(self) -> None:
        """Close our end of its stdin, if that was a pipe; may be repeated."""
        if self._popen.stdin is not None:
            self._popen.stdin.close()

    def close_stdout(self) -> None:
        """Close our end of its stdout; may be repeated."""
        assert self._popen.stdout is not None
        self._popen.stdout.close()

    def read_to_end(self, deadline: Deadline, consume: Callable[[memoryview], object]) -> int:
        """Give all of its stdout, piece by piece, to `consume`; gives how many bytes that were."""
        buffer = memoryview(bytearray(BUFFER_BYTES))
        count_bytes = 0
        while True:
            await_input(self.stdout_fd, deadline)
            piece_bytes = os.readv(self.stdout_fd, [buffer])
            if not piece_bytes:
                break
            consume(buffer[:piece_bytes])
            count_bytes += piece_bytes
        return count_bytes

    def reap(self) -> None:
        """Wait for its end without a deadline: for after the end of its output, when it is about to come."""
        # With a time-out, Popen would sleep between looks, and the sleep would be measured.
        self._popen.wait()

    def close_with_words(self) -> str:
        """Like `close`; gives the last line that it wrote to its stderr, for the reason of a failure."""
        self._end()
        size_bytes = os.fstat(self._stderr_fd).st_size
        written = os.pread(self._stderr_fd, LAST_WORDS_BYTES, max(0, size_bytes - LAST_WORDS_BYTES))
        os.close(self._stderr_fd)
        lines = written.decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "none")

    def close(self) -> None:
        """Close the pipes and wait for the end; what is then left of its process group is killed and reaped."""
        self._end()
        os.close(self._stderr_fd)

    def _end(self) -> None:
        self.close_stdin()
        self.close_stdout()
        try:
            if self._popen.returncode is None:
                self._await_end()
        finally:
            if self._popen.returncode is None:
                # Ended or not, it is not reaped yet: its number is still that of its group and nobody else's.
                # A group of nothing but zombies answers EPERM on some systems.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.pid, signal.SIGKILL)
                self._popen.wait()
                self._reap_orphans()

    def _await_end(self) -> None:
        end = time.monotonic() + (END_S if self._popen.stdin is not None else 0)
        while not os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) and time.monotonic() < end:
            time.sleep(END_POLL_S)  # waitid has no time-out, and whoever does not end in time is killed.

    def _reap_orphans(self) -> None:
        """Where this process adopts orphans (a test run does), what was just killed is its to reap."""
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-self.pid, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def await_input(fd: int, deadline: Deadline) -> None:
    """Return when `fd` has bytes or is at its end; raises `TooLateError`."""
    poller = poll()
    poller.register(fd, POLLIN)
    while not poller.poll(deadline.remaining_s() * 1000):
        pass


@dataclass(frozen=True)
class Resident:
    """Memory of a family of processes, in bytes."""

    largest_bytes: int
    """Resident set of the largest of them, as `ps` shows it."""
    all_bytes: int
    """Proportional set of all of them: what they share counts once."""


def family_of(pid: int) -> list[int]:
    """`pid` and everything that descends from it now; only `pid` where there is no /proc."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    family = [pid]
    for member in family:
        family.extend(children.get(member, ()))
    return family


def resident(pids: Sequence[int]) -> Resident | None:
    """What `pids` occupy now; None where the kernel does not tell."""
    sizes: list[dict[str, int]] = []
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        except OSError:
            return None
        sizes.append({name: int(rest.split()[0]) * 1024 for name, rest in (line.split(":") for line in lines)})
    return Resident(max(size["Rss"] for size in sizes), sum(size["Pss"] for size in sizes))


def cpu_s(pids: Sequence[int]) -> float | None:
    """Seconds of processor time that `pids` and their ended threads have used; None where the kernel does not tell."""
    try:
        # The number of a process's CPU-time clock is part of Linux' ABI. /proc counts in ticks of 10 ms: too coarse.
        return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)
    except OSError:
        return None
