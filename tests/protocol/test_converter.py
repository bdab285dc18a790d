"""pipe_rpc/protocol/converter.py: no coercion, and every problem at its path."""

import contextlib
import time
import typing
from typing import Any, get_args, get_origin

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.protocol import types
from pipe_rpc.protocol.converter import MAX_PROBLEMS, structure, without_none
from pipe_rpc.protocol.methods import SESSION_METHODS
from pipe_rpc.protocol.naming import wire_name
from pipe_rpc.protocol.types import (
    AttachParams,
    ExitedParams,
    ListParams,
    ListResult,
    ReadParams,
    SpawnParams,
    TerminateParams,
    WaitParams,
    WriteParams,
)
from pipe_rpc.protocol.types.member import Amount, LimitName, ProcessText

PARAMS: list[type[Any]] = [getattr(types, str(row.params)) for row in SESSION_METHODS]
SAMPLES: list[Any] = [
    *(None, True, False, 0, 1, -1, 1.5, 1.0, 2**70, "", "1", "false", "stdout", "SIGINT"),
    *([], ["stdout"], ["a", 1], [[]], {}, {"a": "b"}, {"a": 1}),
]


def problems(value: Any, message_type: type[Any]) -> dict[str, str]:
    with pytest.raises(PipeRpcError) as caught:
        structure(value, message_type)
    assert caught.value.code is ErrorCode.INVALID_PARAMS
    listed = caught.value.data["problems"]
    found = {each["path"]: each["problem"] for each in listed}
    assert len(found) == len(listed), "one problem for one path"
    assert caught.value.message.startswith(f"{listed[0]['path']}: {listed[0]['problem']}")
    return found


def fits(value: Any, annotation: Any) -> bool:
    """Whether a JSON value is of the annotated type, said once more and in another way than the converter's."""
    annotation = without_none(annotation)
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if origin is typing.Literal:
        return isinstance(value, str) and value in arguments
    if origin is list:
        return isinstance(value, list) and all(fits(each, arguments[0]) for each in value)
    if annotation == dict[LimitName, Amount] or (origin is dict and attrs.has(arguments[1])):
        return type(value) is dict and not value  # No sample names a limit, or a stream.
    if origin is typing.Union:
        return any(fits(value, each) for each in arguments)
    if origin is dict:
        return isinstance(value, dict) and all(isinstance(each, str | None) for each in value.values())
    accepted = {bool: (bool,), int: (int,), float: (int, float), str: (str,), ProcessText: (str,)}[annotation]
    return type(value) in accepted


def within_bounds(value: Any, bounds: Any) -> bool:
    if bounds["minimum"] is not None and value < bounds["minimum"]:
        return False
    if bounds["maximum"] is not None and value > bounds["maximum"]:
        return False
    if bounds["above"] is not None and value <= bounds["above"]:
        return False
    return not (bounds["min_items"] is not None and len(value) < bounds["min_items"])


def minimal(message_type: type[Any]) -> dict[str, Any]:
    """The least that the type takes."""
    values = {"argv": ["true"], "session_id": "pipe-1", "stream": "stdout", "signal": "SIGINT", "path": "/x"}
    return {
        wire_name(field.name): values[field.name]
        for field in attrs.fields(message_type)
        if field.default is attrs.NOTHING
    }


@pytest.mark.parametrize(
    ("message_type", "field"),
    [
        pytest.param(message_type, field, id=f"{message_type.__name__}.{field.name}")
        for message_type in PARAMS
        for field in attrs.fields(message_type)
    ],
)
def test_no_member_takes_a_value_of_another_type(message_type: type[Any], field: "attrs.Attribute[Any]") -> None:
    taken_once = False
    for value in SAMPLES:
        params = {**minimal(message_type), wire_name(field.name): value}
        if fits(value, field.type) and within_bounds(value, field.metadata["bounds"]):
            taken = getattr(structure(params, message_type), field.name)
            assert taken == value
            assert not isinstance(value, str | list | dict | bool) or type(taken) is type(value)
            taken_once = True
        else:
            path = f"params.{wire_name(field.name)}"
            found = problems(params, message_type)
            assert all(each == path or each.startswith((f"{path}[", f"{path}.")) for each in found), (value, found)
    assert taken_once or field.name == "stdin" or "Literal" in str(field.type)


