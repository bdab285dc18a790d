"""Starting a child: three pipes, a session and process group of its own, and a failure that tells its stage.

Rules of this file: a failed spawn leaves nothing behind; a child has exactly descriptors 0, 1 and 2; nobody but
``Child.reap`` waits for it. ``preexec_fn`` is never used: it costs vfork, and 28 ms a spawn in a large process.
"""

import errno
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from pipe_rpc.child.cgroup import Cgroup
from pipe_rpc.child.cgroup_tree import CgroupTree
from pipe_rpc.child.descriptor_limit import DescriptorLimit
from pipe_rpc.child.exit_status import ExitStatus, LiveUsage, Usage, from_wait_status
from pipe_rpc.child.process_group import ProcessGroup

if TYPE_CHECKING:
    from pipe_rpc.child.launching import Launch

Stage = Literal["exec", "chdir", "limits", "fork"]

_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""Errors of the system rather than of the program, even where they have the name of a file (execve(2), open(2))."""
_MAX_RSS_UNIT = 1 if os.uname().sysname == "Darwin" else 1024
"""getrusage(2) counts the resident set in KiB, on macOS in bytes."""


class SpawnSpec(NamedTuple):
    """What to run.

    ``env`` is the whole environment; None inherits the server's. ``rlimits`` are pairs of a name in
    ``resource_limits.RESOURCES`` and the limit, soft and hard alike; ``nice`` is added to the niceness.
    """

    argv: tuple[str, ...]
    cwd: str | None
    env: Mapping[str, str] | None
    merge_stderr: bool
    stdin_pipe: bool
    rlimits: tuple[tuple[str, int], ...] = ()
    nice: int = 0


class SpawnError(Exception):
    """The child could not be started.

    ``stage`` is "exec" (the program), "chdir" (cwd), "limits" (rlimits and nice) or "fork" (the system); ``path`` names
    the program or the directory, or at the stage "limits" what of them is to blame.
    """

    def __init__(self, error: OSError, stage: Stage, path: str | None) -> None:
        super().__init__(f"{error.strerror} ({stage})")
        self.errno = error.errno or 0
        self.reason = error.strerror or str(error)
        self.stage = stage
        self.path = path


class Child:
    """A started process, what it starts in turn, and our ends of its pipes, which the caller closes."""

    def __init__(
        self,
        pid: int,
        group: ProcessGroup,
        stdin_fd: int | None,
        stdout_fd: int,
        stderr_fd: int | None,
        cgroup: Cgroup | None = None,
    ) -> None:
        self.pid = pid
        self.group = group
        self.cgroup = cgroup
        """Where everything that it starts is born; None where it has none. Who may write to another one's cgroup.procs,
        as root may, or whom both were delegated to, can leave."""
        self.stdin_fd = stdin_fd
        self.stdout_fd = stdout_fd
        self.stderr_fd = stderr_fd

    def reap(self) -> ExitStatus | None:
        """Take the exit status, once; None while the process lives.

        Call ``group.leader_reaped`` next, once nobody watches the pidfd any more.
        """
        pid, status, used = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            return None
        return from_wait_status(status, Usage(used.ru_utime, used.ru_stime, used.ru_maxrss * _MAX_RSS_UNIT))

    def kill(self) -> None:
        """Send SIGKILL to the group, and to everything in the cgroup.

        Raises ProcessLookupError where nobody is left in the group, PermissionError where the system refuses, and
        OSError where descriptors or memory have run out.
        """
        try:
            all_are_killed = self.cgroup is not None and self.cgroup.kill()
        except OSError:
            with suppress(ProcessLookupError):  # There may be somebody in the cgroup all the same.
                self.group.send(signal.SIGKILL)
            raise
        try:
            self.group.send(signal.SIGKILL)
        except PermissionError:
            if not all_are_killed:
                raise  # Else it runs a set-uid program, which has no say in the end of its cgroup.

    def has_processes(self) -> bool:
        """Whether anything of the group or in the cgroup is left; an unreaped child counts."""
        return self.group.has_members() or (self.cgroup is not None and self.cgroup.is_populated())

    def has_running(self) -> bool | None:
        """Whether anything that the child, which has ended, started is running now; None where nobody can know."""
        return None if self.cgroup is None else self.cgroup.has_running()

    def usage(self) -> LiveUsage | None:
        """What it and all that it started use now, as far as anybody can know; None where nobody can."""
        try:
            from pipe_rpc.child.live_usage import live_usage  # Few ask.
        except OSError:
            return None  # There is no descriptor to import it with.
        return live_usage(self.pid, self.cgroup)

    def discard(self, cgroups: CgroupTree) -> None:
        """Kill everything of a child that nobody is going to watch, and reap it; its pipes are the caller's.

        What of its cgroup cannot be killed or removed now is left to ``cgroups``.
        """
        how = 0
        try:
            self.kill()
        except PermissionError:
            how = os.WNOHANG  # A set-uid program may live as long as it likes; it is reaped as orphans are.
        except OSError:
            pass  # Of its cgroup: it has not reached everybody, who is condemned below.
        os.waitpid(self.pid, how)
        self.group.forget()
        if self.cgroup is not None:
            cgroups.condemn(self.cgroup)


def spawn(spec: SpawnSpec, descriptor_limit: DescriptorLimit, cgroups: CgroupTree) -> Child:
    """Start a child, in a cgroup of its own where there are any. Raises SpawnError; nothing is left behind then."""
    opened: list[int] = []
    pid = 0
    launch = None
    try:
        stdin_fds = _open_pipe(opened) if spec.stdin_pipe else (None, None)
        stdout_fds = _open_pipe(opened)
        stderr_fds = (None, None) if spec.merge_stderr else _open_pipe(opened)
        if spec.rlimits or spec.nice:
            launch = _launch(spec)
        # Keeps a number free for the pidfd, so that a child that runs is not lost for want of one.
        opened.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
        with cgroups.birth() as cgroup, descriptor_limit.original():
            pid = _start(spec, launch, stdin_fds[0], stdout_fds[1], stderr_fds[1])
        os.close(opened.pop())
        if launch is not None:
            _require_program(spec, launch)
        pidfd = os.pidfd_open(pid) if pidfd_works() else None
    except (OSError, SpawnError) as error:
        if pid:
            # No pidfd is to be had (the system has run out of files or memory), or no way back from its cgroup: a child
            # that nobody can watch must not run. Or it is a launcher that has failed.
            Child(pid, ProcessGroup(pid, None), None, stdout_fds[0], None, cgroup).discard(cgroups)
        _close(opened)
        if isinstance(error, SpawnError):
            raise
        raise SpawnError(error, "fork", None) from None
    except BaseException:
        _close(opened)
        raise
    finally:
        if launch is not None:
            launch.close()
    _close([fd for fd in (stdin_fds[0], stdout_fds[1], stderr_fds[1]) if fd is not None])
    return Child(pid, ProcessGroup(pid, pidfd), stdin_fds[1], stdout_fds[0], stderr_fds[0], cgroup)


@cache
def pidfd_works() -> bool:
    """Whether the kernel has pidfds (Linux 5.3) and lets us have them (a seccomp filter may not)."""
    if not hasattr(os, "pidfd_open"):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


def _launch(spec: SpawnSpec) -> "Launch":
    from pipe_rpc.child.launching import Launch  # Few children have limits of their own.

    return Launch(spec.argv, spec.env, spec.rlimits, spec.nice)


def _require_program(spec: SpawnSpec, launch: "Launch") -> None:
    """Wait until the launcher has become the program. Raises SpawnError where it cannot, and OSError."""
    failure = launch.failure()
    if failure is not None:
        path = spec.argv[0] if failure.stage == "exec" else failure.member
        raise SpawnError(OSError(failure.errno, failure.reason), failure.stage, path)


def _start(spec: SpawnSpec, launch: "Launch | None", stdin: int | None, stdout: int, stderr: int | None) -> int:
    # Imported at the first spawn: it takes as long as the whole start of the server.
    import subprocess

    # Popen names what failed in ``filename`` and hands back the very object that it was given: bytes can only be cwd.
    cwd = None if spec.cwd is None else os.fsencode(spec.cwd)
    process = subprocess.Popen.__new__(subprocess.Popen)
    try:
        subprocess.Popen.__init__(
            process,
            spec.argv if launch is None else launch.argv,
            cwd=cwd,
            env=spec.env if launch is None else launch.env,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=stdout,
            stderr=subprocess.STDOUT if stderr is None else stderr,
            start_new_session=True,
            pass_fds=() if launch is None else (launch.report_fd,),
        )
    except OSError as error:
        if process.pid is not None and process.returncode is None:
            # It was forked, and the system failed when Popen wanted to hear whether it executes.
            process.returncode = 0
            os.kill(process.pid, signal.SIGKILL)
            os.waitpid(process.pid, 0)
        if error.filename is None or error.errno in _NO_ROOM:
            raise
        if isinstance(error.filename, bytes):
            raise SpawnError(error, "chdir", spec.cwd) from None
        if launch is not None and error.errno != errno.E2BIG:
            raise SpawnError(error, "limits", launch.argv[0]) from None
        raise SpawnError(error, "exec", spec.argv[0]) from None
    # Child.reap alone waits for the process. Left as None, Popen's finalizer would wait for the number too, which by
    # then may be another child's.
    process.returncode = 0
    return process.pid


def _open_pipe(opened: list[int]) -> tuple[int, int]:
    fds = os.pipe()
    opened.extend(fds)
    return fds


def _close(fds: list[int]) -> None:
    for fd in fds:
        os.close(fd)
