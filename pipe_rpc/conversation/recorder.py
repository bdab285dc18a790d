"""Makes a recording of a conversation while it is going on.

Rules of this file: no I/O; each message becomes a line of text at once, so that what was said before a crash is there.
Placeholders stand in for what varies, as ``varying_members`` has it, and for the values of environment variables.
"""

from collections import Counter
from typing import Any

from pipe_rpc.conversation.placeholders import CLIENT_PROCESS_ID, WILDCARDS, escape
from pipe_rpc.conversation.recording import header, text_line
from pipe_rpc.conversation.secrets import escaped_without_secrets
from pipe_rpc.conversation.varying_members import NAMED, WILD
from pipe_rpc.protocol.envelope import is_id

_SERVERS_SESSION = "pipe-"
"""How the ids begin that the server chooses; no client may choose such a one."""
_MOST_NAMES = 100_000
"""Ids of one conversation that are told apart, so that a recorder that runs for days does not grow without end."""


class Recorder:
    """Turns messages into the lines of a recording, each with its line feed."""

    def __init__(self, description: str) -> None:
        self.header = text_line(header(description))
        self._names: dict[str, str] = {}
        """The placeholders of ids that the server chose, by the text of the id."""
        self._request_ids: dict[str | int, str] = {}
        self._counts = Counter[str]()
        self._chosen = set[str]()
        """Ids that the client chose: they are the same in every run."""

    def sent(self, message: Any) -> str:
        """The line for what the client sent."""
        shown = self._with_names(escaped_without_secrets(message))
        if type(message) is dict and type(shown) is dict:
            self._look_at(message, shown)
        return text_line({"client": shown})

    def received(self, message: Any) -> str:
        """The line for what the server sent."""
        if type(message) is not dict:
            return self.unrecorded(f"The server sent what is no message: {type(message).__name__}.")
        shown = {name: self._received(name, value) for name, value in message.items()}
        request_id = message.get("id")
        if "method" in message and is_id(request_id):
            shown["id"] = self._request_ids[request_id] = self._new_name("requestId")
        return text_line({"server": shown})

    def note(self, text: str) -> str:
        """A line for people."""
        return text_line({"note": text})

    def unrecorded(self, text: str) -> str:
        """A line for what was said and is not in the recording, which cannot be played therefore."""
        return text_line({"unrecorded": text})

    def client_ended(self) -> str:
        """The line for the end of what the client says."""
        return text_line({"end": "client"})

    def server_ended(self, status: int) -> str:
        """The last line."""
        return text_line({"end": "server", "status": status})

    def _look_at(self, message: dict[str, Any], shown: dict[str, Any]) -> None:
        """Take note of what a client message says about ids, and put in what is its own of each run."""
        params = message.get("params")
        if type(params) is dict:
            self._chosen.update(value for name in (*NAMED, "workDoneToken") if type(value := params.get(name)) is str)
            if message.get("method") == "initialize" and type(params.get("processId")) is int:
                shown["params"]["processId"] = CLIENT_PROCESS_ID
        answered = message.get("id")
        if "method" not in message and is_id(answered):
            shown["id"] = self._request_ids.pop(answered, shown["id"])

    def _received(self, name: str, value: Any) -> Any:
        wild = WILD.get(name)
        if wild is not None and WILDCARDS[wild](value) and value is not None:
            return wild
        if type(value) is dict:
            return {each: self._received(each, inner) for each, inner in value.items()}
        if type(value) is list:
            return [self._received("", each) for each in value]
        if type(value) is not str:
            return value
        if name in NAMED and value not in self._names and self._is_servers_own(name, value):
            self._names[value] = self._new_name(name)
        # What a child says is its own affair, though it be an id.
        return escape(value) if name == "data" else self._names.get(value) or escape(value)

    def _is_servers_own(self, name: str, value: str) -> bool:
        if value in self._chosen or len(self._names) >= _MOST_NAMES:
            return False
        return name != "sessionId" or value.startswith(_SERVERS_SESSION)

    def _with_names(self, value: Any) -> Any:
        if type(value) is dict:
            return {name: self._with_names(each) for name, each in value.items()}
        if type(value) is list:
            return [self._with_names(each) for each in value]
        return self._names.get(value, value) if type(value) is str else value

    def _new_name(self, kind: str) -> str:
        self._counts[kind] += 1
        return f"${{{kind}:{self._counts[kind]}}}"
