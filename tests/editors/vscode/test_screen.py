"""What a user sees: also the picture of the README."""

from __future__ import annotations

from collections.abc import Callable

InWindow = Callable[[], None]


def test_a_build_that_fails_looks_like_the_picture_in_the_readme(in_window: InWindow) -> None:
    in_window()
