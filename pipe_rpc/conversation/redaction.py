"""What of a message is nobody's business but the child's: the values of its environment."""

from collections.abc import Mapping
from typing import Any

HIDDEN = "…"
"""Stands where a value was."""


def redacted(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """The message, of a client or a server, with each value of ``env`` hidden; names stay, and so does null."""
    params = message.get("params")
    env = params.get("env") if isinstance(params, Mapping) else None
    if not isinstance(params, Mapping) or not isinstance(env, Mapping):
        return message
    hidden = {name: None if value is None else HIDDEN for name, value in env.items()}
    return {**message, "params": {**params, "env": hidden}}
