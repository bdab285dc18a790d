"""The view of all jobs."""

from __future__ import annotations

from collections.abc import Callable

InWindow = Callable[[], None]


def test_an_empty_list_says_how_to_start_a_job(in_window: InWindow) -> None:
    in_window()


def test_the_list_keeps_itself_up_to_date_and_tells_what_jobs_use(in_window: InWindow) -> None:
    in_window()


def test_buttons_of_the_list_run_stop_and_open(in_window: InWindow) -> None:
    in_window()


def test_dispose_kills_and_forgets_it_and_closes_its_terminal(in_window: InWindow) -> None:
    in_window()


def test_a_job_that_is_disposed_before_it_starts_never_runs(in_window: InWindow) -> None:
    in_window()


def test_a_choice_asks_which_job_is_meant(in_window: InWindow) -> None:
    in_window()
