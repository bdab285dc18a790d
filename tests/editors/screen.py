"""A real terminal with a program in it: what its user sees, what is typed, and a picture of it."""

from __future__ import annotations

import fcntl
import itertools
import os
import pty
import select
import string
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte
from rich.console import Console
from rich.text import Text

from tests.support.processes import descendants, wait_ended
from tests.support.trace import DEADLINE_S

ROWS, COLUMNS = 30, 100
PICTURES = "PIPE_RPC_TEST_PICTURE"
"""Environment variable: where it is set, tests write the pictures of the READMEs."""
_COLOUR_QUERY = b"\x1b[?996n"
"""Neovim asks for the colours of the terminal by this; pyte would show a part of it."""


class Screen(pyte.Screen):
    """A screen that survives the private sequences which editors try out, and which pyte does not know."""

    def select_graphic_rendition(self, *attributes: int, private: bool = False) -> None:
        if not private:
            super().select_graphic_rendition(*attributes)

    def report_device_status(self, mode: int, **_: bool) -> None:
        """Nobody is there to read the answer."""

    def report_device_attributes(self, mode: int = 0, **_: bool) -> None:
        """Nor this one."""


class Terminal:
    """A pseudo terminal with a screen, and a program in it. As a context it quits the program at its end."""

    def __init__(self, command: Sequence[str], cwd: Path, env: Mapping[str, str], quit_keys: str) -> None:
        """`env` is laid over the environment; `quit_keys` make the program end, whatever it does."""
        self.screen = Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self._quit_keys = quit_keys
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            # A program without a controlling terminal is not told of Ctrl-C, or of a window that was closed.
            ["setsid", "--ctty", *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={**os.environ, "TERM": "xterm-256color", **env},
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def shown(self) -> str:
        """The lines of the screen."""
        return "\n".join(self.screen.display)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def wait_for(self, *texts: str) -> None:
        """Read until the screen shows all of these."""
        self._read_until(lambda: all(text in self.shown for text in texts))

    def wait_for_one(self, *texts: str) -> str:
        """Read until the screen shows one of these; the first of them."""
        self._read_until(lambda: any(text in self.shown for text in texts))
        return next(text for text in texts if text in self.shown)

    def wait_for_absence(self, text: str) -> None:
        """Read until the screen shows this no more."""
        self._read_until(lambda: text not in self.shown)

    def _read_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, self.shown
            self._stream.feed(os.read(self._master, 65536).replace(_COLOUR_QUERY, b""))

    def close(self) -> None:
        """Quit, and read what is left, which the program waits for. Kill one that does not end.

        Returns when everything that it started has ended, too: an editor may be a screen and a process behind it.
        """
        family = descendants(self.pid)
        try:
            self.type(self._quit_keys)
            deadline = time.monotonic() + DEADLINE_S
            while self._process.poll() is None:
                assert time.monotonic() < deadline, self.shown
                if select.select([self._master], [], [], 0.05)[0] and not self._read_rest():
                    break
            self._process.wait(DEADLINE_S)
            wait_ended(family)
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._master)

    def _read_rest(self) -> bool:
        """False at the end: Linux says EIO once nobody has the other side any more."""
        try:
            return bool(os.read(self._master, 65536))
        except OSError:
            return False

    def picture(self, title: str) -> str:
        """The screen as SVG."""
        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            console = Console(record=True, width=COLUMNS, file=nowhere)
            for row in range(ROWS):
                line = Text()
                cells = [self.screen.buffer[row][column] for column in range(COLUMNS)]
                for style, alike in itertools.groupby(cells, _style):
                    line.append("".join(cell.data for cell in alike), style)
                console.print(line, no_wrap=True, overflow="crop")
            return console.export_svg(title=title, unique_id="pipe-rpc")

    def keep_picture(self, path: Path, title: str) -> None:
        """Write the picture, where pictures are asked for."""
        if os.environ.get(PICTURES):
            path.write_text(self.picture(title), encoding="utf-8")


def _style(cell: pyte.screens.Char) -> str:
    return " ".join(
        filter(None, ["bold" * cell.bold, "reverse" * cell.reverse, _colour(cell.fg), "on", _colour(cell.bg)])
    )


def _colour(name: str) -> str:
    """pyte writes colours as names or as six digits, rich names them otherwise."""
    if len(name) == 6 and all(digit in string.hexdigits for digit in name):
        return f"#{name}"
    return name.replace("brown", "yellow").replace("bright", "bright_")
