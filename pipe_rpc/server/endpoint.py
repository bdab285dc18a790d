"""The front desk: every body that comes in gets to its handler, and every request gets one answer.

Rules of this file: the base protocol is answered here, ``session/*`` by the handlers, everything else of LSP by the
language server; the last two are imported when the first of their messages comes.
"""

import gc
from collections.abc import Callable
from functools import cache
from typing import Any

from pipe_rpc.errors import ErrorCode, PipeRpcError, shown
from pipe_rpc.limits import Limits
from pipe_rpc.loop.loop import Loop
from pipe_rpc.protocol.envelope import (
    DEFERRED,
    Id,
    MalformedError,
    Notification,
    Request,
    Response,
    encode_error,
    encode_result,
    is_id,
    parse,
)
from pipe_rpc.protocol.methods import BASE_METHODS, LSP_METHODS, SESSION_METHODS
from pipe_rpc.server.call import Call
from pipe_rpc.server.ending import Ending
from pipe_rpc.server.handshake import Connection, initialize_result, read_initialize
from pipe_rpc.server.log import Log
from pipe_rpc.server.pending import PendingRequests, request_cancelled
from pipe_rpc.server.request_queue import RequestQueue
from pipe_rpc.server.teller import Teller
from pipe_rpc.session.registry import SessionRegistry
from pipe_rpc.session.searches import Searches

_SESSION_METHODS = {method.name: method for method in SESSION_METHODS}
_LSP_METHODS = frozenset(method.name for method in LSP_METHODS)
_NOTIFICATIONS = frozenset(method.name for method in (*BASE_METHODS, *LSP_METHODS) if method.result is None)


