"""The state of one connection: requests under way, sessions, events, and the frames that have to leave.

Rules of this file: no I/O and no waiting. Whoever drives it puts in what was read, writes what is in ``outbound``, and
sees to it that one thread at a time is in here. An answer takes effect where it stands among the notifications, before
anybody is woken by it.
"""

from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

from pipe_rpc.buffers.framer import FramingError
from pipe_rpc.buffers.outbound import Outbound
from pipe_rpc.conversation.errors import ClientError, EndpointGone
from pipe_rpc.conversation.event_log import EventLog, LifeEvent
from pipe_rpc.conversation.messages import Conversation, Event, Listener, event_of
from pipe_rpc.conversation.pending import Pending
from pipe_rpc.conversation.session_state import SessionState
from pipe_rpc.errors import PipeRpcError
from pipe_rpc.protocol.envelope import MalformedError, Notification
from pipe_rpc.protocol.types import OutputParams, TeeErrorParams

_MOST_EVENTS = 10_000
"""Of all sessions together, for a reader of them that is slow."""
_MOST_ERRORS = 1000
"""Of those that nobody has read; whoever reads none of them needs not more."""
_TAIL_BYTES = 8 * 1024
"""How much of the server's last words is kept."""


class Core:
    """One connection; of each stream ``buffer_bytes`` are kept in memory at most, and ``spill_bytes`` in a file."""

    def __init__(self, *, buffer_bytes: int, spill_bytes: int, listener: Listener | None = None) -> None:
        self.outbound = Outbound(low_water_bytes=0)
        self.events = EventLog(_MOST_EVENTS, self._read)
        self.unread_errors: tuple[TeeErrorParams, ...] = ()
        """The newest errors among the events that no reader of events has got."""
        self._buffer_bytes = buffer_bytes
        self._spill_bytes = spill_bytes
        self._conversation = Conversation(listener)
        self._pending: dict[object, Pending] = {}
        self._sessions: WeakValueDictionary[str, SessionState] = WeakValueDictionary()
        self._end: tuple[str, int | None] | None = None
        self._stderr = bytearray()

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will be heard."""
        return self._end is not None

    @property
    def stderr_tail(self) -> str:
        """The end of what the server has said to people."""
        return self._stderr.decode(errors="replace")

    def require_alive(self) -> None:
        """Raise EndpointGone where nothing more will be heard."""
        if self._end is not None:
            message, status = self._end
            raise EndpointGone(message, status, self.stderr_tail)

    def request(self, method: str, params: Any, on_result: Callable[[Any], Any] | None = None) -> Pending:
        """Queue a request. Raises EndpointGone, and ValueError for what JSON has no text for."""
        self.require_alive()
        request_id, frame = self._conversation.request(method, params)
        pending = self._pending[request_id] = Pending(request_id, on_result)
        self.outbound.append(frame)
        return pending

    def notify(self, method: str, params: Any) -> None:
        """Queue a notification. Raises EndpointGone."""
        self.require_alive()
        self.outbound.append(self._conversation.notification(method, params))

    def cancel(self, pending: Pending) -> None:
        """Ask for the answer now, whatever it is; without effect where it has come, or none can come."""
        if not pending.is_answered() and self._end is None:
            self.outbound.append(self._conversation.notification("$/cancelRequest", {"id": pending.request_id}))

    def remove(self, session_id: str) -> None:
        """Forget, and end, a session that nobody has a handle of."""
        if self._end is None:
            self.request("session/remove", {"sessionId": session_id, "force": True})

    def session(self, session_id: str) -> SessionState:
        """The state of a session, a new one where nobody has a handle of it yet."""
        state = self._sessions.get(session_id)
        if state is None:
            state = SessionState(
                session_id, buffer_bytes=self._buffer_bytes, spill_bytes=self._spill_bytes, on_read=self._read
            )
            self._sessions[session_id] = state
        return state

    def receive(self, data: bytes) -> None:
        """Take what the server said. What does not keep the contract ends the connection."""
        try:
            for message in self._conversation.receive(data):
                if isinstance(message, Notification):
                    event = event_of(message)
                    if event is not None:
                        self._hear(event)
                elif (pending := self._pending.pop(message.message.get("id"), None)) is not None:
                    pending.answer(message)
        except (ClientError, PipeRpcError, FramingError, MalformedError, KeyError) as error:
            self.end(f"The endpoint does not keep the contract: {error}", None)
        except BaseException as error:
            self.end(f"The client has failed, which is a fault of its own: {error!r}", None)
            raise

    def receive_stderr(self, data: bytes) -> None:
        """Take what the server said to people; the end of it is kept."""
        self._stderr += data
        del self._stderr[:-_TAIL_BYTES]

    def end(self, message: str, status: int | None) -> None:
        """Nothing more will be heard, and why; a status that becomes known later is added."""
        if self._end is None or self._end[1] is None:
            self._end = (self._end[0] if self._end is not None else message, status)
        self.outbound.clear()

    def close(self, status: int) -> None:
        """The client is closed: give back what waits for readers."""
        self._end = ("The client is closed. Start another.", status)
        self.outbound.clear()
        for state in list(self._sessions.values()):
            state.close()

    def _hear(self, event: Event) -> None:
        state = self._sessions.get(event.session_id)
        if not isinstance(event, OutputParams):
            if isinstance(event, TeeErrorParams):
                self.unread_errors = (*self.unread_errors, event)[-_MOST_ERRORS:]
            self.events.append(event)
            if state is not None:
                state.hear(event)
        elif state is not None and not state.hear_output(event):
            # The answer says nothing that session/detached does not; where it is a refusal, the stream has ended.
            self.request("session/detach", {"sessionId": event.session_id, "stream": event.stream})

    def _read(self, event: LifeEvent) -> None:
        if isinstance(event, TeeErrorParams):
            self.unread_errors = tuple(each for each in self.unread_errors if each is not event)
