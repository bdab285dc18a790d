"""How the tables of this folder name the tests that prove a sentence, and what they ask of sentences and proofs.

Rules of this file: a proof is a test that fails if the sentence is not true, and one that always runs; only where the
sentence is about control groups it may be one that runs where these can be made.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Protocol

from tests.house.collection import CONTROL_GROUPS, Collected

PLATFORM_MARK = "skipif"
"""Tests that look into /proc run on Linux only."""
FEWEST_WORDS = 6
"""A sentence of fewer says nothing."""

Proofs = tuple[str, ...]
"""Node ids: a test with its parameter, or without it all of its parameters."""


def of(file: str, *tests: str) -> Proofs:
    """The node ids of tests of one file."""
    return tuple(f"tests/{file}::{test}" for test in tests)


class Proven(Protocol):
    """A row of a table: a sentence, and the tests that prove it."""

    @property
    def becomes(self) -> str:
        """What it is here."""

    @property
    def proofs(self) -> Proofs:
        """The tests."""


def files_of(rows: Iterable[Proven]) -> set[str]:
    """The files in which the proofs of these rows are."""
    return {proof.split("::")[0] for row in rows for proof in row.proofs}


def check_sentence(sentence: str) -> None:
    """One sentence that says something."""
    assert sentence.endswith(".")
    assert ". " not in sentence, "more than one sentence"
    assert len(sentence.split()) >= FEWEST_WORDS


def check_proofs(proofs: Proofs, suite: Collected, sentence: str = "") -> None:
    """There are some, each is named once, and each is a test that there is and that always runs.

    Of a sentence about control groups the tests may need these.
    """
    assert proofs
    assert len(set(proofs)) == len(proofs)
    for proof in proofs:
        nodes = suite.matching(proof)
        assert nodes, f"there is no test {proof}"
        hindrances = {suite[node] for node in nodes} - {""}
        if sys.platform != "linux":
            hindrances.discard(PLATFORM_MARK)
        if "control group" in sentence:
            hindrances.discard(CONTROL_GROUPS)
        assert not hindrances, f"{proof} does not always run: {hindrances}"


# The files of tests that are named often.

ATTACH = "e2e/test_attach.py"
CANCEL = "e2e/test_cancel.py"
ERRORS = "e2e/test_errors.py"
EXIT = "e2e/test_exit.py"
LIFE = "e2e/test_life_cycle.py"
LISTING = "e2e/test_listing.py"
MALFORMED = "e2e/test_malformed_input.py"
NEIGHBOUR = "e2e/test_good_neighbour.py"
OUTPUT = "e2e/test_output.py"
PROMISES = "e2e/test_original_promises.py"
READ = "e2e/test_read.py"
SPAWN = "e2e/test_spawn.py"
STDIN = "e2e/test_stdin.py"
TERMINATION = "e2e/test_termination.py"

DELIVERY = "properties/test_delivery.py"
EVENT_ORDERS = "session/test_event_orders.py"
LIFECYCLE = "session/test_lifecycle.py"
LOOP = "loop/test_loop.py"
ORACLE = "support/test_oracle.py"
PUMP = "server/test_pump.py"
REGISTRY = "session/test_registry.py"
SESSION = "session/test_session.py"
STDIN_PIPE = "session/test_stdin_pipe.py"
STREAM = "session/test_output_stream.py"
WALL_CLOCK = "session/test_wall_clock.py"
