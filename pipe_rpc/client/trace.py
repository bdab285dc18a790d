"""A conversation as a person reads it: one line for each message, without values of the environment."""

import json
import time
from collections.abc import Mapping
from typing import Any

from pipe_rpc.buffers.terminal_text import ESCAPED_CONTROLS
from pipe_rpc.conversation.messages import Sender
from pipe_rpc.conversation.secrets import redacted

LONGEST = 240
"""Characters of JSON in a line, where nobody says otherwise: about three lines of a terminal."""


class Trace:
    """Formats messages with the seconds since the start of the conversation, each cut behind so many characters."""

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._started = time.monotonic()
        self._methods: dict[Any, str] = {}

    def line(self, sender: Sender, message: Mapping[str, Any]) -> str:
        """A line for what one of them said."""
        if sender == "server":
            return self._line("←", message)
        if "id" in message:
            self._methods[message["id"]] = message["method"]
        return self._line("→", redacted(message))

    def _line(self, arrow: str, message: Mapping[str, Any]) -> str:
        request_id = f"#{message['id']} " if "id" in message else ""
        if "method" in message:
            what, value = message["method"], message.get("params")
        else:
            what = self._methods.pop(message.get("id"), "answer")
            value = message.get("result")
        if "error" in message:
            what, value = f"{what} failed", message["error"]
        text = json.dumps(value, ensure_ascii=False)
        if len(text) > self._longest:
            text = f"{text[: self._longest]}… ({len(text)} characters)"
        text = text.translate(ESCAPED_CONTROLS)
        return f"{time.monotonic() - self._started:8.3f} s {arrow} {request_id}{what} {text}\n"
