"""The end of the client's process, which the end of input does not always tell.

A wrapper or a sibling may keep our stdin open when the client is long gone (LSP 3.17, ``processId``).
"""

import os
from collections.abc import Callable

from pipe_rpc.child.zombie import is_zombie
from pipe_rpc.loop.loop import READ, Loop, Watch


class ClientWatch:
    """Calls ``on_end`` when a process that is no child of ours ends, or at once where it already has."""

    def __init__(self, loop: Loop, on_end: Callable[[str], None], *, poll_s: float) -> None:
        """Where no descriptor tells of the end, it is looked for every ``poll_s`` seconds."""
        self._loop = loop
        self._on_end = on_end
        self._poll_s = poll_s
        self._watches: list[Watch] = []

    def watch(self, pid: int) -> None:
        """Watch one more process."""
        if not hasattr(os, "pidfd_open"):
            self._poll(pid)
            return
        try:
            self._watches.append(self._loop.watch(os.pidfd_open(pid), READ, lambda: self._ended(pid)))
        except (ProcessLookupError, OverflowError):
            self._loop.call_at(self._loop.now, lambda: self._ended(pid))
        except OSError:
            self._poll(pid)  # A kernel or a filter without pidfds.

    def close(self) -> None:
        """Watch nothing any more."""
        for watch in self._watches:
            self._loop.unwatch(watch)
            os.close(watch.fd)
        self._watches.clear()

    def _ended(self, pid: int) -> None:
        self.close()
        self._on_end(f"the client's process {pid} has ended")

    def _poll(self, pid: int) -> None:
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            self._ended(pid)
            return
        except OSError:
            pass  # It is there, and another user's; or the system cannot tell now.
        if is_zombie(pid):
            self._ended(pid)
            return
        self._loop.call_at(self._loop.now + self._poll_s, lambda: self._poll(pid))
