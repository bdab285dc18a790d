"""Time in the hands of a test: a clock that stands still, and a selector that moves it instead of sleeping."""

import selectors
from collections.abc import Mapping
from typing import Any


class ManualClock:
    """A clock that goes only where a test puts it."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class SleeplessSelector(selectors.BaseSelector):
    """A real selector that never sleeps: a sleep that nothing would end early moves the clock to its end.

    `sleeps` has the time-out of every call, and `batches` the descriptors that each returned.
    """

    def __init__(self, real: selectors.BaseSelector, clock: ManualClock) -> None:
        self._real = real
        self._clock = clock
        self.sleeps: list[float | None] = []
        self.batches: list[list[int]] = []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        self.sleeps.append(timeout)
        self.batches.append([key.fd for key, _ in ready])
        if not ready and timeout is not None:
            self._clock.now += timeout
        return ready

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()
