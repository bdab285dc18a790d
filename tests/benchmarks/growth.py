"""`python -m tests.benchmarks.growth [--quick]`: what becomes dearer as there is more of it; nothing should.

pipe-rpc alone, by the processor time of its own processes, which other load of the machine changes least.
"""

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .deadline import Deadline, RivalError
from .descriptors import make_room_for_pipes
from .end import end_in_order
from .rival import FLOOD_ARGV
from .server_engine import ServerEngine
from .server_rival import ServerRival
from .sizes import MIB
from .table import columns, number
from .work import payloads

ECHOING = 10
"""So many sessions echo where the others are only open."""
THOUSANDS = 10
"""Spawns are told in so many equal parts."""


@dataclass(frozen=True)
class Extent:
    """How far a run goes."""

    sessions: tuple[int, ...]
    """Open at once; each at least `ECHOING`."""
    echoes: int
    """In all, by however many sessions."""
    streams_bytes: tuple[int, ...]
    spawns: int
    """Of each part."""
    deadline_s: float
    """Of one row."""


FULL = Extent((10, 100, 1000), 20_000, (MIB, 64 * MIB, 1024 * MIB, 4096 * MIB), 1000, 120.0)
QUICK = Extent((10, 100, 1000), 2000, (MIB, 64 * MIB, 1024 * MIB), 100, 60.0)


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    what: str
    cpu: float | None
    """None where the kernel does not tell."""
    unit: str
    rate: float
    rate_unit: str


def lines_of(rival: ServerRival, extent: Extent) -> Iterator[Line]:
    """Each line as soon as it is measured. Raises `RivalError`."""
    for sessions in extent.sessions:
        yield _echoes(rival, extent, sessions, ECHOING)
    for sessions in extent.sessions:
        if sessions > ECHOING:
            yield _echoes(rival, extent, sessions, sessions)
    for size_bytes in extent.streams_bytes:
        yield _stream(rival, extent, size_bytes)
    with rival.start(Deadline(extent.deadline_s * THOUSANDS)) as engine:
        engine.warm_up()
        for part in range(THOUSANDS):
            yield _spawns(engine, extent.spawns, part)


def text_of(lines: Sequence[Line]) -> str:
    """The table."""
    header = ("what", "processor time", "", "rate", "")
    rows = [header, *((of.what, number(of.cpu), of.unit, number(of.rate), of.rate_unit) for of in lines)]
    return "\n".join(columns(rows, left=(0, 2, 4)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; exit status 1 when it could not be done."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.growth", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything: for a look")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, end_in_order)
    make_room_for_pipes()
    try:
        lines = list(
            lines_of(ServerRival("pipe-rpc", [sys.executable, "-m", "pipe_rpc"]), QUICK if options.quick else FULL)
        )
    except RivalError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(text_of(lines))
    return 0


def _echoes(rival: ServerRival, extent: Extent, sessions: int, echoing: int) -> Line:
    """`sessions` are open, and so many of them echo."""
    each = max(1, extent.echoes // echoing)
    with rival.start(Deadline(extent.deadline_s)) as engine:
        engine.warm_up()
        engine.hold_sessions(sessions - echoing)
        timed = engine.storm([payloads(session, each) for session in range(echoing)])
    count = each * echoing
    cpu_us = None if timed.cpu_s is None else timed.cpu_s / count * 1e6
    return Line(f"echo, {echoing:,} of {sessions:,} open sessions", cpu_us, "µs", count / timed.seconds[0], "1/s")


def _stream(rival: ServerRival, extent: Extent, size_bytes: int) -> Line:
    """A child writes so much; what is imported at first use makes the shortest one dearest."""
    program, text = FLOOD_ARGV
    with rival.start(Deadline(extent.deadline_s)) as engine:
        engine.warm_up()
        timed = engine.relay(["sh", "-c", f"{program} '{text}' | head -c {size_bytes}"], size_bytes)
    cpu = None if timed.cpu_s is None else timed.cpu_s / size_bytes * 1e9
    return Line(f"stream of {size_bytes / MIB:,.0f} MiB", cpu, "s/GB", size_bytes / timed.seconds[0] / 1e6, "MB/s")


def _spawns(engine: ServerEngine, count: int, part: int) -> Line:
    """The next so many spawns of one server, one after another."""
    timed = engine.spawns(count)
    cpu_us = None if timed.cpu_s is None else timed.cpu_s * 1e6
    what = f"spawn {part * count + 1:,} to {(part + 1) * count:,}"
    return Line(what, cpu_us, "µs", len(timed.seconds) / sum(timed.seconds), "1/s")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
