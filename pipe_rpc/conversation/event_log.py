"""Events for readers that come at their own pace: the newest are kept, and whoever comes too late is told so."""

from collections import deque
from collections.abc import Callable

from pipe_rpc.conversation.errors import EventsMissed
from pipe_rpc.protocol.types import ClosedParams, DetachedParams, ExitedParams, TeeErrorParams

LifeEvent = DetachedParams | TeeErrorParams | ExitedParams | ClosedParams
"""What happens to a session, but for its output, which its streams have."""


class EventLog:
    """The newest ``limit`` events, each with its number in order, from 0 on; ``on_read`` gets each that is read."""

    def __init__(self, limit: int, on_read: Callable[[LifeEvent], None]) -> None:
        self._events: deque[LifeEvent] = deque(maxlen=limit)
        self._on_read = on_read
        self.end = 0
        """The number of the next event."""
        self.is_closed = False
        """Whether no event will follow."""

    def append(self, event: LifeEvent) -> None:
        """Add the next event; the oldest gives way where there are too many."""
        self._events.append(event)
        self.end += 1

    def has_news(self, number: int) -> bool:
        """Whether a reader that wants this event need not wait."""
        return self.end > number or self.is_closed

    def get(self, number: int) -> LifeEvent:
        """The event of this number, which is less than ``end``. Raises EventsMissed where it has given way."""
        if number < self.start:
            raise EventsMissed(self.start - number)
        event = self._events[number - self.start]
        self._on_read(event)
        return event

    @property
    def start(self) -> int:
        """The number of the oldest event that is kept."""
        return self.end - len(self._events)
