"""pipe_rpc/child/exit_watch.py: the choice, and what each of the ways owes to the contract."""

import os
import selectors
import signal
import sys
import types
from collections.abc import Iterator

import pytest

from pipe_rpc.child import exit_watch, spawn
from pipe_rpc.child.exit_pidfd import PidfdExitWatch
from pipe_rpc.child.exit_sigchld import SigchldExitWatch
from pipe_rpc.child.exit_watch import choose_exit_watch
from pipe_rpc.child.spawn import pidfd_works
from pipe_rpc.loop.loop import Loop
from pipe_rpc.loop.signals import SignalWatch
from tests.child.family import Family, spec
from tests.child.watching import Watching, let_end, wait_ended
from tests.support.programs import shell

WAYS = [
    pytest.param("pidfd", marks=pytest.mark.skipif(not pidfd_works(), reason="there are no pidfds here")),
    "SIGCHLD",
]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way that this system has."""
    chosen: str = request.param
    if chosen == "SIGCHLD":
        monkeypatch.setattr(spawn, "pidfd_works", lambda: False)
        monkeypatch.setattr(exit_watch, "pidfd_works", lambda: False)
    return chosen


@pytest.fixture(params=[selectors.DefaultSelector, selectors.PollSelector])
def watching(way: str, request: pytest.FixtureRequest) -> Iterator[Watching]:
    """Each way, over each selector."""
    made = Watching(choose_exit_watch, request.param())
    yield made
    made.close()


def test_the_best_way_is_chosen(way: str, watching: Watching) -> None:
    assert type(watching.exits) is (PidfdExitWatch if way == "pidfd" else SigchldExitWatch)


def test_on_macos_without_pidfds_it_is_a_kqueue(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("pipe_rpc.child.exit_kqueue")
    made = object()
    module.KqueueExitWatch = lambda loop: made  # type: ignore[attr-defined]  # a stand-in module has no attributes yet
    monkeypatch.setitem(sys.modules, "pipe_rpc.child.exit_kqueue", module)
    monkeypatch.setattr(exit_watch, "pidfd_works", lambda: False)
    loop = Loop()
    signals = SignalWatch(loop, {})
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "darwin")
        assert choose_exit_watch(loop, signals) is made
    signals.close()
    loop.close()


def test_an_end_is_reported_once_and_not_before_it_came(watching: Watching, children: Family) -> None:
    child = children.spawn(spec(*shell("read _; exit 3")))
    watching.watch(child)
    watching.run_ready()
    assert watching.reported == []
    let_end(child)
    watching.run_until_reported(1)
    watching.run_ready()
    watching.run_ready()
    assert watching.reported == [child]


def test_an_end_before_the_watch_is_reported(watching: Watching, children: Family) -> None:
    child = children.spawn(spec("/bin/true"))
    wait_ended(child)
    watching.watch(child)
    watching.run_until_reported(1)
    assert watching.reported == [child]


def test_of_many_ends_at_once_none_is_lost(watching: Watching, children: Family) -> None:
    started = [children.spawn(spec(*shell("read _"))) for _ in range(20)]
    for child in started:
        watching.watch(child)
    for child in started:
        let_end(child)
    for child in started:
        wait_ended(child)
    watching.run_until_reported(20)
    assert sorted(each.pid for each in watching.reported) == sorted(each.pid for each in started)


def test_who_lives_on_is_not_reported_when_another_ends(watching: Watching, children: Family) -> None:
    living = children.spawn(spec(*shell("read _")))
    ending = children.spawn(spec(*shell("read _")))
    watching.watch(living)
    watching.watch(ending)
    let_end(ending)
    watching.run_until_reported(1)
    assert watching.reported == [ending]
    let_end(living)
    watching.run_until_reported(2)


def test_behind_unwatch_nothing_is_called(watching: Watching, children: Family) -> None:
    child = children.spawn(spec("/bin/true"))
    watching.watch(child)
    wait_ended(child)
    watching.exits.unwatch(child)
    watching.run_ready()
    assert watching.calls == 0


def test_only_a_way_that_knows_who_ended_lets_the_reaper_wait(watching: Watching, way: str) -> None:
    assert watching.exits.exit_is_near is (way == "pidfd")


def test_stopping_and_going_on_is_no_end(watching: Watching, children: Family) -> None:
    child = children.spawn(spec(*shell("read _")))
    watching.watch(child)
    os.kill(child.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOWAIT)
    watching.run_ready()
    os.kill(child.pid, signal.SIGCONT)
    os.waitid(os.P_PID, child.pid, os.WCONTINUED)
    watching.run_ready()
    assert watching.reported == []
    let_end(child)
    watching.run_until_reported(1)
