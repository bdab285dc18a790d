"""Tells the client what sessions have to tell.

Rules of this file: output is the hot path, so its notification is written straight from its values; everything else
goes through its message type. Requests that wait for an event are answered behind the news of it.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from pipe_rpc.protocol.envelope import encode_notification
from pipe_rpc.server.pending import PendingRequests
from pipe_rpc.server.transport import Transport
from pipe_rpc.session.announcement import Announcement, Closed, Detached, Exited, Forgotten, Output


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
                self._transport.send(encode_notification("session/output", _output_params(announcement)))
                return
            case Detached():
                self._transport.send(encode_notification("session/detached", _wire().detached(announcement)))
            case Exited():
                self._transport.send(encode_notification("session/exited", _wire().exited(announcement)))
                self._pending.announced(announcement, announcement.session.session_id)
            case Closed():
                self._transport.send(encode_notification("session/closed", _wire().closed(announcement)))
                self._pending.announced(announcement, announcement.session.session_id)
            case Forgotten():
                self._pending.session_removed(announcement.session_id)
        for listener in self.listeners:
            listener(announcement)


def _output_params(output: Output) -> dict[str, Any]:
    params: dict[str, Any] = {
        "sessionId": output.session_id,
        "stream": output.stream.value,
        "offset": output.offset,
        "length": output.length,
        "data": output.data,
        "encoding": output.encoding.value,
    }
    if output.missed_bytes:
        params["missedBytes"] = output.missed_bytes
    return params


@cache
def _wire() -> Any:
    """The message types, which are imported with the first request that needs them."""
    from pipe_rpc.server import to_wire

    return to_wire
