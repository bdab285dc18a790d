"""What a user sees, in a real terminal: also the picture of the README."""

from __future__ import annotations

from pathlib import Path

from tests.editors.nvim.neovim import OLDEST, PLUGIN, private_places
from tests.editors.screen import Terminal
from tests.support.editors import neovim
from tests.support.server_command import SERVER

SOURCE = "int main(void) {\n  return x;\n}\n"
BUILD = r"""
printf '\033[1mcc -c main.c\033[0m\n'
printf '10 percent\r100 percent\n'
printf '\033[1mmain.c:2:10: \033[31merror: \033[0mx undeclared (first use in this function)\n'
exit 1
"""


def terminal(home: Path) -> Terminal:
    """Neovim, with a file to build."""
    words = ", ".join(f'"{word}"' for word in [*SERVER, "--stdio"])
    settings = f"{{ cmd = {{ {words} }}, height = 8 }}"
    command = [
        *(neovim(*OLDEST), "--clean", "-n", "--cmd", f"set runtimepath^={PLUGIN} laststatus=2 termguicolors"),
        *("--cmd", f"lua vim.g.pipe_rpc = {settings}", "main.c"),
    ]
    return Terminal(command, home, private_places(home), "\x1b:qall!\r")


def test_a_build_that_fails_looks_like_the_picture_in_the_readme(tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(SOURCE)
    (tmp_path / "build").write_text(BUILD)
    with terminal(tmp_path) as shown:
        shown.wait_for("int main")
        shown.type(":PipeRpc run ++compiler=gcc ++name=build sh build\r")
        shown.wait_for("100 percent", "[exit 1 after", "undeclared")
        shown.type(":PipeRpc run ++name=server ++open=none sleep 1000\r:PipeRpc\r")
        shown.wait_for("1  exit 1", "2  running", "E   return x;")
        assert "\x1b" not in shown.shown
        assert "10 percent\r" not in shown.shown
        shown.keep_picture(PLUGIN / "screenshot.svg", "Neovim")
