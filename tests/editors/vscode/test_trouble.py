"""What users are told when something is wrong."""

from __future__ import annotations

from collections.abc import Callable

InWindow = Callable[[], None]


def test_a_mistake_is_told_with_what_to_do(in_window: InWindow) -> None:
    in_window()


def test_what_is_no_specification_of_a_job_is_told(in_window: InWindow) -> None:
    in_window()


def test_a_job_that_the_editor_never_starts_is_given_up_when_it_is_stopped(in_window: InWindow) -> None:
    in_window()


def test_a_wrong_setting_is_told_and_its_default_holds(in_window: InWindow) -> None:
    in_window()


def test_the_doctor_says_what_is_there(in_window: InWindow) -> None:
    in_window()


def test_the_log_channel_is_shown(in_window: InWindow) -> None:
    in_window()


def test_a_program_that_is_not_there_is_told_and_the_terminal_says_so(in_window: InWindow) -> None:
    in_window()


def test_a_folder_that_is_not_there_is_told(in_window: InWindow) -> None:
    in_window()


def test_when_the_server_dies_jobs_are_lost_and_the_next_use_starts_another(in_window: InWindow) -> None:
    in_window()
