"""The tables of `original.py`: complete, said once, and every proof is a test that there is and that runs."""

from __future__ import annotations

import pytest

from tests.house.collection import Collected, collected
from tests.house.original import FEATURES, FLAWS, Row
from tests.house.proofs import check_proofs, check_sentence, files_of

TABLES = {"feature": (FEATURES, 49), "flaw": (FLAWS, 40)}
ROWS = {f"{kind} {row.number}": row for kind, (rows, _) in TABLES.items() for row in rows}


@pytest.fixture(scope="session")
def suite(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Collected:
    return collected(files_of(ROWS.values()), request.session, tmp_path_factory.mktemp("collected") / "nodes.json")


@pytest.mark.parametrize("kind", TABLES)
def test_every_number_is_there_once_and_in_order(kind: str) -> None:
    rows, count = TABLES[kind]
    assert [row.number for row in rows] == list(range(1, count + 1))


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_row_says_one_sentence(row: Row) -> None:
    check_sentence(row.becomes)


def test_no_two_rows_say_the_same() -> None:
    assert len({row.becomes for row in ROWS.values()}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_every_proof_is_named_once_and_is_a_test_that_there_is_and_that_runs(row: Row, suite: Collected) -> None:
    check_proofs(row.proofs, suite, row.becomes)
