"""Matches a text as the server does, without one."""

from collections.abc import Sequence

from pipe_rpc.limits import Limits
from pipe_rpc.lsp.compiled_matchers import CompiledMatchers
from pipe_rpc.lsp.output_lines import OutputLines
from pipe_rpc.lsp.problem_matcher import Problem, ProblemMatcher
from pipe_rpc.session.searches import Searches


def problems(
    matchers: Sequence[ProblemMatcher], text: str | bytes, *, max_line_bytes: int = Limits().max_problem_line_bytes
) -> list[Problem]:
    """The problems that the matchers find in a text."""
    data = text.encode() if isinstance(text, str) else text
    compiled = CompiledMatchers(matchers, "params", Searches(Limits()), Limits())
    ways = compiled.line_matchers()
    lines = OutputLines(max_line_bytes)
    found = [[way.feed(line) for way in ways] for line in [*lines.feed(data), *lines.end()]]
    compiled.close()
    # As the server does: of those that find something in a line the first one counts.
    firsts = [next(filter(None, each), None) for each in found]
    return [problem for problem in firsts if problem is not None]
