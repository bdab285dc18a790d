"""Deadlines, and the ways in which a work is not done."""

import time


class RivalError(Exception):
    """A rival did not do the work; the message is the reason that the table shows."""


class WrongResultError(RivalError):
    """What came back is not what had to come back."""


class TooLateError(RivalError):
    """The deadline passed."""


class NotOfferedError(Exception):
    """A work is not among what a rival offers: no failure, and no figure; the message is the reason."""


class Deadline:
    """A point in monotonic time that every wait of one piece of work shares."""

    def __init__(self, seconds: float) -> None:
        """`seconds` from now."""
        self._seconds = seconds
        self._at = time.monotonic() + seconds

    def later(self, seconds: float) -> "Deadline":
        """Another one, so much later: for work that takes a while on purpose."""
        later = Deadline(self._seconds + seconds)
        later._at = self._at + seconds
        return later

    def remaining_s(self) -> float:
        """Seconds that are left, more than 0; raises `TooLateError` when there are none."""
        remaining = self._at - time.monotonic()
        if remaining <= 0:
            raise TooLateError(f"not done within {self._seconds:g} s")
        return remaining
