"""What the Vim plugin knows of the wire, made of the OpenRPC document."""

from __future__ import annotations

import pathlib

from pipe_rpc.errors import ErrorCode
from pipe_rpc.protocol.openrpc import openrpc_document
from pipe_rpc.server.handshake import PROTOCOL_VERSION

CONSTANTS = pathlib.Path(__file__).resolve().parents[2] / "editors" / "vim" / "autoload" / "pipe_rpc" / "constants.vim"


def vimscript_text() -> str:
    """What belongs into the constants of the plugin."""
    document = openrpc_document()
    methods = [method["name"] for method in document["methods"] if method["name"].startswith("session/")]
    notifications = [notification["name"] for notification in document["x-notifications"]]
    return "\n".join(
        [
            "vim9script",
            "# The names and numbers of the wire.",
            "# Made by `python -m tests.house.generate`; do not edit.",
            "",
            f"export const PROTOCOL_VERSION = {PROTOCOL_VERSION}",
            "",
            "export const METHODS = {",
            *(f"  {_constant(name)}: '{name}'," for name in methods),
            "}",
            "",
            "export const NOTIFICATIONS = {",
            *(f"  {_constant(name)}: '{name}'," for name in notifications),
            "}",
            "",
            "export const KINDS = {",
            *(f"  '{int(code)}': '{code.kind}'," for code in ErrorCode),
            "}",
            "",
        ]
    )


def write_vimscript() -> None:
    CONSTANTS.write_text(vimscript_text(), encoding="utf-8")


def _constant(name: str) -> str:
    """`session/waitFor` is WAIT_FOR."""
    word = name.removeprefix("session/")
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in word).upper()
