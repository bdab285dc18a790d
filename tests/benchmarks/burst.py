"""Echoes of one session while a server starts many others."""

import gc
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter

from .fast_client import FastClient
from .rival import Burst
from .wire import Answer, Event, Exited, Output, Session, Wire, kept


class SpawnBurst:
    """The client's part of it. What came back is kept: the answers to spawns and writes, the exits, the echoes."""

    def __init__(self, client: FastClient, wire: Wire, session: Session, ids: Iterator[int]) -> None:
        """`session` echoes; requests take their numbers from `ids`."""
        self._client = client
        self._wire = wire
        self._session = session
        self._ids = ids
        self._exits_missing = 0
        self.write_ids: list[int] = []
        self.answers: list[Answer] = []
        self.exits: list[Exited] = []
        self.echoed: list[Output] = []

    def measure(self, spawns: Sequence[bytes], payload: Callable[[int], bytes]) -> Burst:
        """`spawns` are the requests; `payload` makes what is written next."""
        echoes_s: list[float] = []
        self._exits_missing = len(spawns)
        gc.collect()
        gc.disable()
        try:
            begun = last_exit = perf_counter()
            self._client.send(b"".join(spawns))
            while self._exits_missing:
                data = payload(len(echoes_s))
                write = self._write(data)
                started = perf_counter()
                self._client.send(write)
                last_exit = self._await_echo(len(data)) or last_exit
                echoes_s.append(perf_counter() - started)
        finally:
            gc.enable()
        # The last spawn's answer came before its exit, or is the next thing to come.
        while len(self.answers) < len(spawns) + len(self.write_ids):
            self._take(self._wire.next_event())
        return Burst(echoes_s, len(spawns) / (last_exit - begun))

    def _write(self, data: bytes) -> bytes:
        self.write_ids.append(next(self._ids))
        return self._wire.write(self.write_ids[-1], self._session, data)

    def _await_echo(self, missing_bytes: int) -> float | None:
        """When the last of all exits came, if it came before so many bytes were back."""
        last_exit = None
        while missing_bytes:
            event = self._wire.next_event()
            missing_bytes -= self._take(event)
            if isinstance(event, Exited) and not self._exits_missing:
                last_exit = perf_counter()
        return last_exit

    def _take(self, event: Event) -> int:
        """Keep it; gives how many echoed bytes it brings."""
        if isinstance(event, Answer):
            self.answers.append(kept(event))
        elif isinstance(event, Exited):
            self.exits.append(event)
            self._exits_missing -= 1
        elif isinstance(event, Output) and event.session == self._session:
            self.echoed.append(kept(event))
            return event.size_bytes
        return 0
