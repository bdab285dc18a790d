"""A control group of Linux (cgroups(7), version 2): a directory with all that a session ever starts.

Rules of this file: nothing is killed while the server itself would be hit. An empty cgroup is removed as soon as that
is seen, for nobody can be born there any more. A process leaves its cgroup only by the right to write to another one's
cgroup.procs: this is no prison for root, nor in a delegated scope for the user that it was delegated to.
"""

import errno
import os
import select
import time
from collections.abc import Generator
from contextlib import closing, suppress
from functools import partial

_TO_LOOK = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LOOK_AGAIN_MS = 10
"""Changes of cgroup.events are told at most so often (CGROUP_FILE_NOTIFY_MIN_INTV, kernel/cgroup/cgroup.c)."""
_IS_GONE = (errno.ENOENT, errno.ENODEV)
"""How a file tells that its directory was removed: before it is opened, and behind that."""


class Cgroup:
    """A directory in the cgroup file system that we have made."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.holds_server = False
        """Whether the server itself is in it, or in one below it, and could not leave."""
        self._gone = False

    def __repr__(self) -> str:
        return f"<Cgroup {self.path}>"

    def kill(self) -> bool:
        """Send SIGKILL to every process in it and below, also to those that are being forked (Linux 5.14).

        Whose they are does not matter. Returns whether that was done: not where the server itself would be hit, or
        where the directory is gone. Raises OSError: descriptors or memory have run out.
        """
        if self.holds_server or self._gone:
            return False
        try:
            write(f"{self.path}/cgroup.kill", b"1")
        except FileNotFoundError:
            return False
        return True

    def is_populated(self) -> bool:
        """Whether any process is, or may be, in it or below; one that has ended and was not reaped is none.

        An empty one is removed at once: nobody can be born there any more.
        """
        if self._gone:
            return False
        try:
            populated = b"populated 0" not in read(f"{self.path}/cgroup.events")
        except OSError as error:
            # Where descriptors or memory have run out, nobody can tell.
            self._gone = error.errno in _IS_GONE
            return not self._gone
        if not populated:
            self.remove()
        return populated

    def has_running(self) -> bool | None:
        """Whether any process in it or below is running, as of now; None where descriptors or memory have run out."""
        if not self.is_populated():
            return False
        try:
            with closing(_directories_below(self.path)) as below:
                return any(_processes(name, fd) for fd, name in below) or bool(_processes(self.path))
        except OSError:
            return False if _is_gone(self.path) else None

    def processes(self) -> set[int]:
        """Those in it and below, as of now; one that has ended and was not reaped is none. Raises OSError."""
        found = _processes(self.path).split()
        with closing(_directories_below(self.path)) as below:
            for fd, name in below:
                try:
                    found += _processes(name, fd).split()
                except OSError as error:
                    if error.errno != errno.EOPNOTSUPP:  # Those of a threaded one are told above it (cgroups(7)).
                        raise
        return {int(pid) for pid in found}

    def processor_time(self) -> tuple[float, float]:
        """Seconds in user mode and in the kernel of all that ever ran in it and below. Raises OSError."""
        told = dict(line.split() for line in read(f"{self.path}/cpu.stat").splitlines())
        return int(told[b"user_usec"]) / 1e6, int(told[b"system_usec"]) / 1e6

    def remove(self, within_s: float = 0.0) -> bool:
        """Remove the directory and those below it, once all are empty; returns whether that was done.

        Waits up to ``within_s`` seconds for processes that were killed to end.
        """
        deadline = time.monotonic() + within_s
        while not self._gone:
            self._gone = _remove(self.path)
            left_s = deadline - time.monotonic()
            if self._gone or left_s <= 0:
                break
            _wait_for_change(self.path, left_s)
        return self._gone


def read(path: str, dir_fd: int | None = None) -> bytes:
    """A file of the kernel, whole; ``dir_fd`` is the directory that a relative path starts from. Raises OSError."""
    with open(path, "rb", buffering=0, opener=partial(os.open, dir_fd=dir_fd)) as file:
        return file.readall()


def write(path: str, data: bytes) -> None:
    """Tell the kernel something. Raises OSError."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, data)
    finally:
        os.close(fd)


def directories_in(path: str | int) -> list[str]:
    """The names of the directories in one, which is a path or a descriptor. Raises OSError."""
    with os.scandir(path) as found:
        return [each.name for each in found if each.is_dir(follow_symlinks=False)]


def _directories_below(path: str) -> Generator[tuple[int, str], None, None]:
    """Every directory below one, after those below itself: where it is, as a descriptor until the next, and its name.

    It goes one step down or up at a time: whoever lives there may nest them deeper than a path may be long (PATH_MAX),
    than calls may, or than there are descriptors. Raises OSError.
    """
    fd = os.open(path, _TO_LOOK)
    try:
        way: list[str] = []
        unseen = [directories_in(fd)]
        while True:
            if unseen[-1]:
                name = unseen[-1].pop()
                with suppress(FileNotFoundError):  # It was removed meanwhile.
                    fd = _step(fd, name)
                    way.append(name)
                    unseen.append([])
                    unseen[-1] = directories_in(fd)
            elif way:
                unseen.pop()
                fd = _step(fd, "..")
                yield fd, way.pop()
            else:
                return
    finally:
        os.close(fd)


def _step(fd: int, name: str) -> int:
    """From one directory to one next to it; the descriptor is closed where that works. Raises OSError."""
    there = os.open(name, _TO_LOOK, dir_fd=fd)
    os.close(fd)
    return there


def _processes(directory: str, dir_fd: int | None = None) -> bytes:
    try:
        return read(f"{directory}/cgroup.procs", dir_fd)
    except OSError as error:
        if error.errno in _IS_GONE:
            return b""
        raise


def _remove(path: str) -> bool:
    """Remove a directory and those below it if no process is in any; returns whether it is gone."""
    try:
        os.rmdir(path)
    except FileNotFoundError:
        return True
    except OSError:
        return _remove_family(path)
    return True


def _remove_family(path: str) -> bool:
    try:
        # While anybody lives there, an empty one below may be in use.
        if b"populated 0" not in read(f"{path}/cgroup.events"):
            return False
        with closing(_directories_below(path)) as below:
            for fd, name in below:
                os.rmdir(name, dir_fd=fd)
        os.rmdir(path)
    except OSError:
        return _is_gone(path)
    return True


def _is_gone(path: str) -> bool:
    """Whether there is no such directory; what the system cannot tell for want of memory may be there."""
    try:
        os.stat(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def _wait_for_change(path: str, left_s: float) -> None:
    """Wait until the last of those that live there may have ended."""
    poller = select.poll()
    fd = -1
    with suppress(OSError):  # Without a descriptor it is looked at again after a while.
        fd = os.open(f"{path}/cgroup.events", os.O_RDONLY | os.O_CLOEXEC)
        os.read(fd, 1 << 12)  # News is what comes behind what was read.
        poller.register(fd, select.POLLPRI)
    poller.poll(min(_LOOK_AGAIN_MS, left_s * 1000))
    if fd >= 0:
        os.close(fd)
