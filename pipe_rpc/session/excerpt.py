"""As much of a stream as somebody wants to see: all of it, or its beginning and its end, and how much lies between.

Rules of this file: every byte up to ``next_offset`` is in the head or in the tail, or is counted as omitted. A
character is in one of the three, never in two.
"""

from typing import NamedTuple

from pipe_rpc.buffers.ring import Ring
from pipe_rpc.buffers.text import EncodedPiece, Encoding, encode_piece

_UTF_8, _BASE64, _AUTO = Encoding.UTF_8, Encoding.BASE64, Encoding.AUTO


class Excerpt(NamedTuple):
    """Texts in one encoding; the tail is empty where nothing was omitted."""

    head: str
    tail: str
    encoding: Encoding
    omitted_bytes: int
    next_offset: int


def excerpt(head: bytes, ring: Ring, max_bytes: int, encoding: Encoding, *, final: bool) -> Excerpt:
    """Of a stream that begins with ``head``, and of whose end the ring has the rest, at most ``max_bytes``.

    Unless ``final``, a character that has not come whole yet is left for ``next_offset``.
    """
    begin = max(len(head), ring.start, ring.end - (max_bytes - len(head)))
    tail = ring.read(begin, max_bytes)
    if begin == len(head):
        whole = encode_piece(head + tail, encoding, final=final)
        return Excerpt(whole.text, "", whole.encoding, 0, whole.length)
    pieces = _encode(head, tail, encoding, final=final)
    if pieces is None:
        pieces = _encode(head, tail, _BASE64, final=final)
    assert pieces is not None, "base64 fits everything"
    first, skipped, last = pieces
    omitted = begin + skipped - first.length
    return Excerpt(first.text, last.text, first.encoding, omitted, begin + skipped + last.length)


def _encode(
    head: bytes, tail: bytes, encoding: Encoding, *, final: bool
) -> tuple[EncodedPiece, int, EncodedPiece] | None:
    """Both ends in one encoding, and the bytes of a cut character that are left out; None where "auto" is two."""
    skipped = 0 if encoding is _BASE64 else _continuation_bytes(tail)
    first = encode_piece(head, encoding, final=False)
    last = encode_piece(tail[skipped:], encoding, final=final)
    return None if first.encoding is not last.encoding else (first, skipped, last)


def _continuation_bytes(data: bytes) -> int:
    """How many bytes at the beginning belong to a character that began before (RFC 3629 §3)."""
    count = 0
    while count < min(3, len(data)) and data[count] & 0xC0 == 0x80:
        count += 1
    return count
