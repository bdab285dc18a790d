"""What crossed the pipes between a test's client and the server, as values."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

DEADLINE_S = 30.0
"""How long any single wait of a test may take. Generous: it is met only by a server that is wrong."""

Message = dict[str, Any]


class TraceEntry(NamedTuple):
    """One message that crossed the pipes. Bytes given to `send_raw` are kept as bytes: they need not be a message."""

    direction: Literal["in", "out"]
    message: Message | bytes
    at: float


def decode_data(params: Mapping[str, Any]) -> bytes:
    """The bytes that `data` and `encoding` stand for, in output notifications and in answers of `session/read`."""
    if params["encoding"] == "base64":
        return base64.b64decode(params["data"], validate=True)
    return str(params["data"]).encode()