@pytest.mark.parametrize("message_type", PARAMS, ids=lambda each: each.__name__)
class TestEveryParams:
    def test_the_least_is_taken(self, message_type: type[Any]) -> None:
        assert isinstance(structure(minimal(message_type), message_type), message_type)

    def test_what_is_required_is_told_by_name(self, message_type: type[Any]) -> None:
        required = minimal(message_type)
        if required:
            assert problems({}, message_type) == dict.fromkeys((f"params.{name}" for name in required), "is required")
            assert problems(None, message_type) == problems({}, message_type)
        else:
            assert structure(None, message_type) == structure({}, message_type) == message_type()

    def test_an_unknown_member_is_refused(self, message_type: type[Any]) -> None:
        found = problems({**minimal(message_type), "zzz": None}, message_type)
        assert list(found) == ["params.zzz"]
        assert found["params.zzz"].startswith("is no member here; there are ")
        for field in attrs.fields(message_type):
            assert wire_name(field.name) in found["params.zzz"]

    def test_names_of_the_inside_are_no_names_on_the_wire(self, message_type: type[Any]) -> None:
        for field in attrs.fields(message_type):
            if "_" in field.name:
                assert f"params.{field.name}" in problems({field.name: 1}, message_type)

    @pytest.mark.parametrize(
        ("value", "found"),
        [
            ([], "an array"),
            (["a"], "an array"),
            ("text", "a string"),
            (0, "an integer"),
            (1.5, "a number"),
            (True, "a boolean"),
            (False, "a boolean"),
            ("", "a string"),
        ],
    )
    def test_params_are_an_object(self, message_type: type[Any], value: Any, found: str) -> None:
        assert problems(value, message_type) == {"params": f"must be an object, not {found}"}


