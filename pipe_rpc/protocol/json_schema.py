"""Message types as JSON Schema (draft 7, which OpenRPC uses)."""

from typing import Any, Literal, get_args, get_origin

import attrs

from pipe_rpc.protocol.converter import without_none
from pipe_rpc.protocol.naming import wire_name
from pipe_rpc.protocol.types.member import Amount, EnvironmentName, InheritEnv, ProcessText

_PRIMITIVES: dict[Any, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    Amount: {"type": "integer", "minimum": 0},
    InheritEnv: {"enum": [True, False, "minimal"]},
    ProcessText: {"type": "string", "pattern": "^[^\\u0000]*$"},
    EnvironmentName: {"type": "string", "pattern": "^[^=\\u0000]+$"},
}


def message_schema(message_type: type[Any]) -> dict[str, Any]:
    """The schema of one message: every member with its meaning, bounds and default."""
    fields = attrs.fields(message_type)
    return {
        "title": message_type.__name__,
        "description": message_type.__doc__,
        "type": "object",
        "properties": {wire_name(field.name): member_schema(field) for field in fields},
        "required": [wire_name(field.name) for field in fields if field.default is attrs.NOTHING],
        "additionalProperties": False,
    }


def member_schema(field: "attrs.Attribute[Any]") -> dict[str, Any]:
    """The schema of one member."""
    schema = _value_schema(without_none(field.type))
    bounds = field.metadata["bounds"]
    if bounds["minimum"] is not None:
        schema["minimum"] = bounds["minimum"]
    if bounds["maximum"] is not None:
        schema["maximum"] = bounds["maximum"]
    if bounds["above"] is not None:
        schema["exclusiveMinimum"] = bounds["above"]
    if bounds["min_items"] is not None:
        schema["minItems"] = bounds["min_items"]
    if field.metadata["nullable"]:
        schema = {"oneOf": [schema, {"type": "null"}]}
    schema["description"] = field.metadata["doc"]
    fallback = field.metadata["fallback"]
    if fallback is not None:
        schema["description"] += f" Default: {fallback}."
    elif field.default is not attrs.NOTHING:
        # attrs' stubs call Factory a function; at run time it is the class of such defaults.
        schema["default"] = {} if isinstance(field.default, attrs.Factory) else field.default  # type: ignore[arg-type]  # Factory is no type to mypy
    return schema


def _value_schema(annotation: Any) -> dict[str, Any]:
    if annotation in _PRIMITIVES:
        return dict(_PRIMITIVES[annotation])
    if attrs.has(annotation):
        return {"$ref": f"#/components/schemas/{annotation.__name__}"}
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": _nullable_schema(arguments[0])}
    if origin is dict:
        names, values = _value_schema(arguments[0]), _nullable_schema(arguments[1])
        return {"type": "object", "propertyNames": names, "additionalProperties": values}
    raise TypeError(f"{annotation} has no schema")


def _nullable_schema(annotation: Any) -> dict[str, Any]:
    schema = _value_schema(without_none(annotation))
    return schema if without_none(annotation) is annotation else {"oneOf": [schema, {"type": "null"}]}
