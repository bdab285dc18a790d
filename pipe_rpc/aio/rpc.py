"""A connection to an endpoint that it starts itself."""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, Unpack

from pipe_rpc.aio.calls import Calls
from pipe_rpc.aio.driver import Driver
from pipe_rpc.aio.events import follow
from pipe_rpc.aio.session import Session
from pipe_rpc.buffers.text import Encoding, encode_piece
from pipe_rpc.conversation import endpoint_process
from pipe_rpc.conversation.core import Core
from pipe_rpc.conversation.errors import ClientError, EndpointGone
from pipe_rpc.conversation.event_log import LifeEvent
from pipe_rpc.conversation.messages import Listener
from pipe_rpc.conversation.server_info import ServerInfo, server_info
from pipe_rpc.conversation.session_state import SessionState
from pipe_rpc.conversation.spawn_options import SpawnOptions
from pipe_rpc.protocol.types import (
    ListResult,
    PurgeResult,
    RunResult,
    SessionInfo,
    TeeErrorParams,
    TerminateAllResult,
)
from pipe_rpc.protocol.types.member import EncodingName

ANSWER_TIMEOUT_S = 60.0
CLOSE_TIMEOUT_S = 10.0
BUFFER_BYTES = 1 << 20
SPILL_BYTES = 1 << 30


