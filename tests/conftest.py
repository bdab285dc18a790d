"""Fixtures of all tests.

- Every test is checked for leaks: a child, a zombie, a survivor of a server it started, or a descriptor of the test
  process that is still there when the test (and its fixtures) has ended makes it fail.
- `wire`: an initialised `WireClient`, finished in order and judged by the oracle when the test has passed.
- `start_wire`: a factory of such clients, for tests that need options, several servers, or an odd end.
- `gate`: a factory of FIFO gates, how a test and a child wait for each other.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fixture_types import MakeGate, StartWire
from tests.support.gates import Gate
from tests.support.leaks import LeakCheck, become_subreaper
from tests.support.oracle import check_trace
from tests.support.wire_client import WireClient

_failed = pytest.StashKey[bool]()


def pytest_sessionstart() -> None:
    become_subreaper()


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
