"""`python -m tests.benchmarks [--quick] [--rounds N] [--svg FILE] [WORK …]`: do the works, print one table."""

import argparse
import os
import platform
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .descriptors import make_room_for_pipes
from .end import end_in_order
from .measure import measure
from .plot import svg_of
from .rivals import field
from .sizes import full_sizes, quick_sizes
from .table import text_of
from .works import WORKS

PACKAGES = ("pygls", "orjson", "pybase64")
"""Their versions, or absence, explain a figure."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; exit status 1 when a rival failed, whether or not goals are met."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"of: {', '.join(work.name for work in WORKS)}")
    parser.add_argument("--quick", action="store_true", help="few rounds of little work: for a look, not for a verdict")
    parser.add_argument("--rounds", type=int, help="how many rounds of each work")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="where to draw a plot of it")
    options = parser.parse_args(arguments)
    unknown = set(options.works) - {work.name for work in WORKS}
    if unknown:
        parser.error(f"no such work: {', '.join(sorted(unknown))}")
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds needs at least 1")
    if options.svg is not None and not options.svg.parent.is_dir():
        parser.error(f"--svg: there is no directory {options.svg.parent}")
    signal.signal(signal.SIGTERM, end_in_order)

    make_room_for_pipes()
    here = field()
    works = [work for work in WORKS if not options.works or work.name in options.works]
    with (quick_sizes if options.quick else full_sizes)() as usual_sizes:
        sizes = replace(usual_sizes, rounds=options.rounds or usual_sizes.rounds)
        outcomes = [measure(work, here.rivals, sizes, _tell) for work in works]
    _tell("")
    print(_machine())
    print(f"{sizes.rounds} rounds; bulk is {sizes.corpora.size_bytes / 1e6:.0f} MB; many sessions are {sizes.sessions}")
    print()
    print(text_of(outcomes, here.absent))
    if options.svg is not None:
        options.svg.write_text(svg_of(outcomes), encoding="utf-8")
    return 1 if any(outcome.failures for outcome in outcomes) else 0


def _machine() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    packages = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    return f"{python}, {platform.system()} {platform.release()}, {os.cpu_count()} processors; {packages}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _tell(what: str) -> None:
    """One line that overwrites itself, for the person who waits; nothing where nobody looks."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
