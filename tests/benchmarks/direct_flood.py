"""A `cat` and its like that answer while other processes flood: the direct rival's part of that work."""

import os
from collections.abc import Sequence
from select import POLLIN, poll
from time import perf_counter

from .deadline import Deadline, RivalError
from .process import BUFFER_BYTES, Process
from .rival import WARM_UP_SHARE, Flooded


class DirectFlood:
    """One poll over all the pipes."""

    def __init__(self, floods: Sequence[Process], deadline: Deadline) -> None:
        """`floods` write without end."""
        self._deadline = deadline
        self._poller = poll()
        for flood in floods:
            self._poller.register(flood.stdout_fd, POLLIN)
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._flood_bytes = 0

    def measure(
        self, echo: tuple[int, int], ask: tuple[int, int], turns: Sequence[tuple[bytes, bytes]], window_s: float
    ) -> Flooded:
        """`echo` and `ask` are descriptors, to write to and to read from; a turn is what goes through each.

        Raises `RivalError` when something else comes back.
        """
        for _, read_fd in (echo, ask):
            self._poller.register(read_fd, POLLIN)
        echoes_s: list[float] = []
        requests_s: list[float] = []
        begun = perf_counter()
        for payload, request in turns:
            echoes_s.append(self._exchange(echo, payload))
            requests_s.append(self._exchange(ask, request))
            if perf_counter() - begun > window_s:
                break
        took_s = perf_counter() - begun
        warm = len(echoes_s) // WARM_UP_SHARE
        return Flooded(echoes_s[warm:], requests_s[warm:], self._flood_bytes / took_s)

    def _exchange(self, fds: tuple[int, int], data: bytes) -> float:
        write_fd, read_fd = fds
        back = b""
        started = perf_counter()
        os.write(write_fd, data)
        while len(back) < len(data):
            for fd, _ in self._poller.poll(self._deadline.remaining_s() * 1000):
                size_bytes = os.readv(fd, [self._buffer])
                if fd == read_fd:
                    back += self._buffer[:size_bytes]
                else:
                    self._flood_bytes += size_bytes
        took_s = perf_counter() - started
        if back != data:
            raise RivalError("not what was written")
        return took_s
