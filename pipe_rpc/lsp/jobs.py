"""Commands and progress for any LSP client: a pygls server that is fed messages and owns nothing.

Rules of this file: pygls is used through its public seams. What its stock message path gets wrong is kept out here:
params are structured before it sees them, failures carry no traceback, and notifications that would leak a Future go
round it.
"""

import inspect
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from pipe_rpc import __version__
from pipe_rpc.errors import PipeRpcError
from pipe_rpc.loop.loop import Loop
from pipe_rpc.lsp.progress import JobProgress, ProgressDisplay
from pipe_rpc.protocol.envelope import DEFERRED, Deferred, Notification, Request, is_id
from pipe_rpc.protocol.methods import COMMANDS
from pipe_rpc.protocol.problems import invalid_params
from pipe_rpc.session.announcement import Announcement, Exited, Forgotten
from pipe_rpc.session.description import Exit
from pipe_rpc.session.registry import SessionRegistry

_USAGE = (
    'must be a shell line ["make -j2"], an argv ["make", "-j2"] or [["make"]], or the params of session/spawn '
    '[{"argv": ["make", "-j2"]}]'
)


class LanguageServices:
    """The language server of one connection.

    ``call_method`` runs a method of ours and returns its result, or raises PipeRpcError; ``send`` takes bodies;
    ``on_failure`` logs what should not have happened, and returns the error to answer.
    """

    def __init__(
        self,
        loop: Loop,
        registry: SessionRegistry,
        *,
        client_shows_progress: bool,
        send: Callable[[bytes], None],
        call_method: Callable[[str, Any], Any],
        on_failure: Callable[[str, Exception], PipeRpcError],
        report_every_s: float,
        max_token_characters: int,
    ) -> None:
        # Its records quote params, environment values among them, and its handler of last resort writes and waits.
        logging.getLogger("pygls").addHandler(logging.NullHandler())
        logging.getLogger("pygls").propagate = False
        self._registry = registry
        self._call_method = call_method
        self._on_failure = on_failure
        self._jobs: dict[str, JobProgress | None] = {}
        self._server = LanguageServer("pipe-rpc", __version__)
        self._introduce(client_shows_progress=client_shows_progress)
        self._progress = ProgressDisplay(
            self._server,
            loop,
            send,
            client_shows_progress=client_shows_progress,
            report_every_s=report_every_s,
        )
        self._max_token_characters = max_token_characters
        self._client_token: types.ProgressToken | None = None
        self.register("pipe-rpc.run", self._run)
        self.register("pipe-rpc.list", self._list)
        self.register("pipe-rpc.terminate", self._terminate)
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
        self._client_token = message.params.work_done_token
        protocol.handle_message(message)
        return DEFERRED

    def receive_notification(self, notification: Notification) -> None:
        """Take window/workDoneProgress/cancel: terminate the job, softly and then hard.

        It goes round pygls, which would keep a Future for each such notification for ever.
        """
        token = notification.params.get("token") if isinstance(notification.params, dict) else None
        for session_id, progress in list(self._jobs.items()):
            if progress is not None and progress.token == token:
                with suppress(PipeRpcError):  # A notification cannot be answered.
                    self._call_method("session/terminate", {"sessionId": session_id})

    def asked(self, request_id: Any) -> bool:
        """Whether a request of ours had this id."""
        return self._progress.asked(request_id)

    def announced(self, announcement: Announcement) -> None:
        """Close the display of a job that the client was just told the end of."""
        match announcement:
            case Exited(session=session) if session.exit is not None:
                session_id, last_word = session.session_id, _last_word(session.exit)
            case Forgotten(session_id=session_id):
                last_word = "removed"
            case _:
                return
        progress = self._jobs.pop(session_id, None)
        if progress is not None:
            progress.end(last_word)

    def _introduce(self, *, client_shows_progress: bool) -> None:
        """Give pygls what matters to it of the handshake that the client had with us; its answer goes nowhere."""
        protocol = self._server.protocol
        protocol.set_writer(_Writer(lambda _: None))
        capabilities = {"window": {"workDoneProgress": client_shows_progress}}
        params = {"processId": None, "rootUri": None, "capabilities": capabilities}
        message = {"jsonrpc": "2.0", "id": 0, "method": types.INITIALIZE, "params": params}
        protocol.handle_message(protocol.structure_message(message))

    def _run(self, *arguments: Any) -> Any:
        match arguments:
            case [dict() as params]:
                spawn = {"attach": [], **params}
            case [str() as line]:
                spawn = {"argv": ["/bin/sh", "-c", line], "command": line, "attach": []}
            case [list() as argv]:
                spawn = {"argv": argv, "attach": []}
            case [_, *_]:
                spawn = {"argv": list(arguments), "attach": []}
            case _:
                raise invalid_params([("params.arguments", _USAGE)])
        info = self._call_method("session/spawn", spawn)
        session = self._registry.get(info["sessionId"])
        self._jobs[session.session_id] = self._progress.begin(session, self._client_token)
        return info

    def _list(self, *arguments: Any) -> Any:
        if arguments:
            raise invalid_params([("params.arguments", "must be empty")])
        return self._call_method("session/list", None)

    def _terminate(self, *session_ids: Any) -> Any:
        chosen = session_ids or list(self._jobs)
        for session_id in chosen:
            self._call_method("session/terminate", {"sessionId": session_id})
        return {"terminated": len(chosen)}


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


def _last_word(exit_: Exit) -> str:
    how = exit_.status.signal_name or f"exit status {exit_.status.exit_code}"
    return f"{how} after {exit_.duration_s:.1f} s"
