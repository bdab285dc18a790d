"""How much of each work a run does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .corpus import Corpora

MIB = 1024 * 1024


@dataclass(frozen=True)
class Sizes:
    """Counts, of one round unless said otherwise."""

    rounds: int
    requests: int
    """Of these, and of echoes and spawns, the first tenth only warms up."""
    echoes: int
    spawns: int
    corpora: Corpora
    sessions: int
    echoes_per_session: int
    idle_sessions: int
    flooded: int
    """At most so many echoes and requests beside a flood."""
    burst: int
    """Spawns in one go."""
    slow_read_s: float
    """How long a client reads less than it could get."""
    deadline_s: float
    """For one round of one rival."""


@contextmanager
def full_sizes() -> Iterator[Sizes]:
    """A run whose ratios repeat. So many spawns that a server has to forget old sessions."""
    with Corpora(64 * MIB) as corpora:
        yield Sizes(9, 1000, 600, 400, corpora, 500, 20, 100, 300, 200, 60.0, 60.0)


@contextmanager
def quick_sizes() -> Iterator[Sizes]:
    """A look: a few minutes with all rivals."""
    with Corpora(24 * MIB) as corpora:
        yield Sizes(3, 300, 200, 50, corpora, 200, 20, 50, 50, 200, 5.0, 60.0)


@contextmanager
def tiny_sizes() -> Iterator[Sizes]:
    """Everything once, for the test of the benchmark itself."""
    with Corpora(1 * MIB) as corpora:
        yield Sizes(1, 10, 10, 4, corpora, 8, 3, 4, 4, 8, 1.0, 15.0)
