"""Strict JSON text (RFC 8259): what every implementation reads alike, and nothing else.

Rules of this file: one value for one text. Python's decoder would also take NaN, duplicate names, UTF-16 and numbers
that become infinite; each of these is refused here.
"""

import json
import re
import sys
from itertools import islice
from math import isfinite
from typing import Any


class JsonError(ValueError):
    """The bytes are not JSON text that can be taken for one value; the message says why."""


class DuplicateNameError(JsonError):
    """It is JSON, but an object has a name twice, which implementations read differently (RFC 8259 §4).

    ``value`` is the decoded text without the members that stand in it twice.
    """

    def __init__(self, name: str, value: Any) -> None:
        super().__init__(f"An object has the member {name[:40]!r} twice. Send each name once.")
        self.value = value


def decode(text: bytes, max_values: int = sys.maxsize) -> Any:
    """Decode one JSON text of at most so many values and member names.

    Raises JsonError, or its subclass DuplicateNameError.
    """
    if len(text) > max_values and _has_more_values(text, max_values):
        raise JsonError(
            f"The message holds more than {max_values} values and names. "
            "Send less at once, or start the server with a larger --max-message-values."
        )
    _NAMES_GIVEN_TWICE.clear()
    try:
        value = _decode(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise JsonError(f"The body is not UTF-8 at byte {error.start}.") from None
    except JsonError:
        raise
    except RecursionError:
        raise JsonError("The JSON nests too deep.") from None
    except ValueError as error:  # JSONDecodeError, and int() for a number of more digits than it takes.
        raise JsonError(f"The body is not JSON: {error}.") from None
    if _NAMES_GIVEN_TWICE:
        raise DuplicateNameError(_NAMES_GIVEN_TWICE[0], value)
    return value


def _decode(text: str) -> Any:
    """Decode without a look at each object where it is certain that none has a name twice.

    Each member brings a colon, and strings may bring more, but a member that is overwritten leaves its colon behind: as
    many colons as members are proof. This is how nearly every request is found to be right, in half of the time.
    """
    if text.startswith("{") and len(text) <= _SHORT_CHARACTERS:
        value, end = _UNWARY_DECODER.raw_decode(text)
        if end == len(text) and text.count(":") == _count_members(value):
            return value
    return _DECODER.decode(text)


def _count_members(value: dict[str, Any]) -> int:
    """Of an object and of the objects in it; deeper ones are left out, which can prove nothing wrongly."""
    count = len(value)
    for each in value.values():
        if type(each) is dict:
            count += len(each)
    return count


def encode(value: Any) -> bytes:
    """Encode as compact ASCII, which no reader can misread; raises ValueError for NaN and infinities."""
    return _ENCODER.encode(value).encode("ascii")


def _has_more_values(text: bytes, limit: int) -> bool:
    """Look before anything is built of it: three million bytes of ``[],`` would become seventy as objects.

    Bytes bound values, which the caller has seen to; then what can stand beside values bounds them, and only then are
    they counted one by one.
    """
    if sum(text.count(mark) for mark in (b",", b":", b"[", b"{")) < limit:
        return False
    return next(islice(_VALUE.finditer(text), limit, None), None) is not None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object; members that it has twice are noted and left out."""
    members = dict(pairs)
    if len(members) != len(pairs):
        seen = set[str]()
        for name, _ in pairs:
            if name in seen and name in members:
                _NAMES_GIVEN_TWICE.append(name)
                del members[name]
            seen.add(name)
    return members


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise JsonError(f"The number {digits[:40]} is too large for any float.")
    return number


def _refuse(constant: str) -> float:
    raise JsonError(f"{constant} is not JSON.")


_SHORT_CHARACTERS = 4096
"""What is longer is not decoded twice, should the first time prove nothing."""
_VALUE = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[^\s,:\[\]{}"]++', re.DOTALL)
"""A string, the beginning of an array or object, or a number or name; of what is not JSON it makes something, too."""
_UNWARY_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse)
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_finite, parse_constant=_refuse)
_NAMES_GIVEN_TWICE: list[str] = []
"""Of the text that is being decoded. Raising in the hook would end the decoding before the id is known."""
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
