"""Problems as a client of LSP is told them: files by URI, and places that count from 0.

Rules of this file: nothing is read from the disk. A column goes to the client as the tool counts it, so behind
characters beyond ASCII it is exact only where the tool counts UTF-16 units, as LSP does.
"""

import os
from collections.abc import Sequence
from urllib.parse import quote

from lsprotocol import types

from pipe_rpc.lsp.problem_matcher import Problem


def file_uri(file: str, cwd: str) -> str:
    """The URI of a file; what is relative is so to ``cwd``."""
    path = os.path.normpath(os.path.join(cwd, file))
    return "file://" + quote(os.fsencode(path))


def publication(uri: str, problems: Sequence[Problem]) -> types.PublishDiagnosticsParams:
    """All that there is to tell of a file."""
    return types.PublishDiagnosticsParams(uri, [_diagnostic(each) for each in problems])


def _diagnostic(problem: Problem) -> types.Diagnostic:
    start = _position(problem.line, problem.column)
    end = start
    if problem.end_column is not None and problem.column is not None:
        end = _position(problem.end_line or problem.line, problem.end_column)
    return types.Diagnostic(
        types.Range(start, max(start, end)),
        problem.message,
        severity=types.DiagnosticSeverity(problem.severity),
        code=problem.code or None,
        source=problem.source or None,
    )


def _position(line: int, column: int | None) -> types.Position:
    return types.Position(max(line, 1) - 1, max(column or 1, 1) - 1)
