"""All searches of a server: the patterns that they share, and a bounded part of each turn.

Rules of this file: whatever is looked for, and by however many, one turn of the loop spends a bounded amount on it.
"""

from collections.abc import Callable

from pipe_rpc.buffers.matcher import Pattern
from pipe_rpc.child.memory_limit import memory_may_be_refused
from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.limits import Limits

_TURN_COST = 2_000_000
"""In instructions of a pattern times bytes: at most 15 ns each, and mostly a thirtieth of that."""

Step = Callable[[], int | None]
"""Searches a little; returns what that cost, or None where there is nothing more to search for now."""


class Searches:
    """Who has something to search gets turns; who waits for output gets none, and costs none."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._patterns: dict[str, Pattern] = {}
        self._borrowers: dict[str, int] = {}
        self._due: dict[Step, None] = {}

    def borrow(self, pattern: str) -> Pattern:
        """The compiled pattern, until it is given back.

        Raises PatternError, and PipeRpcError: LIMIT_EXCEEDED where there are too many, or where memory may be refused.
        """
        if pattern not in self._patterns:
            self._require_room()
            limits = self._limits
            self._patterns[pattern] = Pattern(
                pattern, longest_bytes=limits.max_match_bytes, max_size=limits.max_pattern_size
            )
        self._borrowers[pattern] = self._borrowers.get(pattern, 0) + 1
        return self._patterns[pattern]

    def give_back(self, pattern: str) -> None:
        """End one ``borrow``."""
        self._borrowers[pattern] -= 1
        if not self._borrowers[pattern]:
            del self._borrowers[pattern], self._patterns[pattern]

    def put(self, step: Step) -> None:
        """Let it have turns until it has nothing more to search."""
        self._due[step] = None

    def discard(self, step: Step) -> None:
        """Give it no more turns; without effect where it has none."""
        self._due.pop(step, None)

    def search(self) -> bool:
        """Spend a turn's share; returns whether some are left that have more to search."""
        spent = 0
        while self._due and spent < _TURN_COST:
            step = next(iter(self._due))
            del self._due[step]
            cost = step()
            if cost is not None:
                spent += cost
                self._due[step] = None
        return bool(self._due)

    def _require_room(self) -> None:
        if len(self._patterns) >= self._limits.max_patterns:
            raise PipeRpcError(
                ErrorCode.LIMIT_EXCEEDED,
                f"{self._limits.max_patterns} different patterns are searched for, as many as may be. Use a literal, "
                "cancel some, or raise --max-patterns.",
                limit="maxPatterns",
                value=self._limits.max_patterns,
            )
        if memory_may_be_refused():
            # The engine ends the process where it gets no memory.
            raise PipeRpcError(
                ErrorCode.LIMIT_EXCEEDED,
                "This server's memory is limited (RLIMIT_AS, RLIMIT_DATA or vm.overcommit_memory), and patterns need "
                "memory that is not refused. Use a literal, or lift the limit.",
                limit="memory",
                value=0,
            )
