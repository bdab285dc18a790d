"""Servers on stdio that is no pair of pipes (files, sockets, terminals, nothing), and what such tests share.

`WireClient` is for conversations over pipes. Here a test chooses the descriptors itself and looks at raw bytes.
"""

import contextlib
import errno
import fcntl
import os
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from typing import Any, Self

from tests.support.frames import decode_frames
from tests.support.processes import WatchedProcess, descendants
from tests.support.server_command import SERVER
from tests.support.trace import DEADLINE_S, Message


@contextlib.contextmanager
def server_on(stdin: int, stdout: int, *arguments: str, **popen: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A server on descriptors of the test's choice, its stderr a pipe; killed at the end if it is still there."""
    options: dict[str, Any] = {"stdin": stdin, "stdout": stdout, "stderr": subprocess.PIPE, **popen}
    with subprocess.Popen([*SERVER, *arguments], **options) as server:
        try:
            yield server
        finally:
            if server.poll() is None:
                server.kill()


def read_some(descriptor: int) -> bytes:
    """What comes next, b"" at the end of file; fails at the deadline. A terminal that has gone is at its end too."""
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    assert poller.poll(DEADLINE_S * 1000), f"nothing came within {DEADLINE_S:g} s"
    try:
        return os.read(descriptor, 1 << 16)
    except OSError as error:
        if error.errno == errno.EIO:
            return b""
        raise


def read_to_end(descriptor: int) -> bytes:
    """Everything up to the end of file."""
    return b"".join(iter(lambda: read_some(descriptor), b""))


def read_line(descriptor: int) -> bytes:
    """What comes, up to the end of a line."""
    line = b""
    while not line.endswith(b"\n"):
        data = read_some(descriptor)
        assert data, f"the server said only {line!r}"
        line += data
    return line


def read_messages(descriptor: int, count: int) -> list[Message]:
    """Exactly so many messages from a descriptor, and not a byte after them."""
    read = b""
    while len(messages := decode_frames(read, partial=True)) < count:
        data = read_some(descriptor)
        assert data, f"the server closed its stdout after {len(messages)} of {count} messages"
        read += data
    return decode_frames(read)


def wait_until_taken(pipe: int) -> None:
    """Return when the reader of this pipe has taken every byte out of it (Linux: FIONREAD works on the writing end)."""
    deadline = time.monotonic() + DEADLINE_S
    while struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]:
        assert time.monotonic() < deadline, "the server does not read its stdin"
        os.sched_yield()


class Family:
    """A server and every process below it, watched from the moment this is made."""

    def __init__(self, server_pid: int) -> None:
        self._watched = [WatchedProcess(server_pid)]
        for pid in descendants(server_pid):
            with contextlib.suppress(ProcessLookupError):  # It ended while we looked.
                self._watched.append(WatchedProcess(pid))

    def __len__(self) -> int:
        return len(self._watched)

    def survivors(self) -> list[int]:
        """Those that are still running."""
        return [process.pid for process in self._watched if not process.is_gone()]

    def wait_gone(self) -> None:
        """Return when all have ended; fail at the deadline."""
        for process in self._watched:
            process.wait_gone()

    def close(self) -> None:
        """Stop watching, and reap what the server's end has made ours: this test process is a subreaper."""
        for process in self._watched[1:]:
            if process.is_gone():
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(process.pid, os.WNOHANG)
        for process in self._watched:
            process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
