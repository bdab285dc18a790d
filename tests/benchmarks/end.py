"""How a benchmark is told to end."""

from types import FrameType


def end_in_order(number: int, frame: FrameType | None) -> None:
    """Handler of a signal: leave by way of every `with` block, so that no process is left."""
    raise SystemExit(128 + number)
