"""Fixtures of the tests of the floor child."""

from collections.abc import Iterator

import pytest

from tests.child.family import Family, family


@pytest.fixture
def children() -> Iterator[Family]:
    """Spawns children, and ends them behind the test."""
    with family() as made:
        yield made
