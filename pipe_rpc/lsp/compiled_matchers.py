"""The matchers of one job with their patterns, which are borrowed from those that all searches share."""

from collections.abc import Sequence

from pipe_rpc.buffers.matcher import Pattern, PatternError
from pipe_rpc.errors import shown
from pipe_rpc.limits import Limits
from pipe_rpc.lsp.problem_matcher import DEFAULT_COLUMN, LineMatcher, LinePattern, ProblemMatcher
from pipe_rpc.protocol.problems import invalid_params
from pipe_rpc.session.searches import Searches


class CompiledMatchers:
    """Until ``close`` it holds its patterns.

    Raises PipeRpcError: INVALID_PARAMS, with the position where a pattern is wrong; LIMIT_EXCEEDED as Searches.borrow.
    """

    def __init__(self, matchers: Sequence[ProblemMatcher], path: str, searches: Searches, limits: Limits) -> None:
        self._matchers = matchers
        self._path = path
        self._limits = limits
        self._searches = searches
        self._borrowed: list[str] = []
        self.size = 0
        """What one byte may cost: see Matcher."""
        self._compiled: list[list[Pattern]] = []
        try:
            for matcher in matchers:
                self._compiled.append([self._compile(pattern) for pattern in matcher.patterns])
        except BaseException:
            self.close()
            raise

    @property
    def count(self) -> int:
        """How many matchers there are."""
        return len(self._matchers)

    def line_matchers(self) -> list[LineMatcher]:
        """The matchers for one more stream."""
        pairs = zip(self._matchers, self._compiled, strict=True)
        return [LineMatcher(matcher, compiled) for matcher, compiled in pairs]

    def _compile(self, pattern: LinePattern) -> Pattern:
        regexp, most = pattern.regexp, self._limits.max_pattern_characters
        if len(regexp) > most:
            raise invalid_params([(self._path, f"{shown(regexp)!r} must be at most {most} characters long")])
        try:
            compiled = self._searches.borrow(regexp)
        except PatternError as error:
            problem = f"{shown(regexp)!r}: {error}, at character {error.position} (RE2 syntax)"
            raise invalid_params([(self._path, problem)], position=error.position) from None
        self._borrowed.append(regexp)
        for name, number in pattern.groups:
            if number > compiled.group_count and (name, number) != DEFAULT_COLUMN:
                problem = f"{shown(regexp)!r} has no group {number}, which is to be the {name}"
                raise invalid_params([(self._path, problem)])
        self.size += compiled.size
        if self.size > self._limits.max_matchers_size:
            problem = f"needs more than {self._limits.max_matchers_size} instructions: use fewer or simpler matchers"
            raise invalid_params([(self._path, problem)])
        return compiled

    def close(self) -> None:
        """Give the patterns back."""
        while self._borrowed:
            self._searches.give_back(self._borrowed.pop())
