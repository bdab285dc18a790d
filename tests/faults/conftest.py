"""Fixtures of the tests of faults."""

from collections.abc import Callable, Iterator

import pytest

from tests.faults.served import Served

Serve = Callable[..., Served]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """A factory of servers in this process, with limits of the test's choice; one for each test."""
    made: list[Served] = []

    def make(**limits: int) -> Served:
        made.append(Served(monkeypatch, **limits))
        return made[-1]

    yield make
    for served in made:
        served.close()


@pytest.fixture
def served(serve: Serve) -> Served:
    """A server whose client has shaken hands, with a session that echoes."""
    return serve(default_grace_ms=300)
