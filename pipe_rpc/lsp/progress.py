"""A job's progress in the client's own display (LSP 3.17, "Work Done Progress")."""

from collections.abc import Callable
from functools import partial

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from pipe_rpc.loop.loop import Deadline, Loop
from pipe_rpc.lsp.last_line import last_line
from pipe_rpc.protocol.json_text import encode
from pipe_rpc.session.output_stream import OutputStream
from pipe_rpc.session.session import Session

_FIRST_REQUEST_ID = 2**30
"""Requests of ours have integer ids, since Vim cannot answer others; far from those that clients count up from 1."""


class ProgressDisplay:
    """Makes progress tokens and speaks for them."""

    def __init__(
        self,
        server: LanguageServer,
        loop: Loop,
        send: Callable[[bytes], None],
        *,
        client_shows_progress: bool,
        report_every_s: float,
    ) -> None:
        self._server = server
        self._send = send
        self._loop = loop
        self._client_shows_progress = client_shows_progress
        self._report_every_s = report_every_s
        self._next_request_id = _FIRST_REQUEST_ID

    def asked(self, request_id: object) -> bool:
        """Whether a request of ours had this id."""
        return isinstance(request_id, int) and _FIRST_REQUEST_ID <= request_id < self._next_request_id

    def begin(self, session: Session, client_token: types.ProgressToken | None) -> "JobProgress | None":
        """Begin to show a job under the client's token, or under a new one; None where the client shows none."""
        token = client_token
        if token is None:
            if not self._client_shows_progress:
                return None
            token = session.session_id
            # Past pygls, which would keep a Future for an answer that some clients never give.
            create = {"id": self._next_request_id, "method": types.WINDOW_WORK_DONE_PROGRESS_CREATE}
            self._send(encode({"jsonrpc": "2.0", **create, "params": {"token": token}}))
            self._next_request_id += 1
        return JobProgress(self._server, self._loop, session, token, self._report_every_s)


class JobProgress:
    """One job's display, from begin to end."""

    def __init__(
        self,
        server: LanguageServer,
        loop: Loop,
        session: Session,
        token: types.ProgressToken,
        report_every_s: float,
    ) -> None:
        self.token = token
        self._report_every_s = report_every_s
        self._server = server
        self._loop = loop
        self._started = session.description.started
        self._report: Deadline | None = None
        self._shown = ""
        begin = types.WorkDoneProgressBegin(title=session.description.command, cancellable=True)
        server.work_done_progress.begin(token, begin)
        self._listening: list[tuple[OutputStream, Callable[[], None]]] = []
        for stream in session.streams.values():
            callback = partial(self._on_progress, stream)
            stream.when_progress(callback)
            self._listening.append((stream, callback))

    def end(self, message: str) -> None:
        """Close the display with a last word."""
        if self._report is not None:
            self._loop.cancel(self._report)
        for stream, callback in self._listening:
            stream.no_longer(callback)
        progress = self._server.work_done_progress
        progress.end(self.token, types.WorkDoneProgressEnd(message=message))
        progress.tokens.pop(self.token, None)  # pygls keeps each token's Future for ever.

    def _on_progress(self, stream: OutputStream) -> None:
        if self._report is None:
            when = self._loop.now + self._report_every_s
            self._report = self._loop.call_at(when, partial(self._report_now, stream))

    def _report_now(self, stream: OutputStream) -> None:
        self._report = None
        line = last_line(stream)
        if not line:
            return
        elapsed_s = int(self._loop.now - self._started)
        message = f"{line} ({elapsed_s} s)" if elapsed_s else line
        if message != self._shown:
            self._shown = message
            self._server.work_done_progress.report(self.token, types.WorkDoneProgressReport(message=message))
