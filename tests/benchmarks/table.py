"""The table: a row for each metric, with medians, ratios and goals."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .measure import Outcome
from .works import Goal, Metric

FAILED = "FAILED"
NOTHING = "-"
HEADER = ("work", "unit", "pipe-rpc", "direct", "naive", "to direct", "(quartiles)", "over naive", "goals")


@dataclass(frozen=True)
class Row:
    """One line of the table, as text."""

    work: str
    cells: tuple[str, ...]
    """As many as the header has."""


def rows_of(outcomes: Sequence[Outcome]) -> list[Row]:
    """A row for every metric of every work, in their order."""
    return [Row(outcome.work.name, _cells(outcome, metric)) for outcome in outcomes for metric in outcome.work.metrics]


def text_of(outcomes: Sequence[Outcome]) -> str:
    """The table with what is needed to read it, and why rivals failed."""
    lines = [HEADER, *(row.cells for row in rows_of(outcomes))]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, tuple("-" * width for width in widths))
    text = ["  ".join(_aligned(cells, widths)).rstrip() for cells in lines]
    return "\n".join([*text, "", *_notes(outcomes)])


def _cells(outcome: Outcome, metric: Metric) -> tuple[str, ...]:
    medians = [
        FAILED if name in outcome.failures else _number(outcome.median(metric, name))
        for name in ("pipe-rpc", "direct", "naive")
    ]
    to_direct = outcome.ratio(metric, "pipe-rpc", "direct")
    return (
        metric.label,
        f"{metric.unit} {'↑' if metric.more_is_better else '↓'}",
        *medians,
        NOTHING if to_direct is None else f"x {to_direct.median:.2f}",
        NOTHING if to_direct is None else f"{to_direct.low:.2f} to {to_direct.high:.2f}",
        _times_better(_over_naive(outcome, metric)),
        "; ".join(_judged(outcome, metric, goal) for goal in metric.goals),
    )


def _judged(outcome: Outcome, metric: Metric, goal: Goal) -> str:
    at_least = metric.more_is_better
    if goal.of == "naive":
        figure = _over_naive(outcome, metric)
        at_least = True
    elif goal.of == "direct":
        ratio = outcome.ratio(metric, "pipe-rpc", "direct")
        figure = ratio.median if ratio else None
    else:
        figure = outcome.median(metric, "pipe-rpc")
    wish = f"{'' if goal.of == 'itself' else goal.of + ' '}{'≥' if at_least else '≤'} {goal.bound:g}"
    if figure is None:
        return f"{wish} ?"
    return f"{wish} {'met' if (figure >= goal.bound if at_least else figure <= goal.bound) else 'MISSED'}"


def _over_naive(outcome: Outcome, metric: Metric) -> float | None:
    """How many times better than naive; below 1 is worse."""
    pair = ("pipe-rpc", "naive") if metric.more_is_better else ("naive", "pipe-rpc")
    ratio = outcome.ratio(metric, *pair)
    return ratio.median if ratio else None


def _times_better(factor: float | None) -> str:
    return NOTHING if factor is None else f"{factor:.1f} x"


def _number(value: float | None) -> str:
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """Text to the left, numbers to the right."""
    last = len(cells) - 1
    for index, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        yield cell.ljust(width) if index in (0, 1, last) else cell.rjust(width)


def _notes(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield "Medians of interleaved rounds. Compare inside one table only: times drift on a shared machine."
    yield "to direct: pipe-rpc divided by direct, round by round. over naive: how many times better pipe-rpc is."
    yield "Direct is, without any server:"
    for direct, names in _grouped((outcome.work.direct, outcome.work.name) for outcome in outcomes).items():
        yield f"  {', '.join(names)}: {direct}"
    failures = ((f"{rival}: {reason}", of.work.name) for of in outcomes for rival, reason in of.failures.items())
    for failure, names in _grouped(failures).items():
        yield f"{FAILED} at {', '.join(names)}: {failure}"


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Second members by their first."""
    groups: dict[str, list[str]] = {}
    for key, member in pairs:
        groups.setdefault(key, []).append(member)
    return groups
