"""A descriptor that is written as fast as it takes bytes, and no faster."""

from collections.abc import Callable

from pipe_rpc.buffers.outbound import Outbound
from pipe_rpc.loop.descriptor import Descriptor
from pipe_rpc.loop.loop import WRITE, Loop, Watch

_ROOM_BYTES = 64 * 1024
"""While more waits, whoever fills the sink should pause."""


class Sink:
    """A descriptor that gets bytes as fast as it takes them."""

    def __init__(
        self, descriptor: Descriptor, loop: Loop, on_room: Callable[[], None], on_broken: Callable[[OSError], None]
    ):
        self._descriptor = descriptor
        self._loop = loop
        self._on_room = on_room
        self._on_broken = on_broken
        self._queue = Outbound(low_water_bytes=_ROOM_BYTES)
        self._watch: Watch | None = None
        self._broken = False

    @property
    def is_empty(self) -> bool:
        """Whether everything was written."""
        return not self._queue

    @property
    def waiting_bytes(self) -> int:
        """How much has not been written yet."""
        return self._queue.queued_bytes

    @property
    def has_room(self) -> bool:
        """Whether more should be sent now."""
        return self._queue.wants_output

    @property
    def is_broken(self) -> bool:
        """Whether nobody reads any more."""
        return self._broken

    def send(self, data: bytes) -> None:
        """Queue bytes and write what can be written now; without effect when nobody reads."""
        if self._broken or not data:
            return
        self._queue.append(data)
        if self._watch is None:
            self._flush()

    def break_off(self) -> None:
        """Forget what waits, and all that follows: nobody is going to read it."""
        self._broken = True
        self._queue.clear()
        self._unwatch()

    def close(self) -> None:
        """Give the descriptor back."""
        self._unwatch()
        self._descriptor.close()

    def _flush(self) -> None:
        try:
            while self._queue:
                size = self._descriptor.write(self._queue.front())
                if size is None:
                    if self._watch is None:
                        self._watch = self._loop.watch(self._descriptor.fd, WRITE, self._flush)
                    return
                self._queue.drop(size)
                if self.has_room:
                    self._on_room()
        except OSError as error:
            self.break_off()
            self._on_broken(error)
            return
        self._unwatch()

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._loop.unwatch(self._watch)
            self._watch = None
