"""From the news that a child may have ended to its exit status: one reaper for one child."""

from collections.abc import Callable

from pipe_rpc.child.exit_status import ExitStatus
from pipe_rpc.child.exit_watch import ExitWatch
from pipe_rpc.child.spawn import Child
from pipe_rpc.loop.loop import Loop

_FIRST_LOOK_S = 0.001
_LONGEST_LOOK_S = 0.05
"""How often to ask for a process that has ended and cannot be reaped yet."""


class Reaping:
    """Waits for one child's end, reaps it, and calls ``on_exited`` once with the status.

    Making one raises OSError where the child cannot be watched.
    """

    def __init__(
        self, child: Child, loop: Loop, exit_watch: ExitWatch, on_exited: Callable[[ExitStatus], None]
    ) -> None:
        self._child = child
        self._loop = loop
        self._exit_watch = exit_watch
        self._on_exited = on_exited
        exit_watch.watch(child, self._may_have_exited)

    def _may_have_exited(self) -> None:
        status = self._reap()
        if status is None:
            if self._exit_watch.exit_is_near:
                self._exit_watch.unwatch(self._child)
                self._reap_later(_FIRST_LOOK_S)
            return
        # The pidfd is closed with the group, so nobody may watch it any more by then.
        self._exit_watch.unwatch(self._child)
        self._on_exited(status)

    def _reap(self) -> ExitStatus | None:
        """Take the exit status where the system hands it out now. Raises ChildProcessError where somebody has it."""
        try:
            return self._child.reap()
        except ChildProcessError:
            raise
        except OSError:
            return None

    def _reap_later(self, delay_s: float) -> None:
        """Ask again: a tracer that holds the ended process (ptrace(2)) lets us have it only when it likes."""

        def reap() -> None:
            status = self._reap()
            if status is None:
                self._reap_later(min(delay_s * 2, _LONGEST_LOOK_S))
            else:
                self._on_exited(status)

        self._loop.call_at(self._loop.now + delay_s, reap)
