"""Logs for people: one line an event, on stderr or in a file, never in anybody's way.

Rules of this file: a line that cannot be written now is dropped and counted. Values of the environment, arguments and
stdin data never come here. What a client sent is quoted, so that it cannot steer a terminal.
"""

import os
import stat
import time
from enum import IntEnum
from types import TracebackType

from pipe_rpc.loop.descriptor import Descriptor, SharedDescriptor, claim

_LINE_BYTES = 4000
"""A longer line is cut: up to PIPE_BUF (4096, pipe(7)) a write to a pipe enters whole or not at all."""


class LogLevel(IntEnum):
    """How much is logged: a level and all above it."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


class Log:
    """Writes lines to a descriptor that it owns."""

    def __init__(self, descriptor: Descriptor, level: LogLevel) -> None:
        self._descriptor = descriptor
        self._level = level
        self.dropped = 0

    def debug(self, text: str) -> None:
        """Log what helps to follow a conversation."""
        self._write(LogLevel.DEBUG, text)

    def info(self, text: str) -> None:
        """Log a milestone."""
        self._write(LogLevel.INFO, text)

    def warning(self, text: str) -> None:
        """Log what a person should know of, though the server copes."""
        self._write(LogLevel.WARNING, text)

    def error(self, text: str) -> None:
        """Log a failure."""
        self._write(LogLevel.ERROR, text)

    def exception(self, text: str, error: BaseException) -> None:
        """Log a failure with its traceback, whose lines name our own code."""
        self.error(f"{text}: {type(error).__name__}")
        for line in _traceback_lines(error.__traceback__):
            self.error(line)

    def close(self) -> None:
        """Close the descriptor."""
        self._descriptor.close()

    def _write(self, level: LogLevel, text: str) -> None:
        if level < self._level:
            return
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        dropped = f"({self.dropped} lines dropped) " if self.dropped else ""
        line = f"{stamp} pipe-rpc[{os.getpid()}] {level.name.lower()}: {dropped}{text}".encode(errors="replace")
        try:
            written = self._descriptor.write([memoryview(line[:_LINE_BYTES] + b"\n")])
        except OSError:
            written = None  # Nobody reads it, or the disk is full: the server's work matters more than its log.
        self.dropped = self.dropped + 1 if written is None else 0


def open_log(path: str | None, level: LogLevel) -> Log:
    """Log to stderr, or append to a file that only its owner may read.

    Raises OSError; a symbolic link is refused (ELOOP), so that nobody can have us write through one.
    """
    if path is None:
        return Log(claim(2), level)
    # O_NONBLOCK matters for a FIFO that nobody reads: to open it would wait.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    fd = os.open(path, flags, 0o600)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        os.fchmod(fd, 0o600)  # It may have been there before, with other rights. A device's are not ours to change.
    return Log(SharedDescriptor(fd), level)


def _traceback_lines(traceback: TracebackType | None) -> list[str]:
    lines = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        lines.append(f"  at {code.co_filename}:{traceback.tb_lineno} in {code.co_qualname}")
        traceback = traceback.tb_next
    return lines
