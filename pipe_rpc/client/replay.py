"""One recorded conversation with one server: ``pipe-rpc replay``.

Rules of this file: bytes are moved here, and what they mean is judged in ``pipe_rpc.conversation.playback``. Whatever
comes of it, the server has ended when ``run`` returns.
"""

import os
import signal

from pipe_rpc.buffers.framer import FramingError, encode_frame
from pipe_rpc.client.reading import DRAIN_READS, READ_BYTES, framer
from pipe_rpc.client.sink import Sink
from pipe_rpc.conversation.difference import DifferenceError
from pipe_rpc.conversation.endpoint_process import EndpointProcess
from pipe_rpc.conversation.playback import Playback
from pipe_rpc.loop.descriptor import OwnDescriptor
from pipe_rpc.loop.loop import READ, Deadline, Loop
from pipe_rpc.loop.signals import SignalWatch
from pipe_rpc.protocol.json_text import JsonError, decode

DEFAULT_DEADLINE_S = 30.0
"""Seconds without any message; a busy machine may take a few to start a server, and a person waits no longer."""
_TAIL_BYTES = 4 * 1024
"""How much of the server's last words on stderr is kept: a traceback has about so much."""


class Replay:
    """Plays one recording; call ``run`` once. ``endpoint`` has to hear stderr."""

    def __init__(self, endpoint: EndpointProcess, playback: Playback, deadline_s: float = DEFAULT_DEADLINE_S) -> None:
        self.messages = 0
        """How many messages of the server have come."""
        self._endpoint = endpoint
        self._playback = playback
        self._deadline_s = deadline_s
        self._loop = Loop()
        self._framer = framer()
        self._stdout = OwnDescriptor(os.dup(endpoint.stdout_fd))
        self._stderr = OwnDescriptor(os.dup(endpoint.stderr_fd))
        # Where it hears no more, its output tells what became of it.
        stdin = OwnDescriptor(os.dup(endpoint.stdin_fd))
        self._stdin = Sink(stdin, self._loop, on_room=lambda: None, on_broken=lambda _: None)
        self._stdin_ends = False
        self._has_ended = False
        self._tail = b""
        self._deadline: Deadline | None = None
        self._stderr_watch = self._loop.watch(self._stderr.fd, READ, self._read_stderr)
        self._loop.watch(self._stdout.fd, READ, self._read_once)
        self._loop.add_before_sleep(self._end_stdin)
        # What the server has left behind may hold its stdout, which then has no end.
        self._signals = SignalWatch(self._loop, {signal.SIGCHLD: self._look_for_the_end})

    @property
    def stderr_tail(self) -> str:
        """The end of what the server said on stderr; whole behind ``run``."""
        return self._tail.decode(errors="replace")

    def run(self) -> None:
        """Play it to the end of the server.

        Raises DifferenceError at the first difference, its EndedEarlyError where the server ended before its time, and
        RecordingError where a client message cannot be made.
        """
        try:
            self._restart_deadline()
            self._send()
            self._look_for_the_end()  # It may have ended before its end would have been told.
            if not self._has_ended:
                self._loop.run()
            status = self._endpoint.exit_status(self._deadline_s)
            if status is None:
                raise self._playback.overdue(self._deadline_s)
            self._playback.ended(status)
        finally:
            self._stdin.close()
            self._endpoint.end_now()
            for _ in range(DRAIN_READS):
                self._read_stderr()
            self._stdout.close()
            self._stderr.close()
            self._signals.close()
            self._loop.close()
            self._endpoint.close_pipes()

    def _send(self) -> None:
        for body in self._playback.due():
            if body is None:
                self._stdin_ends = True
            else:
                self._stdin.send(encode_frame(body))
        self._stdin_ends |= self._playback.is_complete

    def _end_stdin(self) -> bool:
        """Close the server's stdin once all has entered it; without effect the second time."""
        if self._stdin_ends and self._stdin.is_empty:
            self._stdin.close()
            self._endpoint.close_stdin()
        return False

    def _look_for_the_end(self) -> None:
        if self._endpoint.exit_status() is None or self._has_ended:
            return
        for _ in range(DRAIN_READS):
            if not self._read():
                break
        self._end()

    def _end(self) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._playback.end_of_output()
            self._loop.stop()

    def _read_once(self) -> None:
        self._read()

    def _read(self) -> bool:
        """Take what one read brings; returns whether there may be more."""
        buffer = bytearray(READ_BYTES)
        size = self._stdout.read_into([memoryview(buffer)])
        if size is None:
            return False
        if size == 0:
            self._end()
            return False
        self._framer.feed(memoryview(buffer)[:size])
        try:
            while (body := self._framer.next_body()) is not None:
                message = decode(body)
                self.messages += 1
                self._playback.receive(message)
                self._restart_deadline()
        except (FramingError, JsonError) as error:
            raise DifferenceError(self._playback.awaited, f"what the server sent is no message: {error}") from None
        self._send()
        return True

    def _read_stderr(self) -> None:
        buffer = bytearray(READ_BYTES)
        size = self._stderr.read_into([memoryview(buffer)])
        if size == 0:
            self._loop.unwatch(self._stderr_watch)
        elif size is not None:
            self._tail = (self._tail + buffer[:size])[-_TAIL_BYTES:]

    def _restart_deadline(self) -> None:
        if self._deadline is not None:
            self._loop.cancel(self._deadline)
        self._deadline = self._loop.call_at(self._loop.time() + self._deadline_s, self._give_up)

    def _give_up(self) -> None:
        raise self._playback.overdue(self._deadline_s)
