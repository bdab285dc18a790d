"""The contract as an OpenRPC document (OpenRPC 1.3), made from the method table, the types, the errors and the limits.

OpenRPC knows requests of a client only; what goes to the client stands under ``x-notifications``.
"""

from typing import Any

import attrs

from pipe_rpc import __version__
from pipe_rpc.errors import ErrorCode
from pipe_rpc.limits import Limits, option_name, reason
from pipe_rpc.protocol import types
from pipe_rpc.protocol.json_schema import member_schema, message_schema
from pipe_rpc.protocol.methods import COMMANDS, METHODS, NOTIFICATIONS, Method
from pipe_rpc.protocol.naming import wire_name


def openrpc_document() -> dict[str, Any]:
    """The whole document, as JSON values."""
    return {
        "openrpc": "1.3.2",
        "info": {
            "title": "pipe-rpc",
            "version": __version__,
            "description": "Processes as sessions: JSON-RPC 2.0 on stdin and stdout, framed as language servers do.",
            "license": {"name": "MIT"},
        },
        "methods": [_method(method) for method in METHODS],
        "components": {
            "schemas": {name: message_schema(getattr(types, name)) for name in types.__all__},
            "errors": {code.kind: _error(code) for code in ErrorCode},
        },
        "x-notifications": [_notification(method) for method in NOTIFICATIONS],
        "x-commands": [{"name": name, "description": doc} for name, doc in COMMANDS.items()],
        "x-limits": {
            wire_name(name): {"default": value, "description": reason(name), "option": option_name(name)}
            for name, value in Limits()._asdict().items()
        },
    }


def _method(method: Method) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": method.name,
        "summary": method.doc,
        "paramStructure": "by-name",
        "params": _params(method),
    }
    if method.result is not None:
        row["result"] = {"name": "result", "schema": _result_schema(method.result)}
    if method.errors:
        row["errors"] = [{"$ref": f"#/components/errors/{code.kind}"} for code in method.errors]
    return row


def _params(method: Method) -> list[dict[str, Any]]:
    if method.params is None:
        return []
    return [
        {
            "name": wire_name(field.name),
            "required": field.default is attrs.NOTHING,
            "schema": member_schema(field),
        }
        for field in attrs.fields(getattr(types, method.params))
    ]


def _result_schema(result: str) -> dict[str, Any]:
    return {"type": result} if result in {"object", "null"} else {"$ref": f"#/components/schemas/{result}"}


def _notification(method: Method) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{method.params}"}
    return {"name": method.name, "summary": method.doc, "params": schema}


def _error(code: ErrorCode) -> dict[str, Any]:
    return {"code": int(code), "message": code.meaning, "data": {"kind": code.kind, "remedy": code.remedy}}
