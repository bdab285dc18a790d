"""Interleaved rounds of one work by all rivals, and what follows from them."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .deadline import Deadline, NotOfferedError, RivalError
from .rival import Rival
from .sizes import Sizes
from .work import Metric, Work

Figures = dict[str, float]
"""By the key of the metric."""


@dataclass(frozen=True)
class Ratio:
    """The quotient of two rivals' figures of the same round."""

    median: float
    low: float
    """A quarter of the rounds lies below."""
    high: float
    """A quarter of the rounds lies above."""


@dataclass
class Outcome:
    """What the rounds of one work gave."""

    work: Work
    figures: dict[str, list[Figures]]
    """By the rival's name; one entry a round, in which every rival that has not failed is present."""
    failures: dict[str, str] = field(default_factory=dict)
    """By the rival's name: why it is out."""
    not_offered: dict[str, str] = field(default_factory=dict)
    """By the rival's name: why this is no work for it."""

    def median(self, metric: Metric, rival: str) -> float | None:
        """The middle one of its rounds; None if it failed or has no such figure."""
        values = self._values(metric, rival)
        return statistics.median(values) if values else None

    def ratio(self, metric: Metric, rival: str, to: str) -> Ratio | None:
        """`rival`'s figure divided by that of `to`, round by round; None where one of them has none."""
        pairs = zip(self._values(metric, rival), self._values(metric, to), strict=False)
        ratios = [figure / other for figure, other in pairs if other]
        if not ratios:
            return None
        quarters = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
        return Ratio(statistics.median(ratios), quarters[0], quarters[2])

    def _values(self, metric: Metric, rival: str) -> list[float]:
        if rival in self.failures:
            return []
        return [figures[metric.key] for figures in self.figures.get(rival, ()) if metric.key in figures]


def measure(work: Work, rivals: Sequence[Rival], sizes: Sizes, tell: Callable[[str], None]) -> Outcome:
    """All rounds of `work`; `tell` is called before each with what is going on."""
    outcome = Outcome(work, {rival.name: [] for rival in rivals})
    rounds = 1 if work.once else sizes.rounds
    for number in range(rounds + 1):
        # Whoever comes after a rival with many threads inherits a warm or a disturbed machine: so the order rotates.
        turn = number % len(rivals)
        for rival in [*rivals[turn:], *rivals[:turn]]:
            if rival.name in outcome.failures or rival.name in outcome.not_offered:
                continue
            tell(f"{work.name}: {f'round {number} of {rounds}' if number else 'check'}, {rival.name}")
            try:
                if number:
                    outcome.figures[rival.name].append(work.run(rival, sizes, Deadline(sizes.deadline_s)))
                else:
                    work.check(rival, sizes, Deadline(sizes.deadline_s))
            except RivalError as error:
                outcome.failures[rival.name] = f"{type(error).__name__}: {error}"
            except NotOfferedError as error:
                outcome.not_offered[rival.name] = str(error)
    return outcome
