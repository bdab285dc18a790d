"""Descriptors that never block: the only reader of errno for reads and writes.

Rules of this file: None means "not now"; an empty read means end of file; a writer whose reader is gone gets
BrokenPipeError. A descriptor is -1 before it is closed, since its number may be taken again at once.
"""

import errno
import fcntl
import os
import stat
import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol

_NOT_NOW = frozenset({errno.EINTR, errno.ENOMEM, errno.ENOBUFS})
"""A write into a pipe or socket needs a page for the bytes, which may be there the next time (pipe(7), send(2))."""
_READER_IS_GONE = frozenset({errno.EPIPE, errno.ECONNRESET, errno.ESHUTDOWN, errno.EIO})
_WRITER_IS_GONE = frozenset({errno.ECONNRESET, errno.EIO})
"""A socket whose peer was killed resets; a pseudo-terminal whose other side closed fails with EIO (pts(4))."""


class Descriptor(Protocol):
    """An open file that is read or written without waiting."""

    fd: int
    is_pipe: bool
    """Whether it is a pipe rather than a file, socket or terminal."""

    def read_into(self, views: Sequence[memoryview]) -> int | None:
        """Fill the views; return the number of bytes, 0 at end of file, None where nothing is there yet."""

    def write(self, pieces: Sequence[memoryview]) -> int | None:
        """Write from the pieces; return the number of bytes, None where no room is. Raises BrokenPipeError."""

    def close(self) -> None:
        """Close it once; without effect afterwards."""


class OwnDescriptor:
    """A descriptor whose open file description is ours alone, so that O_NONBLOCK may be set on it."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self.fd = fd
        self.is_pipe = stat.S_ISFIFO(os.fstat(fd).st_mode)

    def read_into(self, views: Sequence[memoryview]) -> int | None:
        """Fill the views; see Descriptor."""
        return _read(os.readv, self.fd, views)

    def write(self, pieces: Sequence[memoryview]) -> int | None:
        """Write from the pieces; see Descriptor."""
        return _write(os.writev, self.fd, pieces)

    def close(self) -> None:
        """Close it once."""
        if self.fd >= 0:
            fd, self.fd = self.fd, -1
            os.close(fd)


class SharedDescriptor:
    """A descriptor whose open file description somebody else uses too; every flag is left as found.

    O_NONBLOCK belongs to the description (open(2), fcntl(2)): set here, it would hit the parent's terminal, or stderr
    under 2>&1. So each call asks for itself not to wait (RWF_NOWAIT, preadv2(2)). Where the system has no such call,
    the flag is set, and taken back by ``close``. Files that never make anybody wait are read and written as they are.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        mode = os.fstat(fd).st_mode
        self.is_pipe = stat.S_ISFIFO(mode)
        waits = self.is_pipe or stat.S_ISSOCK(mode) or os.isatty(fd)
        self._per_call = waits and hasattr(os, "RWF_NOWAIT")
        self._took_blocking = False
        if waits and not self._per_call:
            self._take_blocking()

    def read_into(self, views: Sequence[memoryview]) -> int | None:
        """Fill the views; see Descriptor."""
        if self._per_call and sys.platform == "linux":
            try:
                return _read(os.preadv, self.fd, views, -1, os.RWF_NOWAIT)
            except OSError as error:
                self._give_up_per_call(error)
        return _read(os.readv, self.fd, views)

    def write(self, pieces: Sequence[memoryview]) -> int | None:
        """Write from the pieces; see Descriptor."""
        if self._per_call and sys.platform == "linux":
            try:
                return _write(os.pwritev, self.fd, pieces, -1, os.RWF_NOWAIT)
            except OSError as error:
                self._give_up_per_call(error)
        return _write(os.writev, self.fd, pieces)

    def close(self) -> None:
        """Take back what was set, and close it once."""
        if self.fd >= 0:
            if self._took_blocking:
                os.set_blocking(self.fd, True)
            fd, self.fd = self.fd, -1
            os.close(fd)

    def _give_up_per_call(self, error: OSError) -> None:
        if error.errno != errno.EOPNOTSUPP:
            raise error
        self._per_call = False
        self._take_blocking()

    def _take_blocking(self) -> None:
        if os.get_blocking(self.fd):
            os.set_blocking(self.fd, False)
            self._took_blocking = True


def fill_standard_gaps() -> None:
    """Open what the parent left closed of 0, 1 and 2: the next pipe would else get the number, and stray prints."""
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != fd:
                os.dup2(null, fd)
                os.close(null)


def claim(fd: int) -> Descriptor:
    """Take over an inherited descriptor under a private, close-on-exec number of at least 3.

    The inherited number stays open and is the caller's. A terminal is opened anew where it may be, which gives a
    description of our own; pipes and sockets stay shared.
    """
    if os.isatty(fd):
        access = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE
        try:
            anew = os.open(os.ttyname(fd), access | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            pass  # A terminal that must not be opened again: share it.
        else:
            private = fcntl.fcntl(anew, fcntl.F_DUPFD_CLOEXEC, 3)
            os.close(anew)
            return OwnDescriptor(private)
    return SharedDescriptor(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3))


def _read(call: Callable[..., int], *arguments: Any) -> int | None:
    try:
        return call(*arguments)
    except BlockingIOError:
        return None
    except OSError as error:
        if error.errno in _NOT_NOW:
            return None
        if error.errno in _WRITER_IS_GONE:
            return 0
        raise


def _write(call: Callable[..., int], *arguments: Any) -> int | None:
    try:
        return call(*arguments)
    except BlockingIOError:
        return None
    except OSError as error:
        if error.errno in _NOT_NOW:
            return None
        if error.errno in _READER_IS_GONE:
            raise BrokenPipeError(error.errno, error.strerror) from None
        raise
