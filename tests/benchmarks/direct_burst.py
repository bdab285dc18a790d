"""Echoes while the client itself starts many children: the direct rival's part of that work."""

import os
from collections.abc import Callable
from select import POLLIN, poll
from subprocess import PIPE, Popen
from time import perf_counter

from .deadline import Deadline, RivalError, WrongResultError
from .rival import Burst


class DirectBurst:
    """One poll over the echo and all children."""

    def __init__(self, write_fd: int, read_fd: int, deadline: Deadline) -> None:
        """What is written to the one comes back from the other."""
        self._write_fd = write_fd
        self._read_fd = read_fd
        self._deadline = deadline
        self._poller = poll()
        self._poller.register(read_fd, POLLIN)
        self._children: dict[int, Popen[bytes]] = {}
        self._unstarted = 0
        self._last_exit = 0.0

    def measure(self, count: int, payload: Callable[[int], bytes]) -> Burst:
        """Start so many `true`; raises `RivalError` when something else comes back, or one fails."""
        echoes_s: list[float] = []
        self._unstarted = count
        begun = perf_counter()
        try:
            while self._unstarted or self._children:
                started = perf_counter()
                self._echo(payload(len(echoes_s)))
                echoes_s.append(perf_counter() - started)
        finally:
            for child in self._children.values():
                child.kill()
                child.__exit__(None, None, None)
        return Burst(echoes_s, count / (self._last_exit - begun))

    def _echo(self, data: bytes) -> None:
        back = b""
        os.write(self._write_fd, data)
        while len(back) < len(data):
            for fd, _ in self._poller.poll(0 if self._unstarted else self._deadline.remaining_s() * 1000):
                if fd == self._read_fd:
                    back += os.read(fd, len(data))
                else:
                    self._reap(fd)
            if self._unstarted:
                self._unstarted -= 1
                self._start()
        if back != data:
            raise RivalError("not what was written")

    def _start(self) -> None:
        child = Popen(["true"], bufsize=0, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True)
        assert child.stdout is not None
        self._children[child.stdout.fileno()] = child
        self._poller.register(child.stdout.fileno(), POLLIN)

    def _reap(self, stdout_fd: int) -> None:
        self._poller.unregister(stdout_fd)
        with self._children.pop(stdout_fd) as child:
            if child.wait():
                raise WrongResultError(f"exit code {child.returncode}")
        self._last_exit = perf_counter()
