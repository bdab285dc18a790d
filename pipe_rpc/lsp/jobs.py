"""The jobs of one connection: the sessions that a command started, and what their client is shown of them."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

from lsprotocol import types

from pipe_rpc.errors import PipeRpcError
from pipe_rpc.lsp.compiled_matchers import CompiledMatchers
from pipe_rpc.lsp.job_problems import JobProblems
from pipe_rpc.lsp.notices import Notice, last_word, notice
from pipe_rpc.lsp.progress import JobProgress, ProgressDisplay
from pipe_rpc.session.announcement import Announcement, Exited, Forgotten
from pipe_rpc.session.description import Exit
from pipe_rpc.session.registry import SessionRegistry


class Jobs:
    """Those that run; ``tell`` shows a notice to a person."""

    def __init__(
        self,
        registry: SessionRegistry,
        progress: ProgressDisplay,
        problems: JobProblems,
        call_method: Callable[[str, Any], Any],
        tell: Callable[[Notice], None],
        *,
        long_job_s: float,
    ) -> None:
        self.client_token: types.ProgressToken | None = None
        """Under which the request that is handled now wants its progress shown."""
        self._registry = registry
        self._problems = problems
        self._progress = progress
        self._call_method = call_method
        self._tell = tell
        self._long_job_s = long_job_s
        self._running: dict[str, JobProgress | None] = {}

    def running(self) -> list[str]:
        """The ids of those that run, oldest first."""
        return list(self._running)

    def start(self, spawn: Mapping[str, Any], matchers: CompiledMatchers | None) -> Any:
        """Spawn a session as a job, to be read by ``matchers``; its SessionInfo. Raises PipeRpcError as session/spawn.

        The matchers are closed in any case, at the latest when the job has ended.
        """
        with ExitStack() as unless_begun:
            if matchers is not None:
                unless_begun.callback(matchers.close)
            info = self._call_method("session/spawn", spawn)
            session = self._registry.get(info["sessionId"])
            # An id of the client's may name a session that there was before.
            if session.session_id not in self._running and not session.exit_announced:
                unless_begun.pop_all()
                self._problems.begin(session, matchers)
                self._running[session.session_id] = self._progress.begin(session, self.client_token)
        return info

    def cancel(self, token: Any) -> None:
        """Terminate the job whose progress has this token, softly and then hard."""
        for session_id, progress in list(self._running.items()):
            if progress is not None and progress.token == token:
                with suppress(PipeRpcError):  # A notification cannot be answered.
                    self._call_method("session/terminate", {"sessionId": session_id})

    def announced(self, announcement: Announcement) -> None:
        """Take note of what the client was just told."""
        match announcement:
            case Exited(session=session) if session.exit is not None and session.session_id in self._running:
                progress = self._running.pop(session.session_id)
                end = partial(self._end, progress, session.description.command, session.exit)
                self._problems.finish(session.session_id, end)
            case Forgotten(session_id=session_id):
                progress = self._running.pop(session_id, None)
                if progress is not None:
                    progress.end("removed")
                self._problems.forget(session_id)

    def _end(self, progress: JobProgress | None, command: str, exit_: Exit) -> None:
        if progress is not None:
            progress.end(last_word(exit_))
        told = notice(command, exit_, self._long_job_s)
        if told is not None:
            self._tell(told)
