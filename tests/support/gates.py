"""FIFO gates: how a test and a child wait for each other without any sleep.

A child *waits at* a gate by reading from it (`read _ < PATH` in a shell, `open(PATH).read(1)` in Python) until the test
calls `release()`. A child *reports* through a gate by writing a byte or a line to it (`echo > PATH`); the test calls
`wait()`. Use one gate for one direction.
"""

from __future__ import annotations

import os
import select
from pathlib import Path

from tests.support.trace import DEADLINE_S


class Gate:
    """One named FIFO. The test holds both of its ends open, so that neither side ever blocks in `open`."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path, 0o600)
        self.path = str(path)
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def open_and_release(self, times: int = 1) -> None:
        """Let `times` readers of one byte (or one line) pass. It does not matter whether they are waiting already."""
        os.write(self._fd, b"\n" * times)

    release = open_and_release

    def wait(self) -> bytes:
        """Wait until a child has written to the gate; return what it wrote (at least one byte)."""
        poller = select.poll()
        poller.register(self._fd, select.POLLIN)
        if not poller.poll(DEADLINE_S * 1000):
            raise AssertionError(f"waited {DEADLINE_S:g} s in vain for a child to write to {self.path}")
        return os.read(self._fd, 65536)

    def wait_line(self) -> str:
        """Wait for one whole line and return it without its end."""
        line = b""
        while not line.endswith(b"\n"):
            line += self.wait()
        return line.decode().rstrip("\n")

    def has_news(self) -> bool:
        """Has a child written something that nobody has taken yet?"""
        poller = select.poll()
        poller.register(self._fd, select.POLLIN)
        return bool(poller.poll(0))

    def close(self) -> None:
        os.close(self._fd)
        os.unlink(self.path)
