"""Whether what we add to the output of commands is coloured.

Rules of this file: what the person says on the command line holds, then NO_COLOR (no-color.org), then FORCE_COLOR and
CLICOLOR_FORCE, then what the output is. This is the order of Python itself.
"""

import os
import stat
from collections.abc import Mapping
from typing import Literal

ColourChoice = Literal["auto", "always", "never"]
_OFF = frozenset({"", "0"})
"""Values that ask for nothing: chalk, supports-color and bixense.com/clicolors agree on 0."""


def wants_colour(choice: ColourChoice, environment: Mapping[str, str], *, may_be_seen: bool) -> bool:
    """The decision for one output."""
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if any(environment.get(name, "") not in _OFF for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return may_be_seen and not is_dumb(environment)


def may_be_seen(fd: int) -> bool:
    """Whether somebody may look at what is written: on a terminal or behind a pipe; a file is for later."""
    mode = os.fstat(fd).st_mode
    return os.isatty(fd) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def is_dumb(environment: Mapping[str, str]) -> bool:
    """Whether the terminal can do no more than print."""
    return environment.get("TERM", "") in ("", "dumb")
