"""Problem matchers: lines in, problems out. Pure; the form is that of VS Code's tasks.

Rules of this file: a matcher has one pattern, or several for lines that follow one another; each line is searched a
bounded number of times, by automata whose time is linear. What several patterns capture is put together: messages one
below the other, and of everything else the first.
"""

import os
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from pipe_rpc.buffers.matcher import Matcher

_LARGEST_NUMBER = 2**31 - 1
"""LSP's uinteger."""
_MOST_DIGITS = len(str(_LARGEST_NUMBER)) + 1
"""More make no difference: it is too large either way."""


class Severity(IntEnum):
    """LSP's DiagnosticSeverity."""

    ERROR = 1
    WARNING = 2
    INFO = 3


_SEVERITIES = {
    **dict.fromkeys(("error", "e", "fatal"), Severity.ERROR),
    **dict.fromkeys(("warning", "warn", "w"), Severity.WARNING),
    **dict.fromkeys(("info", "information", "i", "note", "hint", "help"), Severity.INFO),
}


class Problem(NamedTuple):
    """What a tool complains of; lines and columns count from 1, as the tool wrote them.

    A file that is relative is so to the directory of the job.
    """

    file: str
    line: int
    column: int | None
    end_line: int | None
    end_column: int | None
    severity: Severity
    source: str
    code: str
    message: str


class LinePattern(NamedTuple):
    """One line of what a matcher looks for. ``groups``: what a group of the regular expression captures."""

    regexp: str
    groups: tuple[tuple[str, int], ...] = ()
    is_whole_file: bool = False
    """The problem is with the file: there is no line."""
    loops: bool = False
    """The last pattern: each further line that it matches is one more problem."""
    many: bool = False
    """Any number of lines, none among them, before that of the next pattern."""


class ProblemMatcher(NamedTuple):
    """A whole matcher; ``base`` is the directory that file names are relative to, itself relative to the job's."""

    source: str
    patterns: tuple[LinePattern, ...]
    severity: Severity = Severity.ERROR
    """Where the line tells none."""
    base: str = ""


DEFAULT_COLUMN = ("column", 3)
"""What a single pattern captures where it has such a group, unless it says otherwise."""

_Captured = Mapping[str, str]


class LineMatcher:
    """One matcher on its way through one stream; ``compiled`` are its patterns."""

    def __init__(self, matcher: ProblemMatcher, compiled: Sequence[Matcher]) -> None:
        self._matcher = matcher
        self._compiled = compiled
        self._begun: dict[int, _Captured] = {}
        """Matches that need more lines, the oldest first: which pattern is next, and what those before it took.

        Of two that have arrived at the same pattern the older one goes on, so there are never more than patterns.
        """
        self._repeated: _Captured | None = None
        """What came before the pattern that loops, while it does."""

    def feed(self, line: bytes) -> Problem | None:
        """Take the next line; returns the problem that it makes complete."""
        last = len(self._compiled) - 1
        if self._repeated is not None:
            captured = self._search(last, line, self._repeated)
            if captured is not None:
                return self._problem(captured)
            self._repeated = None
        begun, self._begun = self._begun, {}
        for at, before in [*begun.items(), (0, {})]:
            captured = self._search(at, line, before)
            if captured is None:
                # Lines of which there may be many stand before the pattern at which the match has arrived.
                if at > 0 and self._matcher.patterns[at - 1].many and self._search(at - 1, line, {}) is not None:
                    self._begun.setdefault(at, before)
                continue
            if at == last:
                self._begun = {}
                self._repeated = before if self._matcher.patterns[last].loops else None
                return self._problem(captured)
            following = at + 2 if self._matcher.patterns[at + 1].many else at + 1
            self._begun.setdefault(following, captured)
        return None

    def miss(self) -> None:
        """Lines are missing here: nothing goes on behind them."""
        self._begun, self._repeated = {}, None

    def _search(self, at: int, line: bytes, before: _Captured) -> _Captured | None:
        match = self._compiled[at].search(line, 0)
        if match is None:
            return None
        captured = dict(before)
        groups = (line[match.start : match.end], *match.groups)
        for name, number in self._matcher.patterns[at].groups:
            taken = groups[number] if number < len(groups) else None
            if taken is None:
                continue
            text = taken.decode(errors="surrogateescape" if name == "file" else "replace")
            if name == "message" and name in captured:
                captured[name] += "\n" + text.strip()
            elif name not in captured:
                captured[name] = text.strip() if name == "message" else text
        return captured

    def _problem(self, captured: _Captured) -> Problem | None:
        """None where the lines did not tell enough of it."""
        place = _place(captured)
        if self._matcher.patterns[0].is_whole_file:
            place = _Place(1)
        if place is None or not captured.get("file") or "message" not in captured:
            return None
        severity = _SEVERITIES.get(captured.get("severity", "").lower(), self._matcher.severity)
        file = os.path.join(self._matcher.base, captured["file"])
        code, message = captured.get("code", ""), captured["message"]
        return Problem(file, *place, severity, self._matcher.source, code, message)


class _Place(NamedTuple):
    line: int
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None


def _place(captured: _Captured) -> _Place | None:
    if "location" in captured:
        match [_number(part) for part in captured["location"].strip("()").replace(".", ",").split(",")]:
            case [int(line)]:
                return _Place(line)
            case [int(line), int(column)]:
                return _Place(line, column)
            case [int(line), int(column), int(end_line), int(end_column)]:
                return _Place(line, column, end_line, end_column)
            case _:
                return None
    number, *others = (_number(captured.get(name, "")) for name in ("line", "column", "endLine", "endColumn"))
    return None if number is None else _Place(number, *others)


def _number(text: str) -> int | None:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()):
        return None
    # Python refuses to read numbers of thousands of digits.
    return min(int(digits.lstrip("0")[:_MOST_DIGITS] or "0"), _LARGEST_NUMBER)
