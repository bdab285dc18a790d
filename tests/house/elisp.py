"""What the Emacs package knows of the wire, made of the OpenRPC document: constants."""

from __future__ import annotations

import json
import pathlib

from pipe_rpc.errors import ErrorCode
from pipe_rpc.protocol.openrpc import openrpc_document
from pipe_rpc.server.handshake import PROTOCOL_VERSION

PATH = pathlib.Path(__file__).resolve().parents[2] / "editors" / "emacs" / "pipe-rpc-constants.el"


def elisp_text() -> str:
    """What belongs into the generated file of the package."""
    document = openrpc_document()
    methods = [method["name"] for method in document["methods"] if method["name"].startswith("session/")]
    notifications = [notification["name"] for notification in document["x-notifications"]]
    return "\n".join(
        [
            ";;; pipe-rpc-constants.el --- The names and numbers of the wire  -*- lexical-binding: t -*-",
            "",
            ";; SPDX-License-Identifier: MIT",
            "",
            ";;; Commentary:",
            "",
            ";; Made by `python -m tests.house.generate'; do not edit.",
            "",
            ";;; Code:",
            "",
            f"(defconst pipe-rpc-protocol-version {PROTOCOL_VERSION}",
            '  "The version of the protocol that this package speaks.")',
            *(_constant("method", "method", name) for name in methods),
            *(_constant("notification", "notification", name) for name in notifications),
            "",
            "(defconst pipe-rpc-error-kinds",
            "  '(" + "\n    ".join(f"({int(code)} . {json.dumps(code.kind)})" for code in ErrorCode) + ")",
            '  "The names of errors, by their codes.")',
            "",
            "(provide 'pipe-rpc-constants)",
            ";;; pipe-rpc-constants.el ends here",
            "",
        ]
    )


def write_elisp() -> None:
    PATH.write_text(elisp_text(), encoding="utf-8")


def _constant(prefix: str, what: str, name: str) -> str:
    """`session/waitFor` is pipe-rpc-method-wait-for."""
    word = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name.removeprefix("session/"))
    return f'\n(defconst pipe-rpc-{prefix}-{word} {json.dumps(name)}\n  "The {what} `{name}\'.")'
