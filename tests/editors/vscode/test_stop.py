"""Jobs end softly, then hard, and never later than the editor."""

from __future__ import annotations

from collections.abc import Callable

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
