"""What a user sees, in a real terminal: also the picture of the README."""

from __future__ import annotations

import json
from pathlib import Path

from tests.editors.nvim.test_screen import BUILD, SOURCE
from tests.editors.screen import Terminal
from tests.editors.vim.vim import PLUGIN, private_places, quoted
from tests.support.editors import vim
from tests.support.server_command import SERVER


def terminal(home: Path) -> Terminal:
    """Vim, with a file to build."""
    settings = json.dumps({"cmd": [*SERVER, "--stdio"], "height": 8})
    command = [
        *(vim(), "-N", "-u", "NONE", "-i", "NONE", "-n"),
        *("--cmd", f"set runtimepath^={PLUGIN} laststatus=2 termguicolors background=dark shortmess+=I hidden"),
        *("--cmd", f"let g:pipe_rpc = json_decode({quoted(settings)})"),
        *("--cmd", f"source {PLUGIN / 'plugin' / 'pipe_rpc.vim'} | syntax on"),
        "main.c",
    ]
    return Terminal(command, home, private_places(home), "\x1b:qall!\r")


def test_a_build_that_fails_looks_like_the_picture_in_the_readme(tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(SOURCE)
    (tmp_path / "build").write_text(BUILD)
    with terminal(tmp_path) as shown:
        shown.wait_for("int main")
        shown.type(":PipeRpc run ++compiler=gcc ++name=build sh build\r")
        shown.wait_for("100 percent", "[exit 1 after", "undeclared", "E>")
        shown.type(":PipeRpc run ++name=server ++open=none sleep 1000\r:PipeRpc\r")
        shown.wait_for("1  exit 1", "2  running", "x undeclared")
        assert "\x1b" not in shown.shown
        assert "^[" not in shown.shown
        assert "10 percent\r" not in shown.shown
        shown.keep_picture(PLUGIN / "screenshot.svg", "Vim")