class PipeRpc:
    """An endpoint of one's own, from ``start`` to ``close``, or for the length of a ``with`` block.

    Every method may raise EndpointGone, CallTimeout, and RpcError of the class of its code. At the end every session
    and the server are ended, whatever raised; there is no way back to a server that is gone.

    ``command`` is the server (default: this Python's pipe_rpc), with ``cwd`` and ``env`` as for ``subprocess.Popen``.
    ``originator``, ``encoding`` and ``grace`` (seconds) are the defaults of sessions; with "auto" and "base64" output
    is exact to the byte, with "utf-8" what is not UTF-8 becomes U+FFFD. ``answer_timeout`` and ``close_timeout`` bound,
    in seconds, an answer that the server gives at once, and the orderly end, after which force is used. What a late
    reader of a stream has not read, while others are waited for, is kept up to ``buffer_bytes`` in memory and
    ``spill_bytes`` in a temporary file without a name; beyond that the stream is detached. ``on_message`` is called
    with "client" or "server" and each message that one of them says, values of the environment and all; it must not
    call the client.
    """

    def __init__(
        self,
        command: Sequence[str | os.PathLike[str]] | None = None,
        *,
        cwd: str | os.PathLike[str] | None = None,
        env: Mapping[str, str] | None = None,
        originator: str | None = None,
        encoding: EncodingName = "auto",
        grace: float | None = None,
        client_name: str = "pipe_rpc.client",
        answer_timeout: float | None = ANSWER_TIMEOUT_S,
        close_timeout: float = CLOSE_TIMEOUT_S,
        buffer_bytes: int = BUFFER_BYTES,
        spill_bytes: int = SPILL_BYTES,
        on_message: Listener | None = None,
    ) -> None:
        self._command = None if command is None else [os.fspath(each) for each in command]
        self._cwd = None if cwd is None else os.fspath(cwd)
        self._env = env
        self._options = {
            "originator": originator,
            "encoding": encoding,
            "graceMs": None if grace is None else grace * 1000,
        }
        self._client_name = client_name
        self._answer_timeout = answer_timeout
        self._close_timeout = close_timeout
        self._core = Core(buffer_bytes=buffer_bytes, spill_bytes=spill_bytes, listener=on_message)
        self._process: endpoint_process.EndpointProcess | None = None
        self._driver: Driver | None = None
        self._calls: Calls | None = None
        self._server: ServerInfo | None = None
        self._is_closed = False
        self._status: int | None = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def server(self) -> ServerInfo:
        """What the server says of itself: version, limits, containment. Raises EndpointGone before the start."""
        if self._server is None:
            raise EndpointGone("The client was not started. Use it in a with block.", None, "")
        return self._server

    @property
    def pid(self) -> int | None:
        """The process id of the endpoint (on Linux that of its guard); None before the start."""
        return None if self._process is None else self._process.pid

    @property
    def is_closed(self) -> bool:
        """Whether it was closed, or failed to start; then nothing of its server is left."""
        return self._is_closed

    @property
    def stderr_tail(self) -> str:
        """The end of what the server has said to people so far; normally nothing."""
        return self._core.stderr_tail

    @property
    def unread_errors(self) -> Sequence[TeeErrorParams]:
        """The errors among the events heard so far that no reader of events has got: the newest thousand."""
        return self._core.unread_errors

    async def start(self) -> Self:
        """Start the server and shake hands, once. Raises OSError where the program cannot be started."""
        if self._process is not None:
            raise RuntimeError("A client is started once. Make another.")
        command = endpoint_process.DEFAULT_COMMAND if self._command is None else self._command
        self._process = endpoint_process.EndpointProcess(command, cwd=self._cwd, env=self._env, hears_stderr=True)
        try:
            self._driver = Driver(self._core, self._process)
        except BaseException:  # There are no descriptors left, or no thread can be started.
            self._process.end_now()
            self._process.close_pipes()
            raise
        self._calls = Calls(self._core, self._driver, self._answer_timeout)
        params = {
            "capabilities": {},
            "clientInfo": {"name": self._client_name},
            "initializationOptions": {name: value for name, value in self._options.items() if value is not None},
        }
        try:
            self._server = await self._calls.call(
                "initialize",
                params,
                patience=self._answer_timeout,
                on_result=server_info,
            )
            self._calls.notify("initialized", {})
        except BaseException:
            self._is_closed = True
            self._status = await self._driver.end(hurry=True)
            raise
        return self

    async def close(self) -> int | None:
        """End every session and the server, in order where that works, and by force; returns the exit status.

        Without effect the second time. None where there was no start.
        """
        if self._driver is None or self._is_closed:
            return self._status
        self._is_closed = True
        hurry = False
        try:
            await self._connected.call("shutdown", None, patience=self._close_timeout)
            self._connected.notify("exit", None)
        except ClientError:
            hurry = not self._core.has_ended  # It does not answer in time; where it is gone, its end is near.
        except BaseException:
            hurry = True
            raise
        finally:
            self._status = await self._driver.end(hurry=hurry)
        return self._status

    async def request(self, method: str, params: Any = None, *, timeout: float | None = None) -> Any:
        """Send any request and give its result as JSON values; for what has no method here."""
        return await self._connected.call(method, params, patience=timeout)

    def notify(self, method: str, params: Any = None) -> None:
        """Send any notification."""
        self._connected.notify(method, params)

    async def spawn(
        self,
        argv: Sequence[str | os.PathLike[str]],
        **options: Unpack[SpawnOptions],
    ) -> Session:
        """Start a process as a session; no shell is involved. ``options`` are those of SpawnOptions.

        ``timeout`` is the wall-clock limit of the session, after which it is terminated with the exit reason "timeout";
        the answer itself may take ``answer_timeout``. A session whose caller was interrupted, or did not wait for it,
        is removed. Raises SpawnFailed, TeeFailed and LimitExceeded.
        """
        calls = self._connected
        states: list[SessionState] = []

        def begin(info: SessionInfo) -> None:
            state = self._core.session(info.session_id)
            state.spawned(info)
            states.append(state)

        info = await calls.ask(
            "session/spawn",
            SessionInfo,
            patience=self._answer_timeout,
            hook=begin,
            on_late=lambda info: self._core.remove(info.session_id),
            argv=argv,
            **options,
        )
        return Session(calls, states[0], info)

    async def run(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        input: bytes | str | None = None,  # noqa: A002 - as the wire and subprocess.run call it
        yield_: float | None = None,
        max_output_bytes: int | None = None,
        **options: Unpack[SpawnOptions],
    ) -> RunResult:
        """Run a command, and give what it has written, its beginning and its end, when it has exited.

        Behind ``yield_`` seconds the result comes while it is ``running``: go on with ``session(result.session_id)``.
        ``timeout`` is the wall-clock limit of the session, after which it is terminated. Who is interrupted meanwhile
        terminates it. The child reads ``input`` and then the end of file; ``options`` are those of SpawnOptions. Raises
        what ``spawn`` raises, and StdinFull.
        """
        data = None if input is None else encode_piece(_raw(input), Encoding.AUTO, final=True)
        patience = None
        if yield_ is not None and self._answer_timeout is not None:
            patience = yield_ + self._answer_timeout
        return await self._connected.ask(
            "session/run",
            RunResult,
            patience=patience,
            argv=argv,
            input=None if data is None else data.text,
            input_encoding=None if data is None else data.encoding,
            yield_=yield_,
            max_output_bytes=max_output_bytes,
            **options,
        )

    def session(self, session_id: str) -> Session:
        """A handle of a session whose id is known, as from ``list``; nobody is asked whether there is one."""
        calls = self._connected
        with calls.driver.guard:
            state = self._core.session(session_id)
        return Session(calls, state)

    async def list(self, *, originator: str | None = None, usage: bool | None = None) -> Sequence[SessionInfo]:
        """Describe every session that matches, oldest first; ``session(info.session_id)`` makes a handle of one."""
        result = await self._connected.ask(
            "session/list",
            ListResult,
            patience=self._answer_timeout,
            originator=originator,
            usage=usage,
        )
        return result.sessions

    async def purge(self, *, originator: str | None = None) -> int:
        """Forget every closed session that matches; returns how many."""
        result = await self._connected.ask(
            "session/purge",
            PurgeResult,
            patience=self._answer_timeout,
            originator=originator,
        )
        return result.purged

    async def terminate_all(
        self, *, originator: str | None = None, older_than: float | None = None, grace: float | None = None
    ) -> int:
        """Terminate every session that matches and is at least ``older_than`` seconds old; returns how many."""
        result = await self._connected.ask(
            "session/terminateAll",
            TerminateAllResult,
            patience=self._answer_timeout,
            originator=originator,
            older_than=older_than,
            grace=grace,
        )
        return result.terminated

    def events(self, *, timeout: float | None = None) -> AsyncIterator[LifeEvent]:
        """What happens to any session from now on, in order; output is in the streams of the sessions.

        Each event may take ``timeout`` seconds. Of a reader that is slow 10,000 events are kept, then EventsMissed is
        raised. It has no end of its own: the end of the endpoint raises EndpointGone.
        """
        return follow(self._connected.driver, self._core.events, self._core.events.end, timeout)

    @property
    def _connected(self) -> Calls:
        if self._calls is None:
            raise EndpointGone("The client was not started. Use it in a with block.", None, "")
        return self._calls


def _raw(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data
