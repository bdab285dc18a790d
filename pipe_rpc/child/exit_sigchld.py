"""Exit through SIGCHLD: signals coalesce (signal(7)), so each one asks for every child."""

import signal
from collections.abc import Callable

from pipe_rpc.child.spawn import Child
from pipe_rpc.loop.signals import SignalWatch


class SigchldExitWatch:
    """One wake-up for all children; see ExitWatch."""

    exit_is_near = False

    def __init__(self, signals: SignalWatch) -> None:
        self._callbacks: dict[int, Callable[[], None]] = {}
        signals.add(signal.SIGCHLD, self._call_all)

    def watch(self, child: Child, callback: Callable[[], None]) -> None:
        """Call back when any child ended; see ExitWatch."""
        self._callbacks[child.pid] = callback

    def unwatch(self, child: Child) -> None:
        """Call back no more."""
        del self._callbacks[child.pid]

    def close(self) -> None:
        """Nothing: the signal watch restores the disposition."""

    def _call_all(self) -> None:
        for pid, callback in list(self._callbacks.items()):
            if self._callbacks.get(pid) is callback:
                callback()
