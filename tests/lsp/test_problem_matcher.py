"""pipe_rpc/lsp/problem_matcher.py: the form of VS Code's tasks, matched as VS Code matches it."""

from typing import Any

import pytest

from pipe_rpc.limits import Limits
from pipe_rpc.lsp.builtin_matchers import BUILTIN_MATCHERS
from pipe_rpc.lsp.compiled_matchers import CompiledMatchers
from pipe_rpc.lsp.matcher_params import read_matchers
from pipe_rpc.lsp.problem_matcher import Problem, Severity
from pipe_rpc.session.searches import Searches
from tests.lsp.matching import problems

LOCATION = {"regexp": r"^(\S+) at (\S+): (.*)$", "file": 1, "location": 2, "message": 3}


def find(text: str, pattern: Any, **members: Any) -> list[Problem]:
    return problems(read_matchers({"owner": "it", "pattern": pattern, **members}, "params"), text)


def test_a_single_pattern_takes_four_groups_for_granted() -> None:
    [problem] = find("a.c:3:7 is wrong\n", {"regexp": r"^(.*):(\d+):(\d+) .*$"})
    assert problem == Problem("a.c", 3, 7, None, None, Severity.ERROR, "it", "", "a.c:3:7 is wrong")


def test_a_single_pattern_need_not_have_a_column() -> None:
    [problem] = find("a.c:3 is wrong\n", {"regexp": r"^(.*):(\d+) .*$"})
    assert (problem.line, problem.column) == (3, None)


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("7", (7, None, None, None)),
        ("(7,2)", (7, 2, None, None)),
        ("7.2", (7, 2, None, None)),
        ("7,2,8,5", (7, 2, 8, 5)),
        ("7,2,8", None),
        ("seven", None),
        ("7,x", None),
        ("", None),
    ],
)
def test_a_location_is_a_line_a_column_or_a_range(location: str, place: tuple[Any, ...] | None) -> None:
    found = [
        (each.line, each.column, each.end_line, each.end_column) for each in find(f"a at {location}: m\n", LOCATION)
    ]
    assert found == ([] if place is None else [place])


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("error", Severity.ERROR),
        ("Error", Severity.ERROR),
        ("E", Severity.ERROR),
        ("warn", Severity.WARNING),
        ("WARNING", Severity.WARNING),
        ("note", Severity.INFO),
        ("I", Severity.INFO),
        ("oddity", Severity.WARNING),
    ],
)
def test_a_severity_is_a_word_and_else_that_of_the_matcher(word: str, severity: Severity) -> None:
    pattern = {"regexp": r"^(\S+):(\d+) (\w+) (.*)$", "file": 1, "line": 2, "severity": 3, "message": 4}
    [problem] = find(f"a:1 {word} m\n", pattern, severity="warning")
    assert problem.severity is severity


def test_a_problem_of_a_whole_file_is_in_its_first_line() -> None:
    [problem] = find("a.c: bad\n", {"regexp": r"^(\S+): (.*)$", "kind": "file", "message": 2})
    assert (problem.file, problem.line, problem.message) == ("a.c", 1, "bad")


FILE, ITEM = {"regexp": r"^F (.*)$", "file": 1}, {"regexp": r"^ (\d+) (.*)$", "line": 1, "message": 2}


def test_a_pattern_that_loops_finds_one_more_with_each_line() -> None:
    text = "F a\n 1 one\n 2 two\nF b\n 3 three\n\n 4 too late\n"
    found = [(each.file, each.line, each.message) for each in find(text, [FILE, {**ITEM, "loop": True}])]
    assert found == [("a", 1, "one"), ("a", 2, "two"), ("b", 3, "three")]


def test_without_a_loop_there_is_one() -> None:
    found = find("F a\n 1 one\n 2 two\n", [FILE, ITEM])
    assert [each.line for each in found] == [1]


def test_lines_must_follow_one_another() -> None:
    assert find("F a\nsomething\n 1 one\n", [FILE, ITEM]) == []


def test_a_match_may_begin_within_one_that_comes_to_nothing() -> None:
    patterns = [{"regexp": "^X (.*)$", "file": 1}, {"regexp": "^X (.*)$", "message": 1}, ITEM | {"message": 2}]
    [problem] = find("X a\nX b\nX c\n 5 m\n", patterns)
    assert (problem.file, problem.line, problem.message) == ("b", 5, "c\nm")


def test_lines_that_all_begin_a_match_are_not_all_remembered() -> None:
    matcher = BUILTIN_MATCHERS["$pytest"][0]
    compiled = CompiledMatchers([matcher], "params", Searches(Limits()), Limits())
    [way] = compiled.line_matchers()
    for number in range(1000):
        assert way.feed(b"E   line %d" % number) is None
    assert len(way._begun) < len(matcher.patterns)
    assert way.feed(b"") is None
    problem = way.feed(b"a.py:3: AssertionError")
    assert problem is not None
    assert (problem.line, problem.message) == (3, "line 0")
    compiled.close()


def test_of_everything_but_messages_the_first_counts() -> None:
    patterns = [
        {"regexp": r"^(\S+) (\d+)$", "file": 1, "line": 2},
        {"regexp": r"^(\S+) (\d+)!$", "file": 1, "line": 2, "message": 1},
    ]
    [problem] = find("a 1\nb 2!\n", patterns)
    assert (problem.file, problem.line) == ("a", 1)


@pytest.mark.parametrize(("base", "file"), [(None, "a.c"), (["relative", "${workspaceFolder}/src"], "src/a.c")])
def test_a_file_is_relative_to_the_base(base: Any, file: str) -> None:
    assert [each.file for each in find("a.c:3:7 wrong\n", {"regexp": r"^(.*):(\d+):(\d+)"}, fileLocation=base)] == [
        file
    ]


def test_a_file_that_is_absolute_stays_so() -> None:
    found = find("/a.c:3:7 wrong\n", {"regexp": r"^(.*):(\d+):(\d+)"}, fileLocation=["autoDetect", "src"])
    assert [each.file for each in found] == ["/a.c"]


@pytest.mark.parametrize(
    ("number", "line"),
    [
        ("0", 0),
        ("00012", 12),
        ("2147483647", 2**31 - 1),
        ("2147483648", 2**31 - 1),
        pytest.param("9" * 9000, 2**31 - 1, id="huge"),
    ],
)
def test_any_number_is_a_line(number: str, line: int) -> None:
    matchers = read_matchers({"pattern": {"regexp": r"^(.*):(\d+):(\d+)"}}, "params")
    [problem] = problems(matchers, f"a:{number}:1\n", max_line_bytes=10_000)
    assert problem.line == line


@pytest.mark.parametrize("text", [":1:1\n", "a:x:1\n"])
def test_without_a_file_or_a_line_there_is_no_problem(text: str) -> None:
    assert find(text, {"regexp": r"^(.*):(\w+):(\d+)"}) == []


def test_a_pattern_that_engines_with_backtracking_never_finish_is_quick() -> None:
    assert find("a" * 2000 + "!\n", {"regexp": r"^((a+)+)(\d+)$"}) == []
