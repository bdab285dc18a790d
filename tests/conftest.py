"""Fixtures of all tests.

- Every test is checked for leaks: a child, a zombie, a survivor of a server it started, or a descriptor of the test
  process that is still there when the test (and its fixtures) has ended makes it fail.
- `wire`: an initialised `WireClient`, finished in order and judged by the oracle when the test has passed.
- `start_wire`: a factory of such clients, for tests that need options, several servers, or an odd end.
- `gate`: a factory of FIFO gates, how a test and a child wait for each other.
- `ledger`: where an attack enters what it tried and what that cost; the run prints all entries as one table.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.dose import LONG
from tests.support.fixture_types import MakeGate, StartWire
from tests.support.gates import Gate
from tests.support.leaks import LeakCheck, become_subreaper, reap_like_init
from tests.support.ledger import LEDGER, Ledger, entries, table, write_entries
from tests.support.oracle import check_trace
from tests.support.systems import lacking
from tests.support.wire_client import WireClient

_failed = pytest.StashKey[bool]()


LONG_TIMEOUT_S = 3600
"""How long one test may take in the long dose, where it does the same work many times as often."""


def pytest_sessionstart() -> None:
    # A script ignores the first two for what it runs in the background (POSIX shell, 2.11), nohup(1) the third.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    become_subreaper()
    if lacking("prctl") or lacking("proc"):
        reap_like_init()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items if LONG else []:
        item.add_marker(pytest.mark.timeout(LONG_TIMEOUT_S), append=False)
    without = [item for item in items if any(map(lacking, _needs(item)))]
    if without:
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item not in without]


def _needs(item: pytest.Item) -> list[str]:
    """What the test says that the server under test must have, on whichever system it runs."""
    return [feature for mark in item.iter_markers("needs") for feature in mark.args]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    path = os.environ.get(LEDGER)
    rows = [row for report in reports if report.when == "call" for row in entries(report.user_properties)]
    if path is not None:
        write_entries(path, rows)
    if rows:
        terminalreporter.section("what the attacks came to")
        terminalreporter.write_line(table(rows))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report


@pytest.fixture(autouse=True)
def _no_leaks() -> Iterator[None]:
    check = LeakCheck()
    yield
    leaks = check.leaks()
    assert not leaks, "the test left something behind:\n  " + "\n  ".join(leaks)


@pytest.fixture
def start_wire(request: pytest.FixtureRequest) -> Iterator[StartWire]:
    """A factory of clients. When the test has passed, each is ended in order and its trace is judged.

    A client whose server the test has already ended is judged as it is; a server that the test has left running is
    shut down (`finish()`), which also requires the last notification of every session. A client that was never
    initialised is closed.
    """
    clients: list[tuple[WireClient, bool]] = []

    def start(*server_args: str, initialize: bool = True, options: Any = None, **client_options: Any) -> WireClient:
        client = WireClient(*server_args, **client_options)
        clients.append((client, initialize))
        if initialize:
            client.initialize(**(options or {}))
        return client

    try:
        yield start
        if not request.node.stash.get(_failed, True):
            for client, initialized in clients:
                if initialized and client.process.poll() is None and not client.input_closed:
                    client.finish()
                else:
                    check_trace(client.trace)
    finally:
        for client, _ in clients:
            client.close()


@pytest.fixture
def wire(start_wire: StartWire) -> WireClient:
    """An initialised client, finished in order and judged by the oracle at the end of the test."""
    return start_wire()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[MakeGate]:
    """A factory of FIFO gates: `.path` for the child, `.open_and_release()` and `.wait()` for the test."""
    gates: list[Gate] = []
    numbers = itertools.count(1)

    def make() -> Gate:
        made = Gate(tmp_path / f"gate-{next(numbers)}")
        gates.append(made)
        return made

    yield make
    for made in gates:
        made.close()


@pytest.fixture
def ledger(request: pytest.FixtureRequest) -> Ledger:
    """Where an attack enters what it tried and what that cost."""
    return Ledger(request.node.user_properties)
