"""Bodies in and frames out, over two descriptors that never block.

Rules of this file: reading never waits for writing, so two peers that both only write cannot lock each other up. One
turn handles a bounded number of bodies, those of the queue first. While whole bodies wait to be looked at, nothing more
is read. Only a client that leaves more than ``max_outbound_bytes`` of answers unread has to wait, and if it reads
nothing at all, is given up.
"""

import fcntl
import os
import sys
from collections.abc import Callable
from functools import partial

from pipe_rpc.buffers.framer import Framer, FramingError, encode_header
from pipe_rpc.buffers.outbound import Outbound
from pipe_rpc.limits import Limits
from pipe_rpc.loop.descriptor import Descriptor
from pipe_rpc.loop.loop import READ, WRITE, Deadline, Loop, Watch
from pipe_rpc.server.request_queue import RequestQueue

_READ_BYTES = 64 * 1024
"""What a default pipe holds (pipe(7))."""


class Transport:
    """The client's two pipes.

    ``on_body`` gets each body as it comes in, ``on_due`` each that comes out of ``queue``; ``on_broken`` gets the
    FramingError after which no boundary is known; ``on_end`` gets the reason why the client is taken for gone.
    """

    def __init__(
        self,
        loop: Loop,
        stdin: Descriptor,
        stdout: Descriptor,
        queue: RequestQueue,
        limits: Limits,
        *,
        on_body: Callable[[bytes], None],
        on_due: Callable[[bytes], None],
        on_broken: Callable[[FramingError], None],
        on_end: Callable[[str], None],
    ) -> None:
        self.outbound = Outbound(low_water_bytes=limits.outbound_low_water_bytes)
        self._loop = loop
        self._stdin = stdin
        self._stdout = stdout
        self._queue = queue
        self._limits = limits
        self._on_body = on_body
        self._on_due = on_due
        self._on_broken = on_broken
        self._on_end = on_end
        self._framer = Framer(max_header_bytes=limits.max_header_bytes, max_body_bytes=limits.max_frame_bytes)
        self._buffer = memoryview(bytearray(_READ_BYTES))
        self._read_watch: Watch | None = loop.watch(stdin.fd, READ, self._read)
        self._write_watch: Watch | None = None
        self._hang_up_watch: Watch | None = None
        self._bodies_wait = False
        self._drained_bytes = 0
        self._stall: Deadline | None = None
        self._ended = False
        self._broken: FramingError | None = None
        self.client_reads = True
        self._hang_up_shows = stdout.is_pipe and sys.platform == "linux" and _is_write_only(stdout.fd)
        self._watch_for_hang_up()

    def send(self, body: bytes) -> None:
        """Queue a message for the client; without effect once the client does not read any more."""
        if not self.client_reads:
            return
        self.outbound.append(encode_header(len(body)), body)

    def handle_waiting(self) -> bool:
        """Begin a turn: handle bodies that are here already, a share of them; returns whether more are left."""
        self._queue.begin_turn()
        return (self._bodies_wait or bool(self._queue)) and self._handle_share()

    def flush(self) -> None:
        """Write what the client has room for; the loop wakes up when there is more room."""
        try:
            while self.outbound:
                size = self._stdout.write(self.outbound.front())
                if size is None:
                    self._wait_for_room()
                    return
                self.outbound.drop(size)
                self._drained_bytes += size
        except OSError as error:
            self._lose_client(f"stdout: {error.strerror}")
            return
        if self._write_watch is not None:
            self._loop.unwatch(self._write_watch)
            self._write_watch = None
            self._watch_for_hang_up()

    def close(self) -> None:
        """Give the descriptors back as they were found."""
        self._stop_reading()
        for watch in (self._write_watch, self._hang_up_watch):
            if watch is not None:
                self._loop.unwatch(watch)
        self._stdin.close()
        self._stdout.close()

    def _read(self) -> None:
        try:
            size = self._stdin.read_into([self._buffer])
        except OSError as error:
            self._stop_reading()
            self._on_end(f"stdin: {error.strerror}")
            return
        if size is None:
            return
        if size == 0:
            self._ended = True
            self._stop_reading()
            self._bodies_wait = True  # Let handle_waiting see the end behind the last body.
        else:
            self._framer.feed(self._buffer[:size])
            self._bodies_wait = True
        self._handle_share()
        if self._bodies_wait:
            self._stop_reading()

    def _handle_share(self) -> bool:
        for _ in range(self._limits.requests_per_turn):
            if self._is_overfull():
                self._wait_for_reader()
                return False
            if not self._handle_next() or not self.outbound.wants_output:
                break  # The next turn first writes what there is.
        if self._bodies_wait:
            return True
        self._read_on()
        if not self._queue:
            self._tell_end()
        return bool(self._queue)

    def _handle_next(self) -> bool:
        if (body := self._queue.next_due()) is not None:
            self._on_due(body)
        elif (body := self._next_body()) is not None:
            self._on_body(body)
        else:
            return False
        return True

    def _next_body(self) -> bytes | None:
        """The next of the bodies that are here; None where there is none, or no room in the queue."""
        if self._queue.is_full or not self._bodies_wait:
            return None
        try:
            body = self._framer.next_body()
        except FramingError as error:
            self._stop_reading()
            self._broken = error
            body = None
        if body is None:
            self._bodies_wait = False
        return body

    def _tell_end(self) -> None:
        if self._broken is not None:
            self._on_broken(self._broken)
        elif self._ended:
            self._on_end("end of input")

    def _read_on(self) -> None:
        if self._read_watch is None and self._broken is None and not self._ended:
            self._read_watch = self._loop.watch(self._stdin.fd, READ, self._read)

    def _is_overfull(self) -> bool:
        return self.outbound.queued_bytes > self._limits.max_outbound_bytes

    def _wait_for_reader(self) -> None:
        """Handle nothing more until the client has read some; one that reads nothing for long is gone."""
        self._stop_reading()
        if self._stall is None:
            when = self._loop.now + self._limits.flush_timeout_ms / 1000
            self._stall = self._loop.call_at(when, partial(self._check_reader, self._drained_bytes))

    def _check_reader(self, drained_bytes: int) -> None:
        self._stall = None
        if not self._is_overfull():
            return
        if self._drained_bytes == drained_bytes:
            waiting = self.outbound.queued_bytes
            self._lose_client(f"{waiting} bytes of answers wait and the client reads nothing (--max-outbound-bytes)")
        else:
            self._wait_for_reader()

    def _stop_reading(self) -> None:
        if self._read_watch is not None:
            self._loop.unwatch(self._read_watch)
            self._read_watch = None

    def _wait_for_room(self) -> None:
        if self._write_watch is None:
            if self._hang_up_watch is not None:
                self._loop.unwatch(self._hang_up_watch)
                self._hang_up_watch = None
            self._write_watch = self._loop.watch(self._stdout.fd, WRITE, self.flush)

    def _watch_for_hang_up(self) -> None:
        """Notice a reader that goes away while there is nothing to write.

        The writing end of a pipe is never readable, but its error condition is reported to whoever waits for anything
        (poll(2), POLLERR). Sockets and terminals are readable for other reasons; theirs shows as end of input. Other
        systems than Linux promise nothing here, so there a write has to find out.
        """
        if self._hang_up_shows:
            self._hang_up_watch = self._loop.watch(self._stdout.fd, READ, self._hung_up)

    def _hung_up(self) -> None:
        self._lose_client("stdout was closed")

    def _lose_client(self, reason: str) -> None:
        if not self.client_reads:
            return
        self.client_reads = False
        self.outbound.clear()
        for watch in (self._write_watch, self._hang_up_watch):
            if watch is not None:
                self._loop.unwatch(watch)
        self._write_watch = self._hang_up_watch = None
        self._on_end(reason)


def _is_write_only(fd: int) -> bool:
    """A FIFO that is open both ways (exec 3<>fifo) is readable by what we wrote ourselves."""
    return fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
