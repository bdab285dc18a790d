"""`pipe-rpc` as people call it, from a shell or another program."""

import contextlib
import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Iterator, Sequence
from typing import Any, Self

from tests.support.server_command import SERVER
from tests.support.trace import DEADLINE_S

PIPE_RPC = SERVER


def call(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run it to its end, its output captured and its stdin empty."""
    chosen: dict[str, Any] = {"capture_output": True, "timeout": DEADLINE_S, **options}
    if "input" not in chosen:
        chosen.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([*PIPE_RPC, *arguments], check=False, **chosen)


def run(*command: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """`pipe-rpc run -- COMMAND`."""
    return call("run", "--", *command, **options)


@contextlib.contextmanager
def started(*arguments: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Start it with pipes; what is left of it at the end is killed."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    with subprocess.Popen([*PIPE_RPC, *arguments], bufsize=0, **pipes) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


class Terminal:
    """A terminal of our own with a command on it, as its foreground process group."""

    def __init__(
        self, *arguments: str, size: tuple[int, int] | None = None, program: Sequence[str] = PIPE_RPC, **options: Any
    ) -> None:
        """``size`` in columns and rows; it does not know its own without."""
        self.screen, theirs = pty.openpty()
        if size is not None:
            termios.tcsetwinsize(theirs, (size[1], size[0]))
        self.theirs = os.dup(theirs)
        self.seen = b""
        self.process = subprocess.Popen(
            [*program, *arguments],
            **{"stdin": theirs, "stdout": theirs, "stderr": theirs, **options},
            start_new_session=True,
            preexec_fn=lambda: _make_controlling(theirs),  # noqa: PLW1509 - there are no threads
        )
        os.close(theirs)

    def type(self, text: bytes) -> None:
        """Type on the keyboard."""
        os.write(self.screen, text)

    def wait_for(self, text: bytes) -> bytes:
        """Wait until the text is on the screen; returns what was seen up to it, and forgets that."""
        deadline = time.monotonic() + DEADLINE_S
        while text not in self.seen:
            poller = select.poll()
            poller.register(self.screen, select.POLLIN)
            ready = poller.poll(max(0.0, deadline - time.monotonic()) * 1000)
            assert ready, f"waited in vain for {text!r}; seen: {self.seen!r}"
            self.seen += os.read(self.screen, 1 << 16)
        before, _, self.seen = self.seen.partition(text)
        return before

    def rest(self) -> bytes:
        """What else is on the screen by now."""
        poller = select.poll()
        poller.register(self.screen, select.POLLIN)
        while poller.poll(0):
            self.seen += os.read(self.screen, 1 << 16)
        return self.seen

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.screen)
        os.close(self.theirs)


def _make_controlling(fd: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(fd, termios.TIOCSCTTY, 0)
