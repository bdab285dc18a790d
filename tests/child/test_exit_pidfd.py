"""pipe_rpc/child/exit_pidfd.py: what is its own; test_exit_watch has what each of the ways owes to the contract."""

import os
from collections.abc import Iterator

import pytest

from pipe_rpc.child.exit_pidfd import PidfdExitWatch
from pipe_rpc.child.spawn import pidfd_works
from tests.child.family import Family, read_line, spec
from tests.child.watching import Watching, let_end, wait_ended
from tests.support.fixture_types import MakeGate
from tests.support.leaks import open_descriptors
from tests.support.processes import process_state
from tests.support.programs import child as program
from tests.support.programs import shell

pytestmark = pytest.mark.skipif(not pidfd_works(), reason="there are no pidfds here")


@pytest.fixture
def watching() -> Iterator[Watching]:
    """Children whose ends come through pidfds."""
    made = Watching(lambda loop, _: PidfdExitWatch(loop))
    yield made
    made.close()


def test_only_the_child_that_ended_is_called(watching: Watching, children: Family) -> None:
    started = [children.spawn(spec(*shell("read _"))) for _ in range(5)]
    for child in started:
        watching.watch(child)
    let_end(started[3])
    wait_ended(started[3])
    watching.run_ready()
    assert (watching.calls, watching.reported) == (1, [started[3]])


def test_a_child_that_is_not_reaped_is_called_in_every_turn(watching: Watching, children: Family) -> None:
    child = children.spawn(spec("/bin/true"))
    calls: list[str] = []
    watching.exits.watch(child, lambda: calls.append("ended"))
    wait_ended(child)
    watching.run_ready()
    watching.run_ready()
    assert calls == ["ended"] * 2
    watching.exits.unwatch(child)
    watching.run_ready()
    assert calls == ["ended"] * 2


def test_the_end_of_the_first_thread_alone_is_no_end(watching: Watching, children: Family, gate: MakeGate) -> None:
    held = gate()
    child = children.spawn(spec(*program("leaderless", held.path)))
    watching.watch(child)
    assert read_line(child.stdout_fd) == "leaving"
    while process_state(child.pid) != "Z":
        os.sched_yield()
    watching.run_ready()
    assert watching.calls == 0
    held.release()
    watching.run_until_reported(1)
    assert watching.calls == 1


def test_the_watch_takes_no_descriptor_and_leaves_the_child_s_to_its_group(children: Family) -> None:
    child = children.spawn(spec(*shell("read _")))
    before = open_descriptors()
    watching = Watching(lambda loop, _: PidfdExitWatch(loop))
    watching.watch(child)
    watching.exits.unwatch(child)
    watching.close()
    assert open_descriptors() == before
    assert child.group.has_members()


def test_a_child_without_a_pidfd_is_a_mistake_of_ours(watching: Watching, children: Family) -> None:
    child = children.spawn(spec(*shell("read _")))
    pidfd, child.group.pidfd = child.group.pidfd, None
    with pytest.raises(AssertionError, match="pidfd"):
        watching.watch(child)
    child.group.pidfd = pidfd
