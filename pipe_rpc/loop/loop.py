"""The turn: what is ready, then what is due, then sleep until something is.

Rules of this file:

- The kernel speaks through readable and writable descriptors; everything else is a deadline.
- A callback may unwatch any watch and close its descriptor: events of the same batch are re-checked, so a stale one, or
  one for a descriptor number that was taken anew, never reaches anybody.
- To pause is to unwatch. A watch with an empty event mask would still report a hang-up, in every turn.
- A deadline set by a callback is due in a later turn at the earliest.
- No watch is refused for want of memory: one that the selector has no room for is looked after by hand meanwhile.
"""

import errno
import heapq
import select
import selectors
import time
from collections.abc import Callable
from itertools import count
from typing import Final

READ: Final = selectors.EVENT_READ
WRITE: Final = selectors.EVENT_WRITE

_LONGEST_SLEEP_S = 86_400.0
"""epoll_wait counts milliseconds in 31 bits, so a sleep of more than 24 days is an error; a day is far from it."""


_NO_ROOM = frozenset({errno.ENOMEM, errno.ENOSPC, errno.EEXIST})
"""epoll_ctl(2): no memory, or /proc/sys/fs/epoll/max_user_watches is reached; or, where there was no memory to end a
watch of before, that one. All of them may pass."""
_NO_ROOM_S = 0.02
"""How long the loop sleeps at most while it looks after watches by hand."""


class Watch:
    """One descriptor's interest in one direction; ends with ``Loop.unwatch``."""

    __slots__ = ("active", "callback", "event", "fd")

    def __init__(self, fd: int, event: int, callback: Callable[[], None]) -> None:
        self.fd = fd
        self.event = event
        self.callback = callback
        self.active = True

    def __repr__(self) -> str:
        direction = "read" if self.event == READ else "write"
        return f"<Watch {direction} fd {self.fd}{'' if self.active else ' (ended)'}>"


class Deadline:
    """Something to do at a time of the loop's clock, unless ``Loop.cancel`` comes first."""

    __slots__ = ("callback", "when")

    def __init__(self, when: float, callback: Callable[[], None]) -> None:
        self.when = when
        self.callback: Callable[[], None] | None = callback


