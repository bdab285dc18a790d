"""pipe_rpc/child/exit_sigchld.py: what is its own; test_exit_watch has what each of the ways owes to the contract."""

import signal
from collections.abc import Iterator

import pytest

from pipe_rpc.child.exit_sigchld import SigchldExitWatch
from tests.child.family import Family, spec
from tests.child.watching import Watching, let_end, wait_ended
from tests.support.programs import shell


@pytest.fixture
def watching() -> Iterator[Watching]:
    """Children whose ends come with SIGCHLD."""
    made = Watching(lambda _, signals: SigchldExitWatch(signals))
    yield made
    made.close()


def test_each_child_is_asked_for_when_any_ends(watching: Watching, children: Family) -> None:
    """Signals coalesce: one may stand for many ends, and does not tell of whom."""
    started = [children.spawn(spec(*shell("read _"))) for _ in range(5)]
    for child in started:
        watching.watch(child)
    let_end(started[3])
    wait_ended(started[3])
    watching.run_ready()
    assert (watching.calls, watching.reported) == (5, [started[3]])


def test_without_a_signal_nobody_is_asked_for(watching: Watching, children: Family) -> None:
    child = children.spawn(spec(*shell("read _")))
    watching.watch(child)
    watching.run_ready()
    assert watching.calls == 0


@pytest.mark.parametrize("first_ends_second", [False, True])
def test_a_callback_may_end_the_watch_of_another_child(
    watching: Watching, children: Family, *, first_ends_second: bool
) -> None:
    first, second = children.spawn(spec(*shell("read _"))), children.spawn(spec(*shell("read _")))
    ending, ended = (first, second) if first_ends_second else (second, first)
    called: list[str] = []

    def end_the_other() -> None:
        if "ending" not in called:
            watching.exits.unwatch(ended)
            called.clear()
        called.append("ending")

    for child in (first, second):
        watching.exits.watch(child, end_the_other if child is ending else lambda: called.append("ended"))
    for _ in range(2):
        signal.raise_signal(signal.SIGCHLD)
        watching.run_ready()
    assert called == ["ending", "ending"]
    watching.exits.unwatch(ending)


def test_others_may_wait_for_the_same_signal(watching: Watching, children: Family) -> None:
    heard: list[str] = []
    watching.signals.add(signal.SIGCHLD, lambda: heard.append("SIGCHLD"))
    child = children.spawn(spec(*shell("read _")))
    watching.watch(child)
    let_end(child)
    watching.run_until_reported(1)
    assert heard


def test_the_disposition_comes_back_with_the_end_of_the_signal_watch() -> None:
    before = signal.getsignal(signal.SIGCHLD)
    watching = Watching(lambda _, signals: SigchldExitWatch(signals))
    assert signal.getsignal(signal.SIGCHLD) is not before
    watching.close()
    assert signal.getsignal(signal.SIGCHLD) is before
