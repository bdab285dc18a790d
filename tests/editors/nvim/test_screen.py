"""What a user sees, in a real terminal: also the picture of the README."""

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
from pathlib import Path

import pyte
from rich.console import Console
from rich.text import Text

from tests.editors.nvim.neovim import OLDEST, PLUGIN, private_places
from tests.support.editors import neovim
from tests.support.server_command import SERVER
from tests.support.trace import DEADLINE_S

ROWS, COLUMNS = 30, 100
PICTURE = PLUGIN / "screenshot.svg"
SOURCE = "int main(void) {\n  return x;\n}\n"
BUILD = r"""
printf '\033[1mcc -c main.c\033[0m\n'
printf '10 percent\r100 percent\n'
printf '\033[1mmain.c:2:10: \033[31merror: \033[0mx undeclared (first use in this function)\n'
exit 1
"""


class Screen(pyte.Screen):
    """A screen that survives the private sequences which Neovim tries out, and which pyte does not know."""

    def select_graphic_rendition(self, *attributes: int, private: bool = False) -> None:
        if not private:
            super().select_graphic_rendition(*attributes)

    def report_device_status(self, mode: int, **_: bool) -> None:
        """Nobody is there to read the answer."""


class Terminal:
    """A pseudo terminal with a screen, and Neovim in it."""

    def __init__(self, home: Path) -> None:
        self.screen = Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        words = ", ".join(f'"{word}"' for word in [*SERVER, "--stdio"])
        settings = f"{{ cmd = {{ {words} }}, height = 8 }}"
        self._process = subprocess.Popen(
            [
                *(neovim(*OLDEST), "--clean", "-n", "--cmd", f"set runtimepath^={PLUGIN} laststatus=2 termguicolors"),
                *("--cmd", f"lua vim.g.pipe_rpc = {settings}", "main.c"),
            ],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=home,
            env={**os.environ, **private_places(home), "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(slave)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def wait_for(self, *texts: str) -> None:
        """Read until the screen shows all of these."""
        deadline = time.monotonic() + DEADLINE_S
        while not all(text in "\n".join(self.screen.display) for text in texts):
            ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, "\n".join(self.screen.display)
            data = os.read(self._master, 65536)
            self._stream.feed(data.replace(b"\x1b[?996n", b""))

    def close(self) -> None:
        """Quit, and read what is left, which Neovim waits for."""
        self.type("\x1b:qall!\r")
        deadline = time.monotonic() + DEADLINE_S
        while self._process.poll() is None:
            assert time.monotonic() < deadline
            if select.select([self._master], [], [], 0.05)[0]:
                try:
                    os.read(self._master, 65536)
                except OSError:
                    break
        self._process.wait(DEADLINE_S)
        os.close(self._master)

    def picture(self) -> str:
        """The screen as SVG."""
        console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        for row in range(ROWS):
            line = Text()
            cells = [self.screen.buffer[row][column] for column in range(COLUMNS)]
            for style, alike in itertools.groupby(cells, _style):
                line.append("".join(cell.data for cell in alike), style)
            console.print(line, no_wrap=True, overflow="crop")
        console.file.close()
        return console.export_svg(title="Neovim", unique_id="pipe-rpc")


def _style(cell: pyte.screens.Char) -> str:
    return " ".join(
        filter(None, ["bold" * cell.bold, "reverse" * cell.reverse, _colour(cell.fg), "on", _colour(cell.bg)])
    )


def _colour(name: str) -> str:
    """pyte writes colours as names or as six digits, rich names them otherwise."""
    if len(name) == 6 and all(digit in string.hexdigits for digit in name):
        return f"#{name}"
    return name.replace("brown", "yellow").replace("bright", "bright_")


def test_a_build_that_fails_looks_like_the_picture_in_the_readme(tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(SOURCE)
    (tmp_path / "build").write_text(BUILD)
    terminal = Terminal(tmp_path)
    try:
        terminal.wait_for("int main")
        terminal.type(":PipeRpc run ++compiler=gcc ++name=build sh build\r")
        terminal.wait_for("100 percent", "[exit 1 after", "undeclared")
        terminal.type(":PipeRpc run ++name=server ++open=none sleep 1000\r:PipeRpc\r")
        terminal.wait_for("1  exit 1", "2  running", "x undeclared")
        shown = "\n".join(terminal.screen.display)
        assert "\x1b" not in shown
        assert "10 percent\r" not in shown
        if os.environ.get("PIPE_RPC_TEST_PICTURE"):
            PICTURE.write_text(terminal.picture(), encoding="utf-8")
    finally:
        terminal.close()
