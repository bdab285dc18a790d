"""What is searched for in a stream: a literal, or a pattern whose search takes linear time.

Rules of this file: bytes in, offsets out; nothing here knows where the bytes come from. Patterns are RE2's, automata
without backtracking, so the time of a search is at most the size of the pattern times the bytes, whoever wrote either.
"""

import re
import warnings
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

PATTERN_MEMORY_BYTES = 256 * 1024
"""What RE2 may keep of one compiled pattern, the states that it met included."""


class Match(NamedTuple):
    """Where it was found, as offsets into the data, and what its groups took: None where one took no part."""

    start: int
    end: int
    groups: tuple[bytes | None, ...] = ()
    named: Mapping[str, bytes | None] = {}


class Matcher(Protocol):
    """Something to search for."""

    @property
    def longest_bytes(self) -> int:
        """What is longer is not found."""
        ...

    @property
    def size(self) -> int:
        """Steps that one byte may cost; one takes some 15 ns."""
        ...

    @property
    def may_grow(self) -> bool:
        """Whether a match at the end of the data might have been longer, or none at all, had there been more."""
        ...

    def search(self, data: bytes, start: int) -> Match | None:
        """The leftmost match from ``start`` on; what lies before is looked at for anchors only."""
        ...


class PatternError(ValueError):
    """No pattern: ``position`` is the character at which it goes wrong."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(reason)
        self.position = position


class Literal:
    """The bytes themselves, at least one."""

    may_grow = False
    size = 1

    def __init__(self, wanted: bytes) -> None:
        self._wanted = wanted
        self.longest_bytes = len(wanted)

    def search(self, data: bytes, start: int) -> Match | None:
        """See Matcher."""
        found = data.find(self._wanted, start)
        return None if found < 0 else Match(found, found + len(self._wanted))


class Pattern:
    """An RE2 pattern over UTF-8, in which ``^`` and ``$`` match at lines. Raises PatternError."""

    may_grow = True

    def __init__(self, pattern: str, *, longest_bytes: int, max_size: int) -> None:
        self.longest_bytes = longest_bytes
        self._compiled = _compile(pattern)
        self.size = self._compiled.programsize
        if self.size > max_size:
            reason = f"needs {self.size} instructions, more than {max_size}: repeat less"
            raise PatternError(reason, _largest_repetition(pattern))
        self.group_count: int = self._compiled.groups
        self._names = {name.decode(): index for name, index in self._compiled.groupindex.items()}

    def search(self, data: bytes, start: int) -> Match | None:
        """See Matcher."""
        found = self._compiled.search(data, start)
        if found is None:
            return None
        groups = found.groups()
        named = {name: groups[index - 1] for name, index in self._names.items()}
        return Match(found.start(), found.end(), groups, named)


_LINES = "(?m)"


@lru_cache(maxsize=1)
def _options() -> Any:
    import re2  # At the first pattern: few ask for one.

    options = re2.Options()
    options.max_mem = PATTERN_MEMORY_BYTES
    options.log_errors = False
    return options


def _compile(pattern: str) -> Any:
    import re2

    try:
        return re2.compile((_LINES + pattern).encode(), _options())
    except re2.error as error:
        reason, _, fragment = error.args[0].decode(errors="replace").partition(": ")
        raise PatternError(reason, _position(pattern, fragment.removeprefix(_LINES))) from None
    finally:
        re2.purge()  # Its cache would keep what nobody waits for any more.


def _position(pattern: str, fragment: str) -> int:
    """Where it goes wrong. RE2 only shows the fragment; what Python takes for wrong too, it tells the place of."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except re.error as error:
        if error.pos is not None:
            return error.pos
    except (RecursionError, OverflowError):
        pass
    finally:
        re.purge()
    return max(0, pattern.find(fragment))


def _largest_repetition(pattern: str) -> int:
    """Where the repetition begins that costs most; 0 where there is none."""
    repetitions = re.finditer(r"\{(\d+)(?:,(\d*))?\}", pattern)
    counted = ((int(each[2] or each[1]), -each.start()) for each in repetitions)
    return -max(counted, default=(0, 0))[1]
