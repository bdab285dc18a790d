"""A child's stdin: a bounded queue of writes, in the order in which they were asked for.

Rules of this file: a write is accepted whole or refused whole; each accepted one is answered once, when its last byte
has entered the pipe or can never enter it. A child that does not read delays nobody but its own writers.
"""

from collections import deque
from collections.abc import Callable

from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.loop.descriptor import OwnDescriptor
from pipe_rpc.loop.loop import WRITE, Loop, Watch
from pipe_rpc.session.stdin_budget import StdinBudget

Done = Callable[[int, PipeRpcError | None], None]
"""Called with the bytes that entered the pipe, and what went wrong, if anything."""


class Write:
    """One accepted write."""

    __slots__ = ("_held", "close", "done", "remaining", "size")

    def __init__(self, data: bytes, done: Done, *, close: bool) -> None:
        self.size = self._held = len(data)
        self.remaining = memoryview(data)
        self.close = close
        self.done = done

    @property
    def written(self) -> int:
        """Bytes of it that have entered the pipe."""
        return self.size - len(self.remaining)

    def drop(self, size: int) -> None:
        """Let go of the first bytes, which have entered the pipe.

        A view keeps all that it was cut from, so what remains is copied whenever it is less than half of that: a child
        that stops reading just before the end costs no more memory than is told of it.
        """
        self.remaining = self.remaining[size:]
        if 2 * len(self.remaining) < self._held:
            self.remaining = memoryview(bytes(self.remaining))
            self._held = len(self.remaining)


class StdinPipe:
    """The writing end of a child's stdin; ``fd`` None means that there is none."""

    def __init__(self, fd: int | None, loop: Loop, budget: StdinBudget, *, max_bytes: int) -> None:
        self._descriptor = None if fd is None else OwnDescriptor(fd)
        self._loop = loop
        self._budget = budget
        self._max_bytes = max_bytes
        self._queue: deque[Write] = deque()
        self._watch: Watch | None = None
        self.pending_bytes = 0
        self._why_closed = 'The session was spawned with stdin "null"; spawn with "pipe" to write.'

    def __repr__(self) -> str:
        return f"<StdinPipe {'open' if self.is_open else 'closed'}, {self.pending_bytes} bytes wait>"

    @property
    def is_open(self) -> bool:
        """Whether a write would be accepted: false from the moment that a close is queued."""
        return self._descriptor is not None and not (self._queue and self._queue[-1].close)

    def write(self, data: bytes, done: Done, *, close: bool) -> Write:
        """Queue a write, and close behind it if asked; ``done`` may be called before this returns.

        Raises PipeRpcError: STDIN_CLOSED, or STDIN_FULL where the queue, or those of all children together, would grow
        above the limit. Nothing is written then. Writing nothing to a closed stdin is no error.
        """
        write = Write(data, done, close=close)
        if not data and not close and not (self._queue and self.is_open):
            done(0, None)
            return write
        if not self.is_open:
            raise self._closed_error(0)
        if self.pending_bytes + len(data) > self._max_bytes:
            raise PipeRpcError(
                ErrorCode.STDIN_FULL,
                f"{self.pending_bytes} bytes wait already for the child to read them; {len(data)} more exceed the "
                f"limit of {self._max_bytes}. Wait for the answers of earlier writes, or write in smaller pieces.",
                pendingBytes=self.pending_bytes,
                limitBytes=self._max_bytes,
            )
        self._budget.require_room(len(data))
        if close:
            self._why_closed = "An earlier write closed it."
        self._queue.append(write)
        self._count(len(data))
        if self._watch is None:
            self._flush()
        return write

    def cancel(self, write: Write) -> None:
        """Drop what has not entered the pipe yet; ``done`` is not called."""
        self._queue.remove(write)
        self._count(-len(write.remaining))
        self._answer_finished()

    def close(self, why: str) -> None:
        """Close it now; writes that wait are answered STDIN_CLOSED with ``why``, a sentence for people."""
        if self._descriptor is None:
            return
        self._why_closed = why
        self._unwatch()
        self._descriptor.close()
        self._descriptor = None
        self._count(-self.pending_bytes)
        refused, self._queue = self._queue, deque()
        for write in refused:
            write.done(write.written, self._closed_error(write.written))

    def _flush(self) -> None:
        """Write once, and answer what is finished by that; what is empty needs no room."""
        assert self._descriptor is not None, "a closed stdin has neither a queue nor a watch"
        head = self._queue[0]
        if head.remaining:
            try:
                size = self._descriptor.write([head.remaining]) or 0
            except BrokenPipeError:
                self.close("The child has closed its stdin.")
                return
            except OSError as error:
                self.close(f"The system does not take what is written: {error.strerror}.")
                return
            head.drop(size)
            self._count(-size)
        self._answer_finished()

    def _answer_finished(self) -> None:
        while self._queue and not self._queue[0].remaining:
            write = self._queue.popleft()
            if write.close:
                self.close(self._why_closed)
            write.done(write.size, None)
        if self._queue and self._watch is None and self._descriptor is not None:
            self._watch = self._loop.watch(self._descriptor.fd, WRITE, self._flush)
        elif not self._queue:
            self._unwatch()

    def _count(self, size: int) -> None:
        self.pending_bytes += size
        self._budget.pending_bytes += size

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._loop.unwatch(self._watch)
            self._watch = None

    def _closed_error(self, written: int) -> PipeRpcError:
        return PipeRpcError(
            ErrorCode.STDIN_CLOSED,
            f"Nothing more can be written to the child's stdin. {self._why_closed}",
            bytesWritten=written,
        )
