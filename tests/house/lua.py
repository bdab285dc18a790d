"""What the Neovim plugin knows of the wire, made of the OpenRPC document: constants, and types for LuaLS."""

from __future__ import annotations

import json
import pathlib
from typing import Any

from pipe_rpc.errors import ErrorCode
from pipe_rpc.protocol.openrpc import openrpc_document
from pipe_rpc.server.handshake import PROTOCOL_VERSION

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "editors" / "nvim" / "lua" / "pipe_rpc"
MADE = "-- Made by `python -m tests.house.generate`; do not edit."
TYPES = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean", "null": "nil"}


def lua_texts() -> dict[pathlib.Path, str]:
    """Each generated file of the plugin, and what belongs into it."""
    document = openrpc_document()
    return {FOLDER / "constants.lua": _constants(document), FOLDER / "types.lua": _types(document)}


def write_lua() -> None:
    for path, text in lua_texts().items():
        path.write_text(text, encoding="utf-8")


def _constants(document: dict[str, Any]) -> str:
    methods = [method["name"] for method in document["methods"] if method["name"].startswith("session/")]
    notifications = [notification["name"] for notification in document["x-notifications"]]
    return "\n".join(
        [
            "--- The names and numbers of the wire.",
            MADE,
            "",
            "return {",
            f"  PROTOCOL_VERSION = {PROTOCOL_VERSION},",
            "  METHODS = {",
            *(f"    {_constant(name)} = {json.dumps(name)}," for name in methods),
            "  },",
            "  NOTIFICATIONS = {",
            *(f"    {_constant(name)} = {json.dumps(name)}," for name in notifications),
            "  },",
            "  KINDS = {",
            *(f"    [{int(code)}] = {json.dumps(code.kind)}," for code in ErrorCode),
            "  },",
            "}",
            "",
        ]
    )


def _constant(name: str) -> str:
    """`session/waitFor` is WAIT_FOR."""
    word = name.removeprefix("session/")
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in word).upper()


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
