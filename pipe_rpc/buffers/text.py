"""Raw output bytes as the text of a JSON string: UTF-8, base64, or whichever fits.

Rules of this file: a character is never split; what cannot be UTF-8 becomes U+FFFD in "utf-8" and turns the whole piece
into base64 in "auto". However a byte string is cut, the pieces decoded in "utf-8" join to the same text.
"""

import codecs
from enum import StrEnum
from typing import NamedTuple

from pybase64 import b64encode_as_string

LONGEST_CHARACTER_BYTES = 4
"""No UTF-8 character is longer (RFC 3629 §3)."""


class Encoding(StrEnum):
    """How bytes are written in a JSON string; AUTO is a wish, never the encoding of a piece."""

    UTF_8 = "utf-8"
    BASE64 = "base64"
    AUTO = "auto"


_UTF_8, _BASE64 = Encoding.UTF_8, Encoding.BASE64
"""Looked up once: in Python 3.11 each look at a member of an enumeration runs Python code."""


class EncodedPiece(NamedTuple):
    """``text`` stands for the first ``length`` raw bytes of what was to be encoded."""

    length: int
    text: str
    encoding: Encoding


def encode_piece(data: bytes | memoryview, encoding: Encoding, *, final: bool) -> EncodedPiece:
    """Encode as much of ``data`` as can be sent now.

    Unless ``final``, an unfinished character at the end is held back: ``length`` is then up to three bytes short.
    """
    if encoding is not _BASE64:
        errors = "replace" if encoding is _UTF_8 else "strict"
        try:
            text, length = codecs.utf_8_decode(data, errors, final)
            return EncodedPiece(length, text, _UTF_8)
        except UnicodeDecodeError:
            pass  # Only "auto" decodes strictly: these bytes are no text, so they go as base64 below.
    return EncodedPiece(len(data), b64encode_as_string(data), _BASE64)
