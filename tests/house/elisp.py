"""What the Emacs package knows of the wire: constants."""

from __future__ import annotations

import json
import pathlib

from pipe_rpc.errors import ErrorCode
from pipe_rpc.server.handshake import PROTOCOL_VERSION
from tests.house.wire_names import METHOD_NAMES, NOTIFICATION_NAMES, words

PATH = pathlib.Path(__file__).resolve().parents[2] / "editors" / "emacs" / "pipe-rpc-constants.el"


def elisp_text() -> str:
    """What belongs into the generated file of the package."""
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
            *(_constant("method", name) for name in METHOD_NAMES),
            *(_constant("notification", name) for name in NOTIFICATION_NAMES),
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


def _constant(what: str, name: str) -> str:
    """`session/waitFor` is pipe-rpc-method-wait-for."""
    symbol = "-".join(["pipe-rpc", what, *words(name)])
    return f'\n(defconst {symbol} {json.dumps(name)}\n  "The {what} `{name}\'.")'