class Loop:
    """A selector, a heap of deadlines, and steps to take before each sleep.

    ``before_sleep`` steps run at the start of each turn; one that returns True has more to do and keeps the turn from
    sleeping.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector | None = None,
        clock: Callable[[], float] = time.monotonic,
        on_failure: Callable[[Exception], None] | None = None,
    ) -> None:
        """Without ``on_failure`` an exception of a callback ends ``run``; with it, the other callbacks go on."""
        self._selector = selector if selector is not None else selectors.DefaultSelector()
        self._clock = clock
        self._on_failure = on_failure
        self._always_ready: dict[int, Watch] = {}
        self._by_hand: dict[int, Watch] = {}
        self._deadlines: list[tuple[float, int, Deadline]] = []
        self._order = count()
        self._cancelled = 0
        self._before_sleep: list[Callable[[], bool]] = []
        self._stopped = False
        self.now = clock()
        """When this turn's events were seen, in seconds of the clock."""

    def time(self) -> float:
        """The clock as it is now, for what has to be measured within a turn."""
        return self._clock()

    def watch(self, fd: int, event: int, callback: Callable[[], None]) -> Watch:
        """Call ``callback`` in every turn in which ``fd`` is ready for ``event`` (READ or WRITE).

        A descriptor has one watch at a time. One that the kernel cannot wait for (epoll refuses regular files and
        /dev/null with EPERM, epoll_ctl(2)) never blocks either, so it counts as always ready.
        """
        if fd in self._always_ready or fd in self._by_hand:
            raise KeyError(f"{fd} is watched already")
        watch = Watch(fd, event, callback)
        if not self._register(watch):
            self._by_hand[fd] = watch
        return watch

    def unwatch(self, watch: Watch) -> None:
        """End the watch: nothing more is called for it, not even in this turn. Close the descriptor only afterwards."""
        if not watch.active:
            return
        watch.active = False
        if self._always_ready.get(watch.fd) is watch:
            del self._always_ready[watch.fd]
        elif self._by_hand.get(watch.fd) is watch:
            del self._by_hand[watch.fd]
        else:
            self._selector.unregister(watch.fd)

    def call_at(self, when: float, callback: Callable[[], None]) -> Deadline:
        """Call ``callback`` once, in the first turn at or after ``when``; deadlines are called in order of time."""
        deadline = Deadline(when, callback)
        heapq.heappush(self._deadlines, (when, next(self._order), deadline))
        return deadline

    def cancel(self, deadline: Deadline) -> None:
        """Never call it; without effect once it was called or cancelled."""
        if deadline.callback is None:
            return
        deadline.callback = None
        self._cancelled += 1
        if self._cancelled > len(self._deadlines) // 2:
            # Without this a client that sets and cancels long deadlines would grow the heap for ever.
            self._deadlines = [entry for entry in self._deadlines if entry[2].callback is not None]
            heapq.heapify(self._deadlines)
            self._cancelled = 0

    def add_before_sleep(self, step: Callable[[], bool]) -> None:
        """Run ``step`` at the start of each turn, behind the steps that were added earlier."""
        self._before_sleep.append(step)

    def stop(self) -> None:
        """Let ``run`` return at the end of this turn."""
        self._stopped = True

    def run(self) -> None:
        """Take turns until ``stop``."""
        while not self._stopped:
            self.run_turn()

    def run_turn(self) -> None:
        """Take one turn."""
        busy = False
        for step in self._before_sleep:
            busy |= bool(self._call(step))
        if self._stopped:
            return
        ready = self._select(0 if busy or self._always_ready else self._time_to_sleep())
        self.now = self._clock()
        due = self._take_due()  # before any callback, so that one that a callback sets is not among them
        for watch in ready:
            if watch.active:
                self._call(watch.callback)
        for watch in list(self._always_ready.values()):
            if watch.active:
                self._call(watch.callback)
        for deadline in due:
            callback, deadline.callback = deadline.callback, None
            if callback is not None:
                self._call(callback)

    def close(self) -> None:
        """Close the selector; watched descriptors stay open."""
        self._selector.close()

    def _register(self, watch: Watch) -> bool:
        """Give a watch to the selector; returns whether it had room."""
        try:
            self._selector.register(watch.fd, watch.event, watch)
        except PermissionError:
            self._always_ready[watch.fd] = watch
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            return False
        return True

    def _select(self, timeout: float | None) -> list[Watch]:
        """Sleep until something is ready; a failure to do so is one of a callback, and nothing is ready then."""
        if self._by_hand:
            timeout = _NO_ROOM_S if timeout is None else min(timeout, _NO_ROOM_S)
        try:
            ready: list[Watch] = [key.data for key, _ in self._selector.select(timeout)]
            return ready + self._look_by_hand() if self._by_hand else ready
        except OSError as error:
            if self._on_failure is None:
                raise
            self._on_failure(error)
            return []

    def _look_by_hand(self) -> list[Watch]:
        """Those without room in the selector that are ready now; each is offered to it again."""
        poller = select.poll()
        for fd, watch in list(self._by_hand.items()):
            if self._register(watch):
                del self._by_hand[fd]  # If it is ready, the next turn tells.
            else:
                poller.register(fd, select.POLLIN if watch.event == READ else select.POLLOUT)
        return [self._by_hand[fd] for fd, _ in poller.poll(0)]

    def _call(self, callback: Callable[[], bool | None]) -> bool | None:
        try:
            return callback()
        except Exception as error:
            if self._on_failure is None:
                raise
            self._on_failure(error)
            return None

    def _time_to_sleep(self) -> float | None:
        while self._deadlines and self._deadlines[0][2].callback is None:
            heapq.heappop(self._deadlines)
            self._cancelled -= 1
        if not self._deadlines:
            return None
        return min(max(0.0, self._deadlines[0][0] - self._clock()), _LONGEST_SLEEP_S)

    def _take_due(self) -> list[Deadline]:
        due: list[Deadline] = []
        while self._deadlines and self._deadlines[0][0] <= self.now:
            deadline = heapq.heappop(self._deadlines)[2]
            if deadline.callback is None:
                self._cancelled -= 1
            else:
                due.append(deadline)
        return due
