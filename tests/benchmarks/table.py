"""The table: a row for each metric, with a column for each rival, ratios and goals."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .measure import Outcome
from .work import Goal, Metric

FAILED = "FAILED"
NOTHING = "-"
SUBJECT = "pipe-rpc"
"""The rival that the goals are about."""


@dataclass(frozen=True)
class Row:
    """One line of the table, as text."""

    work: str
    cells: tuple[str, ...]
    """As many as the header has."""


def header_of(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """What stands above the cells."""
    return ("work", "unit", *names_in(outcomes), "to direct", "(quartiles)", "over naive", "goals")


def rows_of(outcomes: Sequence[Outcome]) -> list[Row]:
    """A row for every metric of every work, in their order."""
    names = names_in(outcomes)
    return [
        Row(outcome.work.name, _cells(outcome, metric, names))
        for outcome in outcomes
        for metric in outcome.work.metrics
    ]


def names_in(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """All rivals, in the order in which they were named to `measure`."""
    return tuple(dict.fromkeys(name for outcome in outcomes for name in outcome.figures))


def text_of(outcomes: Sequence[Outcome], absent: Mapping[str, str]) -> str:
    """The table with what is needed to read it, why rivals failed, and what is missing for those that are `absent`."""
    lines = [header_of(outcomes), *(row.cells for row in rows_of(outcomes))]
    return "\n".join([*columns(lines, left=(0, 1, len(lines[0]) - 1)), "", *_notes(outcomes, absent)])


def columns(lines: Sequence[Sequence[str]], left: Collection[int]) -> list[str]:
    """Cells under each other, below a ruled header: text to the left in the columns `left`, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    ruled = [lines[0], tuple("-" * width for width in widths), *lines[1:]]
    return ["  ".join(_aligned(cells, widths, left)).rstrip() for cells in ruled]


def _cells(outcome: Outcome, metric: Metric, names: Sequence[str]) -> tuple[str, ...]:
    medians = [FAILED if name in outcome.failures else number(outcome.median(metric, name)) for name in names]
    to_direct = outcome.ratio(metric, SUBJECT, "direct")
    return (
        metric.label,
        f"{metric.unit} {'↑' if metric.more_is_better else '↓'}",
        *medians,
        NOTHING if to_direct is None else f"x {to_direct.median:.2f}",
        NOTHING if to_direct is None else f"{to_direct.low:.2f} to {to_direct.high:.2f}",
        _factor(_times_better_than("naive", outcome, metric)),
        "; ".join(_judged(outcome, metric, goal) for goal in metric.goals),
    )


def _judged(outcome: Outcome, metric: Metric, goal: Goal) -> str:
    at_least = metric.more_is_better
    if goal.of == "itself":
        figure = outcome.median(metric, SUBJECT)
    elif goal.of == "direct":
        ratio = outcome.ratio(metric, SUBJECT, "direct")
        figure = ratio.median if ratio else None
    else:
        figure = _times_better_than(goal.of, outcome, metric)
        at_least = True
    wish = f"{'' if goal.of == 'itself' else goal.of + ' '}{'≥' if at_least else '≤'} {goal.bound:g}"
    if figure is None:
        return f"{wish} ?"
    return f"{wish} {'met' if (figure >= goal.bound if at_least else figure <= goal.bound) else 'MISSED'}"


def _times_better_than(rival: str, outcome: Outcome, metric: Metric) -> float | None:
    """How many times better pipe-rpc is; below 1 is worse."""
    pair = (SUBJECT, rival) if metric.more_is_better else (rival, SUBJECT)
    ratio = outcome.ratio(metric, *pair)
    return ratio.median if ratio else None


def _factor(factor: float | None) -> str:
    return NOTHING if factor is None else f"{factor:.1f} x"


def number(value: float | None) -> str:
    """Three digits or more, for people."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _aligned(cells: Sequence[str], widths: Sequence[int], left: Collection[int]) -> Iterator[str]:
    for index, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        yield cell.ljust(width) if index in left else cell.rjust(width)


def _notes(outcomes: Sequence[Outcome], absent: Mapping[str, str]) -> Iterator[str]:
    yield "Medians of interleaved rounds. Compare inside one table only: times drift on a shared machine."
    yield "to direct: pipe-rpc divided by direct, round by round. over naive: how many times better pipe-rpc is."
    yield "Direct is, without any server:"
    for direct, names in _grouped((outcome.work.direct, outcome.work.name) for outcome in outcomes).items():
        yield f"  {', '.join(names)}: {direct}"
    for rival, missing in absent.items():
        yield f"{rival} takes no part: {missing}"
    not_offered = ((f"{rival}: {reason}", of.work.name) for of in outcomes for rival, reason in of.not_offered.items())
    for reason, names in _grouped(not_offered).items():
        yield f"Not offered, {', '.join(names)}: {reason}"
    failures = ((f"{rival}: {reason}", of.work.name) for of in outcomes for rival, reason in of.failures.items())
    for failure, names in _grouped(failures).items():
        yield f"{FAILED} at {', '.join(names)}: {failure}"


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Second members by their first."""
    groups: dict[str, list[str]] = {}
    for key, member in pairs:
        groups.setdefault(key, []).append(member)
    return groups
