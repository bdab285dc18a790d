"""Children for tests: started, read from, ended and reaped."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pipe_rpc.child.cgroup_tree import CgroupTree
from pipe_rpc.child.descriptor_limit import DescriptorLimit
from pipe_rpc.child.exit_status import ExitStatus
from pipe_rpc.child.spawn import Child, SpawnSpec, spawn
from tests.support.trace import DEADLINE_S


def spec(
    *argv: str,
    cwd: str | None = None,
    env: dict[str, str] | None = None,
    merge_stderr: bool = False,
    stdin_pipe: bool = True,
) -> SpawnSpec:
    """What to run, with the usual three pipes."""
    return SpawnSpec(argv, cwd, env, merge_stderr, stdin_pipe)


def close_pipes(child: Child) -> None:
    """Close our ends of a child's pipes."""
    for fd in (child.stdin_fd, child.stdout_fd, child.stderr_fd):
        if fd is not None:
            os.close(fd)


def wait_readable(fd: int) -> None:
    """Return when there is something to read; fails at the deadline."""
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    assert poller.poll(DEADLINE_S * 1000), f"nothing to read from descriptor {fd} within {DEADLINE_S:g} s"


def read_line(fd: int) -> str:
    """The next line, without its end, read byte by byte so that nothing behind it is taken."""
    line = b""
    while not line.endswith(b"\n"):
        wait_readable(fd)
        byte = os.read(fd, 1)
        assert byte, f"end of file behind {line!r}"
        line += byte
    return line.decode().rstrip("\n")


def read_all(fd: int) -> bytes:
    """Everything up to the end of file."""
    data = b""
    while True:
        wait_readable(fd)
        piece = os.read(fd, 65536)
        if not piece:
            return data
        data += piece


def reap_orphan(pid: int) -> int:
    """Wait for a grandchild that became a child of this process, a subreaper, when its parent ended."""
    return os.waitpid(pid, 0)[1]


def wait_and_reap(child: Child) -> ExitStatus:
    """Wait for the end of a child, and take its exit status."""
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    status = child.reap()
    assert status is not None
    return status


class Family:
    """Spawns children, and at the end leaves none of them, nor any of their groups."""

    def __init__(self) -> None:
        self.limit = DescriptorLimit()
        self._children: list[Child] = []
        self._reaped: list[Child] = []

    def spawn(self, wanted: SpawnSpec) -> Child:
        """Start a child that is ended with this object, unless it was reaped before."""
        child = spawn(wanted, self.limit, CgroupTree(None))
        self._children.append(child)
        return child

    def reap(self, child: Child) -> None:
        """Wait for the end of a child and note it."""
        wait_and_reap(child)
        self._children.remove(child)
        self._reaped.append(child)
        child.group.leader_reaped()

    def close(self) -> None:
        """End everything."""
        for child in self._children:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            _reap_group(child)
        for child in self._reaped:
            with suppress(ProcessLookupError):
                child.group.send(signal.SIGKILL)
                _reap_group(child)
        for child in [*self._children, *self._reaped]:
            child.group.forget()
            close_pipes(child)
        self.limit.close()


def _reap_group(child: Child) -> None:
    """Reap the killed members of a group, which came to this process, a subreaper, when their parents ended."""
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-child.pid, 0)


@contextmanager
def family() -> Iterator[Family]:
    """A family that is ended behind the block."""
    made = Family()
    try:
        yield made
    finally:
        made.close()
