"""pipe_rpc/protocol/json_schema.py: the schemas take what the converter takes, and refuse what it refuses."""

from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from pipe_rpc.errors import PipeRpcError
from pipe_rpc.protocol import types
from pipe_rpc.protocol.converter import structure
from pipe_rpc.protocol.json_schema import member_schema, message_schema
from pipe_rpc.protocol.naming import wire_name

MESSAGES: list[type[Any]] = [getattr(types, name) for name in types.__all__]
COMPONENTS = {"schemas": {message.__name__: message_schema(message) for message in MESSAGES}}

EXIT = {
    "exitCode": None,
    "signal": "SIGKILL",
    "coreDumped": False,
    "exitedAt": 1.5,
    "durationMs": 2,
    "outcome": "hardKilled",
    "reason": None,
    "usage": {"userMs": 0, "systemMs": 0.5, "maxRssBytes": 1},
    "processesLeft": None,
}
STREAM = {
    "startOffset": 0,
    "endOffset": 0,
    "missedBytes": 0,
    "attached": False,
    "attachmentId": None,
    "ended": True,
}
SESSION = {
    "sessionId": "s",
    "pid": 1,
    "state": "exited",
    "command": "true",
    "argv": ["true"],
    "cwd": "/",
    "originator": "",
    "createdAt": 1,
    "mergeStderr": True,
    "containment": "subreaper",
    "stdin": {"open": False, "pendingBytes": 0},
    "stdout": STREAM,
    "stderr": None,
    "exit": EXIT,
    "usage": None,
}
EXAMPLES: dict[str, Any] = {
    "ExitInfo": EXIT,
    "StreamInfo": STREAM,
    "SessionInfo": SESSION,
    "ListResult": {"sessions": [SESSION]},
    "WaitResult": {"exit": EXIT},
    "ExitedParams": {"sessionId": "s", "streamsOpen": ["stderr"], **EXIT},
    "TeeTarget": {"path": "/x", "mode": "append"},
    "TeeParams": {"sessionId": "s", "stream": "stdout", "path": "/x"},
    "TeeErrorParams": {
        "sessionId": "s",
        "stream": "stdout",
        "path": "/x",
        "offset": 1,
        "errno": "ENOSPC",
        "message": "No space left on device",
    },
    "Excerpt": {"head": "x", "tail": "", "encoding": "utf-8", "omittedBytes": 0, "nextOffset": 1},
    "RunResult": {
        "sessionId": "s",
        "running": True,
        "exit": None,
        "stdout": {"head": "x", "tail": "y", "encoding": "utf-8", "omittedBytes": 5, "nextOffset": 7},
        "stderr": None,
    },
    "WaitForResult": {
        "matched": True,
        "reason": None,
        "offset": 0,
        "length": 1,
        "text": "x",
        "groups": ["x", None],
        "named": {"name": None},
        "nextOffset": 1,
        "missedBytes": 0,
    },
    "SpawnParams": {
        "argv": ["a"],
        "env": {"A-B": "1", "GONE": None},
        "inheritEnv": "minimal",
        "envFile": "/a",
        "rlimits": {"as": 2**63 - 1, "core": 0},
        "nice": 19,
        "attach": [],
        "timeoutMs": 0.5,
    },
    "OutputParams": {
        "sessionId": "s",
        "stream": "stdout",
        "offset": 1,
        "length": 1,
        "data": "x",
        "encoding": "utf-8",
        "seq": 1,
        "timeMs": 0.5,
        "missedBytes": 1,
    },
}
EXAMPLE_VALUES: dict[str, Any] = {
    "argv": ["a"],
    "attachmentId": "a",
    "bytesWritten": 0,
    "data": "x",
    "encoding": "base64",
    "ended": False,
    "exit": None,
    "length": 1,
    "maxRssBytes": 0,
    "missedBytes": 0,
    "nextOffset": 1,
    "offset": 0,
    "open": True,
    "pendingBytes": 0,
    "processes": 1,
    "purged": 1,
    "reason": "stolen",
    "rssBytes": 0,
    "sessionId": "s",
    "signal": "SIGINT",
    "stream": "stderr",
    "systemMs": 1,
    "terminated": 1,
    "userMs": 1,
}


def validator(message: type[Any]) -> Draft7Validator:
    return Draft7Validator({"components": COMPONENTS, "$ref": f"#/components/schemas/{message.__name__}"})


def members_of(value: Any) -> Any:
    """JSON values of a message."""
    if attrs.has(type(value)):
        return {wire_name(field.name): members_of(getattr(value, field.name)) for field in attrs.fields(type(value))}
    return [members_of(each) for each in value] if isinstance(value, list) else value


def converter_takes(value: Any, message: type[Any]) -> bool:
    try:
        structure(value, message)
    except PipeRpcError:
        return False
    return True


