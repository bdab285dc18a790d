"""A session led by pygls' own JSON-RPC client, which knows nothing of ours: every answer is untyped to it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pygls.client import JsonRPCClient
from pygls.exceptions import JsonRpcException

from tests.support.trace import DEADLINE_S

NOTIFICATIONS = ["session/output", "session/detached", "session/exited", "session/closed"]


class Conversation:
    """A client, and every notification in the order of arrival."""

    def __init__(self) -> None:
        self.client: Any = JsonRPCClient()  # Any: its methods have no types.
        self.events: list[tuple[str, Any]] = []
        self._arrived = asyncio.Event()
        for method in NOTIFICATIONS:
            self.client.protocol.fm.feature(method)(self._listener(method))

    def _listener(self, method: str) -> Callable[[Any], None]:
        def happen(params: Any) -> None:
            self.events.append((method, params))
            self._arrived.set()

        return happen

    async def request(self, method: str, params: Any = None) -> Any:
        return await self.client.protocol.send_request_async(method, params)

    async def seen(self, method: str) -> Any:
        """The params of the first such notification."""
        while True:
            for name, params in self.events:
                if name == method:
                    return params
            self._arrived.clear()
            await self._arrived.wait()

    async def initialize(self) -> Any:
        result = await self.request("initialize", {"processId": None, "capabilities": {}})
        self.client.protocol.notify("initialized", {})
        return result

    async def leave(self) -> None:
        assert await self.request("shutdown") is None
        self.client.protocol.notify("exit")
        server = self.client._server
        assert server is not None
        assert await server.wait() == 0


@pytest.fixture
def hold(server_command: list[str]) -> Callable[[Callable[[Conversation], Awaitable[None]]], None]:
    """Runs a conversation with a fresh server, within the deadline, and ends whatever it leaves."""

    async def run(conversation: Callable[[Conversation], Awaitable[None]]) -> None:
        talk = Conversation()
        await talk.client.start_io(*server_command)
        try:
            async with asyncio.timeout(DEADLINE_S):
                await conversation(talk)
        finally:
            server = talk.client._server
            assert server is not None
            if server.returncode is None:
                server.kill()
            await talk.client.stop()

    return lambda conversation: asyncio.run(run(conversation))


def test_a_session_from_spawn_to_closed(hold: Callable[..., None]) -> None:
    async def conversation(talk: Conversation) -> None:
        result = await talk.initialize()
        assert result.serverInfo.name == "pipe-rpc"

        spawned = await talk.request("session/spawn", {"argv": ["cat"], "env": {"MY-VAR": "1", "jsonrpc": "2.0"}})
        assert (spawned.state, spawned.argv) == ("running", ["cat"])
        written = await talk.request("session/write", {"sessionId": spawned.sessionId, "data": "größer\n"})
        assert written.bytesWritten == len("größer\n".encode())
        output = await talk.seen("session/output")
        assert (output.sessionId, output.stream, output.offset) == (spawned.sessionId, "stdout", 0)
        assert (output.data, output.length) == ("größer\n", written.bytesWritten)

        assert await talk.request("session/terminate", {"sessionId": spawned.sessionId}) == ()
        exited = await talk.seen("session/exited")
        assert (exited.signal, exited.outcome, exited.reason) == ("SIGTERM", "softExit", "request")
        await talk.seen("session/closed")
        assert [method for method, _ in talk.events if method != "session/detached"] == [
            "session/output",
            "session/exited",
            "session/closed",
        ]
        await talk.leave()

    hold(conversation)


def test_an_error_is_raised_with_its_code_and_kind(hold: Callable[..., None]) -> None:
    async def conversation(talk: Conversation) -> None:
        with pytest.raises(JsonRpcException) as early:
            await talk.request("session/list", {})
        assert early.value.code == -32002
        await talk.initialize()
        with pytest.raises(JsonRpcException) as unknown:
            await talk.request("session/info", {"sessionId": "none"})
        assert unknown.value.code == 1001
        data: Any = unknown.value.data
        assert data["kind"] == "SessionNotFound"
        await talk.leave()

    hold(conversation)


def test_many_requests_at_once_are_each_answered_with_their_own_id(hold: Callable[..., None]) -> None:
    async def conversation(talk: Conversation) -> None:
        await talk.initialize()
        spawned = await asyncio.gather(
            *(talk.request("session/spawn", {"argv": ["true"], "originator": f"number {n}"}) for n in range(20))
        )
        assert [session.originator for session in spawned] == [f"number {n}" for n in range(20)]
        waited = await asyncio.gather(
            *(talk.request("session/wait", {"sessionId": session.sessionId}) for session in spawned)
        )
        assert [answer.exit.exitCode for answer in waited] == [0] * 20
        await talk.leave()

    hold(conversation)


def test_a_request_with_params_null_means_no_params(hold: Callable[..., None]) -> None:
    """This client sends "params": null for a request without any."""

    async def conversation(talk: Conversation) -> None:
        await talk.initialize()
        assert (await talk.request("session/list")).sessions == []
        await talk.leave()

    hold(conversation)
