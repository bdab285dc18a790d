"""Times of small things: so many that the usual and the undisturbed one can be told."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter_ns

LOWEST_SHARE = 20


@dataclass(frozen=True)
class Figure:
    """Microseconds of many repetitions."""

    name: str
    median_us: float
    low_us: float
    """One in twenty was faster: what it takes where nothing disturbs it."""
    size_bytes: int = 0
    """Of what is worked on, where that has a size."""


def figure_of(name: str, times_ns: list[int], count: int = 1, size_bytes: int = 0) -> Figure:
    """Each of the times is that of `count` equal operations."""
    low = sorted(times_ns)[len(times_ns) // LOWEST_SHARE]
    return Figure(name, statistics.median(times_ns) / count / 1e3, low / count / 1e3, size_bytes)


def timed(name: str, operation: Callable[[], object], repeats: int, count: int = 1, size_bytes: int = 0) -> Figure:
    """Do `operation`, which works on `size_bytes` `count` times, again and again."""
    times_ns = []
    for _ in range(repeats):
        started = perf_counter_ns()
        operation()
        times_ns.append(perf_counter_ns() - started)
    return figure_of(name, times_ns, count, size_bytes)


class Laps:
    """Stages that follow each other, again and again; its own time is in none of them."""

    def __init__(self) -> None:
        self._times_ns: dict[str, list[int]] = {}
        self._started_ns = 0

    def start(self) -> None:
        """The next lap begins here."""
        self._started_ns = perf_counter_ns()

    def lap(self, name: str) -> None:
        """The stage `name` ends here, and the next one begins."""
        took_ns = perf_counter_ns() - self._started_ns
        self._times_ns.setdefault(name, []).append(took_ns)
        self._started_ns = perf_counter_ns()

    def move(self, name: str, source: str) -> None:
        """What this time's `name` took was part of `source`, which it is taken out of."""
        self._times_ns[source][-1] -= self._times_ns[name][-1]

    def forget(self) -> None:
        """All so far was to get warm."""
        self._times_ns.clear()

    def figures(self) -> list[Figure]:
        """In the order in which they were first there."""
        return [figure_of(name, times_ns) for name, times_ns in self._times_ns.items()]
