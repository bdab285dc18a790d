"""Requests whose answers must wait: the one table that answers, cancels and times them out.

Rules of this file: each row is answered exactly once. Whatever ends it, what it hung on is released first.
"""

import sys
from collections.abc import Callable, Iterator
from typing import Any

from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.loop.loop import Deadline, Loop
from pipe_rpc.protocol.envelope import Id, id_key
from pipe_rpc.session.announcement import Announcement
from pipe_rpc.session.refusals import session_not_found

Answer = Callable[[Id, Any], None]
"""Sends a result, or where the second argument is a PipeRpcError an error."""


class Pending:
    """One request that waits; set the hooks that apply before anything can happen."""

    def __init__(self, table: "PendingRequests", request_id: Id, session_id: str) -> None:
        self.request_id = request_id
        self.session_id = session_id
        self.release: Callable[[], None] = _nothing
        """Undo what the request hung on."""
        self.on_announcement: Callable[[Announcement], None] | None = None
        """Told what was told to the client of the session."""
        self.on_removal: Callable[[], Any] = _nothing
        """The result, where it is known when the session is removed; else None."""
        self.cancelled: Callable[[], dict[str, Any]] = dict
        """Data of the answer to a cancellation, asked before ``release``."""
        self._table = table
        self._deadline: Deadline | None = None

    def answer(self, outcome: Any) -> None:
        """Answer with a result, or with a PipeRpcError."""
        self._table.close(self, outcome)

    def answer_at(self, when: float, outcome: Callable[[], Any]) -> None:
        """Answer with what ``outcome`` returns at ``when`` on the loop's clock, unless something else comes first."""
        self._deadline = self._table.loop.call_at(when, lambda: self.answer(outcome()))

    def let_go(self) -> None:
        """Drop the hooks: they and this row hold each other, and what was written, until a collector comes by."""
        self.release = self.on_removal = _nothing
        self.on_announcement = None
        self.cancelled = dict

    def cancel_deadline(self) -> None:
        """End ``answer_at``."""
        if self._deadline is not None:
            self._table.loop.cancel(self._deadline)


class PendingRequests:
    """The rows, by request id."""

    def __init__(self, loop: Loop, answer: Answer, *, max_pending: int, max_id_bytes: int) -> None:
        self.loop = loop
        self._answer = answer
        self._max_pending = max_pending
        self._max_id_bytes = max_id_bytes
        self._rows: dict[tuple[type, Id | None], Pending] = {}
        self._id_bytes = 0
        self._of_session: dict[str, dict[Pending, None]] = {}  # in order of their requests

    def __contains__(self, request_id: Id) -> bool:
        return id_key(request_id) in self._rows

    def require_room(self, request_id: Id) -> None:
        """Raise PipeRpcError: LIMIT_EXCEEDED where no request more may wait; ask before doing anything for it.

        The ids are kept as long as the requests, so they are counted too: each may be as long as a frame.
        """
        id_bytes = self._id_bytes + sys.getsizeof(request_id)
        if len(self._rows) >= self._max_pending:
            raise PipeRpcError(
                ErrorCode.LIMIT_EXCEEDED,
                f"{self._max_pending} requests wait for their answers, as many as may. Cancel some, or raise "
                "--max-pending-requests.",
                limit="maxPendingRequests",
                value=self._max_pending,
            )
        if id_bytes > self._max_id_bytes:
            raise PipeRpcError(
                ErrorCode.LIMIT_EXCEEDED,
                f"The ids of requests that wait for their answers would take {id_bytes} bytes, more than "
                f"{self._max_id_bytes}. Use short ids, or raise --max-pending-id-bytes.",
                limit="maxPendingIdBytes",
                value=self._max_id_bytes,
            )

    def open(self, request_id: Id, session_id: str) -> Pending:
        """Add a row for a request about a session."""
        pending = Pending(self, request_id, session_id)
        self._rows[id_key(request_id)] = pending
        self._id_bytes += sys.getsizeof(request_id)
        self._of_session.setdefault(session_id, {})[pending] = None
        return pending

    def cancel(self, request_id: Id) -> None:
        """Answer a row with REQUEST_CANCELLED; without effect where there is none."""
        pending = self._rows.get(id_key(request_id))
        if pending is not None:
            pending.answer(request_cancelled(**pending.cancelled()))

    def announced(self, announcement: Announcement, session_id: str) -> None:
        """Let the rows of a session know what the client was just told of it."""
        for pending in self._open_rows(session_id):
            if pending.on_announcement is not None:
                pending.on_announcement(announcement)

    def session_removed(self, session_id: str) -> None:
        """Answer every row of a session that is no more."""
        for pending in self._open_rows(session_id):
            pending.answer(pending.on_removal() or session_not_found(session_id))

    def _open_rows(self, session_id: str) -> Iterator[Pending]:
        """The rows of a session, without those that the answer to an earlier one has ended.

        A write that is dropped from the queue lets an empty one behind it finish.
        """
        for pending in list(self._of_session.get(session_id, ())):
            if self._rows.get(id_key(pending.request_id)) is pending:
                yield pending

    def close(self, pending: Pending, outcome: Any) -> None:
        """Take a row out and answer it."""
        del self._rows[id_key(pending.request_id)]
        self._id_bytes -= sys.getsizeof(pending.request_id)
        of_session = self._of_session[pending.session_id]
        del of_session[pending]
        if not of_session:
            del self._of_session[pending.session_id]
        pending.cancel_deadline()
        pending.release()
        pending.let_go()
        self._answer(pending.request_id, outcome)


def request_cancelled(**data: Any) -> PipeRpcError:
    """The answer to a request that was cancelled."""
    return PipeRpcError(ErrorCode.REQUEST_CANCELLED, "The request was cancelled as asked.", **data)


def _nothing() -> None:
    """Nothing was hung on."""
