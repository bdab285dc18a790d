"""Fixtures of the client's tests."""

import os
import time
from collections.abc import Iterator

import pytest

from pipe_rpc.client import PipeRpc
from tests.support.processes import descendants
from tests.support.trace import DEADLINE_S


@pytest.fixture(scope="module")
def shared() -> Iterator[PipeRpc]:
    """A client of a real server, for tests that leave no session behind that others could see."""
    with PipeRpc(answer_timeout=30, grace=0) as client:
        yield client


@pytest.fixture
def rpc(shared: PipeRpc) -> Iterator[PipeRpc]:
    """The shared client, without sessions of earlier tests."""
    yield shared
    sessions = shared.list()  # The answers to all earlier requests come before this one.
    assert shared._core._pending == {}, "each request was answered"
    for info in sessions:
        session = shared.session(info.session_id)
        session.terminate(grace=0)
        session.wait()
        session.remove()
    until = time.monotonic() + DEADLINE_S
    while len(descendants(shared.pid or 0)) > 1:  # What wrote a file is reaped a moment after its end was told.
        assert time.monotonic() < until, "only the server is left, below its guard"
        os.sched_yield()
