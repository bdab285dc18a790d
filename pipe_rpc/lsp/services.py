"""What any LSP client gets: a pygls server that is fed messages and owns nothing.

Rules of this file: pygls is used through its public seams. What its stock message path gets wrong is kept out here:
params are structured before it sees them, failures carry no traceback, and notifications that would leak a Future go
round it.
"""

import inspect
import logging
from collections.abc import Callable, Sequence
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from pipe_rpc import __version__
from pipe_rpc.errors import PipeRpcError
from pipe_rpc.limits import Limits
from pipe_rpc.loop.loop import Loop
from pipe_rpc.lsp.commands import JobCommands
from pipe_rpc.lsp.diagnostics import publication
from pipe_rpc.lsp.job_problems import JobProblems
from pipe_rpc.lsp.jobs import Jobs
from pipe_rpc.lsp.notices import Notice
from pipe_rpc.lsp.problem_board import BoardLimits, ProblemBoard
from pipe_rpc.lsp.problem_matcher import Problem
from pipe_rpc.lsp.progress import ProgressDisplay
from pipe_rpc.protocol.envelope import DEFERRED, Deferred, Notification, Request, is_id
from pipe_rpc.protocol.methods import COMMANDS
from pipe_rpc.protocol.problems import invalid_params
from pipe_rpc.session.announcement import Announcement
from pipe_rpc.session.registry import SessionRegistry
from pipe_rpc.session.searches import Searches


class LanguageServices:
    """The language server of one connection.

    ``call_method`` runs a method of ours and returns its result, or raises PipeRpcError; ``send`` takes bodies;
    ``has_room`` says whether the client reads them; ``default_matchers`` are for jobs that are started without any;
    ``on_failure`` logs what should not have happened, and returns the error to answer.
    """

    def __init__(
        self,
        loop: Loop,
        registry: SessionRegistry,
        searches: Searches,
        limits: Limits,
        *,
        client_shows_progress: bool,
        default_matchers: Any,
        has_room: Callable[[], bool],
        send: Callable[[bytes], None],
        call_method: Callable[[str, Any], Any],
        on_failure: Callable[[str, Exception], PipeRpcError],
    ) -> None:
        # Its records quote params, environment values among them, and its handler of last resort writes and waits.
        logging.getLogger("pygls").addHandler(logging.NullHandler())
        logging.getLogger("pygls").propagate = False
        self._on_failure = on_failure
        self._max_token_characters = limits.max_token_characters
        self._server = LanguageServer("pipe-rpc", __version__)
        self._introduce(client_shows_progress=client_shows_progress)
        self._progress = ProgressDisplay(
            self._server,
            loop,
            send,
            client_shows_progress=client_shows_progress,
            report_every_s=limits.progress_interval_ms / 1000,
        )
        board = ProblemBoard(
            loop,
            self._publish,
            has_room,
            BoardLimits(
                limits.max_file_problems,
                limits.max_job_problems,
                limits.max_problems,
                limits.publish_interval_ms / 1000,
            ),
        )
        problems = JobProblems(board, searches, limits)
        self._jobs = Jobs(
            registry, self._progress, problems, call_method, self._show_message, long_job_s=limits.long_job_ms / 1000
        )
        commands = JobCommands(self._jobs, problems, call_method, default_matchers)
        for command, handler in commands.by_name().items():
            self.register(command, handler)
        self._server.protocol.set_writer(_Writer(send), include_headers=False)

    def register(self, command: str, handler: Callable[..., Any]) -> None:
        """Let a plain function answer a command. Raises TypeError for others: without an event loop none would run."""
        later = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
        if any(is_later(handler) for is_later in later):
            raise TypeError(f"{command}: a command is answered in the turn that reads it; {handler} would run later")

        def answer(*arguments: Any) -> Any:
            try:
                return handler(*arguments)
            except PipeRpcError as error:
                failure = error
            except Exception as error:  # noqa: BLE001 - pygls would put the traceback on the wire
                failure = self._on_failure(command, error)
            raise JsonRpcException(
                failure.message, int(failure.code), {"kind": failure.code.kind, **failure.data}
            ) from None

        self._server.command(command)(answer)

    def receive_request(self, request: Request) -> Deferred:
        """Let pygls handle a request; its answer is sent by the time that this returns.

        Raises PipeRpcError: INVALID_PARAMS.
        """
        _require_command(request.params, self._max_token_characters)
        protocol = self._server.protocol
        try:
            message = protocol.structure_message({"jsonrpc": "2.0", **request._asdict()})
        except JsonRpcException:
            raise invalid_params([("params", f"must be what LSP says for {request.method}")]) from None
        self._jobs.client_token = message.params.work_done_token
        protocol.handle_message(message)
        return DEFERRED

    def receive_notification(self, notification: Notification) -> None:
        """Take window/workDoneProgress/cancel: terminate the job, softly and then hard.

        It goes round pygls, which would keep a Future for each such notification for ever.
        """
        if isinstance(notification.params, dict):
            self._jobs.cancel(notification.params.get("token"))

    def asked(self, request_id: Any) -> bool:
        """Whether a request of ours had this id."""
        return self._progress.asked(request_id)

    def announced(self, announcement: Announcement) -> None:
        """Take note of what the client was just told."""
        self._jobs.announced(announcement)

    def _introduce(self, *, client_shows_progress: bool) -> None:
        """Give pygls what matters to it of the handshake that the client had with us; its answer goes nowhere."""
        protocol = self._server.protocol
        protocol.set_writer(_Writer(lambda _: None))
        capabilities = {"window": {"workDoneProgress": client_shows_progress}}
        params = {"processId": None, "rootUri": None, "capabilities": capabilities}
        message = {"jsonrpc": "2.0", "id": 0, "method": types.INITIALIZE, "params": params}
        protocol.handle_message(protocol.structure_message(message))

    def _publish(self, uri: str, problems: Sequence[Problem]) -> None:
        self._server.text_document_publish_diagnostics(publication(uri, problems))

    def _show_message(self, told: Notice) -> None:
        kind = types.MessageType.Error if told.is_error else types.MessageType.Info
        self._server.window_show_message(types.ShowMessageParams(type=kind, message=told.text))


def _require_command(params: Any, max_token_characters: int) -> None:
    """Check what pygls would coerce: a string to a list of its characters, true to the token 1."""
    if not isinstance(params, dict):
        raise invalid_params([("params", "must be an object")])
    given = params
    problems: list[tuple[str, str]] = []
    if not isinstance(given.get("command"), str) or given["command"] not in COMMANDS:
        problems.append(("params.command", f"must be one of {', '.join(COMMANDS)}"))
    if not isinstance(given.get("arguments"), list | None):
        problems.append(("params.arguments", "must be an array"))
    token = given.get("workDoneToken")
    if token is not None and not is_id(token):
        problems.append(("params.workDoneToken", "must be a string or an integer"))
    elif isinstance(token, str) and len(token) > max_token_characters:
        problems.append(("params.workDoneToken", f"must be at most {max_token_characters} characters long"))
    if problems:
        raise invalid_params(problems)


class _Writer:
    """What pygls writes bodies to."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send

    def write(self, data: bytes) -> None:
        """Take one body."""
        self._send(data)

    def close(self) -> None:
        """Nothing: the transport is not pygls' to close."""
