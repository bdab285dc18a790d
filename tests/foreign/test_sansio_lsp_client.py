"""A session led by sansio-lsp-client: a strict reader of frames and headers that does no input or output."""

import os
import subprocess
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from sansio_lsp_client import Client, Event, Initialized, ResponseError, Shutdown
from sansio_lsp_client.structs import Request, Response

from tests.support.bare_server import read_some, server_on
from tests.support.trace import DEADLINE_S


class Answer(Event):
    """The answer to a request that the library has no class for."""

    method: str
    result: Any


class Notice(Event):
    """A notification that the library has no class for."""

    method: str
    params: dict[str, Any]


class SessionClient(Client):
    """The library's client, with the door open for methods that it does not know."""

    def request(self, method: str, params: dict[str, Any]) -> None:
        self._send_request(method, params)

    def _handle_response(self, response: Response) -> Event:
        assert response.id is not None
        method = self._unanswered_requests[response.id].method
        if method.startswith("session/") and response.error is None:
            del self._unanswered_requests[response.id]
            return Answer(method=method, result=response.result)
        return super()._handle_response(response)

    def _handle_request(self, request: Request) -> Event:
        if request.method.startswith("session/"):
            return Notice(method=request.method, params=request.params or {})
        return super()._handle_request(request)


class Talk(NamedTuple):
    """The client and the server that it has no idea of."""

    client: SessionClient
    server: subprocess.Popen[bytes]
    events: list[Event]

    def flush(self) -> None:
        assert self.server.stdin is not None
        self.server.stdin.write(self.client.send())
        self.server.stdin.flush()

    def next(self) -> Event:
        """Send what the client wants to send, and give it bytes until it has something to say."""
        self.flush()
        assert self.server.stdout is not None
        while not self.events:
            data = read_some(self.server.stdout.fileno())
            assert data, "the server closed its stdout"
            self.events.extend(self.client.recv(data))
            self.flush()
        return self.events.pop(0)


@pytest.fixture
def talk() -> Iterator[Talk]:
    with server_on(subprocess.PIPE, subprocess.PIPE) as server:
        yield Talk(SessionClient(process_id=os.getpid()), server, [])


def test_a_session_from_spawn_to_closed(talk: Talk) -> None:
    initialized = talk.next()
    assert isinstance(initialized, Initialized)
    assert initialized.capabilities["experimental"]["pipeRpc"]["protocolVersion"] == 1

    talk.client.request("session/spawn", {"argv": ["cat"]})
    spawned = talk.next()
    assert isinstance(spawned, Answer)
    session = spawned.result["sessionId"]
    talk.client.request("session/write", {"sessionId": session, "data": "ganz schön\n"})
    first, second = talk.next(), talk.next()  # In either order: the answer to the write, and what comes back.
    events = {type(event): event for event in (first, second)}
    written, output = events[Answer], events[Notice]
    assert isinstance(written, Answer)
    assert isinstance(output, Notice)
    assert written.result == {"bytesWritten": len("ganz schön\n".encode())}
    assert (output.method, output.params["data"]) == ("session/output", "ganz schön\n")

    talk.client.request("session/wait", {"sessionId": session})
    talk.client.cancel_last_request()
    cancelled = talk.next()
    assert isinstance(cancelled, ResponseError)
    assert cancelled.code == -32800
    talk.client.request("session/terminate", {"sessionId": session})
    terminated = talk.next()
    assert isinstance(terminated, Answer)
    assert terminated.result == {}
    ends: list[Notice] = []
    while not ends or ends[-1].method != "session/closed":
        end = talk.next()
        assert isinstance(end, Notice)
        ends.append(end)
    assert [end.params["outcome"] for end in ends if end.method == "session/exited"] == ["softExit"]

    talk.client.shutdown()
    assert isinstance(talk.next(), Shutdown)
    talk.client.exit()
    talk.flush()
    assert talk.server.wait(DEADLINE_S) == 0


def test_an_error_of_the_server_is_a_typed_event(talk: Talk) -> None:
    assert isinstance(talk.next(), Initialized)
    talk.client.request("session/info", {"sessionId": "none"})

    error = talk.next()
    assert isinstance(error, ResponseError)
    assert error.code == 1001
    assert isinstance(error.data, dict)
    assert error.data["kind"] == "SessionNotFound"
    talk.client.shutdown()
    assert isinstance(talk.next(), Shutdown)
    talk.client.exit()
    talk.flush()
    assert talk.server.wait(DEADLINE_S) == 0
