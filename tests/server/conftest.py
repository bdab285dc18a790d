"""Fixtures of the server's tests."""

from collections.abc import Callable, Iterator

import pytest

from pipe_rpc.limits import Limits
from tests.server.harness import Bench, Wires

MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeBench]:
    """A factory of servers with limits of the test's choice."""
    made: list[Bench] = []

    def make(**limits: int) -> Bench:
        made.append(Bench(monkeypatch, Limits(**limits)))
        return made[-1]

    yield make
    for bench in made:
        bench.close()


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    """A server whose client has shaken hands."""
    made = make_bench()
    made.initialize()
    return made


@pytest.fixture
def wires() -> Iterator[Wires]:
    """The server's stdio, and the client's ends of it."""
    made = Wires()
    yield made
    made.close()
