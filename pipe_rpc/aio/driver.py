"""Waits for the endpoint in an event loop of asyncio, and moves bytes when they can be moved.

Rules of this file: everything happens in the loop that was running at the start. The endpoint's stdout is read while
some task waits, and only then: a program that is busy elsewhere leaves output in the pipe, and so pauses the children,
as any pipe does. Its stderr is always read. Needs a loop with ``add_reader``, as all are on Linux and macOS.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable

from pipe_rpc.conversation.core import Core
from pipe_rpc.conversation.endpoint_process import EndpointProcess

_READ_BYTES = 64 * 1024
_LOOK_S = 0.003
"""How often to look whether the process has ended, once it is to end: asyncio's own ways start a thread for that."""
_END_S = 2.0
"""How long a server that has closed its stdout may take to end, before that is told without its exit status."""


class Driver:
    """Moves bytes between one endpoint and one core."""

    def __init__(self, core: Core, process: EndpointProcess) -> None:
        self.guard = contextlib.nullcontext()
        """Held around what touches the core; one thread needs nothing for it."""
        self._core = core
        self._process = process
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[asyncio.Future[None], Callable[[], bool]] = {}
        self._is_ending = False
        self._is_reading = self._is_writing = False
        self._has_output_ended = False
        self._last_words: asyncio.Task[None] | None = None
        for fd in (process.stdin_fd, process.stdout_fd, process.stderr_fd):
            os.set_blocking(fd, False)
        self._loop.add_reader(process.stderr_fd, self._read_stderr)

    def wake(self) -> None:
        """Something was queued: write what can be written now."""
        try:
            while self._core.outbound:
                self._core.outbound.drop(os.writev(self._process.stdin_fd, self._core.outbound.front()))
        except BlockingIOError:
            if not self._is_writing:
                self._is_writing = True
                self._loop.add_writer(self._process.stdin_fd, self.wake)
            return
        except OSError:
            self._core.outbound.clear()  # It hears no more; what it has said is still read, up to its end.
        self._stop_writing()

    async def until(self, is_so: Callable[[], bool], timeout: float | None) -> None:
        """Wait until something is so. Raises TimeoutError, and EndpointGone where it cannot be so any more."""
        if is_so():
            return
        async with asyncio.timeout(timeout):
            while not is_so():
                self._core.require_alive()
                news = self._loop.create_future()
                self._waiting[news] = is_so
                self._read_if_awaited()
                try:
                    await news
                finally:
                    del self._waiting[news]
                    self._read_if_awaited()

    async def end(self, *, hurry: bool) -> int:
        """End the server, by force where it does not go; returns its exit status. In the end nothing is left open.

        Cancelled, it ends the server without leaving the processor to other tasks, in two seconds at most.
        """
        self._is_ending = True
        self._read_if_awaited()
        try:
            status = await self._end_process(hurry=hurry)
        except BaseException:
            status = self._process.end_now()
            raise
        finally:
            self._let_go()
            self._core.close(status)
            self._tell()
        return status

    async def _end_process(self, *, hurry: bool) -> int:
        if self._last_words is not None:
            self._last_words.cancel()
            await asyncio.wait([self._last_words])
        for step in self._process.steps_to_the_end(hurry=hurry):
            self._stop_writing()
            step.act()
            if (status := await self._status(step.patience_s)) is not None:
                return status
        return self._process.end_now()

    async def _status(self, patience_s: float) -> int | None:
        deadline = self._loop.time() + patience_s
        while (status := self._process.exit_status()) is None and self._loop.time() < deadline:
            await asyncio.sleep(_LOOK_S)
        return status

    def _let_go(self) -> None:
        self._stop_writing()
        self._stop_reading()
        if not self._loop.is_closed():
            self._loop.remove_reader(self._process.stderr_fd)
        self._read_stderr()
        self._process.close_pipes()

    def _read_if_awaited(self) -> None:
        wanted = (bool(self._waiting) or self._is_ending) and not self._has_output_ended
        if wanted and not self._is_reading:
            self._is_reading = True
            self._loop.add_reader(self._process.stdout_fd, self._read)
        elif not wanted:
            self._stop_reading()

    def _read(self) -> None:
        try:
            data = os.read(self._process.stdout_fd, _READ_BYTES)
        except BlockingIOError:
            return
        try:
            if data:
                self._core.receive(data)
                self.wake()  # What came may have to be answered, such as output without room by a detach.
        finally:
            if not data or self._core.has_ended:
                self._has_output_ended = True
                self._stop_reading()
                if not self._is_ending:
                    self._last_words = self._loop.create_task(self._hear_end())
            self._tell()

    async def _hear_end(self) -> None:
        status = None if self._core.has_ended else await self._status(_END_S)
        self._read_stderr()
        self._core.end("The endpoint has ended. Start another.", status)
        self._tell()

    def _read_stderr(self) -> None:
        try:
            while data := os.read(self._process.stderr_fd, _READ_BYTES):
                self._core.receive_stderr(data)
        except BlockingIOError:
            return
        self._loop.remove_reader(self._process.stderr_fd)

    def _stop_reading(self) -> None:
        if self._is_reading:
            self._is_reading = False
            self._loop.remove_reader(self._process.stdout_fd)

    def _stop_writing(self) -> None:
        if self._is_writing:
            self._is_writing = False
            self._loop.remove_writer(self._process.stdin_fd)

    def _tell(self) -> None:
        for news, is_so in self._waiting.items():
            if not news.done() and (self._core.has_ended or is_so()):
                news.set_result(None)
