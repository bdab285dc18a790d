"""Messages of compilers become problems."""

from __future__ import annotations

from collections.abc import Callable

InWindow = Callable[[], None]


def test_messages_of_compilers_become_problems(in_window: InWindow) -> None:
    in_window()


def test_messages_of_rustc_mypy_and_pytest_become_problems(in_window: InWindow) -> None:
    in_window()


def test_jobs_that_name_no_problem_matcher_have_those_of_the_setting(in_window: InWindow) -> None:
    in_window()


def test_problems_of_the_last_run_are_cleared_by_the_next(in_window: InWindow) -> None:
    in_window()
