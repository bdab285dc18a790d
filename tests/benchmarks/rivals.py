"""Who takes part: whoever is installed here."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .direct_rival import DirectRival
from .rival import Rival
from .server_rival import ServerRival

NAIVE_SERVER = Path(__file__).with_name("naive_pygls_server.py")
NODE_SERVER = Path(__file__).with_name("node_server.cjs")
NODE_PACKAGES = Path(__file__).parents[1] / "foreign" / "node" / "node_modules"


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


_OTHERS: dict[str, Callable[[str], Rival]] = {"node": _node}
"""Rivals that need what not every machine has, by name: each is made, or `AbsentError` raised."""
