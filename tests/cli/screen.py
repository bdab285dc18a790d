"""What a person sees on a terminal, through an emulator."""

import os
import re
import select
import termios
import time
from collections.abc import Callable
from typing import Any

import pyte

from tests.cli.command import Terminal
from tests.support.trace import DEADLINE_S

_COLOURS = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE")


class Screen(Terminal):
    """A terminal with a command on it; ``raw`` is all that was written to it."""

    def __init__(self, *arguments: str, size: tuple[int, int] = (80, 24), term: str = "xterm", **options: Any) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in _COLOURS}
        environment["TERM"] = term
        self.raw = b""
        self._unseen: list[bytes] = []
        self._emulated = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._emulated)
        super().__init__(*arguments, size=size, env=environment, **options)

    @property
    def lines(self) -> list[str]:
        """The lines that are not blank."""
        return [line.rstrip() for line in self._emulated.display if line.strip()]

    @property
    def cursor(self) -> tuple[int, bool]:
        """Its column, and whether it is to be seen."""
        return self._emulated.cursor.x, not self._emulated.cursor.hidden

    def until(self, is_so: Callable[[list[str]], Any]) -> list[str]:
        """Look until something is so, if only for a moment; returns the lines then."""
        deadline = time.monotonic() + DEADLINE_S
        while not is_so(self.lines):
            left = deadline - time.monotonic()
            assert left > 0, "waited in vain; the screen shows:\n" + "\n".join(self.lines)
            assert self._look(left), "nothing more comes; the screen shows:\n" + "\n".join(self.lines)
        return self.lines

    def until_over(self) -> int:
        """Look until the command has ended; returns its exit status."""
        os.close(self.theirs)
        self.theirs = os.open(os.devnull, os.O_RDWR)
        deadline = time.monotonic() + DEADLINE_S
        while self._look(deadline - time.monotonic()):
            pass
        return self.process.wait(max(0.1, deadline - time.monotonic()))

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size, which the command is told by a signal."""
        self._emulated.resize(rows, columns)
        termios.tcsetwinsize(self.theirs, (rows, columns))

    def _look(self, within_s: float) -> bool:
        """Show what comes next, up to the end of a drawing; False if nothing more is to come."""
        if not self._unseen:
            (poller := select.poll()).register(self.screen, select.POLLIN)
            if not poller.poll(max(0.0, within_s) * 1000):
                return False
            try:
                data = os.read(self.screen, 1 << 16)
            except OSError:
                return False  # Nobody has the terminal open any more.
            self.raw += data
            self._unseen = re.split(rb"(?=\r\x1b\[)", data)
        self._stream.feed(self._unseen.pop(0))
        return True
