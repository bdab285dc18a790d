"""Requests that wait behind a spawn.

Rules of this file: a spawn takes as long as hundreds of other requests, so one turn has one, and what came behind it
waits for the next in the order in which it came. Who may pass by is settled where requests are understood. Bodies are
kept as they came: parsed they would take many times as much.
"""

import sys
from collections import Counter, OrderedDict
from collections.abc import Callable

from pipe_rpc.protocol.envelope import Id, id_key


class RequestQueue:
    """Bodies in their order, by the ids of their requests."""

    def __init__(self, spawns_tried: Callable[[], int], *, max_bytes: int) -> None:
        """``spawns_tried`` tells how many there were since the start, those that failed among them."""
        self._spawns_tried = spawns_tried
        self._max_bytes = max_bytes
        self._bodies: OrderedDict[tuple[type, Id | None], tuple[bytes, str | None]] = OrderedDict()
        self._sessions: Counter[str] = Counter()
        self._bytes = 0
        self._tried_before = 0

    def __bool__(self) -> bool:
        return bool(self._bodies)

    def __contains__(self, request_id: Id) -> bool:
        return id_key(request_id) in self._bodies

    @property
    def must_wait(self) -> bool:
        """Whether a request that comes now has to wait, unless it may pass by."""
        return bool(self._bodies) or self._has_spawned()

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be taken in before some of it was handled."""
        return self._bytes >= self._max_bytes

    def begin_turn(self) -> None:
        """Allow another spawn."""
        self._tried_before = self._spawns_tried()

    def names(self, session_id: str) -> bool:
        """Whether a request that waits is about a session, or is to make it: no other about it may pass."""
        return session_id in self._sessions

    def add(self, request_id: Id | None, body: bytes, session_id: str | None = None) -> None:
        """Let a request wait whose id is not in the queue; None is for ``exit``, which has none: one of it waits."""
        if request_id is None and id_key(None) in self._bodies:
            return
        self._bodies[id_key(request_id)] = body, session_id
        self._bytes += _size(request_id, body)
        if session_id is not None:
            self._sessions[session_id] += 1

    def next_due(self) -> bytes | None:
        """Take out what came first, unless this turn has had its spawn."""
        if not self._bodies or self._has_spawned():
            return None
        return self._take_out(next(iter(self._bodies)))

    def cancel(self, request_id: Id) -> bool:
        """Take out a request; returns whether it was there."""
        key = id_key(request_id)
        if key not in self._bodies:
            return False
        self._take_out(key)
        return True

    def _take_out(self, key: tuple[type, Id | None]) -> bytes:
        body, session_id = self._bodies.pop(key)
        self._bytes -= _size(key[1], body)
        if session_id is not None:
            self._sessions[session_id] -= 1
            if not self._sessions[session_id]:
                del self._sessions[session_id]
        return body

    def _has_spawned(self) -> bool:
        return self._spawns_tried() != self._tried_before


def _size(request_id: Id | None, body: bytes) -> int:
    return sys.getsizeof(body) + sys.getsizeof(request_id)
