"""What a stream of bytes says, read by rules of its own: frames, JSON, and the kind of each message.

Rules of this file: it shares no code with the server, so that it can judge it. Where the contract leaves a choice, the
choice is named: see ``Kind.DOUBTFUL``.
"""

from __future__ import annotations

import json
import math
import re
import sys
from enum import Enum
from itertools import accumulate
from typing import Any, NamedTuple

import orjson

PLAIN_HEADER = re.compile(rb"Content-Length: ([0-9]{1,9})\r\n\r\n")
FIELD = re.compile(rb"([^:\n \t](?:[^:\n]*[^:\n \t])?):([^\n]*)\r\n")
LENGTH = re.compile(rb"[ \t]*([0-9]{1,19})[ \t]*")
NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
CHARSET = re.compile(rb"(?i)[ \t]*charset[ \t]*=[ \t\"]*utf-?8[ \t\"]*")

SURE_DEPTH = 150
"""What nests less must be read."""
TOO_DEEP = 1000
"""What nests more must be refused. In between it depends on how deep Python's own stack is."""


class Frames(NamedTuple):
    """The bodies of a stream, and how it ended."""

    bodies: list[bytes]
    is_broken: bool
    """The boundary between frames is lost behind the last body."""
    missing: int | None
    """Bytes that the last, unfinished body lacks; 0 where the stream ends between frames, None inside a header."""


def read_frames(stream: bytes, *, max_header_bytes: int, max_body_bytes: int) -> Frames:
    """Split a stream as section 1 of the protocol has it."""
    bodies: list[bytes] = []
    position = 0
    while position < len(stream):
        plain = PLAIN_HEADER.match(stream, position)
        if plain is not None:
            length, begin = int(plain[1]), plain.end()
        else:
            end = stream.find(b"\r\n\r\n", position)
            if end < 0:
                return Frames(bodies, _is_wrong_already(stream[position:], max_header_bytes), None)
            found = _content_length(stream[position : end + 2]) if end - position <= max_header_bytes else None
            if found is None:
                return Frames(bodies, is_broken=True, missing=None)
            length, begin = found, end + 4
        if length > max_body_bytes:
            return Frames(bodies, is_broken=True, missing=None)
        if begin + length > len(stream):
            return Frames(bodies, is_broken=False, missing=begin + length - len(stream))
        bodies.append(stream[begin : begin + length])
        position = begin + length
    return Frames(bodies, is_broken=False, missing=0)


def _is_wrong_already(begin: bytes, max_header_bytes: int) -> bool:
    whole_lines = begin[: begin.rfind(b"\n") + 1]
    return len(begin) - 3 > max_header_bytes or _fields(whole_lines) is None


def _fields(lines: bytes) -> list[tuple[bytes, bytes]] | None:
    fields = []
    position = 0
    while position < len(lines):
        field = FIELD.match(lines, position)
        if field is None:
            return None
        fields.append((field[1].lower(), field[2]))
        position = field.end()
    return fields


def _content_length(header: bytes) -> int | None:
    fields = _fields(header)
    if fields is None:
        return None
    lengths = set()
    for name, value in fields:
        if name == b"content-length":
            length = LENGTH.fullmatch(value)
            lengths.add(int(length[1]) if length else -1)
        elif name == b"content-type":
            for parameter in value.split(b";")[1:]:
                is_charset = parameter.partition(b"=")[0].strip(b" \t").lower() == b"charset"
                if is_charset and not CHARSET.fullmatch(parameter):
                    return None
    return lengths.pop() if len(lengths) == 1 and -1 not in lengths else None


class Kind(Enum):
    """What a body is, and so what it gets."""

    NO_JSON = "no JSON"
    NO_MESSAGE = "no message"
    REQUEST = "request"
    NOTIFICATION = "notification"
    RESPONSE = "response"


class Message(NamedTuple):
    """A body as it must be taken; ``id`` is the one to answer with."""

    kind: Kind
    id: str | int | None = None
    method: str = ""
    params: Any = None
    is_doubtful: bool = False
    """It nests so deep that it may be refused as no JSON just as well."""


class _NotJsonError(ValueError):
    pass


_doubled: list[str] = []


def read_body(body: bytes) -> Message:
    """Tell what a body is, by the table of section 1 of the protocol."""
    depth = _depth(body)
    if depth > TOO_DEEP:
        return Message(Kind.NO_JSON)
    if depth > SURE_DEPTH:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + 2 * TOO_DEEP)
        try:
            return _read(body)._replace(is_doubtful=True)
        finally:
            sys.setrecursionlimit(limit)
    return _read(body)


def _read(body: bytes) -> Message:
    _doubled.clear()
    try:
        value = _DECODER.decode(body.decode("utf-8"))
    except ValueError:
        return Message(Kind.NO_JSON)
    return _read_value(value)


def _read_value(value: Any) -> Message:
    if type(value) is not dict:
        return Message(Kind.NO_MESSAGE)
    given = value.get("id")
    request_id = given if type(given) in (str, int) else None
    method = value.get("method")
    if _doubled or value.get("jsonrpc") != "2.0":
        kind = Kind.NO_MESSAGE
    elif "method" not in value and ("result" in value or "error" in value):
        kind = Kind.RESPONSE
    elif type(method) is not str:
        kind = Kind.NO_MESSAGE
    elif "id" not in value:
        kind = Kind.NOTIFICATION
    else:
        kind = Kind.NO_MESSAGE if request_id is None else Kind.REQUEST
    return Message(kind, request_id, method if type(method) is str else "", value.get("params"))


def _depth(body: bytes) -> int:
    """How deep it nests at most, outside of strings; few brackets are not looked at.

    What a string that does not end holds is left out, and so is a quote behind a backslash outside of strings: neither
    is JSON at any depth.
    """
    if body.count(b"[") + body.count(b"{") <= SURE_DEPTH:
        return 0
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = b"".join(body.split(b'"')[::2]).translate(None, NO_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


_STEPS = [0] * 256
for _opening in b"[{":
    _STEPS[_opening] = 1
for _closing in b"]}":
    _STEPS[_closing] = -1


def agrees_with_another_reader(body: bytes) -> bool:
    """Whether orjson, which follows RFC 8259 to the letter, finds JSON where this file does, but for known choices.

    orjson refuses half surrogate pairs, and takes numbers and depths that Python refuses.
    """
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        is_a_choice = b"\\u" in body or _depth(body) > SURE_DEPTH or _has_huge_number(body)
        return is_a_choice or read_body(body).kind is Kind.NO_JSON
    return read_body(body).kind is not Kind.NO_JSON or _depth(body) > SURE_DEPTH or _has_huge_number(body)


def _has_huge_number(body: bytes) -> bool:
    """Whether it holds one with an exponent, or so long that a float may not hold it."""
    return re.search(rb"[0-9]{300}|[0-9][eE]", body) is not None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        for name in {name for name in names if names.count(name) > 1}:
            del members[name]
            _doubled.append(name)
    return members


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _NotJsonError(digits)
    return number


def _constant(name: str) -> Any:
    raise _NotJsonError(name)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)