class Endpoint:
    """One connection: its phase, its defaults, and the dispatch of its messages."""

    def __init__(
        self,
        loop: Loop,
        registry: SessionRegistry,
        queue: RequestQueue,
        pending: PendingRequests,
        teller: Teller,
        ending: Ending,
        searches: Searches,
        limits: Limits,
        log: Log,
        *,
        send: Callable[[bytes], None],
        watch_client: Callable[[int], None],
        guarded: bool = False,
    ) -> None:
        self._loop = loop
        self._registry = registry
        self._queue = queue
        self._pending = pending
        self._teller = teller
        self._ending = ending
        self._searches = searches
        self._limits = limits
        self._log = log
        self._send = send
        self._watch_client = watch_client
        self._guarded = guarded
        self._connection: Connection | None = None  # until initialize
        self._is_shut_down = False
        self._shutdown_id: Id | None = None
        self._end_waits = False
        """Whether ``shutdown`` or ``exit`` is in the queue, or was: nothing passes them."""
        self._language_server: Any = None

    def receive(self, body: bytes) -> None:
        """Handle a body that came in, or put it in the queue where it has to wait."""
        self._take(body, is_due=False)

    def receive_due(self, body: bytes) -> None:
        """Handle a body that comes out of the queue."""
        self._take(body, is_due=True)

    def answer(self, request_id: Id, outcome: Any) -> None:
        """Send the one answer to a request: a result as JSON values, or a PipeRpcError."""
        if isinstance(outcome, PipeRpcError):
            self._send(encode_error(request_id, outcome))
            return
        try:
            self._send(encode_result(request_id, outcome))
        except (TypeError, ValueError, MemoryError) as error:
            self._send(encode_error(request_id, self._log_failure("encoding an answer", error)))

    def _take(self, body: bytes, *, is_due: bool) -> None:
        try:
            message = parse(body, self._limits.max_message_values)
        except MalformedError as malformed:
            if self._language_server is not None and self._language_server.asked(malformed.id):
                return  # Some clients leave the result of an empty answer out.
            self._log.debug(f"malformed message: {malformed}")
            self._send(encode_error(malformed.id, malformed.error))
            return
        except MemoryError as error:
            self._send(encode_error(None, self._log_failure("decoding a message", error)))
            return
        match message:
            case Request():
                self._receive_request(message, body, is_due=is_due)
            case Notification("exit") if self._queue and not is_due:
                self._let_wait(None, "exit", body)
            case Notification():
                self._receive_notification(message)
            case Response():
                pass  # No request of ours waits for its answer.

    def _receive_request(self, request: Request, body: bytes, *, is_due: bool) -> None:
        try:
            if request.id in self._pending or request.id == self._shutdown_id or request.id in self._queue:
                raise PipeRpcError(
                    ErrorCode.INVALID_REQUEST,
                    f"The id {shown(str(request.id))!r} is still in flight. Use a fresh id for each request.",
                )
            if not is_due and self._queue.must_wait and not self._may_pass(request):
                self._let_wait(request.id, request.method, body, _session_id(request))
                return
            outcome = self._handle(request)
        except PipeRpcError as error:
            # Without its traceback, which holds this very frame: the request would stay in memory as long as the
            # collector of cycles likes.
            outcome = error.with_traceback(None)
        except Exception as error:  # noqa: BLE001 - whatever a handler does, its request is answered and the server lives
            outcome = self._log_failure(request.method, error)
        if outcome is not DEFERRED:
            self.answer(request.id, outcome)

    def _may_pass(self, request: Request) -> bool:
        """Whether a request may be handled before those that wait.

        It must be about a session that there is, and be the first about it: what is said of one session keeps its
        order.
        """
        session_id = _session_id(request)
        if self._end_waits or session_id is None or self._queue.names(session_id):
            return False
        return self._registry.has(session_id)

    def _let_wait(self, request_id: Id | None, method: str, body: bytes, session_id: str | None = None) -> None:
        self._queue.add(request_id, body, session_id)
        self._end_waits |= method in ("shutdown", "exit")

    def _handle(self, request: Request) -> Any:
        method = request.method
        if method in _NOTIFICATIONS:
            raise PipeRpcError(ErrorCode.INVALID_REQUEST, f"{method} is a notification: send it without an id.")
        if self._connection is None:
            if method == "initialize":
                return self._initialize(request)
            raise PipeRpcError(
                ErrorCode.SERVER_NOT_INITIALIZED, f"{shown(method)} came before initialize. Send that first."
            )
        if self._is_shut_down:
            raise PipeRpcError(
                ErrorCode.INVALID_REQUEST, f"{shown(method)} came after shutdown or exit: the server is ending."
            )
        if method == "initialize":
            raise PipeRpcError(ErrorCode.INVALID_REQUEST, "initialize was answered already. Send it once.")
        if method == "shutdown":
            return self._shut_down(request.id)
        if method in _SESSION_METHODS:
            return self._call_session_method(self._connection, request)
        if method in _LSP_METHODS:
            return self._open_language_server(self._connection).receive_request(request)
        raise PipeRpcError(
            ErrorCode.METHOD_NOT_FOUND,
            f"There is no method {shown(method)!r}. The answer to initialize lists what there is.",
        )

    def _log_failure(self, what: str, error: Exception) -> PipeRpcError:
        self._log.exception(f"{what} failed", error)
        return PipeRpcError(ErrorCode.INTERNAL_ERROR, "The server failed; its log tells more. Please report it.")

    def _initialize(self, request: Request) -> Any:
        self._connection = read_initialize(request.params, self._limits)
        if self._connection.process_id is not None:
            self._watch_client(self._connection.process_id)
        registry = self._registry
        containment = registry.containment
        return initialize_result(self._limits, registry.max_sessions, containment=containment, guarded=self._guarded)

    def _shut_down(self, request_id: Id) -> Any:
        self._is_shut_down = True
        self._shutdown_id = request_id
        self._ending.exit_status = 0

        def when_quiet() -> None:
            self._shutdown_id = None
            self.answer(request_id, None)

        self._ending.end_sessions(when_quiet)
        return DEFERRED

    def _call_session_method(self, connection: Connection, request: Request) -> Any:
        call = Call(
            request.id,
            connection,
            self._registry,
            self._pending,
            self._teller,
            self._loop,
            self._searches,
            self._limits,
        )
        return _handlers().handle(call, request.method, request.params)

    def _receive_notification(self, notification: Notification) -> None:
        try:
            self._take_notification(notification)
        except Exception as error:  # noqa: BLE001 - whatever a handler does, the server lives
            self._log_failure(notification.method, error)

    def _take_notification(self, notification: Notification) -> None:
        match notification.method:
            case "exit":
                self._is_shut_down = True
                self._ending.end("exit")
            case "$/cancelRequest":
                params = notification.params
                request_id = params.get("id") if isinstance(params, dict) else None
                if is_id(request_id):
                    if self._queue.cancel(request_id):
                        self.answer(request_id, request_cancelled())
                    self._pending.cancel(request_id)
            case method if method in _LSP_METHODS and self._connection is not None:
                self._open_language_server(self._connection).receive_notification(notification)
            case method if method in _SESSION_METHODS:
                self._log.warning(f"{method} came without an id, so it was not executed: its answer would be lost")
            case _:
                pass  # initialized and $/setTrace change nothing; unknown ones are ignored, as JSON-RPC asks.

    def _open_language_server(self, connection: Connection) -> Any:
        if self._language_server is None:
            # Imported at first use: it takes twenty times as long as everything else.
            from pipe_rpc.lsp.services import LanguageServices

            self._language_server = LanguageServices(
                self._loop,
                self._registry,
                self._searches,
                self._limits,
                client_shows_progress=connection.shows_progress,
                default_matchers=connection.problem_matcher,
                has_room=lambda: self._teller.has_room,
                send=self._send,
                call_method=lambda method, params: self._call_session_method(connection, Request(0, method, params)),
                on_failure=self._log_failure,
            )
            gc.collect()
            gc.freeze()  # As at the start: half a thousand classes need no collector to look at them.
            self._teller.listeners.append(self._language_server.announced)
        return self._language_server


def _session_id(request: Request) -> str | None:
    """The session that a request names, where it names one."""
    session_id = request.params.get("sessionId") if isinstance(request.params, dict) else None
    return session_id if isinstance(session_id, str) else None


@cache
def _handlers() -> Any:
    """The handlers and message types, which are imported with the first request that needs them."""
    from pipe_rpc.server import handlers

    return handlers