@pytest.mark.parametrize(
    ("params", "path", "problem"),
    [
        ({"argv": "ls"}, "params.argv", "must be an array, not a string"),
        ({"argv": []}, "params.argv", "must not be empty"),
        ({"argv": None}, "params.argv", "must be an array, not null"),
        ({"argv": {"0": "ls"}}, "params.argv", "must be an array, not an object"),
        ({"argv": ["ls", 1]}, "params.argv[1]", "must be a string, not an integer"),
        ({"argv": ["ls", None]}, "params.argv[1]", "must be a string, not null"),
        ({"argv": ["ls", ["-l"]]}, "params.argv[1]", "must be a string, not an array"),
        ({"argv": ["ls", True]}, "params.argv[1]", "must be a string, not a boolean"),
        ({"argv": ["ls", "a\0b"]}, "params.argv[1]", "must not hold NUL, which is at 1"),
        (
            {"argv": ["ls", "aé\ud800"]},
            "params.argv[1]",
            "must be Unicode text; there is half a surrogate pair at 2",
        ),
        ({"cwd": 5}, "params.cwd", "must be a string, not an integer"),
        ({"cwd": None}, "params.cwd", "must be a string, not null"),
        ({"cwd": "/\0"}, "params.cwd", "must not hold NUL, which is at 1"),
        ({"cwd": "\udcff"}, "params.cwd", "must be Unicode text; there is half a surrogate pair at 0"),
        ({"env": []}, "params.env", "must be an object, not an array"),
        ({"env": {"A": 1}}, "params.env.A", "must be a string, not an integer"),
        ({"env": {"A-B": False}}, 'params.env["A-B"]', "must be a string, not a boolean"),
        ({"env": {"A": "x\0"}}, "params.env.A", "must not hold NUL, which is at 1"),
        ({"env": {"A": "\udc00"}}, "params.env.A", "must be Unicode text; there is half a surrogate pair at 0"),
        ({"env": {"": "x"}}, 'params.env[""]', 'must be a name: not empty, and without "="'),
        ({"env": {"A=B": "x"}}, "params.env.A", 'must be a name: not empty, and without "="'),
        ({"inheritEnv": "false"}, "params.inheritEnv", 'must be true, false or "minimal"'),
        ({"inheritEnv": "Minimal"}, "params.inheritEnv", 'must be true, false or "minimal"'),
        ({"inheritEnv": 0}, "params.inheritEnv", 'must be true, false or "minimal"'),
        ({"inheritEnv": 1.0}, "params.inheritEnv", 'must be true, false or "minimal"'),
        ({"inheritEnv": ["minimal"]}, "params.inheritEnv", 'must be true, false or "minimal"'),
        ({"inheritEnv": None}, "params.inheritEnv", 'must be true, false or "minimal"'),
        ({"envFile": 1}, "params.envFile", "must be a string, not an integer"),
        ({"envFile": None}, "params.envFile", "must be a string, not null"),
        ({"envFile": "/a\0"}, "params.envFile", "must not hold NUL, which is at 2"),
        ({"rlimits": None}, "params.rlimits", "must be an object, not null"),
        ({"rlimits": [["cpu", 1]]}, "params.rlimits", "must be an object, not an array"),
        ({"rlimits": {"cpu": -1}}, "params.rlimits.cpu", "must be at least 0"),
        ({"rlimits": {"as": 1.0}}, "params.rlimits.as", "must be an integer, not a number"),
        ({"rlimits": {"as": "1G"}}, "params.rlimits.as", "must be an integer, not a string"),
        ({"rlimits": {"core": False}}, "params.rlimits.core", "must be an integer, not a boolean"),
        ({"rlimits": {"nofile": None}}, "params.rlimits.nofile", "must be an integer, not null"),
        (
            {"rlimits": {"CPU": 1}},
            "params.rlimits.CPU",
            'must be one of "as", "cpu", "fsize", "nofile", "nproc", "core"',
        ),
        ({"nice": -1}, "params.nice", "must be at least 0"),
        ({"nice": 20}, "params.nice", "must be at most 19"),
        ({"nice": 5.0}, "params.nice", "must be an integer, not a number"),
        ({"stdin": "Pipe"}, "params.stdin", 'must be one of "pipe", "null"'),
        ({"stdin": None}, "params.stdin", 'must be one of "pipe", "null"'),
        ({"attach": "stdout"}, "params.attach", "must be an array, not a string"),
        ({"attach": ["stdout", "stdin"]}, "params.attach[1]", 'must be one of "stdout", "stderr"'),
        ({"encoding": "UTF-8"}, "params.encoding", 'must be one of "utf-8", "base64", "auto"'),
        ({"backlogBytes": 1024.0}, "params.backlogBytes", "must be an integer, not a number"),
        ({"backlogBytes": "1024"}, "params.backlogBytes", "must be an integer, not a string"),
        ({"backlogBytes": 0}, "params.backlogBytes", "must be at least 1"),
        ({"timeoutMs": 0}, "params.timeoutMs", "must be greater than 0"),
        ({"timeoutMs": -0.5}, "params.timeoutMs", "must be greater than 0"),
        ({"timeoutMs": True}, "params.timeoutMs", "must be a number, not a boolean"),
        ({"timeoutMs": 10**400}, "params.timeoutMs", "must be a number that a float can hold"),
        ({"graceMs": -1}, "params.graceMs", "must be at least 0"),
        ({"graceMs": -(10**400)}, "params.graceMs", "must be a number that a float can hold"),
        ({"timeoutms": 5}, "params.timeoutms", "is no member here; timeoutMs is"),
        ({"timeout_ms": 5}, "params.timeout_ms", "is no member here; timeoutMs is"),
        ({"enviroment": {}}, "params.enviroment", None),
        ({"mergeStdErr": True}, "params.mergeStdErr", "is no member here; mergeStderr is"),
        ({"a b": 1}, 'params["a b"]', None),
        ({"\ud800": 1}, 'params["\\ud800"]', None),
    ],
    ids=repr,
)
def test_the_problem_of_a_spawn_is_told_at_its_path(params: dict[str, Any], path: str, problem: str | None) -> None:
    found = problems({"argv": ["ls"], **params}, SpawnParams)
    assert list(found) == [path]
    if problem is not None:
        assert found[path] == problem


