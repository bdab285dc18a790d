"""What the Neovim plugin knows of the wire: constants, and types for LuaLS, made of the OpenRPC document."""

from __future__ import annotations

import json
import pathlib
from typing import Any

from pipe_rpc.errors import ErrorCode
from pipe_rpc.protocol.openrpc import openrpc_document
from pipe_rpc.server.handshake import PROTOCOL_VERSION
from tests.house.wire_names import METHOD_NAMES, NOTIFICATION_NAMES, constant

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "editors" / "nvim" / "lua" / "pipe_rpc"
MADE = "-- Made by `python -m tests.house.generate`; do not edit."
TYPES = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean", "null": "nil"}


def lua_texts() -> dict[pathlib.Path, str]:
    """Each generated file of the plugin, and what belongs into it."""
    return {FOLDER / "constants.lua": _constants(), FOLDER / "types.lua": _types(openrpc_document())}


def write_lua() -> None:
    for path, text in lua_texts().items():
        path.write_text(text, encoding="utf-8")


def _constants() -> str:
    return "\n".join(
        [
            "--- The names and numbers of the wire.",
            MADE,
            "",
            "return {",
            f"  PROTOCOL_VERSION = {PROTOCOL_VERSION},",
            "  METHODS = {",
            *(f"    {constant(name)} = {json.dumps(name)}," for name in METHOD_NAMES),
            "  },",
            "  NOTIFICATIONS = {",
            *(f"    {constant(name)} = {json.dumps(name)}," for name in NOTIFICATION_NAMES),
            "  },",
            "  KINDS = {",
            *(f"    [{int(code)}] = {json.dumps(code.kind)}," for code in ErrorCode),
            "  },",
            "}",
            "",
        ]
    )


def _types(document: dict[str, Any]) -> str:
    lines = ["---@meta", "--- The shapes of the wire.", MADE]
    for name, schema in document["components"]["schemas"].items():
        lines += ["", f"--- {_line(schema['description'])}", f"---@class pipe_rpc.wire.{name}"]
        required = schema.get("required", [])
        for member, of in schema["properties"].items():
            maybe = "" if member in required else "?"
            lines.append(f"---@field {member}{maybe} {_type(of)} {_line(of.get('description', ''))}".rstrip())
    return "\n".join([*lines, ""])


def _type(schema: dict[str, Any]) -> str:
    """A type as LuaLS writes it. Null is an absent member: Neovim decodes it so."""
    if "$ref" in schema:
        return f"pipe_rpc.wire.{schema['$ref'].rpartition('/')[2]}"
    if "enum" in schema:
        return "|".join(json.dumps(value) for value in schema["enum"])
    if "oneOf" in schema:
        return "|".join(_type(of) for of in schema["oneOf"])
    if schema.get("type") == "array":
        item = _type(schema["items"])
        return f"({item})[]" if "|" in item else f"{item}[]"
    if schema.get("type") == "object":
        return f"table<string, {_type(schema.get('additionalProperties') or {})}>"
    return TYPES.get(schema.get("type", ""), "any")


def _line(text: str) -> str:
    return " ".join(text.split())
