"""Waiting until output says something: session/waitFor."""

from collections.abc import Callable
from typing import NamedTuple

from pipe_rpc.buffers.matcher import Literal, Matcher, PatternError
from pipe_rpc.loop.loop import Deadline
from pipe_rpc.protocol.envelope import DEFERRED, Deferred
from pipe_rpc.protocol.problems import invalid_params
from pipe_rpc.protocol.types.params import WaitForParams
from pipe_rpc.server.call import Call
from pipe_rpc.server.pending import Pending
from pipe_rpc.session.announcement import StreamName
from pipe_rpc.session.refusals import require_offset
from pipe_rpc.session.search import Found, Progress, Search
from pipe_rpc.session.session import Session


def wait_for(call: Call, params: WaitForParams) -> Deferred:
    """session/waitFor: a WaitForResult."""
    session = call.registry.get(params.session_id)
    name = StreamName(params.stream)
    stream = session.stream(name)
    offset = stream.ring.start if params.from_offset is None else require_offset(session, name, params.from_offset)
    call.pending.require_room(call.request_id)
    matcher, give_back = _matcher(call, params)
    _Wait(call, params, session, matcher, offset, give_back)
    return DEFERRED


def _matcher(call: Call, params: WaitForParams) -> tuple[Matcher, Callable[[], None]]:
    """What to look for, and what to do when that has ended. Raises PipeRpcError."""
    pattern, literal = params.pattern, params.literal
    if (pattern is None) == (literal is None):
        raise invalid_params([("params", "must have one of pattern and literal")])
    path, text = ("params.pattern", pattern) if pattern is not None else ("params.literal", literal)
    assert text is not None
    if not text:
        raise invalid_params([(path, "must not be empty")])
    if len(text) > call.limits.max_pattern_characters:
        raise invalid_params([(path, f"must be at most {call.limits.max_pattern_characters} characters long")])
    if pattern is None:
        return Literal(text.encode()), lambda: None
    try:
        return call.searches.borrow(pattern), lambda: call.searches.give_back(pattern)
    except PatternError as error:
        problem = f"{error}, at character {error.position} (RE2 syntax)"
        raise invalid_params([(path, problem)], position=error.position) from None


class _Expiry(NamedTuple):
    """Why nothing more is waited for, and the end of what is still searched."""

    reason: str
    until: int


class _Wait:
    """One request: a search, and all that may end it."""

    def __init__(
        self,
        call: Call,
        params: WaitForParams,
        session: Session,
        matcher: Matcher,
        offset: int,
        give_back: Callable[[], None],
    ) -> None:
        self._call = call
        self._loop = call.loop
        self._session = session
        self._stream = session.stream(StreamName(params.stream))
        self._idle_s = None if params.idle_ms is None else params.idle_ms / 1000
        self._settle_s = call.limits.match_settle_ms / 1000
        self._give_back = give_back
        # A daemon's output goes on when the child is gone: who asks for it then means it.
        self._ends_with_child = session.exit is None
        self._last_output = self._loop.now
        self._settled = False
        self._expiry: _Expiry | None = None
        self._deadlines: dict[str, Deadline] = {}
        self._search = Search(self._stream, matcher, offset, self._on_output)
        self._pending: Pending = call.pending.open(call.request_id, params.session_id)
        self._pending.release = self._release
        if params.timeout_ms == 0:
            self._expire("timeout")
        elif params.timeout_ms is not None:
            when = self._loop.now + params.timeout_ms / 1000
            self._set("timeout", when, lambda: self._expire("timeout"))
        if self._idle_s is not None:
            self._set("idle", self._loop.now + self._idle_s, self._look_at_idleness)
        call.searches.put(self._step)

    def _step(self) -> int | None:
        result, cost = self._search.step(settled=self._settled or self._expiry is not None)
        if isinstance(result, Found):
            self._answer(None, result)
            return None
        if self._expiry is not None and self._search.offset >= self._expiry.until:
            result = Progress.NOTHING  # What has come since is not for this request.
        if result is Progress.MORE:
            return cost
        if self._expiry is not None:
            self._answer(self._expiry.reason)
        elif self._is_complete():
            if result is Progress.MAY_GROW:
                self._settled = True
                return cost
            if self._session.exit is None and not self._settled:
                # The exit of a child is heard of a moment behind the end of its pipes.
                self._set("settle", self._loop.now + self._settle_s, self._settle)
                return None
            self._answer("ended" if self._session.exit is None else "exited")
        elif result is Progress.MAY_GROW:
            self._set("settle", self._loop.now + self._settle_s, self._settle)
        return None

    def _is_complete(self) -> bool:
        """Whether nothing follows that the request is for."""
        child_end = self._stream.child_end
        by_child = self._ends_with_child and child_end is not None and self._stream.ring.end >= child_end
        return self._stream.ended or by_child

    def _on_output(self) -> None:
        self._last_output = self._loop.now
        self._settled = False
        self._cancel("settle")
        self._call.searches.put(self._step)

    def _settle(self) -> None:
        self._settled = True
        self._call.searches.put(self._step)

    def _look_at_idleness(self) -> None:
        assert self._idle_s is not None
        # A stream that is not read, because its client is slow, is not idle.
        since = self._loop.now if self._stream.is_paused else self._last_output
        if self._loop.now >= since + self._idle_s:
            self._expire("idle")
        else:
            self._set("idle", since + self._idle_s, self._look_at_idleness)

    def _expire(self, reason: str) -> None:
        """Search what is here, and no more."""
        self._expiry = _Expiry(reason, self._stream.ring.end)
        self._call.searches.put(self._step)

    def _answer(self, reason: str | None, found: Found | None = None) -> None:
        data = b"" if found is None else found.data
        self._pending.answer(
            {
                "matched": found is not None,
                "reason": reason,
                "offset": None if found is None else found.offset,
                "length": len(data),
                "text": _text(data),
                "groups": [] if found is None else [_text(group) for group in found.groups],
                "named": {} if found is None else {name: _text(group) for name, group in found.named.items()},
                "nextOffset": self._search.offset if found is None else found.offset + len(data),
                "missedBytes": self._search.missed_bytes,
            }
        )

    def _set(self, name: str, when: float, callback: Callable[[], None]) -> None:
        self._cancel(name)
        self._deadlines[name] = self._loop.call_at(when, callback)

    def _cancel(self, name: str) -> None:
        deadline = self._deadlines.pop(name, None)
        if deadline is not None:
            self._loop.cancel(deadline)

    def _release(self) -> None:
        self._search.close()
        self._call.searches.discard(self._step)
        for name in list(self._deadlines):
            self._cancel(name)
        self._give_back()


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode(errors="replace")
