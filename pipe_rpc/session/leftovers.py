"""What outlived its session, group or cgroup: nothing is told of it any more, and it ends with the server."""

from contextlib import suppress

from pipe_rpc.child.spawn import Child


class Leftovers:
    """The last hold on what forgotten sessions left behind."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    def add(self, child: Child) -> None:
        """Keep hold of what a child has started, of which something is left."""
        self._children.append(child)

    def count(self) -> int:
        """Of how many children something is left; the others are let go of."""
        self._children = [child for child in self._children if child.has_processes()]
        return len(self._children)

    def kill(self) -> None:
        """Kill all of them; whom the system has no room to kill now is there for another try as long as it counts."""
        for child in self._children:
            with suppress(OSError):  # It is gone, or may not be killed; one must not save the others.
                child.kill()
