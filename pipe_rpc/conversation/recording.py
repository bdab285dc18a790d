"""A recorded conversation: JSON lines that any language can read. ``tests/golden/README.md`` tells the format.

Rules of this file: text in, lines out, and the other way round. A recording that is read has been checked: every line
means something, and every name in a client message has a value by then.
"""

import codecs
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from pipe_rpc.conversation.depth import MOST_LEVELS, nests_too_deep
from pipe_rpc.conversation.placeholders import (
    PlaceholderError,
    check_client_message,
    check_server_message,
    named,
    strings,
)
from pipe_rpc.protocol.json_text import JsonError, decode

VERSION = 1
"""Of the format. A reader refuses one that it does not know, since it would misread it."""


class RecordingError(Exception):
    """The text is no recording; ``line`` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class ClientLine(NamedTuple):
    """A message that the client sends once all that the server says before it has arrived."""

    number: int
    message: Any


class ClientBody(NamedTuple):
    """The text of a body that the client sends as it is: what is no JSON, for one."""

    number: int
    body: str


class ClientEnd(NamedTuple):
    """The client ends its output."""

    number: int


class ServerLine(NamedTuple):
    """A message that the server sends."""

    number: int
    message: dict[str, Any]


class ServerEnd(NamedTuple):
    """The server ends, with this exit status."""

    number: int
    status: int


Line = ClientLine | ClientBody | ClientEnd | ServerLine | ServerEnd


class Recording(NamedTuple):
    """The lines of a conversation but its notes."""

    description: str
    lines: Sequence[Line]


def header(description: str) -> dict[str, Any]:
    """The first line."""
    return {"recording": VERSION, "description": description}


def text_line(value: dict[str, Any]) -> str:
    """One line of the text."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n"


def read_recording(text: bytes) -> Recording:
    """Read a recording. Raises RecordingError."""
    texts = text.removeprefix(codecs.BOM_UTF8).split(b"\n")
    if not text.strip():
        raise RecordingError(1, 'it is empty. The first line is {"recording": 1, "description": "…"}.')
    description = _read_header(texts[0])
    lines: list[Line] = []
    names = set[str]()
    for number, each in enumerate(texts[1:], 2):
        if not each.strip():
            continue
        value = _object(number, each)
        if value.keys() == {"note"}:
            continue
        line = _line(number, value)
        _check_place(line, lines)
        try:
            _check_placeholders(line, names)
        except PlaceholderError as error:
            raise RecordingError(number, str(error)) from None
        lines.append(line)
    if not lines:
        raise RecordingError(len(texts), "nothing is said in it. Add lines with what client and server say.")
    return Recording(description, lines)


def _read_header(text: bytes) -> str:
    value = _object(1, text)
    if "recording" not in value:
        raise RecordingError(1, 'it is no recording: the first line is {"recording": 1, "description": "…"}.')
    if value["recording"] != VERSION or type(value["recording"]) is not int:
        raise RecordingError(1, f"its version is {json.dumps(value['recording'])}, and this program reads {VERSION}.")
    return str(value.get("description", ""))


def _object(number: int, text: bytes) -> dict[str, Any]:
    try:
        value = decode(text)
    except JsonError as error:
        raise RecordingError(number, f"it is no JSON: {error}") from None
    if type(value) is not dict:
        raise RecordingError(number, "it is no JSON object, as each line has to be.")
    if nests_too_deep(value):
        raise RecordingError(number, f"it nests deeper than {MOST_LEVELS} levels.")
    return value


def _line(number: int, value: dict[str, Any]) -> Line:
    match value:
        case {"client": message, **rest} if not rest:
            return ClientLine(number, message)
        case {"clientBody": str(body), **rest} if not rest:
            if not body.isascii() and any("\ud800" <= char <= "\udfff" for char in body):
                raise RecordingError(number, "its text holds half a character, which cannot be sent as UTF-8.")
            return ClientBody(number, body)
        case {"unrecorded": str(what), **rest} if not rest:
            raise RecordingError(number, f"a part of the conversation was not recorded, so it cannot be played: {what}")
        case {"server": dict(message), **rest} if not rest:
            return ServerLine(number, message)
        case {"end": "client", **rest} if not rest:
            return ClientEnd(number)
        case {"end": "server", "status": status, **rest} if not rest and type(status) is int:
            return ServerEnd(number, status)
        case _:
            raise RecordingError(
                number,
                'it is none of {"client": MESSAGE}, {"clientBody": TEXT}, {"server": OBJECT}, {"note": …}, '
                '{"end": "client"} and {"end": "server", "status": N}.',
            )


def _check_place(line: Line, before: Sequence[Line]) -> None:
    if before and isinstance(before[-1], ServerEnd):
        raise RecordingError(line.number, "the server has ended already, so nothing can follow.")
    from_client = isinstance(line, ClientLine | ClientBody | ClientEnd)
    if from_client and any(isinstance(each, ClientEnd) for each in before):
        raise RecordingError(line.number, "the client has ended its output already.")


def _check_placeholders(line: Line, names: set[str]) -> None:
    match line:
        case ClientLine(message=message):
            check_client_message(message, names)
        case ServerLine(message=message):
            check_server_message(message)
            names.update(text for text in strings(message) if named(text) is not None)
        case _:
            pass
