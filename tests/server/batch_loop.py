"""A loop whose batches come in the order of a test: what is ready, the kernel says; what comes first, the test says.

What has no descriptor in a test, such as the end of a child made of pipes or a deadline, has its place in a batch too.
"""

import selectors
from collections.abc import Callable, Sequence

from pipe_rpc.loop.loop import READ, Deadline, Watch
from tests.session.harness import StillLoop

Key = selectors.SelectorKey


class BatchSelector(selectors.DefaultSelector):
    """Finds what is ready, and hands it out as planned: a list of names for each turn."""

    def __init__(self) -> None:
        super().__init__()
        self.plan: list[Sequence[str]] = []
        self.names: dict[int, str] = {}
        self.events: dict[str, Callable[[], None]] = {}
        """Those without a descriptor."""

    def select(self, timeout: float | None = None) -> list[tuple[Key, int]]:
        """What is ready, or of it what the plan says."""
        ready = super().select(timeout)
        if not self.plan:
            return ready
        found = {self.names[key.fd]: (key, mask) for key, mask in ready}
        for name, callback in self.events.items():
            found[name] = (Key(-1, -1, READ, Watch(-1, READ, callback)), READ)
        wanted = self.plan.pop(0)
        assert len(wanted) == 1 or found.keys() == set(wanted), f"only these are ready: {sorted(found)}"
        return [found[name] for name in wanted if name in found]


class BatchLoop(StillLoop):
    """Notes the watches and the deadlines, so that these can be due in the middle of a batch."""

    def __init__(self) -> None:
        self.selector = BatchSelector()
        self.watches: dict[int, Watch] = {}
        self.deadlines: list[Deadline] = []
        super().__init__(self.selector)

    def watch(self, fd: int, event: int, callback: Callable[[], None]) -> Watch:
        """Note the watch."""
        self.watches[fd] = super().watch(fd, event, callback)
        return self.watches[fd]

    def call_at(self, when: float, callback: Callable[[], None]) -> Deadline:
        """Note the deadline."""
        self.deadlines.append(super().call_at(when, callback))
        return self.deadlines[-1]

    def fire(self, fd: int) -> None:
        """Tell whoever watches a descriptor once more that it is ready."""
        if self.watches[fd].active:
            self.watches[fd].callback()

    def fire_deadlines(self) -> None:
        """What the loop does at the time of the deadlines."""
        due = sorted((each for each in self.deadlines if each.when <= self.now), key=lambda each: each.when)
        for deadline in due:
            callback, deadline.callback = deadline.callback, None
            if callback is not None:
                callback()

    @property
    def has_stopped(self) -> bool:
        """Whether somebody has called ``stop``."""
        return self._stopped
