"""One session that writes much: its output is read until its end."""

import hashlib
from collections.abc import Sequence

from .corpus import Corpus
from .deadline import WrongResultError
from .fast_client import FastClient
from .rival import Encoding, Timed, time_each
from .wire import Exited, Output, Wire


class Relay:
    """The client's part of it."""

    def __init__(self, client: FastClient, wire: Wire) -> None:
        self._client = client
        self._wire = wire
        self._seen_bytes = 0
        self._told_bytes = 0
        self._exit_code: int | None = None

    def measure(self, request: bytes, size_bytes: int, pids: Sequence[int], *, parse: bool) -> Timed:
        """Send `request`, which spawns, and count what comes; with `parse` also take each message apart."""
        timed = time_each(self._parse_all if parse else self._count_all, [request], pids)
        if (self._told_bytes, self._exit_code) != (size_bytes, 0):
            raise WrongResultError(f"{self._told_bytes} of {size_bytes} bytes, exit code {self._exit_code}")
        if parse and self._seen_bytes != size_bytes:
            raise WrongResultError(f"{self._seen_bytes} bytes of text in messages that tell of {size_bytes}")
        return timed

    def check(self, request: bytes, corpus: Corpus, encoding: Encoding) -> None:
        """The same with every byte compared."""
        self._client.send(request)
        digest = hashlib.sha256()
        offset = 0
        while not isinstance(event := self._wire.next_event(), self._wire.last):
            if not isinstance(event, Output):
                continue
            data = self._wire.bytes_of(event, encoding)
            told_at = self._wire.offset_of(event)
            if event.size_bytes != len(data) or told_at not in (offset, None):
                raise WrongResultError(f"at {offset}: {len(data)} bytes, called {event.size_bytes} at {told_at}")
            offset += len(data)
            digest.update(data)
        if digest.hexdigest() != corpus.sha256:
            raise WrongResultError(
                f"{offset} bytes of {corpus.size_bytes} came, and they are not the ones that were sent"
            )

    def _count_all(self, request: bytes) -> None:
        self._client.send(request)
        while True:
            event = self._wire.next_event()
            if isinstance(event, Output):
                self._told_bytes += event.size_bytes
            elif isinstance(event, Exited):
                self._exit_code = event.exit_code
            if isinstance(event, self._wire.last):
                break

    def _parse_all(self, request: bytes) -> None:
        # The loop of above once more: a look at a flag in each turn would be part of what is measured there.
        self._client.send(request)
        while True:
            event = self._wire.next_event()
            if isinstance(event, Output):
                self._told_bytes += event.size_bytes
                self._seen_bytes += len(self._wire.text_of(event))
            elif isinstance(event, Exited):
                self._exit_code = event.exit_code
            if isinstance(event, self._wire.last):
                break
