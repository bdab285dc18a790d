"""What a child's environment is made of: what it inherits, and what is laid over that.

Rules of this file: no value ever appears in a text that is made here.
"""

from collections.abc import Mapping
from typing import Literal

Inheritance = bool | Literal["minimal"]
"""Everything, nothing, or what ``MINIMAL`` and ``MINIMAL_PREFIX`` name."""

MINIMAL: Mapping[str, str] = {
    "PATH": "where programs are",
    "HOME": "whose files it may use",
    "USER": "who it runs for",
    "LOGNAME": "the same, as POSIX calls it",
    "SHELL": "which shell to run for the user",
    "LANG": "which language and character set to speak",
    "LANGUAGE": "which languages to fall back to (gettext)",
    "LOCPATH": "where the locales are that these name",
    "TERM": "how to write for the terminal that shows its output",
    "COLORTERM": "how many colours that has",
    "TERMINFO": "where TERM is described",
    "TERMINFO_DIRS": "where else TERM is described",
    "TZ": "which time zone it is in",
    "TZDIR": "where time zones are described",
    "TMPDIR": "where temporary files go",
    "XDG_RUNTIME_DIR": "where the sockets and pipes of the user go",
    "__CF_USER_TEXT_ENCODING": "which character set macOS has for the user",
}
"""What a program needs to run and to be told where and who it is, with the reason. What gives rights (tokens, agents'
sockets), loads code (LD_PRELOAD, PYTHONPATH) or belongs to a project is not among it."""
MINIMAL_PREFIX = "LC_"
"""The categories of the locale (locale(7)), which LANG is the default of."""


def child_environment(
    inherit: Inheritance, environment: Mapping[str, str], laid_over: Mapping[str, str | None]
) -> Mapping[str, str]:
    """The whole environment of a child that may inherit ``environment``; in ``laid_over`` None removes a name."""
    made = _inherited(inherit, environment)
    for name, value in laid_over.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = value
    return made


def _inherited(inherit: Inheritance, environment: Mapping[str, str]) -> dict[str, str]:
    if inherit == "minimal":
        return {
            name: value for name, value in environment.items() if name in MINIMAL or name.startswith(MINIMAL_PREFIX)
        }
    return dict(environment) if inherit else {}
