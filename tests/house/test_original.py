"""The tables of `original.py`: complete, said once, and every proof is a test that there is and that runs."""

from __future__ import annotations

import sys

import pytest

from tests.house.collection import Collected, collected
from tests.house.original import FEATURES, FLAWS, Row

TABLES = {"feature": (FEATURES, 49), "flaw": (FLAWS, 40)}
ROWS = {f"{kind} {row.number}": row for kind, (rows, _) in TABLES.items() for row in rows}
PLATFORM_MARK = "skipif"
"""Tests that look into /proc run on Linux only."""


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Collected:
    files = {proof.split("::")[0] for row in ROWS.values() for proof in row.proofs}
    return collected(files, tmp_path_factory.mktemp("collected") / "nodes.json")


@pytest.mark.parametrize("kind", TABLES)
def test_every_number_is_there_once_and_in_order(kind: str) -> None:
    rows, count = TABLES[kind]
    assert [row.number for row in rows] == list(range(1, count + 1))


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_row_says_one_sentence_and_names_each_of_its_proofs_once(row: Row) -> None:
    assert row.becomes.endswith(".")
    assert ". " not in row.becomes, "more than one sentence"
    assert len(row.becomes.split()) >= 6
    assert row.proofs
    assert len(set(row.proofs)) == len(row.proofs)


def test_no_two_rows_say_the_same() -> None:
    assert len({row.becomes for row in ROWS.values()}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_every_proof_is_a_test_that_there_is_and_that_runs(row: Row, suite: Collected) -> None:
    for proof in row.proofs:
        nodes = suite.matching(proof)
        assert nodes, f"there is no test {proof}"
        hindrances = {suite[node] for node in nodes} - {""}
        if sys.platform != "linux":
            hindrances.discard(PLATFORM_MARK)
        assert not hindrances, f"{proof} does not always run: {hindrances}"
