"""Waits for the endpoint in any number of threads, and moves bytes in one of its own.

Rules of this file: that thread alone reads and writes, so that no signal handler that raises, as Ctrl-C does in the
main thread, can cut a message in two. It reads the endpoint's stdout while some thread waits, and only then: a program
that is busy elsewhere leaves output in the pipe, and so pauses the children, as any pipe does. Its stderr is always
read. Whoever touches the core holds ``guard``.
"""

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable

from pipe_rpc.conversation.core import Core
from pipe_rpc.conversation.endpoint_process import EndpointProcess
from pipe_rpc.conversation.errors import ClientError

_READ_BYTES = 64 * 1024
_SLEEP_S = 1.0
"""A signal that comes right before a thread sleeps at a lock does not wake it, so none sleeps longer than this."""
_LEAVE_S = 1.0
"""How long what was queued last may take to leave."""
_END_S = 2.0
"""How long a server that has closed its stdout may take to end, before that is told without its exit status."""


class Driver:
    """Moves bytes between one endpoint and one core."""

    def __init__(self, core: Core, process: EndpointProcess) -> None:
        self.guard = threading.Condition()
        """Held around what touches the core; notified when it has heard something."""
        self._core = core
        self._process = process
        self._waiting: dict[object, Callable[[], bool]] = {}
        """What each thread waits for; once it is so, no more is read for that thread, however late it wakes."""
        self._is_ending = False
        self._is_over = False
        self._open = {process.stdin_fd, process.stdout_fd, process.stderr_fd}
        for fd in self._open:
            os.set_blocking(fd, False)
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_reader, False)
        os.set_blocking(self._wake_writer, False)
        # The interpreter may end without it: the pipes then close, which ends the server.
        self._thread = threading.Thread(target=self._run, name="pipe_rpc.client", daemon=True)
        try:
            self._thread.start()
        except BaseException:
            self._close_wake()
            raise

    def wake(self) -> None:
        """Something was queued, or somebody waits: let the thread look."""
        with contextlib.suppress(BlockingIOError):  # It has not even seen the last thousands of times.
            os.write(self._wake_writer, b"\0")

    def until(self, is_so: Callable[[], bool], timeout: float | None) -> None:
        """Wait until something is so. Raises TimeoutError, and EndpointGone where it cannot be so any more."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self.guard:
            if is_so():
                return
            waiter = object()
            try:
                while not is_so():
                    self._core.require_alive()
                    if waiter not in self._waiting:
                        self._waiting[waiter] = is_so
                        self.wake()
                    left = _SLEEP_S if deadline is None else deadline - time.monotonic()
                    if left <= 0:
                        raise TimeoutError
                    self.guard.wait(min(left, _SLEEP_S))
            finally:
                self._waiting.pop(waiter, None)

    def end(self, *, hurry: bool) -> int:
        """End the server, by force where it does not go; returns its exit status. In the end nothing is left open.

        Interrupted, as by Ctrl-C, it still ends the server, in a hurry.
        """
        try:
            self._let_leave(hurry=hurry)
            status = self._end_process(hurry=hurry)
        except BaseException:
            status = self._process.end_now()
            raise
        finally:
            with self.guard:
                self._is_over = True
                self.wake()
            self._thread.join()
            self._read_stderr()
            self._process.close_pipes()
            self._close_wake()
            with self.guard:
                self._core.close(status)
                self.guard.notify_all()
        return status

    def _let_leave(self, *, hurry: bool) -> None:
        with self.guard:
            self._is_ending = True
            self.wake()
        with contextlib.suppress(ClientError, TimeoutError):  # It reads no more, and is ended without having heard it.
            self.until(lambda: not self._core.outbound, 0 if hurry else _LEAVE_S)

    def _end_process(self, *, hurry: bool) -> int:
        for step in self._process.steps_to_the_end(hurry=hurry):
            with self.guard:
                self._open.discard(self._process.stdin_fd)
                step.act()
            if (status := self._process.exit_status(step.patience_s)) is not None:
                return status
        return self._process.end_now()

    def _run(self) -> None:
        try:
            self._move_bytes()
        except BaseException as error:
            with self.guard:
                self._core.end(f"The client has failed, which is a fault of its own: {error!r}", None)
                self.guard.notify_all()
            raise

    def _move_bytes(self) -> None:
        while not self._is_over and not self._core.has_ended:
            poll = select.poll()
            poll.register(self._wake_reader, select.POLLIN)
            with self.guard:
                wanted = {
                    self._process.stdin_fd: select.POLLOUT if self._core.outbound else 0,
                    self._process.stdout_fd: select.POLLIN if self._waiting or self._is_ending else 0,
                    self._process.stderr_fd: select.POLLIN,
                }
                for fd in self._open:
                    if wanted[fd]:
                        poll.register(fd, wanted[fd])
            for fd, _ in poll.poll():
                if fd == self._wake_reader:
                    self._wake_up()
                elif fd == self._process.stdin_fd:
                    self._write()
                elif fd == self._process.stdout_fd:
                    self._read()
                else:
                    self._read_stderr()

    def _close_wake(self) -> None:
        os.close(self._wake_reader)
        os.close(self._wake_writer)

    def _wake_up(self) -> None:
        with contextlib.suppress(BlockingIOError):  # It was read already.
            os.read(self._wake_reader, _READ_BYTES)

    def _write(self) -> None:
        with self.guard:
            if self._process.stdin_fd not in self._open:
                return
            try:
                while self._core.outbound:
                    self._core.outbound.drop(os.writev(self._process.stdin_fd, self._core.outbound.front()))
            except BlockingIOError:
                return
            except OSError:
                self._core.outbound.clear()  # It hears no more; what it has said is still read, up to its end.
            if self._is_ending:
                self.guard.notify_all()

    def _read(self) -> None:
        try:
            data = os.read(self._process.stdout_fd, _READ_BYTES)
        except BlockingIOError:
            return
        if data:
            with self.guard:
                self._core.receive(data)
                self._waiting = {waiter: is_so for waiter, is_so in self._waiting.items() if not is_so()}
                self.guard.notify_all()
            return
        self._open.discard(self._process.stdout_fd)
        status = self._process.exit_status(_END_S)
        self._read_stderr()
        with self.guard:
            self._core.end("The endpoint has ended. Start another.", status)
            self.guard.notify_all()

    def _read_stderr(self) -> None:
        if self._process.stderr_fd not in self._open:
            return
        try:
            while data := os.read(self._process.stderr_fd, _READ_BYTES):
                with self.guard:
                    self._core.receive_stderr(data)
        except BlockingIOError:
            return
        self._open.discard(self._process.stderr_fd)
