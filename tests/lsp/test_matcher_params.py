"""pipe_rpc/lsp/matcher_params.py and compiled_matchers.py: what a client may ask for, and what is told of mistakes."""

from typing import Any

import pytest

from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.limits import Limits
from pipe_rpc.lsp.builtin_matchers import BUILTIN_MATCHERS
from pipe_rpc.lsp.compiled_matchers import CompiledMatchers
from pipe_rpc.lsp.matcher_params import read_matchers
from pipe_rpc.lsp.problem_matcher import Severity
from pipe_rpc.session.searches import Searches

REGEXP = r"^(.*):(\d+):(\d+): (.*)$"
ONE = {"regexp": REGEXP, "message": 4}
FILE, LINE = {"regexp": "^F (.*)$", "file": 1}, {"regexp": r"^(\d+) (.*)$", "line": 1, "message": 2}


@pytest.mark.parametrize("name", BUILTIN_MATCHERS)
def test_a_name_is_known_with_and_without_its_sign(name: str) -> None:
    assert read_matchers(name, "p") == read_matchers(name[1:], "p") == BUILTIN_MATCHERS[name]


def test_several_are_read_and_each_counts_once() -> None:
    found = read_matchers(["$gcc", "$mypy", "gcc", {"base": "$gcc"}], "p")
    assert [each.source for each in found] == ["gcc", "mypy"]
    assert read_matchers([], "p") == ()


def test_a_base_is_changed_by_what_is_said() -> None:
    [matcher] = read_matchers(
        {"base": "$tsc", "owner": "mine", "severity": "info", "fileLocation": ["relative", "web"]}, "p"
    )
    assert (matcher.source, matcher.severity, matcher.base) == ("mine", Severity.INFO, "web")
    assert matcher.patterns == BUILTIN_MATCHERS["$tsc"][0].patterns


def test_a_pattern_may_have_a_name() -> None:
    [matcher] = read_matchers({"source": "mine", "pattern": "$tsc"}, "p")
    assert matcher.patterns == BUILTIN_MATCHERS["$tsc"][0].patterns


def test_what_only_a_display_needs_is_let_pass() -> None:
    given = {
        "name": "n",
        "label": "l",
        "applyTo": "allDocuments",
        "background": {"activeOnStart": True},
        "watching": {},
    }
    assert len(read_matchers({**given, "owner": "o", "pattern": ONE}, "p")) == 1


WRONG: list[tuple[Any, str]] = [
    (5, "p"),
    ("$gc", "p"),
    ([["$gcc"]], "p[0]"),
    (["$gcc", None], "p[1]"),
    ({}, "p.pattern"),
    ({"pattern": None}, "p.pattern"),
    ({"base": "$nope"}, "p.base"),
    ({"base": 5}, "p.base"),
    ({"base": "$gcc", "surprise": 1}, "p.surprise"),
    ({"base": "$gcc", "severity": "fatal"}, "p.severity"),
    ({"base": "$gcc", "owner": 5}, "p.owner"),
    ({"base": "$gcc", "fileLocation": "search"}, "p.fileLocation"),
    ({"base": "$gcc", "fileLocation": ["absolute", "x"]}, "p.fileLocation"),
    ({"base": "$gcc", "fileLocation": ["relative", "${env:HOME}/x"]}, "p.fileLocation"),
    ({"pattern": []}, "p.pattern"),
    ({"pattern": 5}, "p.pattern"),
    ({"pattern": "$pytest"}, "p.pattern"),
    ({"pattern": {}}, "p.pattern.regexp"),
    ({"pattern": {"regexp": ""}}, "p.pattern.regexp"),
    ({"pattern": {**ONE, "flags": "i"}}, "p.pattern.flags"),
    ({"pattern": {**ONE, "kind": "line"}}, "p.pattern.kind"),
    ({"pattern": {**ONE, "loop": True}}, "p.pattern.loop"),
    ({"pattern": {**ONE, "loop": "yes"}}, "p.pattern.loop"),
    ({"pattern": {**ONE, "line": "2"}}, "p.pattern.line"),
    ({"pattern": {**ONE, "line": True}}, "p.pattern.line"),
    ({"pattern": {**ONE, "line": -1}}, "p.pattern.line"),
    ({"pattern": [FILE, 5]}, "p.pattern[1]"),
    ({"pattern": [{**FILE, "loop": True}, LINE]}, "p.pattern[0].loop"),
    ({"pattern": [FILE, {"regexp": "^(.*)$", "message": 1}]}, "p.pattern"),
    ({"pattern": [FILE]}, "p.pattern"),
    ({"pattern": [LINE]}, "p.pattern"),
]


