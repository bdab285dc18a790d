"""pipe_rpc/lsp/diagnostics.py: problems in LSP's terms."""

from typing import Any

import pytest
from lsprotocol.converters import get_converter

from pipe_rpc.lsp.diagnostics import file_uri, publication
from pipe_rpc.lsp.problem_matcher import Problem, Severity


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("a.c", "file:///src/a.c"),
        ("./inc/../a.c", "file:///src/a.c"),
        ("../a.c", "file:///a.c"),
        ("/other/a.c", "file:///other/a.c"),
        ("a b%.c", "file:///src/a%20b%25.c"),
        ("é?#.c", "file:///src/%C3%A9%3F%23.c"),
        ("\udcff.c", "file:///src/%FF.c"),
    ],
)
def test_a_file_is_a_uri_whatever_its_name(file: str, uri: str) -> None:
    assert file_uri(file, "/src") == uri


def sent(*place: int | None, **changes: Any) -> Any:
    values: tuple[Any, ...] = ("a", *place, Severity.WARNING, "gcc", "-Wx", "m")
    problem = Problem(*values)._replace(**changes)
    [diagnostic] = get_converter().unstructure(publication("file:///a", [problem]))["diagnostics"]
    return diagnostic


@pytest.mark.parametrize(
    ("place", "start", "end"),
    [
        ((3, 7, None, None), (2, 6), (2, 6)),
        ((3, None, None, None), (2, 0), (2, 0)),
        ((0, 0, None, None), (0, 0), (0, 0)),
        ((3, 7, None, 9), (2, 6), (2, 8)),
        ((3, 7, 4, 1), (2, 6), (3, 0)),
        ((3, 7, 2, 1), (2, 6), (2, 6)),
        ((3, 7, 4, None), (2, 6), (2, 6)),
        ((3, None, 4, 5), (2, 0), (2, 0)),
        ((2**31 - 1, 2**31 - 1, None, None), (2**31 - 2, 2**31 - 2), (2**31 - 2, 2**31 - 2)),
    ],
)
def test_places_count_from_0_and_never_end_before_they_begin(
    place: tuple[int | None, ...], start: tuple[int, int], end: tuple[int, int]
) -> None:
    found = sent(*place)["range"]
    assert (found["start"]["line"], found["start"]["character"]) == start
    assert (found["end"]["line"], found["end"]["character"]) == end


def test_a_diagnostic_has_its_severity_code_and_source() -> None:
    found = sent(1, 1, None, None)
    assert (found["severity"], found["code"], found["source"], found["message"]) == (2, "-Wx", "gcc", "m")
    bare = sent(1, 1, None, None, code="", source="")
    assert "code" not in bare
    assert "source" not in bare