def test_every_problem_is_told_at_once() -> None:
    params = {
        "argv": ["ls", 1, "x", None],
        "cwd": 5,
        "env": {"A": 1, "B": "fine", "": "x"},
        "steal": True,
        "timeoutMs": 0,
    }
    assert set(problems(params, SpawnParams)) == {
        "params.argv[1]",
        "params.argv[3]",
        "params.cwd",
        "params.env.A",
        'params.env[""]',
        "params.steal",
        "params.timeoutMs",
    }


@pytest.mark.parametrize(
    "params",
    [
        {"argv": [0] * 1_000_000},
        {"argv": ["x"], "attach": ["stdin"] * 1_000_000},
        {"argv": ["x"], "env": {str(number): number for number in range(1_000_000)}},
        {"argv": ["x"], **{f"zz{number}": number for number in range(1_000_000)}},
        {"argv": [0] * 15, "env": {f"A{number}": number for number in range(15)}},
    ],
    ids=["argv", "attach", "env", "members", "both"],
)
def test_no_more_problems_are_told_than_a_person_mends_at_once(params: dict[str, Any]) -> None:
    begin = time.process_time()
    found = problems(params, SpawnParams)
    took_s = time.process_time() - begin
    assert len(found) == MAX_PROBLEMS == 20
    assert took_s < 2, "a hostile client must not stall the others"


def test_a_wrong_item_behind_a_million_right_ones_is_found() -> None:
    assert list(problems({"argv": ["x"] * 1_000_000 + [0]}, SpawnParams)) == ["params.argv[1000000]"]


def test_a_long_name_is_cut_in_a_path() -> None:
    name = "x" * 1_000_000
    (path,) = problems({"argv": ["x"], name: 1}, SpawnParams)
    assert path == f'params["{"x" * 80}\\u2026"]'
    (path,) = problems({"argv": ["x"], "env": {name: 1}}, SpawnParams)
    assert path == f'params.env["{"x" * 80}\\u2026"]'
    assert list(problems({"argv": ["x"], "env": {"x" * 80: 1}}, SpawnParams)) == [f"params.env.{'x' * 80}"]


def test_a_problem_in_a_message_within_a_message_is_told_at_its_path() -> None:
    usage = {"userMs": 1, "systemMs": "2", "maxRssBytes": 3}
    found = problems({"sessionId": "s", "streamsOpen": ["stdin"], "usage": usage}, ExitedParams)
    assert found["params.usage.systemMs"] == "must be a number, not a string"
    assert found["params.streamsOpen[0]"] == 'must be one of "stdout", "stderr"'
    assert found["params.exitCode"] == "is required"
    assert problems({"sessions": [{}]}, ListResult)["params.sessions[0].pid"] == "is required"


@pytest.mark.parametrize("number", [2**53 + 1, 2**63, 2**64, 10**30, 10**400])
def test_an_integer_of_any_size_is_taken_exactly(number: int) -> None:
    assert structure({**minimal(AttachParams), "fromOffset": number}, AttachParams).from_offset == number
    assert structure({**minimal(ReadParams), "maxBytes": number}, ReadParams).max_bytes == number


