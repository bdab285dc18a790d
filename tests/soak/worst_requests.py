"""Requests that take the most memory for their bytes."""

from __future__ import annotations

HEAD = b'{"jsonrpc":"2.0","id":"-","method":"no/such","params":['
DEEP = 450
"""Objects in one another; what nests much deeper is refused."""


def frame_of(body: bytes) -> bytes:
    """The body as it is, with its header."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def most_memory(frame_bytes: int, max_values: int) -> bytes:
    """One long string, of which one emoji makes four bytes a character, and nearly so many values as there may be.

    These are objects in objects, each with a name that no other has.
    """
    objects = b",".join(_nested(number) for number in range((max_values - 20) // (2 * DEEP + 1)))
    tail = '\\n😀"]}'.encode()
    string = b'"\\n' + b"x" * (frame_bytes - len(HEAD) - len(objects) - len(tail) - 4)
    return HEAD + objects + b"," + string + tail


def too_many_values(frame_bytes: int) -> bytes:
    """As many as the frame takes: lists in lists."""
    nested, tail = b"[" * 400 + b"]" * 400 + b",", b"0]}"
    return HEAD + nested * ((frame_bytes - len(HEAD) - len(tail)) // len(nested)) + tail


def _nested(number: int) -> bytes:
    names = (f'{{"😀{number * DEEP + depth:x}":' for depth in range(DEEP))
    return ("".join(names) + "0" + "}" * DEEP).encode()
