"""The control groups of a server: one of its own, and one for each session below.

Rules of this file: the server stays in the cgroup that it was started in, its home. A child is born inside its own by
the server's stepping in, starting it, and stepping back; the server has one thread, so nothing else is born there. A
cgroup that the server could not leave is never killed. Whatever the system refuses, there is no cgroup then, and
nobody is worse off.

The first step after a pause waits for the kernel, some 10 ms (percpu_down_write, kernel/cgroup/cgroup.c, unless the
hierarchy is mounted with favordynmods); one that follows soon takes some 50 us.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pipe_rpc.child.cgroup import Cgroup, directories_in, read, write
from pipe_rpc.child.cgroup_place import PREFIX, is_abandoned, own_path, server_directory


class CgroupTree:
    """The server's own directory in its home, and those of its sessions below; ``home`` None makes no cgroups.

    Where another server has gone from the same home without a chance to clean up, what it left is killed and removed.
    """

    def __init__(self, home: str | None) -> None:
        self._made = 0
        self._away: Cgroup | None = None
        self._home_fd = -1
        self._abandoned: list[Cgroup] = []
        self._top: Cgroup | None = None
        self._own_path: str | None = None
        if home is not None:
            self._abandoned = _kill_abandoned(home)
            self._top = self._make_top(home)

    @property
    def works(self) -> bool:
        """Whether sessions get a cgroup."""
        return self._top is not None

    @contextmanager
    def birth(self) -> Iterator[Cgroup | None]:
        """Be in a new cgroup for the length of a block, so that what is started in it is born there; None: at home.

        Where the block fails, the cgroup is removed. Raises OSError where the server could not come back, and as long
        as it cannot: nothing else must be born in that cgroup.
        """
        if self._away is not None:
            self._step_back(self._away)
        self._sweep()
        cgroup = self._step_in()
        if cgroup is None:
            yield None
            return
        try:
            yield cgroup
        except BaseException:
            self._step_back(cgroup)
            self.condemn(cgroup)
            raise
        self._step_back(cgroup)

    def condemn(self, cgroup: Cgroup) -> None:
        """Kill what was born in a cgroup, and remove it: now, or as soon as the system lets us."""
        if cgroup not in self._abandoned:
            self._abandoned.append(cgroup)
        self._sweep()

    def kill(self) -> None:
        """Kill everything that was born in any of them, in one stroke.

        Raises OSError where descriptors or memory have run out.
        """
        if self._top is None:
            return
        if self._away is not None:
            with suppress(OSError):  # Then all others are killed one by one.
                self._step_back(self._away)
        if self._away is None:
            self._top.kill()
            return
        # It is in this one, and not in what was made below.
        for parent in (self._top.path, self._away.path):
            for name in directories_in(parent):
                if f"{parent}/{name}" != self._away.path:
                    Cgroup(f"{parent}/{name}").kill()

    def close(self, within_s: float) -> bool:
        """Remove every directory, what is in it killed; returns whether they are gone within so many seconds."""
        self._sweep()
        doomed, self._abandoned = self._abandoned, []
        if self._top is not None:
            with suppress(OSError):  # What lives on keeps its directory, which the caller hears.
                self.kill()
            doomed.append(self._top)
            self._top = None
            os.close(self._home_fd)
        deadline = time.monotonic() + within_s
        return not [each for each in doomed if not each.remove(deadline - time.monotonic())]

    def _make_top(self, home: str) -> Cgroup | None:
        try:
            self._own_path = own_path()
            path = server_directory(home, os.getpid())
            os.mkdir(path)
        except OSError:
            return None  # It is another's (EACCES), read-only (EROFS), or full: we do without.
        top = Cgroup(path)
        try:
            # A threaded home (cgroups(7), "Thread mode") has no room for processes of other kinds.
            if os.access(f"{path}/cgroup.kill", os.W_OK) and read(f"{path}/cgroup.type") == b"domain\n":
                self._home_fd = os.open(f"{home}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
                return top
        except OSError:
            pass  # There would be no way back home.
        self.condemn(top)
        return None

    def _step_in(self) -> Cgroup | None:
        if self._top is None:
            return None
        self._made += 1
        cgroup = Cgroup(f"{self._top.path}/{self._made:08x}")
        try:
            if own_path() != self._own_path:
                return None  # Somebody has moved the server meanwhile: to step back home would undo that.
            os.mkdir(cgroup.path)
            write(f"{cgroup.path}/cgroup.procs", b"0")
        except OSError:
            self.condemn(cgroup)  # This one session does without, and says so.
            return None
        return cgroup

    def _step_back(self, cgroup: Cgroup) -> None:
        assert self._top is not None, "who has stepped in has a tree"
        self._away = cgroup
        self._top.holds_server = cgroup.holds_server = True
        try:
            os.write(self._home_fd, b"0")
        except OSError:
            self.condemn(cgroup)
            raise
        self._top.holds_server = cgroup.holds_server = False
        self._away = None

    def _sweep(self) -> None:
        if self._abandoned:
            self._abandoned = [each for each in self._abandoned if not _kill_and_remove(each)]


def _kill_and_remove(cgroup: Cgroup) -> bool:
    """Kill what is in it; returns whether it is gone."""
    with suppress(OSError):  # Descriptors or memory have run out, or it is another's: what lives on keeps it.
        cgroup.kill()
    return cgroup.remove()


def _kill_abandoned(home: str) -> list[Cgroup]:
    """Kill what servers that are gone left behind; returns the cgroups that are not empty yet."""
    left: list[Cgroup] = []
    try:
        names = os.listdir(home)
    except OSError:
        return left  # Others than its owner may not look.
    for name in names:
        with suppress(OSError):  # Of this one nobody can tell whose it is: the others are looked at all the same.
            if name.startswith(PREFIX) and is_abandoned(name):
                cgroup = Cgroup(f"{home}/{name}")
                if not _kill_and_remove(cgroup):
                    left.append(cgroup)
    return left
