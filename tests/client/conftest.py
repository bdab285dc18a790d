"""Fixtures of the client's tests."""

from collections.abc import Iterator

import pytest

from pipe_rpc.client import PipeRpc


@pytest.fixture
def rpc() -> Iterator[PipeRpc]:
    """A client of a real server."""
    with PipeRpc(timeout_s=30) as client:
        yield client
