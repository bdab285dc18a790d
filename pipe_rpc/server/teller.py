"""Tells the client what sessions have to tell.

Rules of this file: requests that wait for an event are answered behind the news of it.
"""

from collections.abc import Callable

from pipe_rpc.protocol.envelope import encode_notification
from pipe_rpc.server import to_wire
from pipe_rpc.server.pending import PendingRequests
from pipe_rpc.server.transport import Transport
from pipe_rpc.session.announcement import Announcement, Closed, Detached, Exited, Forgotten, Output, TeeFailed


class Teller:
    """Turns announcements into frames."""

    def __init__(self, transport: Transport, pending: PendingRequests) -> None:
        self._transport = transport
        self._pending = pending
        self.listeners: list[Callable[[Announcement], None]] = []
        """Called behind each notification but those of output."""

    @property
    def has_room(self) -> bool:
        """Whether so little waits for the client that it may be told at length."""
        return self._transport.outbound.wants_output

    def tell(self, announcement: Announcement) -> None:
        """Queue the notification, then let requests know that wait for it."""
        match announcement:
            case Output():
                self._transport.send(encode_notification("session/output", to_wire.output(announcement)))
                return
            case Detached():
                self._transport.send(encode_notification("session/detached", to_wire.detached(announcement)))
            case TeeFailed():
                self._transport.send(encode_notification("session/teeError", to_wire.tee_failed(announcement)))
            case Exited():
                self._transport.send(encode_notification("session/exited", to_wire.exited(announcement)))
                self._pending.announced(announcement, announcement.session.session_id)
            case Closed():
                self._transport.send(encode_notification("session/closed", to_wire.closed(announcement)))
                self._pending.announced(announcement, announcement.session.session_id)
            case Forgotten():
                self._pending.session_removed(announcement.session_id)
        for listener in self.listeners:
            listener(announcement)
