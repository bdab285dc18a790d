"""pipe_rpc/protocol/openrpc.py: a document that other people's tools can read."""

import json
import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft7Validator

from pipe_rpc import __version__
from pipe_rpc.errors import ErrorCode
from pipe_rpc.limits import Limits
from pipe_rpc.protocol import types
from pipe_rpc.protocol.methods import COMMANDS, METHODS, NOTIFICATIONS, SESSION_METHODS
from pipe_rpc.protocol.naming import wire_name
from pipe_rpc.protocol.openrpc import openrpc_document

DOCUMENT = json.loads(json.dumps(openrpc_document(), allow_nan=False))
METHODS_BY_NAME = {method["name"]: method for method in DOCUMENT["methods"]}


def inside(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from inside(each)
    elif isinstance(value, list):
        for each in value:
            yield from inside(each)


def resolve(reference: str) -> Any:
    first, *steps = reference.split("/")
    assert first == "#"
    found = DOCUMENT
    for step in steps:
        found = found[step]
    return found


def test_the_members_are_those_that_openrpc_knows_and_extensions() -> None:
    known = {"openrpc", "info", "methods", "components", "servers", "externalDocs"}
    assert {name for name in DOCUMENT if not name.startswith("x-")} <= known
    assert set(DOCUMENT) >= {"openrpc", "info", "methods"}
    assert re.fullmatch(r"1\.3\.\d", DOCUMENT["openrpc"])
    assert DOCUMENT["info"]["version"] == __version__
    of_method = {"name", "summary", "description", "params", "result", "errors", "paramStructure", "tags", "examples"}
    for method in DOCUMENT["methods"]:
        assert set(method) <= of_method, method["name"]
        assert set(method) >= {"name", "params"}
        assert method["paramStructure"] in {"by-name", "by-position", "either"}


def test_every_reference_resolves() -> None:
    references = [each["$ref"] for each in inside(DOCUMENT) if isinstance(each.get("$ref"), str)]
    assert references
    for reference in references:
        assert isinstance(resolve(reference), dict), reference


def test_the_methods_are_those_of_the_table_in_its_order() -> None:
    assert [method["name"] for method in DOCUMENT["methods"]] == [row.name for row in METHODS]
    assert [row["name"] for row in DOCUMENT["x-notifications"]] == [row.name for row in NOTIFICATIONS]
    assert {row["name"]: row["description"] for row in DOCUMENT["x-commands"]} == COMMANDS


def test_what_has_no_result_is_a_notification() -> None:
    for row in METHODS:
        assert ("result" in METHODS_BY_NAME[row.name]) is (row.result is not None)


def test_the_params_of_a_method_are_the_members_of_its_type() -> None:
    for row in SESSION_METHODS:
        schema = DOCUMENT["components"]["schemas"][row.params]
        params = METHODS_BY_NAME[row.name]["params"]
        assert {each["name"]: each["schema"] for each in params} == schema["properties"]
        assert [each["name"] for each in params if each["required"]] == schema["required"]
        result = METHODS_BY_NAME[row.name]["result"]
        assert result["schema"] == {"$ref": f"#/components/schemas/{row.result}"}


def test_required_params_stand_before_optional_ones() -> None:
    for method in DOCUMENT["methods"]:
        required = [each["required"] for each in method["params"]]
        assert required == sorted(required, reverse=True), method["name"]


def test_every_schema_is_one_of_draft_7() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft7Validator.check_schema(schema)
    for method in DOCUMENT["methods"]:
        for each in [*method["params"], *([method["result"]] if "result" in method else [])]:
            Draft7Validator.check_schema(each["schema"])
    assert set(DOCUMENT["components"]["schemas"]) == set(types.__all__)


def test_every_error_is_there_with_code_meaning_and_remedy() -> None:
    errors = DOCUMENT["components"]["errors"]
    assert {name: error["code"] for name, error in errors.items()} == {code.kind: code.value for code in ErrorCode}
    for name, error in errors.items():
        assert set(error) == {"code", "message", "data"}
        assert error["data"]["kind"] == name
        assert error["data"]["remedy"]
    for row in METHODS:
        listed = [each["$ref"] for each in METHODS_BY_NAME[row.name].get("errors", [])]
        assert listed == [f"#/components/errors/{code.kind}" for code in row.errors]


def test_every_limit_is_there_with_its_option_and_its_reason() -> None:
    defaults = Limits()._asdict()
    assert {name: row["default"] for name, row in DOCUMENT["x-limits"].items()} == {
        wire_name(name): value for name, value in defaults.items()
    }
    for row in DOCUMENT["x-limits"].values():
        assert re.fullmatch(r"--[a-z-]+", row["option"])
        assert row["description"].endswith(".")


def test_the_document_is_the_same_each_time_and_each_time_a_fresh_one() -> None:
    first = openrpc_document()
    first["methods"].clear()
    assert json.dumps(openrpc_document()) == json.dumps(DOCUMENT)
