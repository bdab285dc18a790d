"""Process groups that outlived their sessions: nothing is told of them any more, and they end with the server."""

import signal
from contextlib import suppress

from pipe_rpc.child.spawn import Child


class Leftovers:
    """The last hold on what forgotten sessions left behind."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    def add(self, child: Child) -> None:
        """Keep hold of a child's group, which has members."""
        self._children.append(child)

    def count(self) -> int:
        """How many groups still have members; the others are let go of."""
        self._children = [child for child in self._children if child.group.has_members()]
        return len(self._children)

    def kill(self) -> None:
        """Kill all of them."""
        for child in self._children:
            with suppress(OSError):  # One that may not be signalled must not save the others.
                child.group.send(signal.SIGKILL)