@pytest.mark.parametrize("number", [0, 0.0, 1, 0.5, 1e308, 2**64, 10**22])
def test_a_number_may_be_any_integer_or_float_that_a_float_holds(number: float) -> None:
    taken = structure({**minimal(TerminateParams), "graceMs": number}, TerminateParams).grace_ms
    assert taken == number
    assert type(taken) is float
    assert structure({**minimal(WaitParams), "timeoutMs": number}, WaitParams).timeout_ms == number


@pytest.mark.parametrize("text", ["", "a", "é", "😀", "\0", "\x1b[2J", "\uffff", "a" * 100_000])
def test_data_is_any_text(text: str) -> None:
    assert structure({"sessionId": "s", "data": text}, WriteParams).data == text


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "\ude00\ud83d", "é" * 100 + "\udc80"])
@pytest.mark.parametrize(
    ("message_type", "name"),
    [(WriteParams, "data"), (ListParams, "originator"), (SpawnParams, "command"), (AttachParams, "sessionId")],
)
def test_half_a_surrogate_pair_is_no_text(message_type: type[Any], name: str, text: str) -> None:
    found = problems({**minimal(message_type), name: text}, message_type)
    assert list(found) == [f"params.{name}"]
    assert "half a surrogate pair" in found[f"params.{name}"]


@pytest.mark.parametrize("inherit", [True, False, "minimal"])
def test_what_is_inherited_is_taken_as_it_is(inherit: Any) -> None:
    assert structure({"argv": ["a"], "inheritEnv": inherit}, SpawnParams).inherit_env is inherit


def test_limits_are_taken_by_their_names() -> None:
    limits = {"as": 2**63, "cpu": 0, "fsize": 1, "nofile": 2, "nproc": 3, "core": 4}
    assert structure({"argv": ["a"], "rlimits": limits}, SpawnParams).rlimits == limits
    assert structure({"argv": ["a"], "nice": 19}, SpawnParams).nice == 19
    assert set(problems({"argv": ["a"], "rlimits": {"cpu": -1, "As": 1, "as": "1"}}, SpawnParams)) == {
        "params.rlimits.cpu",
        "params.rlimits.As",
        "params.rlimits.as",
    }


def test_environment_names_are_kept_whole() -> None:
    env: dict[str, str | None] = {
        "A-B": "1",
        "jsonrpc": "2.0",
        "class": "x",
        "_": "",
        "1": "one",
        "é": "é",
        "gone": None,
        " ": "blank",
        "%s": "\n",
    }
    assert structure({"argv": ["env"], "env": env}, SpawnParams).env == env


def test_values_never_stand_in_a_problem() -> None:
    canary = "canary-5d1f"
    for params in (
        {"argv": ["ls"], "env": {"A": [canary]}},
        {"argv": ["ls"], "env": {"A": f"{canary}\0"}},
        {"argv": ["ls"], "env": canary},
        {"argv": ["ls"], "env": {"A": f"{canary}\ud800"}},
        {"argv": ["ls"], "stdin": canary},
        {"argv": ["ls"], "cwd": {canary: canary}},
        {"argv": ["ls"], "env": {f"A={canary}": "x"}},
        {"argv": ["ls"], f"A={canary}": "x"},
    ):
        assert canary not in repr(problems(params, SpawnParams))


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["argv", "env", "cwd", "graceMs", "x"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)))  # fmt: skip
def test_whatever_comes_is_taken_as_it_is_or_refused(params: dict[str, Any]) -> None:
    with contextlib.suppress(PipeRpcError):
        taken = structure(params, SpawnParams)
        assert taken.argv == params["argv"]
        assert taken.env == params.get("env", {})


def test_null_is_not_the_same_as_left_out() -> None:
    assert problems({"originator": None}, ListParams) == {"params.originator": "must be a string, not null"}
    assert problems({"argv": ["a"], "attach": None}, SpawnParams) == {"params.attach": "must be an array, not null"}
    assert structure({"argv": ["a"], "attach": []}, SpawnParams).attach == []
    assert structure({"argv": ["a"]}, SpawnParams).attach is None
