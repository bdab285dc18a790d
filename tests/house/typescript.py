"""What the VS Code extension knows of the wire, made of the OpenRPC document: names, numbers and types."""

from __future__ import annotations

import json
import pathlib
from typing import Any

from pipe_rpc.errors import ErrorCode
from pipe_rpc.protocol.methods import NOTIFICATIONS, SESSION_METHODS
from pipe_rpc.protocol.openrpc import openrpc_document
from pipe_rpc.server.handshake import PROTOCOL_VERSION

WIRE = pathlib.Path(__file__).resolve().parents[2] / "editors" / "vscode" / "src" / "wire.ts"
TYPES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def typescript_text() -> str:
    """What belongs into the generated file."""
    lines = [
        "// The names, numbers and shapes of the wire.",
        "// Made by `python -m tests.house.generate`; do not edit.",
        "",
        f"export const PROTOCOL_VERSION = {PROTOCOL_VERSION};",
        "",
        "/** What each code of an error is called. */",
        "export const KINDS: Readonly<Partial<Record<number, string>>> = {",
        *(f"  {_key(int(code))}: {json.dumps(code.kind)}," for code in ErrorCode),
        "};",
        "",
        "/** The params and the answer of each request. */",
        "export interface Requests {",
        *(f'  "{row.name}": {{ params: {row.params or "Empty"}; result: {row.result} }};' for row in SESSION_METHODS),
        "}",
        "",
        "/** The params of each notification. */",
        "export interface Notifications {",
        *(f'  "{row.name}": {row.params};' for row in NOTIFICATIONS),
        "}",
    ]
    for name, schema in openrpc_document()["components"]["schemas"].items():
        lines += ["", f"/** {_line(schema['description'])} */", *_interface(name, schema)]
    return "\n".join([*lines, ""])


def write_typescript() -> None:
    WIRE.write_text(typescript_text(), encoding="utf-8")


def _key(number: int) -> str:
    return str(number) if number >= 0 else f'"{number}"'


def _interface(name: str, schema: dict[str, Any]) -> list[str]:
    if not schema["properties"]:
        return [f"export type {name} = Record<string, never>;"]
    required = schema.get("required", [])
    lines = [f"export interface {name} {{"]
    for member, of in schema["properties"].items():
        lines += [f"  /** {_line(of.get('description', ''))} */"]
        lines += [f"  {member}{'' if member in required else '?'}: {_type(of)};"]
    return [*lines, "}"]


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "oneOf" in schema:
        return " | ".join(_type(of) for of in schema["oneOf"])
    if schema.get("type") == "array":
        item = _type(schema["items"])
        return f"({item})[]" if "|" in item else f"{item}[]"
    if schema.get("type") == "object":
        return f"Record<string, {_type(schema.get('additionalProperties') or {})}>"
    return TYPES.get(schema.get("type", ""), "unknown")


def _line(text: str) -> str:
    return " ".join(text.split()).replace("*/", "* /")
