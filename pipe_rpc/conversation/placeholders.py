"""What stands in a recording for a value that varies: ``"${sessionId:1}"``, ``"${number}"``.

Rules of this file: a placeholder is a whole JSON string, never a part of one, and never the name of a member, so that
every language reads it with one comparison. Text that looks like one is written with one more ``$`` in front.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from pipe_rpc.protocol.json_text import encode

_LIKE_ONE = re.compile(r"\$+\{[^{}]*\}")
_NAMED = re.compile(r"\$\{([A-Za-z]\w*):([\w-]+)\}", re.ASCII)
_ENVIRONMENT = re.compile(r"\$\{env:([^{}]+)\}")
CLIENT_PROCESS_ID = "${clientProcessId}"
"""In a client message: the number of the process that replays, which has to live as long as the server."""


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


WILDCARDS: Mapping[str, Callable[[Any], bool]] = {
    "${any}": lambda _: True,
    "${string}": lambda value: type(value) is str,
    "${number}": _is_number,
    "${boolean}": lambda value: type(value) is bool,
    "${array}": lambda value: type(value) is list,
    "${object}": lambda value: type(value) is dict,
    "${pid}": lambda value: type(value) is int and value > 0,
}
"""In a server message: any value of a kind."""


class PlaceholderError(ValueError):
    """A placeholder that stands where it means nothing; the message says what to do."""


class Named(NamedTuple):
    """A value that is bound where it is first seen, and is the same wherever the name stands again."""

    kind: str
    text: str


def escape(text: str) -> str:
    """The text as it is written in a recording, where it is no placeholder."""
    return "$" + text if _LIKE_ONE.fullmatch(text) else text


def environment_placeholder(name: str) -> str:
    """What stands for the value of an environment variable, which no recording tells."""
    text = "${env:" + name + "}"
    return text if _ENVIRONMENT.fullmatch(text) else ""


def is_placeholder(value: Any) -> bool:
    """Whether the value stands for others."""
    return type(value) is str and value.startswith("${") and _LIKE_ONE.fullmatch(value) is not None


def literal(text: str) -> str:
    """What a string means that is no placeholder."""
    return text[1:] if text.startswith("$$") and _LIKE_ONE.fullmatch(text) else text


def named(value: Any) -> Named | None:
    """The name that the value is, if it is one."""
    found = _NAMED.fullmatch(value) if type(value) is str else None
    return None if found is None or found[1] == "env" else Named(found[1], value)


def strings(value: Any) -> Iterator[str]:
    """Every string in a JSON value but the names of members."""
    if type(value) is str:
        yield value
    elif type(value) is list:
        for each in value:
            yield from strings(each)
    elif type(value) is dict:
        for each in value.values():
            yield from strings(each)


def check_server_message(message: Any) -> None:
    """Raise PlaceholderError for what means nothing in a server message."""
    for text in filter(is_placeholder, strings(message)):
        if text not in WILDCARDS and named(text) is None:
            known = ", ".join(WILDCARDS)
            raise PlaceholderError(
                f"{text} is no placeholder of a server message: use a name such as ${{sessionId:1}}, or one of "
                f"{known}. If the text itself is meant, write ${text}."
            )


def check_client_message(message: Any, bound: set[str]) -> None:
    """Raise PlaceholderError for what has no value when the message is sent; ``bound`` are the names that have one."""
    for text in filter(is_placeholder, strings(message)):
        if named(text) is not None and text not in bound:
            raise PlaceholderError(f"{text} has no value yet: no server message before this line has it.")
        if named(text) is None and text != CLIENT_PROCESS_ID and not _ENVIRONMENT.fullmatch(text):
            raise PlaceholderError(
                f"{text} has no value, so it cannot be sent: use a name that a server message before this line has, "
                f"${{env:NAME}} or {CLIENT_PROCESS_ID}. If the text itself is meant, write ${text}."
            )


class Bindings:
    """The values of the names, in one run of a conversation; ``environment`` is what ``${env:NAME}`` looks into."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._values: dict[str, Any] = {CLIENT_PROCESS_ID: os.getpid()}
        self._names: dict[tuple[str, bytes], str] = {}

    def fill(self, value: Any) -> Any:
        """A client message with values in the place of names. Raises PlaceholderError for a name without one."""
        if type(value) is dict:
            return {name: self.fill(each) for name, each in value.items()}
        if type(value) is list:
            return [self.fill(each) for each in value]
        if type(value) is not str:
            return value
        if is_placeholder(value):
            variable = _ENVIRONMENT.fullmatch(value)
            if variable is not None:
                return self._environment.get(variable[1], "")
            if value not in self._values:
                raise PlaceholderError(f"{value} has no value: nothing that the server said told it.")
            return self._values[value]
        return literal(value)

    def value(self, placeholder: str) -> Any:
        """The value of a name; the name itself where it has none yet."""
        return self._values.get(placeholder, placeholder)

    def fits(self, placeholder: str, value: Any) -> bool:
        """Whether a value may stand where the placeholder stands. Two names of one kind never have one value."""
        name = named(placeholder)
        if name is None:
            return WILDCARDS[placeholder](value)
        if placeholder in self._values:
            return _key(name, self._values[placeholder]) == _key(name, value)
        return type(value) in (str, int, float) and _key(name, value) not in self._names

    def bind(self, placeholder: str, value: Any) -> None:
        """Take the value of a name that ``fits``, if it has none yet."""
        name = named(placeholder)
        if name is not None and placeholder not in self._values:
            self._values[placeholder] = value
            self._names[_key(name, value)] = placeholder


def _key(name: Named, value: Any) -> tuple[str, bytes]:
    """1, 1.0 and "1" are different values, as ids are."""
    return name.kind, encode(value)
