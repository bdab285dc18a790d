"""What is remembered of forgotten sessions: that there was one, why it is no more, and how it ended.

Rules of this file: the memory is bounded, and the oldest go first. A client that comes late still learns the exit.
"""

from enum import StrEnum
from typing import NamedTuple

from pipe_rpc.session.description import Exit


class Farewell(StrEnum):
    """Why a session was forgotten."""

    REMOVED = "removed"
    PURGED = "purged"
    RETENTION = "retention"
    """To make room for younger ones."""


class Tombstone(NamedTuple):
    """One forgotten session."""

    session_id: str
    farewell: Farewell
    exit: Exit | None
    """None where it was removed while it ran, and has not ended since."""


class SessionForgottenError(Exception):
    """There was a session of that id, and it was forgotten."""

    def __init__(self, tombstone: Tombstone) -> None:
        super().__init__(f"session {tombstone.session_id} was forgotten")
        self.tombstone = tombstone


class Tombstones:
    """The newest ``limit`` of them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._stones: dict[str, Tombstone] = {}

    def __len__(self) -> int:
        return len(self._stones)

    def add(self, tombstone: Tombstone) -> None:
        """Remember one more; the oldest is forgotten for good where there are too many."""
        self._stones[tombstone.session_id] = tombstone
        if len(self._stones) > self._limit:
            del self._stones[next(iter(self._stones))]

    def require_unknown(self, session_id: str) -> None:
        """Raise SessionForgottenError where it is remembered."""
        tombstone = self._stones.get(session_id)
        if tombstone is not None:
            raise SessionForgottenError(tombstone)

    def ended(self, session_id: str, exit_: Exit | None) -> None:
        """Add how it ended to what is remembered of a session that was removed while it ran."""
        tombstone = self._stones.get(session_id)
        if tombstone is not None:
            self._stones[session_id] = tombstone._replace(exit=exit_)
