"""Stands between a client and a server and writes down what both say: ``pipe-rpc record --proxy``.

Rules of this file: every byte passes as it came, whatever it means, and no side is read further while the other has no
room. It lives and dies with the server: the end of the client's output is passed on, and so are signals; the server's
end is the end of this.
"""

import os
import signal
from collections.abc import Callable
from functools import partial

from pipe_rpc.buffers.framer import Framer, FramingError
from pipe_rpc.client.reading import DRAIN_READS, READ_BYTES, framer
from pipe_rpc.client.record import Record
from pipe_rpc.client.sink import Sink
from pipe_rpc.conversation.depth import MOST_LEVELS, nests_too_deep
from pipe_rpc.conversation.endpoint_process import EndpointProcess
from pipe_rpc.loop.descriptor import Descriptor, OwnDescriptor, claim
from pipe_rpc.loop.loop import READ, Loop, Watch
from pipe_rpc.loop.signals import SignalWatch
from pipe_rpc.protocol.json_text import JsonError, decode

_PATIENCE_S = 5.0
"""How long, once the server has ended, a client may read nothing of what the server said last."""
_PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


class Proxy:
    """Stands between our own stdin and stdout and a server; call ``run`` once."""

    def __init__(self, endpoint: EndpointProcess, record: Record) -> None:
        self._endpoint = endpoint
        self._record = record
        self._loop = Loop()
        self._status: int | None = None
        self._upstream = _Direction(
            self._loop,
            claim(0),
            OwnDescriptor(os.dup(endpoint.stdin_fd)),
            _Tap("client", record.sent, record.unrecorded),
            on_end=self._client_ended,
            on_broken=self._server_deaf,
        )
        self._downstream = _Direction(
            self._loop,
            OwnDescriptor(os.dup(endpoint.stdout_fd)),
            claim(1),
            _Tap("server", record.received, record.unrecorded),
            on_end=self._look_for_the_end,
            on_broken=self._client_gone,
        )
        self._signals = SignalWatch(
            self._loop,
            {
                **{number: partial(self._pass_on, number) for number in _PASSED_ON},
                signal.SIGCHLD: self._look_for_the_end,
            },
        )
        self._loop.add_before_sleep(self._pass_on_ends)

    def run(self) -> int:
        """Pass everything on until the server has ended; returns its status, 128 + n after signal n."""
        self._look_for_the_end()  # It may have ended before its end would have been told.
        self._loop.run()
        self._upstream.close()
        self._downstream.close()
        status = self._endpoint.close()
        self._signals.close()
        self._loop.close()
        self._record.server_ended(status)
        return status if status >= 0 else 128 - status

    def _client_ended(self) -> None:
        self._record.client_ended()

    def _server_deaf(self) -> None:
        """Take nothing more from the client: the server hears it no more, and its end is the end of all."""
        self._upstream.stop()

    def _client_gone(self) -> None:
        """Let the server see that nobody reads what it says."""
        self._record.note("The client reads no more.")
        self._upstream.close()
        self._downstream.close()
        self._endpoint.close_pipes()

    def _look_for_the_end(self) -> None:
        status = self._endpoint.exit_status()
        if status is not None and self._status is None:
            self._status = status
            self._upstream.stop()
            self._downstream.drain()
            self._require_progress(self._downstream.unread_bytes)

    def _require_progress(self, unread_bytes: int) -> None:
        """Go once the client has read nothing for too long, when the server has ended."""

        def look() -> None:
            if self._downstream.unread_bytes == unread_bytes:
                self._loop.stop()
            else:
                self._require_progress(self._downstream.unread_bytes)

        self._loop.call_at(self._loop.time() + _PATIENCE_S, look)

    def _pass_on(self, number: signal.Signals) -> None:
        """Let the server hear a signal; where it has ended, only a client that does not read is left to wait for."""
        if self._status is None:
            self._endpoint.signal(number)
        else:
            self._loop.stop()

    def _pass_on_ends(self) -> bool:
        if self._upstream.has_passed_all:
            self._upstream.close()
            self._endpoint.close_stdin()
        if self._status is not None and self._downstream.is_empty:
            self._loop.stop()
        return False


class _Direction:
    """Bytes from one descriptor to another, and a tap on the way."""

    def __init__(
        self,
        loop: Loop,
        source: Descriptor,
        target: Descriptor,
        tap: "_Tap",
        *,
        on_end: Callable[[], None],
        on_broken: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._source = source
        self._tap = tap
        self._on_end = on_end
        self._has_ended = False
        self._watch: Watch | None = None
        self._sink = Sink(target, loop, on_room=self._read_on, on_broken=lambda _: on_broken())
        self._read_on()

    @property
    def is_empty(self) -> bool:
        """Whether all that was read was passed on, or nobody takes it any more."""
        return self._sink.is_empty

    @property
    def unread_bytes(self) -> int:
        """How much was read and not passed on yet."""
        return self._sink.waiting_bytes

    @property
    def has_passed_all(self) -> bool:
        """Whether there is an end, and all before it was passed on."""
        return self._has_ended and self._sink.is_empty

    def drain(self) -> None:
        """Read what is there, for the last time: the end itself may never come where others hold the pipe as well."""
        for _ in range(DRAIN_READS):
            if self._has_ended or not self._read():
                break
        self.stop()

    def stop(self) -> None:
        """Read no more."""
        self._has_ended = True
        self._unwatch()

    def close(self) -> None:
        """Give both descriptors back; without effect the second time."""
        self.stop()
        self._source.close()
        self._sink.close()

    def _read_on(self) -> None:
        if self._watch is None and not self._has_ended:
            self._watch = self._loop.watch(self._source.fd, READ, self._read_once)

    def _read_once(self) -> None:
        if not self._read():
            return
        if not self._sink.has_room:
            self._unwatch()

    def _read(self) -> bool:
        """Pass on what one read brings; returns whether there may be more."""
        buffer = bytearray(READ_BYTES)
        size = self._source.read_into([memoryview(buffer)])
        if size is None:
            return False
        if size == 0:
            self.stop()
            self._on_end()
            return False
        data = bytes(buffer[:size])
        # Written down first: an answer shall never stand before its request.
        self._tap.feed(data)
        self._sink.send(data)
        return True

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._loop.unwatch(self._watch)
            self._watch = None


class _Tap:
    """Tells the messages in what passes. What is no message is told as a loss, without a word of it."""

    def __init__(self, who: str, on_message: Callable[[object], None], on_loss: Callable[[str], None]) -> None:
        self._who = who
        self._on_message = on_message
        self._on_loss = on_loss
        self._framer: Framer | None = framer()

    def feed(self, data: bytes) -> None:
        """Take bytes as they pass."""
        if self._framer is None:
            return
        self._framer.feed(data)
        try:
            while (body := self._framer.next_body()) is not None:
                self._tell(body)
        except FramingError:
            self._framer = None
            self._on_loss(f"From here on the {self._who} does not speak in frames, and nothing of it is recorded.")

    def _tell(self, body: bytes) -> None:
        try:
            message = decode(body)
        except JsonError:
            self._on_loss(f"The {self._who} sent {len(body)} bytes that are no JSON.")
            return
        if nests_too_deep(message):
            self._on_loss(f"The {self._who} sent a message that nests deeper than {MOST_LEVELS} levels.")
        else:
            self._on_message(message)
