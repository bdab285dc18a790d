"""The catalogue of `failures`: complete, said once, and every proof is a test that there is and that runs."""

from __future__ import annotations

import pytest

from tests.house.collection import Collected, collected
from tests.house.failures import CHAPTERS, Row
from tests.house.generate import README
from tests.house.original import FEATURES, FLAWS
from tests.house.proofs import check_proofs, check_sentence, files_of

ROWS = {row.key: row for rows, _ in CHAPTERS.values() for row in rows}
FEW = 6
"""How many rows may have no proof."""


@pytest.fixture(scope="session")
def suite(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Collected:
    return collected(files_of(ROWS.values()), request.session, tmp_path_factory.mktemp("collected") / "nodes.json")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_way_to_fail_is_there_once_and_in_order(chapter: str) -> None:
    rows, count = CHAPTERS[chapter]
    assert [row.key for row in rows] == [f"{chapter}{number:02}" for number in range(1, count + 1)]


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_row_says_one_sentence(row: Row) -> None:
    check_sentence(row.becomes)


def test_no_two_rows_say_the_same_nor_what_a_row_of_the_original_says() -> None:
    sentences = [row.becomes for row in ROWS.values()]
    sentences += [row.becomes for row in (*FEATURES, *FLAWS)]
    assert sorted({each for each in sentences if sentences.count(each) > 1}) == []


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_row_has_proofs_that_run_or_says_why_there_can_be_none(row: Row, suite: Collected) -> None:
    if row.unproven:
        check_sentence(row.unproven)
        assert row.proofs == ()
    else:
        check_proofs(row.proofs, suite, row.becomes)


def test_few_rows_are_without_a_proof() -> None:
    assert sum(bool(row.unproven) for row in ROWS.values()) <= FEW


def test_the_readme_tells_how_many_they_are() -> None:
    assert f"{len(ROWS)} ways in which such a server can fail" in README.read_text(encoding="utf-8")
