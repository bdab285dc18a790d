"""What is typed goes to the job."""

from __future__ import annotations

from collections.abc import Callable

InWindow = Callable[[], None]


def test_lines_are_written_and_the_end_of_input_is_told(in_window: InWindow) -> None:
    in_window()


def test_what_is_typed_into_the_terminal_is_edited_and_written_line_by_line(in_window: InWindow) -> None:
    in_window()


def test_control_c_stops_softly_and_then_kills(in_window: InWindow) -> None:
    in_window()


def test_a_question_asks_for_a_line_of_stdin(in_window: InWindow) -> None:
    in_window()
