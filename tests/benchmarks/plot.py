"""The plot: for the first metric of each work a bar for each rival, as SVG text.

A bar tells how many times worse than direct a rival is, on a scale of powers of ten: to the right of the line it is
worse, to the left better. Where direct has no figure, the best rival stands in for it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from .measure import Outcome
from .table import SUBJECT, names_in, number
from .work import Metric

TITLE = "How many times worse than direct, which is without any server: further left is better"
WIDTH = 860
NAMES = 92
"""Where names end and bars may begin."""
FIGURES = 180
"""Room to the right of the longest bar."""
TOP = 58
HEADING = 24
BAR = 12
STEP = 16
GAP = 12

# Texts have a margin in the colour of the paper, so that no line of the grid strikes them through.
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328; paint-order: stroke; stroke: #ffffff; stroke-width: 3px }
.title { font-weight: 600; font-size: 15px } .work { font-weight: 600 }
.name { text-anchor: end } .tick, .note { fill: #59636e; font-size: 11px } .tick { text-anchor: middle }
.grid { stroke: #d1d9e0 } .one { stroke: #59636e } .bar { fill: #9aa4af } .subject { fill: #0969da }
.paper { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; stroke: #0d1117 }
  .tick, .note { fill: #9198a1 } .grid { stroke: #3d444d } .one { stroke: #9198a1 }
  .bar { fill: #656c76 } .subject { fill: #4493f8 } .paper { fill: #0d1117 }
}
"""


@dataclass(frozen=True)
class Bar:
    """One rival at one work."""

    rival: str
    times_worse: float | None
    """Than the reference; None without a figure."""
    text: str
    """The figure, or why there is none."""


@dataclass(frozen=True)
class Group:
    """One work."""

    name: str
    heading: str
    bars: tuple[Bar, ...]


def groups_of(outcomes: Sequence[Outcome]) -> list[Group]:
    """What is drawn; a work without any figure has no bars to compare and is left out."""
    names = names_in(outcomes)
    return [group for outcome in outcomes if (group := _group(outcome, names)) is not None]


def svg_of(outcomes: Sequence[Outcome]) -> str:
    """The same outcomes give the same text."""
    groups = groups_of(outcomes)
    logs = [math.log10(bar.times_worse) for group in groups for bar in group.bars if bar.times_worse is not None]
    scale = _Scale(min([0.0, *logs]), max([1.0, *logs]))
    height = TOP + sum(HEADING + STEP * len(group.bars) + GAP for group in groups)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">',
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
        f'<text class="title" x="12" y="22">{TITLE}</text>',
        *_grid(scale, height),
    ]
    y = TOP
    for group in groups:
        lines += _drawn(group, y, scale)
        y += HEADING + STEP * len(group.bars) + GAP
    return "\n".join([*lines, "</svg>", ""])


@dataclass(frozen=True)
class _Scale:
    """From powers of ten to horizontal positions."""

    low: float
    high: float

    def x(self, power: float) -> float:
        return NAMES + 8 + (power - self.low) / (self.high - self.low) * (WIDTH - NAMES - 8 - FIGURES)


def _group(outcome: Outcome, names: Sequence[str]) -> Group | None:
    metric = outcome.work.metrics[0]
    medians = {name: median for name in names if (median := outcome.median(metric, name)) is not None}
    if not medians:
        return None
    best = (max if metric.more_is_better else min)(medians, key=medians.__getitem__)
    reference = "direct" if "direct" in medians else best
    heading = f"{metric.label}: {reference} {number(medians[reference])} {metric.unit}"
    bars = tuple(_bar(outcome, metric, name, reference) for name in names if name != reference)
    return Group(outcome.work.name, heading, bars)


def _bar(outcome: Outcome, metric: Metric, rival: str, reference: str) -> Bar:
    pair = (reference, rival) if metric.more_is_better else (rival, reference)
    ratio = outcome.ratio(metric, *pair)
    median = outcome.median(metric, rival)
    if ratio is None or median is None:
        return Bar(rival, None, "failed" if rival in outcome.failures else "not offered")
    return Bar(rival, ratio.median, f"{number(median)} {metric.unit}, x {number(ratio.median)}")


def _grid(scale: _Scale, height: int) -> Iterator[str]:
    for power in range(math.ceil(scale.low), math.floor(scale.high) + 1):
        x = f"{scale.x(power):.1f}"
        yield f'<line class="{"grid" if power else "one"}" x1="{x}" x2="{x}" y1="{TOP - 10}" y2="{height - GAP}"/>'
        yield f'<text class="tick" x="{x}" y="{TOP - 15}">x {10.0**power:g}</text>'


def _drawn(group: Group, y: int, scale: _Scale) -> Iterator[str]:
    yield f"<g data-work={quoteattr(group.name)}>"
    yield f'<text class="work" x="12" y="{y + HEADING - 8}">{escape(group.heading)}</text>'
    for index, bar in enumerate(group.bars):
        top = y + HEADING + index * STEP
        yield f'<text class="name" x="{NAMES}" y="{top + BAR - 2}">{escape(bar.rival)}</text>'
        ends = sorted((scale.x(0), scale.x(math.log10(bar.times_worse or 1))))
        if bar.times_worse is not None:
            yield (
                f'<rect class="{"bar subject" if bar.rival == SUBJECT else "bar"}" data-rival={quoteattr(bar.rival)}'
                f' x="{ends[0]:.1f}" y="{top}" width="{ends[1] - ends[0]:.1f}" height="{BAR}"/>'
            )
        text_class = "figure" if bar.times_worse is not None else "note"
        yield f'<text class="{text_class}" x="{ends[1] + 6:.1f}" y="{top + BAR - 2}">{escape(bar.text)}</text>'
    yield "</g>"
