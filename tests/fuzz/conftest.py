"""Fixtures of the fuzz tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz.memory_server import Room, room


@pytest.fixture
def memory() -> Iterator[Room]:
    """Where servers are made that run in memory."""
    with room() as made:
        yield made
