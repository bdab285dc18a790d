"""The tees of one session, at most one for a stream, and what there is to tell of them."""

from collections import deque
from collections.abc import Callable, Mapping
from functools import partial

from pipe_rpc.child.file_writer import FileWriter
from pipe_rpc.loop.loop import Loop
from pipe_rpc.session.announcement import StreamName, TeeFailed
from pipe_rpc.session.output_stream import OutputStream
from pipe_rpc.session.tee import Tee, TeeEnd


class Tees:
    """``on_end`` is called when one has ended; a failure is told once: to who ends it, or else by ``pull``."""

    def __init__(
        self, session_id: str, streams: Mapping[StreamName, OutputStream], loop: Loop, on_end: Callable[[], None]
    ) -> None:
        self._session_id = session_id
        self._streams = streams
        self._loop = loop
        self._on_end = on_end
        self._failures: deque[TeeFailed] = deque()
        self._callbacks: dict[StreamName, list[Callable[[TeeEnd], None]]] = {}

    def __bool__(self) -> bool:
        """Whether any is left, or any failure to be told."""
        return bool(self._failures) or any(stream.tee is not None for stream in self._streams.values())

    def set(self, name: StreamName, writer: FileWriter, path: str, *, stall_s: float) -> int:
        """Let a stream that has no tee go into a file; returns the offset of the first byte that does."""
        stream = self._streams[name]
        stream.tee = Tee(stream, writer, path, self._loop, stall_s=stall_s, on_end=partial(self._ended, name))
        return stream.tee.offset

    def stop(self, name: StreamName, when_ended: Callable[[TeeEnd], None]) -> None:
        """End the tee of a stream that has one; call back when all that it had is in the file, or cannot be."""
        tee = self._streams[name].tee
        assert tee is not None, "there is one"
        self._callbacks.setdefault(name, []).append(when_ended)
        tee.stop()

    def forget_callback(self, name: StreamName, when_ended: Callable[[TeeEnd], None]) -> None:
        """Do not call back any more; without effect where that was done."""
        callbacks = self._callbacks.get(name, [])
        if when_ended in callbacks:
            callbacks.remove(when_ended)

    def abandon(self) -> None:
        """Tell nobody any more; what the streams still have for their files is written all the same."""
        self._on_end = _nothing

    def kill(self) -> None:
        """End what writes, now."""
        for stream in self._streams.values():
            if stream.tee is not None:
                stream.tee.kill()

    def pull(self) -> TeeFailed | None:
        """The next failure to tell."""
        return self._failures.popleft() if self._failures else None

    def _ended(self, name: StreamName, end: TeeEnd) -> None:
        stream = self._streams[name]
        stream.tee = None
        stream.tee_moved()
        callbacks = self._callbacks.pop(name, [])
        for when_ended in callbacks:
            when_ended(end)
        if end.errno and not callbacks:
            self._failures.append(TeeFailed(self._session_id, name, end))
        self._on_end()


def _nothing() -> None:
    """The session was forgotten."""
