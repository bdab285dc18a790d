"""Jobs are tasks of the editor."""

from __future__ import annotations

from collections.abc import Callable

InWindow = Callable[[], None]


def test_a_task_of_the_workspace_runs_and_its_problems_are_found(in_window: InWindow) -> None:
    in_window()


def test_the_editor_terminates_and_restarts_a_task_and_runs_the_last_one_again(
    in_window: InWindow,
) -> None:
    in_window()


def test_a_task_that_has_the_number_of_another_job_leaves_that_alone(in_window: InWindow) -> None:
    in_window()


def test_a_task_that_says_nothing_to_run_says_what_it_needs(in_window: InWindow) -> None:
    in_window()
