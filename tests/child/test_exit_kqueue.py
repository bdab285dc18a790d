"""pipe_rpc/child/exit_kqueue.py, on Linux over the double of a kqueue in tests/support/macos.py."""

import importlib
import os
import select
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from pipe_rpc.child import spawn
from tests.child.family import Family, spec
from tests.child.watching import Watching, let_end, wait_ended
from tests.support import macos
from tests.support.leaks import open_descriptors
from tests.support.programs import shell

MODULE = "pipe_rpc.child.exit_kqueue"


@pytest.fixture(autouse=True)
def _macos(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A kqueue, and no pidfds. Elsewhere than on Linux the real ones serve."""
    if sys.platform == "linux":
        monkeypatch.setattr(spawn, "pidfd_works", lambda: False)
        for name, value in macos.KQUEUE.items():
            monkeypatch.setattr(select, name, value, raising=False)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "platform", "darwin")
            importlib.import_module(MODULE)
    yield
    sys.modules.pop(MODULE, None)


@pytest.fixture
def watching() -> Iterator[Watching]:
    """Children whose ends come through a kqueue."""
    made = _watching()
    yield made
    made.close()


def _watching() -> Watching:
    module = importlib.import_module(MODULE)
    return Watching(lambda loop, _: module.KqueueExitWatch(loop))


def test_an_end_is_reported_once_and_not_before_it_came(watching: Watching, children: Family) -> None:
    child = children.spawn(spec(*shell("read _; exit 3")))
    watching.watch(child)
    watching.run_ready()
    assert watching.calls == 0
    let_end(child)
    watching.run_until_reported(1)
    watching.run_ready()
    assert (watching.calls, watching.reported) == (1, [child])


def test_only_the_child_that_ended_is_called(watching: Watching, children: Family) -> None:
    started = [children.spawn(spec(*shell("read _"))) for _ in range(5)]
    for child in started:
        watching.watch(child)
    let_end(started[3])
    wait_ended(started[3])
    watching.run_ready()
    assert (watching.calls, watching.reported) == (1, [started[3]])


def test_a_zombie_which_a_kqueue_does_not_know_is_reported_in_the_next_turn(
    watching: Watching, children: Family
) -> None:
    child = children.spawn(spec("/bin/true"))
    wait_ended(child)
    watching.watch(child)
    assert watching.calls == 0
    watching.run_ready()
    assert watching.reported == [child]


def test_of_more_ends_at_once_than_one_call_takes_none_is_lost(watching: Watching, children: Family) -> None:
    started = [children.spawn(spec(*shell("read _"))) for _ in range(70)]
    for child in started:
        watching.watch(child)
    for child in started:
        let_end(child)
    for child in started:
        wait_ended(child)
    watching.run_until_reported(70)
    assert sorted(each.pid for each in watching.reported) == sorted(each.pid for each in started)


@pytest.mark.parametrize("zombie", [False, True], ids=["watched alive", "watched as a zombie"])
def test_behind_unwatch_nothing_is_called(watching: Watching, children: Family, *, zombie: bool) -> None:
    child = children.spawn(spec(*shell("read _")))
    if zombie:
        let_end(child)
        wait_ended(child)
    watching.watch(child)
    watching.exits.unwatch(child)
    if not zombie:
        let_end(child)
        wait_ended(child)
    watching.run_ready()
    assert watching.calls == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the double is made of Linux's means")
def test_an_end_that_cannot_be_reaped_yet_is_told_once_and_the_watch_says_that_it_is_near(
    watching: Watching, children: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session then asks again by itself, for the one event has been taken."""
    monkeypatch.setattr(os, "wait4", macos.hesitant_wait4)
    child = children.spawn(spec("/bin/true"))
    watching.watch(child)
    wait_ended(child)
    watching.run_ready()
    watching.run_ready()
    assert (watching.calls, watching.reported) == (1, [])
    assert watching.exits.exit_is_near
    watching.exits.unwatch(child)
    children.reap(child)


def test_close_gives_the_descriptors_back(children: Family) -> None:
    child = children.spawn(spec(*shell("read _")))
    before = open_descriptors()
    with closing(_watching()) as watching:
        watching.watch(child)
        assert open_descriptors() != before
    assert open_descriptors() == before
