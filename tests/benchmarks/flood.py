"""What one session's echoes and requests take while other sessions of the same server flood."""

import gc
from collections.abc import Sequence
from time import perf_counter

from .deadline import WrongResultError
from .fast_client import FastClient
from .rival import WARM_UP_SHARE, Flooded
from .wire import Answer, Event, Output, Session, Wire, kept


class Flood:
    """Reads everything and sorts it: what the quiet session says is kept, the flood is counted."""

    def __init__(self, client: FastClient, wire: Wire, quiet: Session) -> None:
        """`quiet` is the session that echoes; all others flood already."""
        self._client = client
        self._wire = wire
        self._quiet = quiet
        self._next_offsets: dict[Session, int] = {}
        self._flood_bytes = 0
        self.answers: list[Answer] = []
        self.echoed: list[Output] = []

    def measure(self, turns: Sequence[tuple[bytes, int, bytes]], window_s: float) -> Flooded:
        """A turn is a request that writes, how many bytes come back for it, and a request that asks."""
        echoes_s: list[float] = []
        requests_s: list[float] = []
        gc.collect()
        gc.disable()
        try:
            begun = perf_counter()
            for write, size_bytes, ask in turns:
                started = perf_counter()
                self._client.send(write)
                self._await(size_bytes)
                echoed = perf_counter()
                self._client.send(ask)
                self._await(0)
                answered = perf_counter()
                echoes_s.append(echoed - started)
                requests_s.append(answered - echoed)
                if answered - begun > window_s:
                    break
            took_s = perf_counter() - begun
        finally:
            gc.enable()
        if not self._flood_bytes:
            raise WrongResultError("no session flooded")
        warm = len(echoes_s) // WARM_UP_SHARE
        return Flooded(echoes_s[warm:], requests_s[warm:], self._flood_bytes / took_s)

    def _await(self, missing_bytes: int) -> None:
        """Until the next answer and so many bytes of the quiet session are there."""
        answered = False
        while missing_bytes or not answered:
            event = self._wire.next_event()
            if isinstance(event, Answer):
                answered = True
                self.answers.append(kept(event))
            elif isinstance(event, Output) and event.session == self._quiet:
                missing_bytes -= event.size_bytes
                self.echoed.append(kept(event))
            else:
                self._count(event)

    def _count(self, event: Event) -> None:
        if not isinstance(event, Output):
            raise WrongResultError("a session that floods for ever has ended")
        offset = self._wire.offset_of(event)
        if offset is not None:
            # What came while the sessions were started was not looked at.
            if self._next_offsets.get(event.session, offset) != offset:
                raise WrongResultError(f"{event.session} lost bytes before {offset}")
            self._next_offsets[event.session] = offset + event.size_bytes
        self._flood_bytes += event.size_bytes
