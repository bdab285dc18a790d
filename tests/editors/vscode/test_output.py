"""The terminal of a job: what it shows, where it scrolls, and how much it keeps."""

from __future__ import annotations

from collections.abc import Callable

InWindow = Callable[[], None]


def test_colours_are_drawn_and_leave_no_escape_sequence(in_window: InWindow) -> None:
    in_window()


def test_a_carriage_return_draws_a_progress_bar_over_itself(in_window: InWindow) -> None:
    in_window()


def test_what_a_piece_cuts_in_two_is_drawn_as_a_whole(in_window: InWindow) -> None:
    in_window()


def test_programs_are_told_that_colours_are_welcome_unless_the_user_objects(in_window: InWindow) -> None:
    in_window()


def test_the_end_is_followed_while_the_terminal_is_there_and_stays_where_the_user_reads(in_window: InWindow) -> None:
    in_window()


def test_no_more_lines_are_kept_than_the_setting_of_terminals_says(in_window: InWindow) -> None:
    in_window()


def test_the_log_shows_whole_lines_without_colours(in_window: InWindow) -> None:
    in_window()


def test_a_flood_leaves_the_editor_usable_and_is_stopped_at_once(in_window: InWindow) -> None:
    in_window()


def test_two_floods_at_once_grow_no_memory_without_end(in_window: InWindow) -> None:
    in_window()
