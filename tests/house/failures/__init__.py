"""The catalogue of failures: what goes wrong in the world of processes and pipes, and what becomes of it here.

Rules of this package: a chapter for each place where things fail, a row for each way. A row says in a sentence of our
own what pipe-rpc does, also where the contract or a limit of the system decides otherwise than one would wish, and
names the tests that fail if the sentence is not true; a row that no test on Linux can prove says why.
`test_failures.py` keeps the catalogue honest.
"""

from __future__ import annotations

from tests.house.failures import (
    client,
    endings,
    exits,
    framing,
    messages,
    output,
    sessions,
    spawning,
    stdin,
    surroundings,
)
from tests.house.failures.row import Row

CHAPTERS = {
    "A": (output.ROWS, 27),
    "B": (exits.ROWS, 16),
    "C": (endings.ROWS, 20),
    "D": (spawning.ROWS, 33),
    "E": (stdin.ROWS, 10),
    "F": (client.ROWS, 28),
    "G": (framing.ROWS, 18),
    "H": (messages.ROWS, 31),
    "I": (sessions.ROWS, 19),
    "J": (surroundings.ROWS, 12),
}
"""The rows of each chapter, and how many there are to be."""

__all__ = ["CHAPTERS", "Row"]
