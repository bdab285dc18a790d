"""Output can be left and taken up again."""

from __future__ import annotations

from collections.abc import Callable

InWindow = Callable[[], None]


def test_what_a_detached_job_writes_comes_when_it_is_attached_again(in_window: InWindow) -> None:
    in_window()


def test_a_job_whose_terminal_was_closed_while_it_was_detached_runs_on(in_window: InWindow) -> None:
    in_window()


def test_a_job_that_is_attached_thrice_at_once_is_attached_once(in_window: InWindow) -> None:
    in_window()


def test_a_job_that_the_server_has_forgotten_says_so_when_it_is_attached(in_window: InWindow) -> None:
    in_window()


def test_what_was_not_kept_meanwhile_is_told_as_a_number(in_window: InWindow) -> None:
    in_window()


def test_a_job_that_is_attached_says_so(in_window: InWindow) -> None:
    in_window()
