"""What is there before the first job."""

from __future__ import annotations

from collections.abc import Callable

InWindow = Callable[[], None]


def test_nothing_is_active_or_started_before_the_first_use(in_window: InWindow) -> None:
    in_window()


def test_the_status_bar_counts_jobs_and_is_empty_before_the_first(in_window: InWindow) -> None:
    in_window()
