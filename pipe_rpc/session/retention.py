"""Closed sessions, kept for reading: how many and how much, and which of them go first."""

from pipe_rpc.session.session import Session


class Retention:
    """The closed sessions, the oldest first, within a count and an amount of memory."""

    def __init__(self, *, max_sessions: int, max_bytes: int) -> None:
        self._max_sessions = max_sessions
        self._max_bytes = max_bytes
        self._kept: dict[Session, int] = {}  # with what each retained when it was closed; its rings may shrink since
        self._bytes = 0
        self._occupied: dict[Session, None] = {}  # those that may have left processes behind

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, session: Session) -> None:
        """Keep one more."""
        self._kept[session] = session.kept_bytes
        self._bytes += self._kept[session]
        self._occupied[session] = None

    def discard(self, session: Session) -> None:
        """Keep it no longer; without effect where it is not kept."""
        self._bytes -= self._kept.pop(session, 0)
        self._occupied.pop(session, None)

    def overdue(self) -> Session | None:
        """The oldest where there are more than may be kept; it stays until it is discarded."""
        if len(self._kept) > self._max_sessions or self._bytes > self._max_bytes:
            return next(iter(self._kept))
        return None

    def with_processes(self) -> int:
        """How many have left processes behind, which still count as sessions.

        Those that have none are not asked again: where everybody has ended, nobody is left who could start anything.
        """
        self._occupied = {session: None for session in self._occupied if session.has_processes()}
        return len(self._occupied)
