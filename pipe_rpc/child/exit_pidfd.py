"""Exit through a pidfd, which becomes readable when every thread of the process is gone (pidfd_open(2))."""

from collections.abc import Callable

from pipe_rpc.child.spawn import Child
from pipe_rpc.loop.loop import READ, Loop, Watch


class PidfdExitWatch:
    """One readable descriptor for each child; see ExitWatch."""

    exit_is_near = True

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._watches: dict[int, Watch] = {}

    def watch(self, child: Child, callback: Callable[[], None]) -> None:
        """Call back when the child ended; see ExitWatch."""
        assert child.group.pidfd is not None, "children are started with a pidfd where there are pidfds"
        self._watches[child.pid] = self._loop.watch(child.group.pidfd, READ, callback)

    def unwatch(self, child: Child) -> None:
        """Call back no more; a pidfd stays readable for good, so the watch must end with the child."""
        self._loop.unwatch(self._watches.pop(child.pid))

    def close(self) -> None:
        """Nothing: each watch ends with its child."""
