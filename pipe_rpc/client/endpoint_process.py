"""The server as the client's child, over real pipes."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence

from pipe_rpc.client.errors import DeadlineExceededError, ServerEndedError

DEFAULT_COMMAND = (sys.executable, "-P", "-m", "pipe_rpc")
"""-P: a file of the current directory must not pass for a module of ours."""
_READ_BYTES = 64 * 1024
_LONGEST_POLL_MS = 2**31 - 1
"""poll(2) counts in an int; a longer wait ends early, after 24 days."""
_LAST_CALL_S = 5.0
"""How long a server that was told to go may take before it is killed."""


class EndpointProcess:
    """Starts the server; reads from it and writes to it, waiting no longer than asked.

    The server gets a session of its own, so that Ctrl-C in a terminal reaches the client only.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, bufsize=0
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.stdin_fd = self._process.stdin.fileno()
        self.stdout_fd = self._process.stdout.fileno()
        self.pid = self._process.pid

    def read(self, deadline: float | None) -> bytes:
        """Wait for bytes until ``deadline`` (time.monotonic). Raises DeadlineExceededError, ServerEndedError."""
        timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
        poll = select.poll()
        poll.register(self.stdout_fd, select.POLLIN)
        if not poll.poll(None if timeout is None else min(timeout * 1000, _LONGEST_POLL_MS)):
            raise DeadlineExceededError("The server did not answer in time. Wait longer, or cancel the request.")
        data = os.read(self.stdout_fd, _READ_BYTES)
        if not data:
            raise ServerEndedError("The server has ended. Its stderr tells why; start another.")
        return data

    def write(self, data: bytes) -> None:
        """Write all of it; the server always reads. Raises ServerEndedError."""
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self.stdin_fd, view) :]
        except BrokenPipeError:
            raise ServerEndedError("The server has ended. Its stderr tells why; start another.") from None

    def close(self) -> int:
        """Close the pipes and wait for the end, by force if it does not come; returns the exit status."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            return self._process.wait(_LAST_CALL_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
