"""The blocking client, made of the asyncio one: what needs no waiting is shared, and what waits is written once.

Rules of this file: plain words are exchanged, so the sources are written in a way in which that is enough; what these
words cannot turn, such as gathering, belongs into a file of its own on each side.
"""

from __future__ import annotations

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "pipe_rpc" / "aio"
MADE = ROOT / "pipe_rpc" / "client"
NAMES = ("calls", "events", "input", "output", "rpc", "session")

_HEADER = "# Made of pipe_rpc/aio/{name}.py by python -m tests.house.generate: change that one.\n"
_EXCHANGED = (
    (r"__a(enter|exit|iter|next)__", r"__\1__"),
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\bAsyncIterator\b", "Iterator"),
    (r"\bpipe_rpc\.aio\b", "pipe_rpc.client"),
)


def blocking_text(name: str) -> str:
    """The blocking file for an asyncio one."""
    text = (SOURCES / f"{name}.py").read_text(encoding="utf-8")
    for pattern, instead in _EXCHANGED:
        text = re.sub(pattern, instead, text)
    return _HEADER.format(name=name) + _with_sorted_imports(text)


def _with_sorted_imports(text: str) -> str:
    """Our own imports, of one line each, in order again: client stands elsewhere in the alphabet than aio."""
    return re.sub(
        r"(^from pipe_rpc\.\S+ import [^(\n]+\n)+",
        lambda run: "".join(sorted(run[0].splitlines(keepends=True))),
        text,
        flags=re.MULTILINE,
    )


def write_blocking() -> None:
    """Make all of them afresh."""
    for name in NAMES:
        (MADE / f"{name}.py").write_text(blocking_text(name), encoding="utf-8")
