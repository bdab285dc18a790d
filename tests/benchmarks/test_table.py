"""What the table says of rounds whose figures a test has set."""

from .deadline import NotOfferedError, RivalError
from .pace import Pace
from .table import FAILED, NOTHING, header_of, rows_of, text_of
from .work import Goal


def test_ratios_are_taken_inside_rounds() -> None:
    # The machine slows down by the round; in each, pipe-rpc takes twice as long as direct and a tenth of naive.
    pace = Pace({"pipe-rpc": [2.0, 4.0, 8.0], "direct": [1.0, 2.0, 4.0], "naive": [20.0, 40.0, 80.0]})
    outcome = pace.measured()
    ratio = outcome.ratio(pace.metrics[0], "pipe-rpc", "direct")
    assert ratio is not None
    assert (ratio.low, ratio.median, ratio.high) == (2.0, 2.0, 2.0)
    (row,) = rows_of([outcome])
    assert row.cells[2:8] == ("4", "2", "40", "x 2.00", "2.00 to 2.00", "10.0 x")


def test_every_metric_of_every_work_has_a_row_as_long_as_the_header() -> None:
    outcomes = [Pace({"pipe-rpc": [3.0] * 3, "node": [6.0] * 3}).measured(), Pace({"direct": [1.0] * 3}).measured()]
    rows = rows_of(outcomes)
    assert [row.cells[0] for row in rows] == ["pace", "pace"]
    assert {len(row.cells) for row in rows} == {len(header_of(outcomes))}
    assert header_of(outcomes)[2:5] == ("pipe-rpc", "node", "direct")
    assert [row.cells[2:5] for row in rows] == [("3", "6", NOTHING), (NOTHING, NOTHING, "1")]


def test_every_rival_has_a_column_of_its_own() -> None:
    outcome = Pace({"pipe-rpc": [3.0] * 3, "direct": [1.0] * 3, "node": [6.0] * 3, "other": [9.0] * 3}).measured()
    assert header_of([outcome])[2:6] == ("pipe-rpc", "direct", "node", "other")
    (row,) = rows_of([outcome])
    assert row.cells[2:] == ("3", "1", "6", "9", "x 3.00", "3.00 to 3.00", NOTHING, "")


def test_goals_are_judged_against_any_rival() -> None:
    goals = Goal("itself", 3), Goal("direct", 2.5), Goal("node", 2), Goal("node", 2.1), Goal("nobody", 1)
    paces: dict[str, list[float] | Exception] = {"pipe-rpc": [3.0] * 3, "direct": [1.0] * 3, "node": [6.0] * 3}
    (row,) = rows_of([Pace(paces, *goals).measured()])
    assert row.cells[-1] == "≤ 3 met; direct ≤ 2.5 MISSED; node ≥ 2 met; node ≥ 2.1 MISSED; nobody ≥ 1 ?"


def test_where_more_is_better_a_faster_rival_is_beaten_by_less_than_once() -> None:
    paces: dict[str, list[float] | Exception] = {"pipe-rpc": [3.0] * 3, "direct": [4.0] * 3, "node": [6.0] * 3}
    (row,) = rows_of([Pace(paces, Goal("direct", 0.7), Goal("node", 0.6), more_is_better=True).measured()])
    assert row.cells[-1] == "direct ≥ 0.7 met; node ≥ 0.6 MISSED"


def test_what_a_rival_does_not_offer_is_no_failure() -> None:
    outcome = Pace(
        {"pipe-rpc": [1.0] * 3, "nvim": NotOfferedError("no such call"), "node": RivalError("fell over")}
    ).measured()
    assert list(outcome.failures) == ["node"]
    (row,) = rows_of([outcome])
    assert row.cells[2:5] == ("1", NOTHING, FAILED)
    lines = text_of([outcome], {}).splitlines()
    assert "Not offered, pace: nvim: no such call" in lines
    assert f"{FAILED} at pace: node: RivalError: fell over" in lines


def test_whoever_takes_no_part_is_named_with_what_is_missing() -> None:
    outcome = Pace({"pipe-rpc": [1.0] * 3}).measured()
    assert "node takes no part: not on PATH" in text_of([outcome], {"node": "not on PATH"}).splitlines()
