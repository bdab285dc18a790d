"""Jobs are started with what they need, and said to be over."""

from __future__ import annotations

from collections.abc import Callable

InWindow = Callable[[], None]


def test_a_command_runs_and_its_output_and_status_are_shown(in_window: InWindow) -> None:
    in_window()


def test_a_shell_line_runs_in_the_shell_of_the_editor(in_window: InWindow) -> None:
    in_window()


def test_a_job_has_the_directory_the_environment_and_the_name_that_it_is_given(in_window: InWindow) -> None:
    in_window()


def test_a_job_sees_what_the_editor_was_told_after_the_server_had_started(in_window: InWindow) -> None:
    in_window()


def test_a_variable_of_a_task_stands_for_the_name_of_the_current_file(in_window: InWindow) -> None:
    in_window()


def test_several_jobs_run_at_once(in_window: InWindow) -> None:
    in_window()


def test_the_last_job_is_run_again_in_the_same_terminal(in_window: InWindow) -> None:
    in_window()


def test_a_job_that_still_runs_is_stopped_before_it_runs_again(in_window: InWindow) -> None:
    in_window()


def test_a_job_that_is_run_again_thrice_at_once_runs_again_once(in_window: InWindow) -> None:
    in_window()


def test_output_goes_into_a_file_as_well(in_window: InWindow) -> None:
    in_window()


def test_a_job_that_takes_too_long_is_stopped(in_window: InWindow) -> None:
    in_window()


def test_other_extensions_hear_of_the_start_and_the_end_by_the_events_of_tasks(in_window: InWindow) -> None:
    in_window()


def test_only_a_failure_is_told_unless_the_job_was_long(in_window: InWindow) -> None:
    in_window()


def test_a_job_that_was_long_is_told_though_it_succeeded(in_window: InWindow) -> None:
    in_window()
