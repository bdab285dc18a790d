"""The editors that can stand between a client and a server, see relay.py, and how each is started for that."""

from collections.abc import Callable
from pathlib import Path

from tests.editors.emacs import driven as emacs
from tests.editors.nvim import neovim
from tests.editors.vim import vim
from tests.support.editors import emacs_with_json, vscode_extension
from tests.support.editors import neovim as find_neovim
from tests.support.editors import vim as find_vim

_FOLDER = Path(__file__).parent


def _neovim() -> list[str]:
    start = [find_neovim(*neovim.OLDEST), "--headless", "--clean", "-n"]
    return [*start, "--cmd", f"set runtimepath^={neovim.PLUGIN}", "-S", str(_FOLDER / "nvim" / "relay.lua")]


def _vscode() -> list[str]:
    """The extension host is Node; what the extension says to a server needs nothing else of it."""
    vscode_extension()
    return ["node", str(_FOLDER / "vscode" / "relay.cjs")]


def _emacs() -> list[str]:
    return [emacs_with_json(), "-Q", "--batch", "-L", str(emacs.PACKAGE), "-l", str(_FOLDER / "emacs" / "relay.el")]


def _vim() -> list[str]:
    start = [find_vim(), "-N", "-u", "NONE", "-i", "NONE", "-n", "-es", "--not-a-term"]
    return [*start, "--cmd", f"set encoding=utf-8 runtimepath^={vim.PLUGIN}", "-S", str(_FOLDER / "vim" / "relay.vim")]


EDITORS: dict[str, Callable[[], list[str]]] = {"nvim": _neovim, "vscode": _vscode, "emacs": _emacs, "vim": _vim}
"""The command of each; asking for it skips the test where the editor is missing."""
