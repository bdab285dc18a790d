"""Jobs end softly, then hard, and never later than the editor."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.editors.vscode.vscode import SUITE, Workbench
from tests.support.dose import dose
from tests.support.processes import descendants, wait_ended

InWindow = Callable[[], None]


def test_stop_asks_softly(in_window: InWindow) -> None:
    in_window()


def test_what_is_left_after_the_grace_is_killed(in_window: InWindow) -> None:
    in_window()


def test_a_second_stop_kills_at_once(in_window: InWindow) -> None:
    in_window()


def test_a_signal_of_the_users_choice_is_sent(in_window: InWindow) -> None:
    in_window()


def test_a_job_that_is_stopped_while_it_starts_stops(in_window: InWindow) -> None:
    in_window()


def test_closing_the_terminal_stops_the_job(in_window: InWindow) -> None:
    in_window()


@pytest.fixture
def running(tmp_path: Path, vsix: Path) -> Iterator[tuple[Workbench, int]]:
    """A window with two jobs that do not end by themselves, and its extension host."""
    workbench = Workbench(tmp_path, vsix, SUITE.with_name("quit.cjs"))
    try:
        yield workbench, workbench.hear("host")
    finally:
        workbench.close()


def test_nothing_is_left_running_when_the_window_closes(running: tuple[Workbench, int]) -> None:
    workbench, host = running
    jobs = descendants(host)
    assert len(jobs) >= 4
    workbench.close_window()
    wait_ended(jobs)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM][: dose(short=2, ci=1, long=2)])
def test_nothing_is_left_running_when_the_extension_host_ends(
    running: tuple[Workbench, int], number: signal.Signals
) -> None:
    _, host = running
    jobs = descendants(host)
    assert len(jobs) >= 4
    os.kill(host, number)
    wait_ended([host, *jobs])


def test_nothing_is_left_running_when_the_editor_is_killed(running: tuple[Workbench, int]) -> None:
    workbench, _ = running
    family = workbench.family()
    os.kill(workbench.server, signal.SIGKILL)
    wait_ended(family)
