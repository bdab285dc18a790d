"""The systems that servers are tested on, each by what it lacks: ``PIPE_RPC_TEST_SYSTEM`` names one of them.

The features are switched off inside the server's process, so that the tests keep their own eyes.
"""

from __future__ import annotations

import os

LACKS: dict[str, tuple[str, ...]] = {
    "own": (),
    # A sandbox refuses pidfd_open; Linux before 5.3 has none.
    "no-pidfd": ("pidfd",),
    # Linux before 6.9: pidfds, but none that stands for a process group.
    "no-group-signal": ("group-signal",),
    "poll": ("epoll",),
    "select": ("epoll", "poll"),
    # Neither guard nor adoption of orphans.
    "no-prctl": ("prctl",),
    # A chroot without /proc: as above, and descriptors cannot be listed.
    "no-proc": ("proc",),
    # O_NONBLOCK is taken on inherited descriptors, and given back.
    "no-nowait": ("nowait",),
    # Everything at once, and so no way to tell a zombie from a living process that is no child.
    "poor": ("pidfd", "group-signal", "epoll", "prctl", "proc", "nowait", "waitid", "zombies"),
    # The same, with a kqueue for exits and macOS's habits: see tests/support/macos.py.
    "macos": ("pidfd", "group-signal", "epoll", "prctl", "proc", "nowait", "waitid", "linux"),
}
"""What to switch off, by the name of the system; ``own`` is the one that the tests run on."""

SYSTEM = os.environ.get("PIPE_RPC_TEST_SYSTEM", "own")
"""Which of them this run is about."""


OWN_START = "own-start"
"""What every system lacks but our own: a start in which nothing is imported but what the server imports."""


def lacking(feature: str) -> bool:
    """Whether the servers of this run have to do without."""
    return feature in LACKS[SYSTEM] or (feature == OWN_START and SYSTEM != "own")
