"""pipe_rpc/server/client_watch.py: the end of a process that is not ours."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from pipe_rpc.child.spawn import pidfd_works
from pipe_rpc.server.client_watch import ClientWatch
from tests.session.harness import StillLoop
from tests.support.processes import wait_state

POLL_S = 2.0
NO_PROCESS = 2**22 + 1
"""Above pid_max of any Linux."""


class Watched:
    """A watch, a process that waits for its stdin, and what was told."""

    def __init__(self) -> None:
        self.loop = StillLoop()
        self.told: list[str] = []
        self.watch = ClientWatch(self.loop, self.told.append, poll_s=POLL_S)
        self.client = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    def end_client(self) -> None:
        """End the process, and leave it a zombie."""
        self.client.kill()
        if sys.platform == "linux":
            wait_state(self.client.pid, "Z")
        else:
            self.client.wait()

    def close(self) -> None:
        self.watch.close()
        self.client.kill()
        self.client.communicate()
        self.loop.close()


@pytest.fixture
def watched() -> Iterator[Watched]:
    made = Watched()
    yield made
    made.close()


@pytest.fixture
def polling(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """A system that has no pidfds."""
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    return watched


pidfd = pytest.mark.skipif(not pidfd_works(), reason="there are no pidfds here")


@pidfd
def test_the_end_is_told_once_though_nobody_has_reaped_it(watched: Watched) -> None:
    watched.watch.watch(watched.client.pid)
    watched.loop.run_turn()
    assert watched.told == []
    watched.end_client()
    watched.loop.run_turn()
    watched.loop.run_turn()
    assert watched.told == [f"the client's process {watched.client.pid} has ended"]


@pidfd
def test_a_client_that_is_named_twice_ends_once(watched: Watched) -> None:
    watched.watch.watch(watched.client.pid)
    watched.watch.watch(watched.client.pid)
    watched.end_client()
    for _ in range(3):
        watched.loop.run_turn()
    assert len(watched.told) == 1


@pytest.mark.parametrize("pid", [NO_PROCESS, 2**31, 10**12, 2**64])
def test_a_process_that_there_never_was_has_ended(watched: Watched, pid: int) -> None:
    watched.watch.watch(pid)
    assert watched.told == [], "not before the answer to initialize"
    watched.loop.run_turn()
    assert watched.told == [f"the client's process {pid} has ended"]


def test_nothing_is_told_after_close(watched: Watched) -> None:
    watched.watch.watch(watched.client.pid)
    watched.watch.close()
    watched.end_client()
    watched.loop.run_turn()
    assert watched.told == []


@pidfd
def test_a_kernel_that_refuses_pidfds_is_asked_now_and_then(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "pidfd_open", refuse)
    watched.watch.watch(watched.client.pid)
    watched.client.kill()
    watched.client.wait()
    watched.loop.advance(POLL_S)
    assert len(watched.told) == 1


def test_without_pidfds_the_process_is_looked_for_now_and_then(polling: Watched) -> None:
    polling.watch.watch(polling.client.pid)
    for _ in range(3):
        polling.loop.advance(POLL_S)
    assert polling.told == []
    polling.client.kill()
    polling.client.wait()
    polling.loop.advance(POLL_S - 0.01)
    assert polling.told == []
    polling.loop.advance(0.01)
    assert polling.told == [f"the client's process {polling.client.pid} has ended"]
    polling.loop.advance(10 * POLL_S)
    assert len(polling.told) == 1


def test_a_process_of_another_user_is_there(polling: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(os, "kill", refuse)
        polling.watch.watch(1)
        polling.loop.advance(POLL_S)
    assert polling.told == []
