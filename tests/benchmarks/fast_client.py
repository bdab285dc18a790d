"""A client that is never the bottleneck: raw reads and writes, and as little parsing as possible.

Rules of this file: bodies are found by their header and handed out without a copy and without decoding JSON; what a
body is, is told by a search for a member's name. A name with plain quotes cannot stand inside of a JSON string, where
quotes are escaped.
"""

import os
import re
from select import POLLIN, POLLOUT, poll
from typing import Any

import orjson

from .deadline import Deadline, RivalError
from .process import BUFFER_BYTES

SPACE_BYTES = 64 * 1024
"""With less free space than this at the end of the buffer, what is unread moves to its start."""
HEAD_BYTES = 512
"""Members other than `data` are expected this near to one end of a body; else all of it is searched."""

_HEADER = re.compile(rb"content-length: *(\d+)\r\n", re.IGNORECASE)
_METHOD = re.compile(rb'"method": ?"([^"]+)"')
_LENGTH = re.compile(rb'"length": ?(\d+)')
_OFFSET = re.compile(rb'"offset": ?(\d+)')
_SESSION_ID = re.compile(rb'"sessionId": ?"([^"]+)"')


def frame(message: dict[str, Any]) -> bytes:
    """`message` as it goes over the wire."""
    body = orjson.dumps(message)
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class FastClient:
    """Frames to and from a pair of pipes, of which it makes the writing end non-blocking."""

    def __init__(self, write_fd: int, read_fd: int, deadline: Deadline) -> None:
        """Neither descriptor becomes its own; `deadline` holds for everything that it waits for."""
        self._write_fd = write_fd
        self._read_fd = read_fd
        self._deadline = deadline
        os.set_blocking(write_fd, False)
        self._readable = poll()
        self._readable.register(read_fd, POLLIN)
        self._either = poll()
        self._either.register(read_fd, POLLIN)
        self._either.register(write_fd, POLLOUT)
        self._buffer = bytearray(BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._start = 0
        self._end = 0

    def send(self, data: bytes) -> None:
        """Write all of `data`; while the pipe is full it reads, so that two full pipes cannot wedge it and the peer."""
        try:
            written = self._write(data)
            while written < len(data):
                written += self._write_or_read(data[written:])
        except BrokenPipeError as error:
            raise RivalError("it closed its stdin") from error

    def next_body(self) -> memoryview:
        """The next frame's body, valid until the next call of any method."""
        buffer = self._buffer
        while True:
            header_end = buffer.find(b"\r\n\r\n", self._start, self._end)
            if header_end >= 0:
                header = _HEADER.search(buffer, self._start, header_end + 2)
                if header is None:
                    raise RivalError("a frame without Content-Length")
                body_start = header_end + 4
                body_end = body_start + int(header[1])
                if body_end <= self._end:
                    self._start = body_end
                    return self._view[body_start:body_end]
            self._read()
            buffer = self._buffer

    def next_line(self) -> memoryview:
        """The next line without its end, valid until the next call of any method."""
        looked_at = 0
        while (line_end := self._buffer.find(b"\n", self._start + looked_at, self._end)) < 0:
            looked_at = self._end - self._start
            self._read()
        line = self._view[self._start : line_end]
        self._start = line_end + 1
        return line

    def read_some(self) -> memoryview:
        """All that has come, at least one byte, valid until the next call of any method."""
        if not self.has_unread():
            self._read()
        some = self._view[self._start : self._end]
        self._start = self._end
        return some

    def has_unread(self) -> bool:
        """Whether bytes that were read wait to be handed out."""
        return self._start < self._end

    def read_exactly(self, count: int) -> bytes:
        """The next `count` bytes, framed or not."""
        while self._end - self._start < count:
            self._read()
        data = bytes(self._view[self._start : self._start + count])
        self._start += count
        return data

    def _write(self, data: bytes) -> int:
        try:
            return os.write(self._write_fd, data)
        except BlockingIOError:
            return 0

    def _write_or_read(self, data: bytes) -> int:
        ready = dict(self._either.poll(self._deadline.remaining_s() * 1000))
        if ready.get(self._read_fd):
            self._read()
        return self._write(data) if ready.get(self._write_fd) else 0

    def _read(self) -> None:
        if self._start == self._end:
            self._start = self._end = 0
        elif len(self._buffer) - self._end < SPACE_BYTES:
            self._make_space()
        while not self._readable.poll(self._deadline.remaining_s() * 1000):
            pass
        count = os.readv(self._read_fd, [self._view[self._end :]])
        if not count:
            raise RivalError("it closed its stdout")
        self._end += count

    def _make_space(self) -> None:
        unread = bytes(self._view[self._start : self._end])
        if len(unread) > len(self._buffer) - SPACE_BYTES:
            # A new one: the old one is still exported to the views that were handed out.
            self._buffer = bytearray(2 * len(self._buffer))
            self._view = memoryview(self._buffer)
        self._buffer[: len(unread)] = unread
        self._start, self._end = 0, len(unread)


def method_of(body: memoryview) -> bytes | None:
    """The method of a request or notification; None for an answer."""
    found = _search(_METHOD, body)
    return found[1] if found else None


def session_id_of(body: memoryview) -> bytes:
    """The session that a notification is about."""
    found = _search(_SESSION_ID, body)
    if not found:
        raise RivalError("a notification without sessionId")
    return found[1]


def raw_length_of(body: memoryview) -> int:
    """How many raw bytes a `session/output` carries."""
    found = _search(_LENGTH, body)
    if not found:
        raise RivalError("a session/output without length")
    return int(found[1])


def offset_of(body: memoryview) -> int:
    """How many raw bytes came before those of a `session/output`."""
    found = _search(_OFFSET, body)
    if not found:
        raise RivalError("a session/output without offset")
    return int(found[1])


def _search(pattern: re.Pattern[bytes], body: memoryview) -> re.Match[bytes] | None:
    size = len(body)
    if size <= 2 * HEAD_BYTES:
        return pattern.search(body)
    return pattern.search(body, 0, HEAD_BYTES) or pattern.search(body, size - HEAD_BYTES) or pattern.search(body)
