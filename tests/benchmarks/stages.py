"""`python -m tests.benchmarks.stages [--repeats N]`: where the server's microseconds go, and each copy.

Everything is done in this one process, so that no switch between processes is in a figure. Medians, and what the
fastest twentieth took.
"""

import argparse
import gc
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .parts import parts
from .round_trip import Budget, budgets
from .stopwatch import Figure
from .table import columns, number

REPEATS = 3000


@dataclass(frozen=True)
class Copy:
    """One step of a byte of bulk output on its way through the server."""

    step: str
    copies: int
    why: str


COPIES = (
    Copy("kernel to ring", 1, "readv writes into the ring's own memory"),
    Copy("ring to str", 1, "checked and copied where it is ASCII, else widened; or written as base64, 4 for 3"),
    Copy("str to JSON bytes", 1, "escaped on the way; text that is not ASCII becomes UTF-8 first, one copy more"),
    Copy("frame and queue", 0, "header and body of more than 16 KiB are queued side by side; less is joined"),
    Copy("to kernel", 1, "writev takes up to 64 of them at once"),
)
"""As the code does it now: a change there has to be made here too."""


def text_of(round_trips: Sequence[Budget], single: Sequence[Figure]) -> str:
    """All tables."""
    return "\n\n".join(
        [
            *("\n".join(columns(list(_budget(budget)), left=(0,))) for budget in round_trips),
            "\n".join(columns([("part", "median µs", "lowest µs", "MB/s"), *map(_part, single)], left=(0,))),
            "\n".join(columns(list(_copies()), left=(0, 2))),
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.stages", description=__doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS, help=f"of each stage and part, by default {REPEATS}")
    options = parser.parse_args(arguments)
    if options.repeats < 1:
        parser.error("--repeats needs at least 1")
    gc.collect()
    gc.freeze()
    try:
        print(text_of(budgets(options.repeats), list(parts(options.repeats))))
    finally:
        gc.unfreeze()
    return 0


def _budget(budget: Budget) -> Iterator[tuple[str, ...]]:
    yield (budget.name, "median µs", "lowest µs", "share")
    whole_us = budget.whole.median_us
    for stage in budget.stages:
        yield (stage.name, number(stage.median_us), number(stage.low_us), f"{stage.median_us / whole_us:.0%}")
    yield ("between them", number(budget.between_us), "", f"{budget.between_us / whole_us:.0%}")
    yield ("whole, by the loop", number(whole_us), number(budget.whole.low_us), "100%")


def _part(part: Figure) -> tuple[str, ...]:
    rate = number(part.size_bytes / part.median_us) if part.size_bytes else ""
    return (part.name, number(part.median_us), number(part.low_us), rate)


def _copies() -> Iterator[tuple[str, ...]]:
    yield ("a byte of bulk output", "copies", "how")
    for copy in COPIES:
        yield (copy.step, str(copy.copies), copy.why)
    yield ("all", str(sum(copy.copies for copy in COPIES)), "at least")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
