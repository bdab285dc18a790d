"""Finds what a test leaves behind: processes, zombies and descriptors.

The process that runs the tests is made a *child subreaper* (Linux): whatever a server leaves running when it ends
becomes a child of the test process, and so no survivor can hide, however it was daemonised.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys

from tests.support.processes import descendants, process_state

PR_SET_CHILD_SUBREAPER = 36
LINUX = sys.platform == "linux"


def become_subreaper() -> None:
    """From now on orphaned descendants become children of this process. Call it once, before the first test."""
    if LINUX:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def reap_like_init() -> None:
    """From now on reap orphans as they end, which servers that adopt none leave to the nearest init: this process."""

    def reap(*_: object) -> None:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            children = [int(pid) for pid in file.read().split()]
        for pid in children:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                # What leads a kernel session may have been started by a test, which waits for it.
                if os.getsid(pid) not in (os.getsid(0), pid) and process_state(pid) == "Z":
                    os.waitpid(pid, os.WNOHANG)

    signal.signal(signal.SIGCHLD, reap)


class LeakCheck:
    """Remembers what exists now; `leaks()` later tells what has been added, and gets rid of the processes."""

    def __init__(self) -> None:
        self._descriptors = open_descriptors()
        self._processes = set(own_descendants())

    def leaks(self) -> list[str]:
        """A sentence for each leak. Leaked processes are killed and reaped, so that the next test starts clean."""
        found = [
            f"descriptor {descriptor} ({target}) was left open"
            for descriptor, target in sorted(open_descriptors().items())
            if self._descriptors.get(descriptor) != target
        ]
        _reap_orphans()
        while added := [pid for pid in own_descendants() if pid not in self._processes]:
            for pid in added:
                found.append(f"process {pid} was left {_describe(pid)}")
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for pid in added:
                # A grandchild becomes our child as soon as its parent has been killed and reaped above.
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)
        return found


def _reap_orphans() -> None:
    """Reap ended orphans, as init would: those of another kernel session than ours, which we cannot have started.

    An ended process of our own session was started by a test, which should have waited for it.
    """
    for pid in own_descendants() if LINUX else []:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            if os.getsid(pid) != os.getsid(0) and process_state(pid) == "Z":
                os.waitpid(pid, os.WNOHANG)


def own_descendants() -> list[int]:
    """The process ids of all descendants, zombies included."""
    if LINUX:
        return [] if _is_childless() else descendants(os.getpid())
    listing = subprocess.run(["pgrep", "-P", str(os.getpid())], capture_output=True, text=True, check=False)
    return [int(pid) for pid in listing.stdout.split() if process_exists(int(pid))]


def _is_childless() -> bool:
    """Whether this process has no child now: asked twice for each test, and most have none to look for in /proc."""
    for thread in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{thread}/children", encoding="ascii") as children:
                if children.read():
                    return False
        except FileNotFoundError:
            return False  # A kernel without such files, or a thread that has ended and left its children to another.
    return True


def process_exists(pid: int) -> bool:
    """Is there a process of that number, a zombie included?"""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def open_descriptors() -> dict[int, str]:
    """The descriptors of this process and what they are."""
    directory = "/proc/self/fd" if LINUX else "/dev/fd"
    found: dict[int, str] = {}
    for name in os.listdir(directory):
        descriptor = int(name)
        try:
            found[descriptor] = os.readlink(f"{directory}/{name}") if LINUX else str(os.fstat(descriptor).st_ino)
        except OSError:
            continue  # The descriptor of the listing itself.
    return found


def _describe(pid: int) -> str:
    if not LINUX:
        return "running"
    if process_state(pid) == "Z":
        return "as a zombie"
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as command_line:
            command = command_line.read().replace(b"\0", b" ").decode(errors="replace").strip()
    except (FileNotFoundError, ProcessLookupError):
        return "and has just ended"
    return f"running: {command}"
