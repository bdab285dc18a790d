"""The server as the client's child, over real pipes.

Rules of this file: whoever drives the conversation reads and writes the descriptors; here is how the process begins,
and how it ends: asked by the end of its input, then told by SIGTERM, told again, which kills its sessions at once, and
killed.
"""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import IO, NamedTuple

DEFAULT_COMMAND = (sys.executable, "-P", "-m", "pipe_rpc")
"""-P: a file of the current directory must not pass for a module of ours."""
_LAST_CALL_S = 5.0
"""How long a server that was told to go may take before it is told more plainly; its sessions have their graces."""
_HURRIED_S = 1.0
"""The same for a server whose client cannot wait."""


class Step(NamedTuple):
    """One way to end the server, and how long it may take to work, in seconds."""

    act: Callable[[], None]
    patience_s: float


class EndpointProcess:
    """Starts the server; raises OSError where it cannot be started.

    The server gets a session of its own, so that Ctrl-C in a terminal reaches the client only. Its stderr is ours, or
    with ``hears_stderr`` a pipe that somebody has to read.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: str | None = None,
        env: Mapping[str, str] | None = None,
        hears_stderr: bool = False,
    ) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if hears_stderr else None,
            start_new_session=True,
            bufsize=0,
            cwd=cwd,
            env=env,
        )
        self.stdin_fd = _descriptor(self._process.stdin)
        self.stdout_fd = _descriptor(self._process.stdout)
        self.stderr_fd = _descriptor(self._process.stderr) if hears_stderr else -1
        self.pid = self._process.pid

    def exit_status(self, patience_s: float = 0) -> int | None:
        """The exit status, waiting so long for it; None while it runs."""
        try:
            return self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            return None

    def close_stdin(self) -> None:
        """End the server's input, which ends the server in order."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def signal(self, number: int) -> None:
        """Send the server a signal; without effect once it has ended."""
        self._process.send_signal(number)

    def steps_to_the_end(self, *, hurry: bool) -> Sequence[Step]:
        """What to do, one behind the other, until the server has ended; the last one always works."""
        patience_s = _HURRIED_S if hurry else _LAST_CALL_S
        return (
            Step(self.close_stdin, 0 if hurry else patience_s),
            Step(self._process.terminate, 0.05 if hurry else patience_s),
            Step(self._process.terminate, patience_s),
            Step(self._process.kill, patience_s),
        )

    def end_now(self) -> int:
        """End the server without leaving the processor to others; returns its exit status."""
        for step in self.steps_to_the_end(hurry=True):
            step.act()
            if (status := self.exit_status(step.patience_s)) is not None:
                return status
        return self._process.wait()

    def close(self) -> int:
        """Close the pipes and wait for the end, by force if it does not come; returns the exit status."""
        self.close_pipes()
        status = self.exit_status(_LAST_CALL_S)
        if status is None:
            self._process.kill()
            return self._process.wait()
        return status

    def close_pipes(self) -> None:
        """Give the descriptors back; without effect the second time."""
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()


def _descriptor(pipe: IO[bytes] | None) -> int:
    assert pipe is not None
    return pipe.fileno()
