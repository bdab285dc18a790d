"""What jobs use, asked for about once a second while somebody looks."""

from collections.abc import Callable, Mapping

from pipe_rpc.client.connection import Connection
from pipe_rpc.client.job import Job, JobState
from pipe_rpc.conversation.messages import result_of
from pipe_rpc.loop.loop import Deadline, Loop
from pipe_rpc.protocol.envelope import Response

_EVERY_S = 1.0
"""From an answer to the next question: processor time over less says little."""


class UsagePoll:
    """Asks the endpoint, one question at a time, and tells the jobs."""

    def __init__(
        self, loop: Loop, connection: Connection, jobs: Mapping[str, Job], on_news: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._connection = connection
        self._jobs = jobs
        self._on_news = on_news
        self._next: Deadline | None = None
        self._has_ended = False

    def begin(self) -> None:
        """Ask from now on, until ``end``."""
        self._next = self._loop.call_at(self._loop.time() + _EVERY_S, self._ask)

    def end(self) -> None:
        """Ask no more."""
        self._has_ended = True
        if self._next is not None:
            self._loop.cancel(self._next)

    def _ask(self) -> None:
        self._connection.request("session/list", {"usage": True}, self._answered)

    def _answered(self, response: Response) -> None:
        now = self._loop.time()
        for info in result_of(response)["sessions"]:
            job, usage = self._jobs.get(info["sessionId"]), info.get("usage")
            if job is not None and usage is not None and job.state is JobState.RUNNING:
                job.measure((usage["userMs"] + usage["systemMs"]) / 1000, usage["rssBytes"], now)
        self._on_news()
        if not self._has_ended:
            self.begin()
