"""One session as its client has heard of it: its streams, and what happened to it."""

from collections.abc import Callable

from pipe_rpc.conversation.byte_queue import ByteQueue
from pipe_rpc.conversation.event_log import EventLog, LifeEvent
from pipe_rpc.conversation.stream_state import StreamState
from pipe_rpc.protocol.types import AttachResult, ClosedParams, DetachedParams, OutputParams, SessionInfo
from pipe_rpc.protocol.types.member import StreamName

_MOST_EVENTS = 1000
"""Of one session: its end takes four; the others are those of streams that are detached again and again."""


_NAMES: tuple[StreamName, ...] = ("stdout", "stderr")


class SessionState:
    """Lives as long as somebody has a handle of the session; nobody could read what came for it otherwise."""

    def __init__(
        self, session_id: str, *, buffer_bytes: int, spill_bytes: int, on_read: Callable[[LifeEvent], None]
    ) -> None:
        self.session_id = session_id
        self.events = EventLog(_MOST_EVENTS, on_read)
        self._streams: dict[StreamName, StreamState] = {
            name: StreamState(name, ByteQueue(memory_bytes=buffer_bytes, file_bytes=spill_bytes)) for name in _NAMES
        }

    def stream(self, name: StreamName) -> StreamState:
        """Its stdout or stderr."""
        return self._streams[name]

    def spawned(self, info: SessionInfo) -> None:
        """The answer to session/spawn: some streams are attached from their beginnings."""
        for name, stream in zip(_NAMES, (info.stdout, info.stderr), strict=True):
            # A spawn that is repeated, with an id of the client's, finds its streams under way.
            if stream is not None and stream.attached and stream.attachment_id != self._streams[name].attachment_id:
                self._streams[name].begin(stream.attachment_id, 0)

    def attached(self, name: StreamName, result: AttachResult) -> None:
        """The answer to session/attach."""
        self._streams[name].begin(result.attachment_id, result.offset)

    def hear_output(self, output: OutputParams) -> bool:
        """Take output; returns whether more has room, as StreamState tells."""
        return self._streams[output.stream].hear_output(output)

    def hear(self, event: LifeEvent) -> None:
        """Take any other event."""
        if isinstance(event, DetachedParams):
            self._streams[event.stream].hear_detached(event)
        self.events.append(event)
        if isinstance(event, ClosedParams):
            self.events.is_closed = True

    def removed(self) -> None:
        """The session was forgotten; nothing of it is heard again."""
        self.events.is_closed = True

    def close(self) -> None:
        """Give back what waits for readers."""
        for stream in self._streams.values():
            stream.close()
