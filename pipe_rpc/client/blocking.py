"""The blocking client: one method for each method of the wire, and events in the order in which they came.

    with PipeRpc() as rpc:
        session = rpc.spawn(["make", "-j2"])
        for event in rpc.events(session.session_id):
            print(event)

Rules of this file: one thread at a time; while a request waits for its answer, events that come are kept for
``events``.
"""

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from pipe_rpc.client.conversation import Conversation, Event, event_of, result_of
from pipe_rpc.client.endpoint_process import DEFAULT_COMMAND, EndpointProcess
from pipe_rpc.client.errors import ClientError
from pipe_rpc.protocol.converter import structure
from pipe_rpc.protocol.envelope import Response
from pipe_rpc.protocol.naming import wire_name
from pipe_rpc.protocol.types import (
    AttachResult,
    ClosedParams,
    DetachResult,
    ExitInfo,
    ListResult,
    PurgeResult,
    ReadResult,
    SessionInfo,
    TerminateAllResult,
    WaitResult,
    WriteResult,
)
from pipe_rpc.protocol.types.member import StreamName

T = TypeVar("T")

DEFAULT_TIMEOUT_S = 60.0
"""How long a request waits for its answer, unless the caller says otherwise."""


class PipeRpc:
    """A connection to a server that it started itself.

    Options of methods are the members of the wire in snake_case. Every method may raise RpcError, DeadlineExceededError
    and ServerEndedError. ``close``, or the end of the ``with`` block, ends the server and all of its sessions.
    """

    def __init__(
        self,
        command: Sequence[str] = DEFAULT_COMMAND,
        *,
        timeout_s: float | None = DEFAULT_TIMEOUT_S,
        client_name: str = "pipe_rpc.client",
        **options: Any,
    ) -> None:
        """Start a server and shake hands; ``options`` are initializationOptions, such as ``encoding="base64"``."""
        self._timeout_s = timeout_s
        self._conversation = Conversation()
        self._answers: dict[Any, Response] = {}
        self._events: deque[Event] = deque()
        self._abandoned: set[int] = set()
        self._process = EndpointProcess(command)
        self._closed = False
        try:
            answer = self.request(
                "initialize",
                {
                    "capabilities": {},
                    "clientInfo": {"name": client_name},
                    "initializationOptions": _members(options),
                },
            )
            self.notify("initialized", {})
        except BaseException:
            self._process.close()
            raise
        self.capabilities: Mapping[str, Any] = answer["capabilities"]["experimental"]["pipeRpc"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def request(self, method: str, params: Any = None, *, timeout_s: float | None = None) -> Any:
        """Send a request and wait for its result, as JSON values."""
        request_id, frame = self._conversation.request(method, params)
        self._process.write(frame)
        deadline = self._deadline(timeout_s)
        try:
            while request_id not in self._answers:
                self._receive(deadline)
        except ClientError:
            self._abandoned.add(request_id)
            raise
        return result_of(self._answers.pop(request_id))

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self._process.write(self._conversation.notification(method, params))

    def next_event(self, *, timeout_s: float | None = None) -> Event:
        """The next event of any session, waiting for it if none is kept."""
        deadline = self._deadline(timeout_s)
        while not self._events:
            self._receive(deadline)
        return self._events.popleft()

    def events(self, session_id: str, *, timeout_s: float | None = None) -> Iterator[Event]:
        """Events of one session up to its close, which is the last one; each may take ``timeout_s``."""
        while True:
            deadline = self._deadline(timeout_s)
            while (event := self._take_event(session_id)) is None:
                self._receive(deadline)
            yield event
            if isinstance(event, ClosedParams):
                return

    def spawn(self, argv: Sequence[str], **options: Any) -> SessionInfo:
        """Start a session: see session/spawn."""
        return self._call(SessionInfo, "session/spawn", argv=list(argv), **options)

    def attach(self, session_id: str, stream: StreamName, **options: Any) -> AttachResult:
        """Receive a stream: see session/attach."""
        return self._call(AttachResult, "session/attach", session_id=session_id, stream=stream, **options)

    def detach(self, session_id: str, stream: StreamName) -> DetachResult:
        """Stop receiving a stream: see session/detach."""
        return self._call(DetachResult, "session/detach", session_id=session_id, stream=stream)

    def read(self, session_id: str, stream: StreamName, **options: Any) -> ReadResult:
        """Read retained output: see session/read."""
        return self._call(ReadResult, "session/read", session_id=session_id, stream=stream, **options)

    def write(self, session_id: str, data: str = "", **options: Any) -> WriteResult:
        """Write to stdin: see session/write."""
        return self._call(WriteResult, "session/write", session_id=session_id, data=data, **options)

    def signal(self, session_id: str, signal: str) -> None:
        """Send a signal by name: see session/signal."""
        self.request("session/signal", _members({"session_id": session_id, "signal": signal}))

    def terminate(self, session_id: str, **options: Any) -> None:
        """Ask a session to end: see session/terminate."""
        self.request("session/terminate", _members({"session_id": session_id, **options}))

    def terminate_all(self, **options: Any) -> int:
        """Ask sessions to end, and return how many: see session/terminateAll."""
        return self._call(TerminateAllResult, "session/terminateAll", **options).terminated

    def wait(self, session_id: str, *, timeout_s: float | None = None, **options: Any) -> ExitInfo | None:
        """Wait for the end of a session: see session/wait. ``timeout_s`` is the client's own patience."""
        params = _members({"session_id": session_id, **options})
        return structure(self.request("session/wait", params, timeout_s=timeout_s), WaitResult).exit

    def info(self, session_id: str, **options: Any) -> SessionInfo:
        """Describe a session: see session/info."""
        return self._call(SessionInfo, "session/info", session_id=session_id, **options)

    def list(self, **options: Any) -> Sequence[SessionInfo]:
        """Describe sessions, oldest first: see session/list."""
        return self._call(ListResult, "session/list", **options).sessions

    def remove(self, session_id: str, **options: Any) -> None:
        """Forget a session: see session/remove."""
        self.request("session/remove", _members({"session_id": session_id, **options}))

    def purge(self, **options: Any) -> int:
        """Forget closed sessions, and return how many: see session/purge."""
        return self._call(PurgeResult, "session/purge", **options).purged

    def close(self) -> int:
        """End every session and the server; returns its exit status. Without effect the second time."""
        if self._closed:
            return 0
        self._closed = True
        try:
            self.request("shutdown")
            self.notify("exit")
        except ClientError:
            pass  # It is gone, or does not answer; then it is ended by force.
        finally:
            status = self._process.close()
        return status

    def _call(self, result_type: type[T], method: str, **members: Any) -> T:
        return structure(self.request(method, _members(members)), result_type)

    def _deadline(self, timeout_s: float | None) -> float | None:
        chosen = self._timeout_s if timeout_s is None else timeout_s
        return None if chosen is None else time.monotonic() + chosen

    def _receive(self, deadline: float | None) -> None:
        for message in self._conversation.receive(self._process.read(deadline)):
            if isinstance(message, Response):
                request_id = message.message.get("id")
                if request_id in self._abandoned:
                    self._abandoned.discard(request_id)
                else:
                    self._answers[request_id] = message
            elif (event := event_of(message)) is not None:
                self._events.append(event)

    def _take_event(self, session_id: str) -> Event | None:
        for event in self._events:
            if event.session_id == session_id:
                self._events.remove(event)
                return event
        return None


def _members(options: Mapping[str, Any]) -> dict[str, Any]:
    return {wire_name(name): value for name, value in options.items()}
