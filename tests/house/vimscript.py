"""What the Vim plugin knows of the wire: constants."""

from __future__ import annotations

import pathlib

from pipe_rpc.errors import ErrorCode
from pipe_rpc.server.handshake import PROTOCOL_VERSION
from tests.house.wire_names import METHOD_NAMES, NOTIFICATION_NAMES, constant

CONSTANTS = pathlib.Path(__file__).resolve().parents[2] / "editors" / "vim" / "autoload" / "pipe_rpc" / "constants.vim"


def vimscript_text() -> str:
    """What belongs into the constants of the plugin."""
    return "\n".join(
        [
            "vim9script",
            "# The names and numbers of the wire.",
            "# Made by `python -m tests.house.generate`; do not edit.",
            "",
            f"export const PROTOCOL_VERSION = {PROTOCOL_VERSION}",
            "",
            "export const METHODS = {",
            *(f"  {constant(name)}: '{name}'," for name in METHOD_NAMES),
            "}",
            "",
            "export const NOTIFICATIONS = {",
            *(f"  {constant(name)}: '{name}'," for name in NOTIFICATION_NAMES),
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
