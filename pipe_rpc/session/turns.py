"""Whose turn it is to be heard: a line that is typed waits for one piece of a flood, not for one of each that floods.

Rules of this file: sessions that have caught up and sessions that are behind are heard alternately, each kind in the
order of its news. So neither a flood nor any number of those that say little can starve the others.
"""

from pipe_rpc.session.session import Session


class Turns:
    """The sessions that may have something to tell, each once."""

    def __init__(self) -> None:
        # Dictionaries keep the order, and each session once.
        self._caught_up: dict[Session, None] = {}
        self._behind: dict[Session, None] = {}
        self._behind_is_next = False

    def __bool__(self) -> bool:
        return bool(self._caught_up or self._behind)

    def note(self, session: Session) -> None:
        """There may be something to tell of it; its place in the order is kept where it has one."""
        if session not in self._behind:
            self._caught_up[session] = None

    def take(self) -> Session:
        """Take out the session whose turn it is; there must be one."""
        behind = bool(self._behind) and (self._behind_is_next or not self._caught_up)
        self._behind_is_next = not behind
        turns = self._behind if behind else self._caught_up
        session = next(iter(turns))
        del turns[session]
        return session

    def put_back(self, session: Session) -> None:
        """It was just heard, and may have more to tell: it goes behind the others of its kind."""
        self.forget(session)  # It may have been noted while it was heard.
        (self._behind if session.streams.is_behind else self._caught_up)[session] = None

    def forget(self, session: Session) -> None:
        """There is nothing more to tell of it."""
        self._caught_up.pop(session, None)
        self._behind.pop(session, None)
