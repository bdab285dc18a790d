"""Exit through kqueue's EVFILT_PROC (kqueue(2)); a kqueue is itself a descriptor that can be watched."""

import select
import sys
from collections.abc import Callable

from pipe_rpc.child.spawn import Child
from pipe_rpc.loop.loop import READ, Loop

assert sys.platform != "linux", "Linux has pidfds and no kqueue; exit_watch chooses"

_MAX_EVENTS = 64


class KqueueExitWatch:
    """One kqueue for all children; see ExitWatch."""

    exit_is_near = True
    """NOTE_EXIT can come a moment before the process can be waited for."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._kqueue = select.kqueue()
        self._watch = loop.watch(self._kqueue.fileno(), READ, self._read)

    def watch(self, child: Child, callback: Callable[[], None]) -> None:
        """Call back when the child ended; see ExitWatch."""
        self._callbacks[child.pid] = callback
        event = select.kevent(
            child.pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD | select.KQ_EV_ONESHOT, select.KQ_NOTE_EXIT
        )
        try:
            self._kqueue.control([event], 0)
        except ProcessLookupError:
            # It has ended already and is a zombie, which kqueue does not know: the next turn reaps it.
            self._loop.call_at(self._loop.now, lambda: self._call(child.pid))

    def unwatch(self, child: Child) -> None:
        """Call back no more; the one event was taken, or dies with the process."""
        self._callbacks.pop(child.pid, None)

    def close(self) -> None:
        """Close the kqueue."""
        self._loop.unwatch(self._watch)
        self._kqueue.close()

    def _read(self) -> None:
        for event in self._kqueue.control(None, _MAX_EVENTS, 0):
            self._call(event.ident)

    def _call(self, pid: int) -> None:
        callback = self._callbacks.get(pid)
        if callback is not None:
            callback()
