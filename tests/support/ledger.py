"""What the attacks of a run came to: how often each was tried, what was lost and what was left behind.

A test enters its figures through the fixture ``ledger``; they travel with its report, so that the run as a whole can
print one table whichever process ran the test.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, MutableSequence, Sequence
from typing import Any, NamedTuple

LEDGER = "PIPE_RPC_TEST_LEDGER"
"""The environment variable that names a file for the entries of a run."""
PROPERTY = "attack"
"""The name of the entry in ``user_properties`` of a report."""


class Entry(NamedTuple):
    """One row of the table."""

    what: str
    tried: int
    lost: int
    leaked: int
    measured: str


class Ledger:
    """One test's entries."""

    def __init__(self, user_properties: MutableSequence[tuple[str, object]]) -> None:
        self._user_properties = user_properties

    def enter(self, what: str, *, tried: int, lost: int = 0, leaked: int = 0, measured: str = "") -> None:
        """Note what was tried how often, and fail unless nothing was lost and nothing was left behind.

        ``lost`` counts bytes, messages or sessions, whatever the attack is about; ``leaked`` counts processes,
        zombies, descriptors and files; ``measured`` is a figure with its unit.
        """
        self._user_properties.append((PROPERTY, Entry(what, tried, lost, leaked, measured)._asdict()))
        assert tried > 0, f"{what}: nothing was tried"
        assert (lost, leaked) == (0, 0), f"{what}: {lost} lost, {leaked} left behind in {tried} tries"


def entries(user_properties: Iterable[tuple[str, Any]]) -> list[Entry]:
    """The entries that a report carries."""
    return [Entry(**value) for name, value in user_properties if name == PROPERTY]


def write_entries(path: str, rows: Sequence[Entry]) -> None:
    """Keep the entries of a run in a file."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(rows, file)


def read_entries(path: str) -> list[Entry]:
    """Read what ``write_entries`` wrote."""
    with open(path, encoding="utf-8") as file:
        return [Entry(*row) for row in json.load(file)]


def table(rows: Sequence[Entry]) -> str:
    """The Markdown table of a run; rows of the same name, which several tests or parameters entered, are one."""
    merged: dict[str, Entry] = {}
    for row in rows:
        before = merged.get(row.what)
        merged[row.what] = row if before is None else _sum(before, row)
    lines = ["| attack | tried | lost | leaked | measured |", "|---|---:|---:|---:|---|"]
    lines += [
        f"| {row.what} | {row.tried:,} | {row.lost:,} | {row.leaked:,} | {row.measured} |" for row in _sorted(merged)
    ]
    return "\n".join(lines)


def _sum(one: Entry, other: Entry) -> Entry:
    measured = "; ".join(dict.fromkeys(text for text in (one.measured, other.measured) if text))
    return Entry(one.what, one.tried + other.tried, one.lost + other.lost, one.leaked + other.leaked, measured)


def _sorted(merged: Mapping[str, Entry]) -> list[Entry]:
    return [merged[what] for what in sorted(merged)]
