"""The server inside this process, so that its parts can be timed one by one."""

import os
from select import POLLIN, poll
from types import TracebackType
from typing import Any, Self

import orjson

from pipe_rpc.limits import Limits
from pipe_rpc.loop.descriptor import SharedDescriptor
from pipe_rpc.server.app import Server, Settings
from pipe_rpc.server.log import Log, LogLevel, open_log
from pipe_rpc.server.stdio import Stdio

from .deadline import RivalError
from .fast_client import frame

TURNS = 1000
"""An answer that has not come after so many does not come."""
READ_BYTES = 1024 * 1024


class InProcess:
    """A server that has answered `initialize`, and its client; use it in a `with` block.

    Nothing happens in it but what is asked for: there is no thread.
    """

    def __init__(self) -> None:
        stdin_fd, self._to_server = os.pipe()
        self._from_server, stdout_fd = os.pipe()
        os.set_blocking(self._from_server, False)
        stdio = Stdio(SharedDescriptor(stdin_fd), SharedDescriptor(stdout_fd))
        self._log: Log = open_log(None, LogLevel.WARNING)
        self.limits = Limits()
        self.server = Server(stdio, Settings(self.limits, None), self._log)
        self.call("initialize", {"processId": None, "capabilities": {}})

    def call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The result of one request."""
        self.send(frame({"jsonrpc": "2.0", "id": method, "method": method, "params": params}))
        told = b""
        for _ in range(TURNS):
            self.server._loop.run_turn()
            self.settle()
            told += self.receive()
            if told:
                result: dict[str, Any] = orjson.loads(told.partition(b"\r\n\r\n")[2])["result"]
                return result
        raise RivalError(f"{method} was not answered")

    def send(self, data: bytes) -> None:
        """To the server's stdin."""
        os.write(self._to_server, data)

    def receive(self) -> bytes:
        """What the server has written, if anything."""
        try:
            return os.read(self._from_server, READ_BYTES)
        except BlockingIOError:
            return b""

    def settle(self) -> None:
        """Write what is to be written, as before a sleep."""
        for step in self.server._loop._before_sleep:
            step()

    def await_child(self, fd: int) -> None:
        """Until there is something in a child's pipe, which is none of the server's time."""
        poller = poll()
        poller.register(fd, POLLIN)
        if not poller.poll(10_000):
            raise RivalError("the child wrote nothing")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.close(self._to_server)
        self.server.run()  # To the orderly end behind the end of its input.
        self._log.close()
        os.close(self._from_server)
