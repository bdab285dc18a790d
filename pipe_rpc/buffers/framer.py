"""Frames as LSP draws them: header fields, an empty line, ``Content-Length`` bytes of body (LSP 3.17, "Base Protocol").

Rules of this file: bytes in, bodies out, in any split. Once the boundary between frames is lost the framer has failed
for good: it never guesses where the next frame begins, since bytes from inside a body would then be taken for requests.
"""

from functools import lru_cache

_END_OF_LINE = b"\r\n"
_END_OF_HEADER = _END_OF_LINE * 2
_LENGTH_DIGITS = 19
"""As many as the largest 64-bit length has; counted first, since int() itself refuses more than 4300 digits."""
_BLANKS = b" \t"
_UTF8_NAMES = (b"utf-8", b"utf8")


class FramingError(Exception):
    """The boundary between frames is lost; the message says what was found and what was expected."""


def encode_header(body_bytes: int) -> bytes:
    """The header of a body of so many bytes."""
    return b"Content-Length: %d\r\n\r\n" % body_bytes


def encode_frame(body: bytes) -> bytes:
    """Put the header before ``body``."""
    return encode_header(len(body)) + body


class Framer:
    """Splits a byte stream into bodies.

    Call ``feed`` with what was read, then ``next_body`` until it returns None. Memory is bounded by the two limits and
    never allocated by a declared length.
    """

    def __init__(self, *, max_header_bytes: int, max_body_bytes: int) -> None:
        self._max_header_bytes = max_header_bytes
        self._max_body_bytes = max_body_bytes
        self._buffer = bytearray()
        self._position = 0  # of the first byte not yet handed out
        self._searched = 0  # how far the end of the header was looked for, so that one-byte feeds stay linear
        self._body_bytes: int | None = None
        self._failure: FramingError | None = None

    @property
    def pending_bytes(self) -> int:
        """Bytes fed and not yet handed out."""
        return len(self._buffer) - self._position

    def feed(self, data: bytes | memoryview) -> None:
        """Take bytes of the stream, in order; after a failure they are of no use and dropped."""
        if self._failure is not None:
            return
        if self._position:
            # Cut once for each feed rather than once for each frame: many small frames in one read cost one move.
            del self._buffer[: self._position]
            self._searched = self._position = 0
        self._buffer += data

    def next_body(self) -> bytes | None:
        """Return the next whole body, or None where more bytes are needed.

        Raises FramingError when the boundary is lost, and again at every later call.
        """
        if self._failure is not None:
            raise self._failure
        if self._body_bytes is None:
            if self._position == len(self._buffer):
                return None
            try:
                self._body_bytes = self._read_header()
            except FramingError as error:
                self._failure = error
                raise
        if self._body_bytes is None:
            return None
        end = self._position + self._body_bytes
        if end > len(self._buffer):
            return None
        body = bytes(memoryview(self._buffer)[self._position : end])
        self._position = end
        self._body_bytes = None
        return body

    def _read_header(self) -> int | None:
        start, buffer = self._position, self._buffer
        found = buffer.find(_END_OF_HEADER, max(start, self._searched - len(_END_OF_HEADER) + 1))
        # Where the end is not here yet, the last bytes may be the beginning of it, which is no part of the header.
        end = found if found >= 0 else len(buffer) - len(_END_OF_HEADER) + 1
        if end - start > self._max_header_bytes:
            raise FramingError(
                f"The header is larger than {self._max_header_bytes} bytes. "
                "A header is 'Content-Length: N', CR LF, and an empty line."
            )
        if found < 0:
            # What is whole of it must already be right: a client that waits for an answer sends nothing more.
            for line in bytes(buffer[start:]).split(b"\n")[:-1]:
                _field(line)
            self._searched = len(buffer)
            return None
        length = _content_length(bytes(buffer[start : found + len(_END_OF_LINE)]))
        if length > self._max_body_bytes:
            raise FramingError(
                f"Content-Length {length} is above the frame limit of {self._max_body_bytes} bytes. "
                "Send less at once, or start the server with a larger --max-frame-bytes."
            )
        self._position = found + len(_END_OF_HEADER)
        return length


@lru_cache(maxsize=64)
def _content_length(header: bytes) -> int:
    """Read, of whole lines, the one field that matters and check the one that could change what the body means."""
    lengths = set[int]()
    for name, value in [_field(line) for line in header.split(b"\n")[:-1]]:
        match name:
            case b"content-length":
                lengths.add(_decimal(value))
            case b"content-type":
                _require_utf8(value)
            case _:
                pass
    if not lengths:
        raise FramingError("The header has no Content-Length. Each frame begins with 'Content-Length: N'.")
    if len(lengths) > 1:
        raise FramingError("Content-Length is given twice, with different values. Give it once.")
    return lengths.pop()


def _field(line: bytes) -> tuple[bytes, bytes]:
    """Split one line, without its line feed, into the name in lower case and the value."""
    name, colon, value = line.partition(b":")
    if not colon or not name or name.strip(_BLANKS) != name or not line.endswith(b"\r"):
        # Not quoted: where Content-Length was too small, this is what was in the body.
        raise FramingError(f"A header line of {len(line)} bytes is no field. Each is 'Name: value' and ends in CR LF.")
    return name.lower(), value[:-1].strip(_BLANKS)


def _decimal(value: bytes) -> int:
    if not value.isdigit() or len(value) > _LENGTH_DIGITS:  # bytes.isdigit knows ASCII digits only
        raise FramingError(f"Content-Length {_shown(value)} is not a decimal number of bytes.")
    return int(value)


def _require_utf8(value: bytes) -> None:
    for parameter in value.split(b";")[1:]:
        name, _, charset = parameter.partition(b"=")
        if name.strip(_BLANKS).lower() == b"charset" and charset.strip(b' \t"').lower() not in _UTF8_NAMES:
            raise FramingError(f"Content-Type names the charset {_shown(charset)}. Bodies are utf-8.")


def _shown(text: bytes) -> str:
    """Quote a little of what was received: enough to recognise it, never a whole body."""
    return ascii(text[:40].decode("latin-1"))