@pytest.mark.parametrize(("given", "path"), WRONG, ids=repr)
def test_what_is_wrong_is_told_with_its_place(given: Any, path: str) -> None:
    with pytest.raises(PipeRpcError) as refused:
        read_matchers(given, "p")
    assert refused.value.code is ErrorCode.INVALID_PARAMS
    assert refused.value.data["problems"][0]["path"] == path


def test_an_unknown_name_is_told_which_there_are() -> None:
    with pytest.raises(PipeRpcError, match=r"\$gcc, \$clang, \$rustc"):
        read_matchers("$nothing", "p")


# ------------------------------------------------------------------------------------------------------------ compiling


def compile_pattern(searches: Searches, regexp: str, limits: Limits | None = None, **groups: int) -> CompiledMatchers:
    matchers = read_matchers({"pattern": {"regexp": regexp, **groups}}, "p")
    return CompiledMatchers(matchers, "p", searches, limits or Limits())


@pytest.mark.parametrize(
    ("regexp", "position"),
    [
        (r"^(.*)(?=x):(\d+)", 6),
        (r"^(.*)(?!x)", 6),
        (r"(?<=a)(b)", 1),
        (r"(a)\1(\d)", 3),
        ("(a", 0),
        ("a**", 2),
        ("[z-a]", 1),
    ],
)
def test_what_the_engine_does_not_know_is_refused_with_its_position(regexp: str, position: int) -> None:
    searches = Searches(Limits())
    with pytest.raises(PipeRpcError) as refused:
        compile_pattern(searches, regexp)
    assert refused.value.code is ErrorCode.INVALID_PARAMS
    assert isinstance(refused.value.data["position"], int)
    assert abs(refused.value.data["position"] - position) <= 1
    assert "RE2" in refused.value.message
    assert searches._patterns == {}


def test_a_group_that_is_not_there_is_refused() -> None:
    searches = Searches(Limits())
    with pytest.raises(PipeRpcError, match="has no group 5, which is to be the message"):
        compile_pattern(searches, REGEXP, message=5)
    assert searches._patterns == {}, "and everything is given back"


def test_patterns_are_shared_and_given_back() -> None:
    searches = Searches(Limits())
    first, second = (compile_pattern(searches, REGEXP, message=4) for _ in range(2))
    assert list(searches._patterns) == [REGEXP]
    first.close()
    first.close()
    assert list(searches._patterns) == [REGEXP]
    second.close()
    assert searches._patterns == {}


@pytest.mark.parametrize("less", [0, 1])
def test_all_patterns_together_are_bounded(less: int) -> None:
    searches = Searches(Limits())
    compiled = CompiledMatchers(BUILTIN_MATCHERS["$pytest"], "p", searches, Limits())
    size = compiled.size
    compiled.close()
    limits = Limits(max_matchers_size=size - less)
    if less:
        with pytest.raises(PipeRpcError, match=f"more than {size - 1} instructions"):
            CompiledMatchers(BUILTIN_MATCHERS["$pytest"], "p", searches, limits)
    else:
        CompiledMatchers(BUILTIN_MATCHERS["$pytest"], "p", searches, limits).close()
    assert searches._patterns == {}


def test_a_pattern_is_as_long_as_one_that_is_waited_for() -> None:
    with pytest.raises(PipeRpcError, match="at most 5 characters"):
        compile_pattern(Searches(Limits()), "(abcd)", Limits(max_pattern_characters=5))
