"""A process that writes a file, so that a slow disk, a full one or a file that takes nothing stops nobody else.

Rules of this file: writing to a file waits for the disk whatever its flags say (open(2), O_NONBLOCK), so a child of
ours does it. Bytes go in through a pipe; how many are in the file, and what went wrong, stands in memory that both see.
It ends by itself when the bytes do, also when we are no more.
"""

import errno
import gc
import mmap
import os
import signal
import struct
import sys
from typing import Literal

from pipe_rpc.child import prctl
from pipe_rpc.loop.descriptor import OwnDescriptor

Mode = Literal["append", "truncate"]

_PIECE_BYTES = 64 * 1024
_WRITTEN = struct.Struct("=Q")
_ERRNO = struct.Struct("=i")
_IGNORED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ)
"""The end of the bytes is what ends it; a file above its limit (setrlimit(2)) is to be an error."""


class FileWriter:
    """A file that takes bytes through ``data``, which never makes us wait.

    Making one raises OSError where the file cannot be opened, or the system has no room for a process. ``done_fd`` is
    at its end of file once the process has ended, or is about to.
    """

    def __init__(self, path: str, mode: Mode) -> None:
        # A FIFO that nobody reads is an error at once; what waits later on, waits in the process.
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        opened = [os.open(path, flags | (os.O_TRUNC if mode == "truncate" else 0), 0o666)]
        try:
            os.set_blocking(opened[0], True)
            opened += os.pipe()
            opened += os.pipe()
            file, source, sink, self.done_fd, done = opened
            self.data = OwnDescriptor(sink)
            self._shared = mmap.mmap(-1, _WRITTEN.size + _ERRNO.size)
            server = os.getpid()
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, _IGNORED)  # Until they are ignored there.
            try:
                self.pid = os.fork()
                if self.pid == 0:
                    _become_writer(server, source, file, done, self._shared)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        except BaseException:
            for fd in opened:
                os.close(fd)
            raise
        for fd in (file, source, done):
            os.close(fd)

    @property
    def written(self) -> int:
        """How many bytes are in the file."""
        (written,) = _WRITTEN.unpack_from(self._shared)
        return int(written)

    @property
    def errno(self) -> int:
        """Why it ended before the bytes did, or 0."""
        (number,) = _ERRNO.unpack_from(self._shared, _WRITTEN.size)
        return int(number)

    def finish(self) -> None:
        """Nothing more comes: let it write what it has and end."""
        self.data.close()

    def kill(self) -> None:
        """End it now, whatever it waits for; not once it was reaped."""
        os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Give our ends back; once."""
        self.data.close()
        os.close(self.done_fd)

    def discard(self) -> None:
        """Give up one that was never used, and wait until it has ended: it has nothing to write."""
        self.close()
        os.waitpid(self.pid, 0)

    def reap(self) -> bool:
        """Whether it has ended; ask until it has."""
        try:
            return os.waitpid(self.pid, os.WNOHANG)[0] == self.pid
        except ChildProcessError:
            return True


def _become_writer(server: int, source: int, file: int, done: int, shared: mmap.mmap) -> None:
    """Go on as the process that writes; does not return."""
    try:
        gc.disable()
        if sys.platform == "linux":
            # One that is stuck in a write would not see the end of the bytes.
            prctl.signal_when_parent_ends(signal.SIGKILL)
        if os.getppid() != server:
            return
        signal.set_wakeup_fd(-1)
        for number in _IGNORED:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        # First out of the way of one another: any of them may be 0, 1 or 2.
        for place, fd in enumerate([os.dup(each) for each in (source, file, done, source, file, done)][3:]):
            os.dup2(fd, place)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        _ERRNO.pack_into(shared, _WRITTEN.size, _write_all(shared))
    finally:
        os._exit(0)


def _write_all(shared: mmap.mmap) -> int:
    """Write down all that comes; returns the errno that ended it, or 0."""
    written = 0
    try:
        while piece := os.read(0, _PIECE_BYTES):
            rest = memoryview(piece)
            while rest:
                size = os.write(1, rest)
                written += size
                _WRITTEN.pack_into(shared, 0, written)
                rest = rest[size:]
        os.close(1)  # Which is where some file systems say that they have no room (close(2)).
    except OSError as error:
        return error.errno or errno.EIO
    return 0
