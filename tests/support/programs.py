"""How tests name the programs that they run as children."""

from __future__ import annotations

import sys
from pathlib import Path

CHILDREN = Path(__file__).resolve().parent.parent / "children"


def child(name: str, *args: object) -> list[str]:
    """The argv of `tests/children/NAME.py`, started without site packages: a quarter of the start-up time."""
    path = CHILDREN / f"{name}.py"
    assert path.is_file(), f"there is no child program {name}"
    return [sys.executable, "-I", "-S", str(path), *map(str, args)]


def python(source: str, *args: object) -> list[str]:
    """The argv of a few lines of Python."""
    return [sys.executable, "-I", "-S", "-c", source, *map(str, args)]


def shell(script: str, *args: object) -> list[str]:
    """The argv of a POSIX shell script; `args` are $1, $2 …"""
    return ["/bin/sh", "-c", script, "sh", *map(str, args)]
