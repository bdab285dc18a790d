"""The end of a child as an event of the loop: the contract, and the choice of how.

Exit becomes readability: a pidfd on Linux, a kqueue on macOS, and SIGCHLD's wake-up byte where there is neither.
"""

import sys
from collections.abc import Callable
from typing import Protocol

from pipe_rpc.child.exit_pidfd import PidfdExitWatch
from pipe_rpc.child.exit_sigchld import SigchldExitWatch
from pipe_rpc.child.spawn import Child, pidfd_works
from pipe_rpc.loop.loop import Loop
from pipe_rpc.loop.signals import SignalWatch


class ExitWatch(Protocol):
    """Tells when children may have ended."""

    exit_is_near: bool
    """Whether a callback means that the child itself has ended, rather than any child."""

    def watch(self, child: Child, callback: Callable[[], None]) -> None:
        """Call ``callback`` when ``child`` may have ended, until ``unwatch``."""

    def unwatch(self, child: Child) -> None:
        """Call back no more. Do this before the child's pidfd is closed."""

    def close(self) -> None:
        """Give back what the watch itself holds."""


def choose_exit_watch(loop: Loop, signals: SignalWatch) -> ExitWatch:
    """Take the best that this system has."""
    if pidfd_works():
        return PidfdExitWatch(loop)
    if sys.platform == "darwin":
        from pipe_rpc.child.exit_kqueue import KqueueExitWatch

        return KqueueExitWatch(loop)
    return SigchldExitWatch(signals)
