"""What a work is: something that every rival does, what is measured of it, and how good pipe-rpc wants to be."""

import math
import statistics
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from .deadline import Deadline
from .rival import Engine, Rival, Timed
from .sizes import Sizes

PAYLOAD_BYTES = 32
"""How long the lines are that are echoed."""


@dataclass(frozen=True)
class Goal:
    """A bound that pipe-rpc wants to keep."""

    of: str
    """What is bounded: `direct`, pipe-rpc's figure divided by direct's; `itself`, the figure; else the name of a rival,
    and how many times better than that one it is."""
    bound: float
    """At most this much where less is better, at least where more is; against other servers always at least."""


@dataclass(frozen=True)
class Metric:
    """One row of the table."""

    key: str
    label: str
    unit: str
    more_is_better: bool = False
    goals: tuple[Goal, ...] = ()


class Work(ABC):
    """Something that every rival does."""

    name: str
    direct: str
    """What the direct rival does for it."""
    metrics: tuple[Metric, ...]
    once: ClassVar[bool] = False
    """Whether one round is enough, since it takes long and does not drift."""

    def check(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> None:
        """Done once before the rounds: what a measured round cannot check without measuring the check."""
        return

    @abstractmethod
    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        """One round: figures by the key of their metric. Raises `RivalError`."""


@contextmanager
def warm(rival: Rival, deadline: Deadline, pipe_bytes: int | None = None) -> Iterator[Engine]:
    """The rival, started and warm."""
    with rival.start(deadline, pipe_bytes=pipe_bytes) as engine:
        engine.warm_up()
        yield engine


def times(timed: Timed) -> dict[str, float]:
    """Microseconds: `time` is the median, `p99` the slowest of 100, `cpu` the processor time where it is known."""
    figures = {"time": statistics.median(timed.seconds) * 1e6, "p99": p99(timed.seconds) * 1e6}
    return figures if timed.cpu_s is None else figures | {"cpu": timed.cpu_s * 1e6}


def p99(seconds: Sequence[float]) -> float:
    """99 of 100 took no longer; of few the slowest."""
    return sorted(seconds)[math.ceil(len(seconds) * 0.99) - 1]


def payloads(session: int, count: int) -> Sequence[bytes]:
    """`count` different lines of 32 bytes."""
    return [payload(session, number) for number in range(count)]


def payload(session: int, number: int) -> bytes:
    """One line of 32 bytes, like no other."""
    return b"session %05d echo %012d\n" % (session, number)
