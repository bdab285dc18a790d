"""What the plot shows of rounds whose figures a test has set."""

import math
from xml.etree import ElementTree as ET

import pytest

from .deadline import NotOfferedError, RivalError
from .measure import Outcome
from .pace import Pace
from .plot import groups_of, svg_of

SVG = "{http://www.w3.org/2000/svg}"


def drawn(outcome: Outcome) -> tuple[dict[str | None, float], list[str]]:
    """The lengths of bars by rival, and all texts."""
    root = ET.fromstring(svg_of([outcome]))
    (group,) = root.iter(f"{SVG}g")
    assert group.get("data-work") == outcome.work.name
    lengths = {bar.get("data-rival"): float(bar.get("width", "nan")) for bar in group.iter(f"{SVG}rect")}
    return lengths, ["".join(text.itertext()) for text in group.iter(f"{SVG}text")]


def test_every_work_and_every_rival_is_named() -> None:
    first = Pace({"pipe-rpc": [2.0] * 3, "direct": [1.0] * 3, "a<b&c": [3.0] * 3}).measured()
    second = Pace({"pipe-rpc": [2.0] * 3, "direct": [1.0] * 3, "late": RivalError("too late")}).measured()
    root = ET.fromstring(svg_of([first, second]))
    assert [group.get("data-work") for group in root.iter(f"{SVG}g")] == ["pace", "pace"]
    _, texts = drawn(first)
    assert texts == ["pace: direct 1 s", "pipe-rpc", "2 s, x 2", "a<b&c", "3 s, x 3"]


@pytest.mark.parametrize("more_is_better", [False, True])
def test_the_length_of_a_bar_is_the_power_of_ten_of_its_figure(*, more_is_better: bool) -> None:
    figures = {"pipe-rpc": 4.0, "direct": 1.0, "naive": 1000.0, "node": 0.5}
    outcome = Pace(
        {name: [1 / figure if more_is_better else figure] * 3 for name, figure in figures.items()},
        more_is_better=more_is_better,
    ).measured()
    lengths, _ = drawn(outcome)
    assert list(lengths) == ["pipe-rpc", "naive", "node"]
    for name in ("pipe-rpc", "node"):
        assert lengths[name] / lengths["naive"] == pytest.approx(abs(math.log10(figures[name])) / 3, abs=1e-3)


def test_what_is_better_than_direct_ends_at_the_line_and_what_is_worse_begins_there() -> None:
    outcome = Pace({"pipe-rpc": [4.0] * 3, "direct": [1.0] * 3, "node": [0.5] * 3}).measured()
    root = ET.fromstring(svg_of([outcome]))
    (line,) = (float(line.get("x1", "nan")) for line in root.iter(f"{SVG}line") if line.get("class") == "one")
    left, width = (
        {bar.get("data-rival"): float(bar.get(of, "nan")) for bar in root.iter(f"{SVG}rect")} for of in ("x", "width")
    )
    assert left["pipe-rpc"] == pytest.approx(line, abs=0.1)
    assert left["node"] + width["node"] == pytest.approx(line, abs=0.11)


def test_without_direct_the_best_stands_in_for_it() -> None:
    (group,) = groups_of([Pace({"pipe-rpc": [4.0] * 3, "node": [2.0] * 3}).measured()])
    assert group.heading == "pace: node 2 s"
    assert [(bar.rival, bar.times_worse) for bar in group.bars] == [("pipe-rpc", 2.0)]


def test_who_has_no_figure_has_no_bar_and_a_reason() -> None:
    outcome = Pace(
        {"pipe-rpc": [4.0] * 3, "direct": [1.0] * 3, "nvim": NotOfferedError("no"), "node": RivalError("fell over")}
    ).measured()
    lengths, texts = drawn(outcome)
    assert list(lengths) == ["pipe-rpc"]
    assert texts[3:] == ["nvim", "not offered", "node", "failed"]


def test_a_work_that_nobody_did_is_left_out() -> None:
    assert groups_of([Pace({"pipe-rpc": RivalError("fell over")}).measured()]) == []


def test_the_same_outcomes_are_the_same_text() -> None:
    first, second = (Pace({"pipe-rpc": [2.0] * 3, "direct": [1.0] * 3}).measured() for _ in range(2))
    assert svg_of([first]) == svg_of([second])
