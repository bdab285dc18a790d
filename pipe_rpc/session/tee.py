"""A stream that goes into a file as well: a cursor over the ring, which a process of its own writes down.

Rules of this file: every byte from where it was set goes into the file once, in order; the child's output is read no
further than the ring can hold what was not handed over yet. A file that takes nothing for too long, or fails, ends the
tee and nothing else.
"""

import errno
import os
from collections.abc import Callable
from typing import NamedTuple, Protocol

from pipe_rpc.buffers.ring import Ring
from pipe_rpc.child.file_writer import FileWriter
from pipe_rpc.loop.loop import READ, WRITE, Deadline, Loop, Watch

_PIECE_BYTES = 64 * 1024
"""What a default pipe holds (pipe(7))."""
_REAP_AGAIN_S = 0.01


class TeeEnd(NamedTuple):
    """Every byte before ``offset`` is in the file; ``errno`` is 0 where that is all there was to write."""

    path: str
    offset: int
    errno: int

    @property
    def reason(self) -> str:
        """What went wrong, for people."""
        return "It took nothing for too long" if self.errno == errno.ETIMEDOUT else os.strerror(self.errno)


class Source(Protocol):
    """As much of an output stream as a tee looks at."""

    ring: Ring
    ended: bool

    def when_progress(self, callback: Callable[[], None]) -> None:
        """Call it for each progress."""

    def no_longer(self, callback: Callable[[], None]) -> None:
        """Call it no more."""

    def tee_moved(self) -> None:
        """Take note that the tee has got on."""


class Tee:
    """From the end of what was read so far until the stream ends, or ``stop``; then ``on_end`` is called, once."""

    def __init__(
        self,
        source: Source,
        writer: FileWriter,
        path: str,
        loop: Loop,
        *,
        stall_s: float,
        on_end: Callable[[TeeEnd], None],
    ) -> None:
        self.offset = self._begin = source.ring.end
        """The next byte to hand over."""
        self.path = path
        self._source = source
        self._writer = writer
        self._loop = loop
        self._stall_s = stall_s
        self._on_end = on_end
        self._until: int | None = None
        self._rest: bytes | None = None
        """What the ring still had when the stream was closed."""
        self._write_watch: Watch | None = None
        self._done_watch = loop.watch(writer.done_fd, READ, self._writer_ended)
        self._stall: Deadline | None = None
        self._seen_written = 0
        source.when_progress(self._hand_over)
        self._hand_over()  # Of a stream that has ended nothing more comes, and nobody would say so.

    def stop(self) -> None:
        """Write what has come so far and no more."""
        if self._until is None:
            self._until = self._source.ring.end
            self._hand_over()

    def detach(self) -> None:
        """Do without the stream, which is about to be closed; what it still has for the file is kept meanwhile."""
        if self._until is None:
            self._until = self._source.ring.end
        self._rest = self._source.ring.read(self.offset, self._until - self.offset)
        self._source.no_longer(self._hand_over)
        self._hand_over()

    def kill(self) -> None:
        """End it now; what was not written is lost."""
        self._writer.kill()

    def _hand_over(self) -> None:
        if self._writer.data.fd < 0:
            return
        end = self._source.ring.end if self._until is None else self._until
        while self.offset < end:
            with self._piece(end) as piece:
                try:
                    size = self._writer.data.write([piece])
                except OSError:
                    self._unwatch()
                    return  # It has ended, and what it leaves behind tells why.
            if size is None:
                self._watch()
                return
            self.offset += size
            self._source.tee_moved()
        self._unwatch()
        if self._until is not None or self._source.ended:
            self._writer.finish()
        self._look_for_stall()

    def _piece(self, end: int) -> memoryview:
        size = min(_PIECE_BYTES, end - self.offset)
        if self._rest is None:
            return self._source.ring.view(self.offset, size)
        begin = len(self._rest) - (end - self.offset)
        return memoryview(self._rest)[begin : begin + size]

    def _watch(self) -> None:
        if self._write_watch is None:
            self._write_watch = self._loop.watch(self._writer.data.fd, WRITE, self._hand_over)
        self._look_for_stall()

    def _unwatch(self) -> None:
        if self._write_watch is not None:
            self._loop.unwatch(self._write_watch)
            self._write_watch = None

    def _look_for_stall(self) -> None:
        """Look now and then whether the file takes what it is given, while it has not taken all of it."""
        if self._stall is None:
            self._seen_written = self._writer.written
            self._stall = self._loop.call_at(self._loop.now + self._stall_s, self._check_stall)

    def _check_stall(self) -> None:
        self._stall = None
        written = self._writer.written
        if written == self._seen_written and (written < self.offset - self._begin or self._writer.data.fd < 0):
            self._writer.kill()
            self._end(errno.ETIMEDOUT)
        elif written < self.offset - self._begin or self._writer.data.fd < 0:
            self._look_for_stall()

    def _writer_ended(self) -> None:
        handed_over = self.offset - self._begin
        # One that was killed says nothing; it has failed where not all is in the file.
        is_whole = self._writer.written == handed_over and self._writer.data.fd < 0
        self._end(self._writer.errno or (0 if is_whole else errno.EINTR))

    def _end(self, number: int) -> None:
        self._unwatch()
        self._loop.unwatch(self._done_watch)
        if self._stall is not None:
            self._loop.cancel(self._stall)
        if self._rest is None:
            self._source.no_longer(self._hand_over)
        end = TeeEnd(self.path, self._begin + self._writer.written, number)
        self._writer.close()
        self._reap()
        self._on_end(end)

    def _reap(self) -> None:
        """It is on its way out, unless it is stuck in the kernel: then it is looked after for as long as that takes."""
        if not self._writer.reap():
            self._loop.call_at(self._loop.now + _REAP_AGAIN_S, self._reap)