def values_near(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that fit the schema, and others that nearly do."""
    odd: st.SearchStrategy[Any] = st.sampled_from([None, True, 0, 1, -1, 1.5, "", "x", [], ["x"], {}, {"A": 1}])
    match schema:
        case {"oneOf": [inner, {"type": "null"}]}:
            fitting: st.SearchStrategy[Any] = st.none() | values_near(inner)
        case {"$ref": reference}:
            return st.deferred(lambda: objects_near(COMPONENTS["schemas"][reference.rsplit("/", 1)[1]]))
        case {"enum": words}:
            fitting = st.sampled_from(words)
        case {"type": "array", "items": items}:
            fitting = st.lists(values_near(items), max_size=2)
        case {"type": "object", "additionalProperties": dict() as values}:
            names = st.sampled_from(["A", "A-B", "jsonrpc", "", "A=B", "A\0", "cpu", "as"])
            fitting = st.dictionaries(names, values_near(values), max_size=2)
        case {"type": "boolean"}:
            fitting = st.booleans()
        case {"type": "integer"}:
            fitting = st.integers(-2, 2**70)
        case {"type": "number"}:
            fitting = st.integers(-2, 2**70) | st.sampled_from([-0.5, 0.5, 1e308])
        case _:
            fitting = st.sampled_from(["", "x", "a\0b", "é\n", "="])
    return st.one_of(fitting, fitting, fitting, odd)


def objects_near(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    required = {name: values_near(schema["properties"][name]) for name in schema["required"]}
    optional = {name: values_near(each) for name, each in schema["properties"].items() if name not in required}
    return st.fixed_dictionaries(required, optional={**optional, "unknown": st.none()})


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: each.__name__)
def test_every_schema_is_a_schema_of_draft_7(message: type[Any]) -> None:
    Draft7Validator.check_schema(message_schema(message))


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: each.__name__)
def test_a_schema_names_describes_and_closes_its_members(message: type[Any]) -> None:
    schema = message_schema(message)
    fields = attrs.fields(message)
    assert schema["title"] == message.__name__
    assert schema["description"] == message.__doc__
    assert list(schema["properties"]) == [wire_name(field.name) for field in fields]
    assert schema["required"] == [wire_name(field.name) for field in fields if field.default is attrs.NOTHING]
    assert schema["additionalProperties"] is False
    assert all(member["description"] for member in schema["properties"].values())


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_schema_and_the_converter_take_a_whole_message(name: str) -> None:
    message = getattr(types, name)
    validator(message).validate(EXAMPLES[name])
    taken = structure(EXAMPLES[name], message)
    without_absent = {key: value for key, value in members_of(taken).items() if key in EXAMPLES[name]}
    assert without_absent == EXAMPLES[name]


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_lacks_a_required_member_or_has_an_unknown_one_fits_neither(name: str) -> None:
    message, example = getattr(types, name), EXAMPLES[name]
    for required in message_schema(message)["required"]:
        less = {key: value for key, value in example.items() if key != required}
        assert not validator(message).is_valid(less)
        assert not converter_takes(less, message)
    more = {**example, "unknown": None}
    assert not validator(message).is_valid(more)
    assert not converter_takes(more, message)


MEMBERS = [
    pytest.param(message, wire_name(field.name), id=f"{message.__name__}.{wire_name(field.name)}")
    for message in MESSAGES
    for field in attrs.fields(message)
]


@pytest.mark.parametrize(("message", "name"), MEMBERS)
def test_schema_and_converter_agree_on_every_value_of_a_member(message: type[Any], name: str) -> None:
    schema = message_schema(message)
    example = EXAMPLES.get(message.__name__) or {each: EXAMPLE_VALUES[each] for each in schema["required"]}
    schema_takes = validator(message).is_valid
    assert schema_takes(example)

    @settings(max_examples=40, deadline=None)
    @given(values_near(schema["properties"][name]))
    def agree(value: Any) -> None:
        changed = {**example, name: value}
        assert schema_takes(changed) is converter_takes(changed, message), changed

    agree()


def test_a_default_is_told_as_a_value_or_in_words() -> None:
    properties = message_schema(types.SpawnParams)["properties"]
    assert properties["stdin"]["default"] == "pipe"
    assert properties["env"]["default"] == {}
    assert properties["inheritEnv"]["default"] is True
    assert properties["inheritEnv"]["enum"] == [True, False, "minimal"]
    assert properties["rlimits"]["propertyNames"]["enum"] == ["as", "cpu", "fsize", "nofile", "nproc", "core"]
    assert properties["rlimits"]["additionalProperties"] == {"type": "integer", "minimum": 0}
    assert (properties["nice"]["minimum"], properties["nice"]["maximum"]) == (0, 19)
    assert "default" not in properties["timeoutMs"]
    assert properties["timeoutMs"]["description"].endswith(" Default: no limit.")
    assert properties["timeoutMs"]["exclusiveMinimum"] == 0
    assert properties["graceMs"]["minimum"] == 0
    assert properties["argv"]["minItems"] == 1
    assert "default" not in properties["argv"]


def test_a_type_without_a_schema_is_an_error_and_no_empty_schema() -> None:
    @attrs.frozen
    class Odd:
        member: complex = attrs.field(metadata={})

    with pytest.raises(TypeError, match="complex"):
        member_schema(attrs.fields(Odd).member)
