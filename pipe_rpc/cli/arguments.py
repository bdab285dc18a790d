"""Arguments that several of the programs take."""

import argparse


def whole_number(text: str) -> int:
    """A whole number above 0. Raises ArgumentTypeError."""
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return number


def seconds(text: str) -> float:
    """A number of seconds, 0 among them. Raises ArgumentTypeError."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return number


def at_separator(argv: list[str]) -> tuple[list[str], list[str]]:
    """What stands before and behind the first ``--``."""
    at = argv.index("--") if "--" in argv else len(argv)
    return argv[:at], argv[at + 1 :]
