"""tests/support/ledger.py: the table adds up, and an attack that lost or left something fails."""

from __future__ import annotations

import pathlib

import pytest

from tests.support.ledger import Entry, Ledger, entries, read_entries, table, write_entries


def test_rows_of_one_name_are_added_up_and_rows_are_sorted_by_name() -> None:
    rows = [Entry("storm", 1000, 0, 0, "p99 3 ms"), Entry("flood", 5, 0, 0, ""), Entry("storm", 500, 1, 2, "")]
    assert table(rows).splitlines()[2:] == ["| flood | 5 | 0 | 0 |  |", "| storm | 1,500 | 1 | 2 | p99 3 ms |"]


@pytest.mark.parametrize(("lost", "leaked"), [(1, 0), (0, 1)])
def test_an_attack_that_lost_or_left_something_fails_and_is_entered_all_the_same(lost: int, leaked: int) -> None:
    properties: list[tuple[str, object]] = []
    with pytest.raises(AssertionError, match="storm"):
        Ledger(properties).enter("storm", tried=3, lost=lost, leaked=leaked)
    [entry] = entries(properties)
    assert entry.tried == 3


def test_an_attack_that_tried_nothing_fails() -> None:
    with pytest.raises(AssertionError, match="nothing was tried"):
        Ledger([]).enter("storm", tried=0)


def test_other_properties_of_a_report_are_no_entries() -> None:
    assert entries([("worker", "gw0")]) == []


def test_entries_are_read_as_they_were_written(tmp_path: pathlib.Path) -> None:
    rows = [Entry("storm", 3, 0, 0, "p99 3 ms"), Entry("flood", 1, 0, 0, "")]
    write_entries(str(tmp_path / "ledger.json"), rows)
    assert read_entries(str(tmp_path / "ledger.json")) == rows
