"""Neovim's language: msgpack-RPC; output goes as lists of lines, in which a NUL is written as a newline."""

from collections import deque
from typing import Any

import msgpack

from .deadline import WrongResultError
from .fast_client import FastClient
from .rival import Encoding
from .wire import Answer, Event, Exited, Output, Session, Wire

# The glue that a plugin which runs jobs for an RPC client has to bring.
_GLUE = """
local client = ...
function _G.bench_spawn(argv)
  local id = vim.fn.jobstart(argv, {
    on_stdout = function(id, lines) vim.rpcnotify(client, 'output', id, lines) end,
    on_stderr = function(id, lines) vim.rpcnotify(client, 'stderr', id, lines) end,
    on_exit = function(id, code) vim.rpcnotify(client, 'exited', id, code) end,
  })
  if id < 1 then error('jobstart gave ' .. id) end
  return id
end
"""
CLIENT_CHANNEL = 1
"""What Neovim calls the channel of the client that embeds it: stdio is the first."""


class NvimWire(Wire):
    """Bytes come as they are, whatever encoding is asked for."""

    # Seen with 20 of them: 100 MiB more a second, and no answer within a minute.
    unfit_for_floods = "it reads its jobs faster than it writes to the client, and keeps the difference in memory"

    def __init__(self, client: FastClient) -> None:
        super().__init__(client)
        self._unpacker = msgpack.Unpacker(raw=True, max_buffer_size=0)
        self._unread: deque[Any] = deque()

    def greeting(self, request_id: int) -> bytes:
        return _request(request_id, "nvim_exec_lua", _GLUE, [CLIENT_CHANNEL])

    def farewell(self) -> bytes:
        """With jobs that run, it does not end by itself when its stdin is closed."""
        farewell: bytes = msgpack.packb([2, "nvim_command", ["qall!"]])
        return farewell

    def spawn(self, request_id: int, argv: list[str], encoding: Encoding | None = None) -> bytes:
        return _request(request_id, "nvim_exec_lua", "return bench_spawn(...)", [argv])

    def write(self, request_id: int, session: Session, data: bytes) -> bytes:
        return _request(request_id, "nvim_chan_send", session, data)

    def ask(self, request_id: int, session: Session) -> bytes:
        return _request(request_id, "nvim_get_chan_info", session)

    def next_event(self) -> Event:
        while True:
            message = self._next_message()
            if message[0] == 1:
                return Answer(message)
            if message[1] == b"exited":
                return Exited(*message[2])
            if message[1] == b"output":
                session, lines = message[2]
                return Output(session, sum(map(len, lines)) + len(lines) - 1, lines)

    def result_of(self, answer: Answer) -> tuple[int, Any]:
        _, request_id, error, result = answer.raw
        if error is not None:
            raise WrongResultError(f"error: {error}")
        return request_id, result

    def session_of(self, result: Any) -> Session | None:
        session: int = result[b"id"] if isinstance(result, dict) else result
        return session

    def bytes_of(self, output: Output, encoding: Encoding | None = None) -> bytes:
        return b"\n".join(line.replace(b"\n", b"\0") for line in output.raw)

    def has_unread(self) -> bool:
        return bool(self._unread)

    def _next_message(self) -> Any:
        while not self._unread:
            self._unpacker.feed(self._client.read_some())
            self._unread.extend(self._unpacker)
        return self._unread.popleft()


def _request(request_id: int, method: str, *parameters: object) -> bytes:
    packed: bytes = msgpack.packb([0, request_id, method, parameters])
    return packed
