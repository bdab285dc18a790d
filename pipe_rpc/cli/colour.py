"""Whether what we add to the output of commands is coloured.

Rules of this file: what the person says on the command line holds, then NO_COLOR (no-color.org), then FORCE_COLOR and
CLICOLOR_FORCE, then whether it is a terminal that people look at. This is the order of Python itself.
"""

from collections.abc import Mapping
from typing import Literal

ColourChoice = Literal["auto", "always", "never"]
_OFF = frozenset({"", "0"})
"""Values that ask for nothing: chalk, supports-color and bixense.com/clicolors agree on 0."""


def wants_colour(choice: ColourChoice, environment: Mapping[str, str], *, is_terminal: bool) -> bool:
    """The decision for one output."""
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if any(environment.get(name, "") not in _OFF for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return is_terminal and not is_dumb(environment)


def is_dumb(environment: Mapping[str, str]) -> bool:
    """Whether the terminal can do no more than print."""
    return environment.get("TERM", "") in ("", "dumb")
