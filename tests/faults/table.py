"""Every call of the system that the server makes: how it fails, on which occasion, and with what errnos.

Rules of this file: a call is named by the file and the function as it is written there. Each has rows, or a reason why
it needs none; the test of the table finds a call that has neither.
"""

from errno import (
    EACCES,
    EAGAIN,
    EBUSY,
    ECHILD,
    ECONNRESET,
    EINTR,
    EINVAL,
    EIO,
    EMFILE,
    ENFILE,
    ENOBUFS,
    ENODEV,
    ENOENT,
    ENOMEM,
    ENOSPC,
    ENOTEMPTY,
    EOPNOTSUPP,
    EPERM,
    EPIPE,
    EROFS,
    ESRCH,
)
from typing import NamedTuple

from tests.faults import containment, ends, occasions
from tests.faults.containment import exit_is_told_and_what_is_left_not_guessed
from tests.faults.injection import FORK, REGISTER, SELECT
from tests.faults.occasions import Occasion, spawn_is_refused, spawn_is_survived

PASSING = (EINTR, EAGAIN, ENOMEM, ENOBUFS)
"""What may be over the next time. Python itself tries again at EINTR (PEP 475), unless something else is in between."""
WRITING_FAILS = (EIO, EMFILE, ENFILE, ENOSPC, EPIPE, ECONNRESET)
READING_FAILS = (EIO, EMFILE, ENFILE, ENOSPC, ECONNRESET)
NO_DESCRIPTOR = (EMFILE, ENFILE, ENOMEM)
NO_ROOM = (ENOMEM, ENOSPC)
NOT_IN = (EBUSY, ENOMEM, EACCES, EAGAIN, ENODEV, EOPNOTSUPP)
"""How a cgroup refuses a process: its controllers, its kind, its limits, or the right to it (cgroups(7))."""
READ = "pipe_rpc.child.cgroup.open"


class Row(NamedTuple):
    """A call that fails, an occasion, and the errnos that lead to the same."""

    site: str
    """The file in which the call is written, and the call as it is written there."""
    occasion: Occasion
    numbers: tuple[int, ...]
    patched: str = ""
    """What is made to fail, where that is something else than what is written."""
    only: str = ""
    """Which of these calls: how the path ends that is its first argument."""

    @property
    def call(self) -> str:
        """What is made to fail."""
        return self.patched or self.site.partition(" ")[2]


ROWS = [
    # The loop
    Row("loop/loop.py self._selector.register", spawn_is_survived(at=1), NO_ROOM, REGISTER),
    Row("loop/loop.py self._selector.register", spawn_is_survived(at=2), NO_ROOM, REGISTER),
    Row("loop/loop.py self._selector.register", spawn_is_survived(at=3), NO_ROOM, REGISTER),
    Row("loop/loop.py self._selector.register", spawn_is_survived(times=20), NO_ROOM, REGISTER),
    Row("loop/loop.py self._selector.register", occasions.write_is_finished, NO_ROOM, REGISTER),
    Row("loop/loop.py self._selector.register", occasions.slow_client_gets_everything, NO_ROOM, REGISTER),
    Row("loop/loop.py self._selector.select", occasions.server_ends_in_order, (ENOMEM, EINVAL), SELECT),
    # Descriptors
    Row("loop/descriptor.py os.readv", occasions.output_comes_all_the_same, PASSING),
    Row("loop/descriptor.py os.readv", occasions.exit_does_not_overtake_output, PASSING),
    Row("loop/descriptor.py os.readv", occasions.stream_ends_alone, READING_FAILS),
    Row("loop/descriptor.py os.writev", occasions.write_is_finished, PASSING),
    Row("loop/descriptor.py os.writev", occasions.stdin_ends_alone, WRITING_FAILS),
    Row("loop/descriptor.py os.preadv", occasions.conversation_goes_on, PASSING),
    Row("loop/descriptor.py os.preadv", occasions.server_ends_in_order, READING_FAILS),
    Row("loop/descriptor.py os.pwritev", occasions.conversation_goes_on, PASSING),
    Row("loop/descriptor.py os.pwritev", occasions.server_ends_in_order, WRITING_FAILS),
    Row("loop/descriptor.py os.pwritev", occasions.log_line_is_dropped, (*PASSING, *WRITING_FAILS)),
    Row("loop/descriptor.py os.set_blocking", spawn_is_refused(at=1), (ENOMEM, EIO)),
    Row("loop/descriptor.py os.set_blocking", spawn_is_refused(at=2), (ENOMEM, EIO)),
    Row("loop/descriptor.py os.set_blocking", spawn_is_refused(at=3), (ENOMEM, EIO)),
    Row("loop/descriptor.py os.fstat", spawn_is_refused(at=1), (ENOMEM, EIO)),
    Row("loop/descriptor.py os.fstat", spawn_is_refused(at=2), (ENOMEM, EIO)),
    Row("loop/descriptor.py os.fstat", spawn_is_refused(at=3), (ENOMEM, EIO)),
    # Spawning
    Row("child/spawn.py os.pipe", spawn_is_refused(at=1), NO_DESCRIPTOR),
    Row("child/spawn.py os.pipe", spawn_is_refused(at=2), NO_DESCRIPTOR),
    Row("child/spawn.py os.pipe", spawn_is_refused(at=3), NO_DESCRIPTOR),
    Row("child/spawn.py os.pipe", spawn_is_refused(at=1, mergeStderr=True, stdin="null"), NO_DESCRIPTOR),
    Row("child/spawn.py os.open", spawn_is_refused(), NO_DESCRIPTOR, only="null"),
    Row("child/spawn.py os.pidfd_open", spawn_is_refused(), NO_DESCRIPTOR),
    Row("child/spawn.py subprocess.Popen.__init__", spawn_is_refused(), (EAGAIN, ENOMEM), FORK),
    Row("child/spawn.py subprocess.Popen.__init__", spawn_is_refused(at=4), NO_DESCRIPTOR, "os.pipe"),
    Row(
        "child/spawn.py subprocess.Popen.__init__",
        spawn_is_refused(at=2, stdin="null"),
        NO_DESCRIPTOR,
        "os.open",
        "null",
    ),
    Row("child/spawn.py subprocess.Popen.__init__", spawn_is_refused(), (EIO, ENOMEM), "os.read"),
    Row("child/launching.py os.pipe", spawn_is_refused(at=4, rlimits={"core": 0}), NO_DESCRIPTOR),
    Row("child/launching.py os.read", spawn_is_refused(at=2, nice=1), (EIO, ENOMEM)),
    Row("child/file_writer.py os.open", occasions.tee_is_refused(), (*NO_DESCRIPTOR, EACCES, EROFS, ENOSPC)),
    Row("child/file_writer.py os.set_blocking", occasions.tee_is_refused(), (ENOMEM,)),
    Row("child/file_writer.py os.pipe", occasions.tee_is_refused(at=1), NO_DESCRIPTOR),
    Row("child/file_writer.py os.pipe", occasions.tee_is_refused(at=2), NO_DESCRIPTOR),
    Row("child/file_writer.py mmap.mmap", occasions.tee_is_refused(), (ENOMEM,)),
    Row("child/file_writer.py os.fork", occasions.tee_is_refused(), (EAGAIN, ENOMEM)),
    Row("session/env_file.py os.stat", spawn_is_refused(envFile=__file__), (ENOMEM,), only=__file__),
    Row("session/env_file.py os.open", spawn_is_refused(envFile=__file__), NO_DESCRIPTOR, only=__file__),
    Row("session/env_file.py os.fstat", spawn_is_refused(envFile=__file__), (ENOMEM,)),
    Row("session/env_file.py os.read", spawn_is_refused(envFile=__file__), (ENOMEM,)),
    Row("child/descriptor_limit.py resource.setrlimit", spawn_is_refused(), (EPERM, ENOMEM)),
    Row("child/descriptor_limit.py resource.setrlimit", spawn_is_survived(at=2), (EPERM, ENOMEM)),
    Row("child/descriptor_limit.py os.open", spawn_is_survived(at=2), NO_DESCRIPTOR, only="null"),
    Row("buffers/ring.py mmap.mmap", spawn_is_refused(at=1), (ENOMEM, EAGAIN)),
    Row("buffers/ring.py mmap.mmap", spawn_is_refused(at=2), (ENOMEM, EAGAIN)),
    Row("session/spawning.py os.getcwd", spawn_is_survived(), (ENOENT, EACCES, ENOMEM, EIO)),
    # Ends
    Row("child/spawn.py os.wait4", ends.exit_is_told, (EINTR, EAGAIN, ENOMEM)),
    Row("child/spawn.py os.wait4", ends.server_ends_when_somebody_else_reaps, (ECHILD,)),
    Row("session/output_stream.py fcntl.ioctl", occasions.exit_is_told_without_a_count, (EIO, ENOMEM, EPERM)),
    Row(
        "child/process_group.py signal.pidfd_send_signal",
        ends.signal_is_refused,
        (EPERM, ESRCH, EAGAIN, EINVAL, ENOMEM),
    ),
    Row(
        "child/process_group.py signal.pidfd_send_signal",
        ends.termination_is_refused_and_the_deadline_holds,
        (EPERM, EAGAIN, ENOMEM),
    ),
    Row("child/process_group.py signal.pidfd_send_signal", ends.exit_is_told, (EPERM, EAGAIN, ENOMEM)),
    Row("child/process_group.py signal.pidfd_send_signal", ends.kill_is_refused_and_tried_again, (EAGAIN, ENOMEM)),
    Row("child/process_group.py os.pidfd_open", ends.signal_is_sent_by_number, NO_DESCRIPTOR),
    Row("child/process_group.py os.killpg", ends.group_is_signalled_by_number, (EPERM, EAGAIN, ENOMEM)),
    # Orphans
    Row("child/prctl.py open", ends.termination_is_survived, NO_DESCRIPTOR, "pipe_rpc.child.prctl.open"),
    Row("child/prctl.py open", ends.orphan_is_reaped, NO_DESCRIPTOR, "pipe_rpc.child.prctl.open"),
    Row("child/prctl.py open", ends.shutdown_leaves_nothing, NO_DESCRIPTOR, "pipe_rpc.child.prctl.open"),
    Row("child/orphans.py os.waitid", ends.orphan_is_reaped, (EINTR, ENOMEM)),
    Row("child/orphans.py os.waitpid", ends.orphan_is_reaped, (EINTR, ENOMEM)),
    Row("child/orphans.py os.getsid", ends.orphan_is_reaped, (EPERM, ENOMEM)),
    Row("child/orphans.py os.getsid", ends.shutdown_leaves_nothing, (EPERM, ENOMEM)),
    Row("child/orphans.py os.getpgid", ends.shutdown_leaves_nothing, (EPERM, ENOMEM)),
    Row("child/orphans.py os.kill", ends.shutdown_leaves_nothing, (EPERM, EAGAIN, ENOMEM)),
    # Control groups
    Row("child/cgroup.py open", containment.session_does_without, NO_DESCRIPTOR, READ, "/proc/self/cgroup"),
    Row("child/cgroup.py open", exit_is_told_and_what_is_left_not_guessed(None), NO_DESCRIPTOR, READ),
    Row("child/cgroup.py open", exit_is_told_and_what_is_left_not_guessed(None), NO_DESCRIPTOR, READ, "cgroup.procs"),
    Row(
        "child/cgroup.py open",
        exit_is_told_and_what_is_left_not_guessed(None, True),
        NO_DESCRIPTOR,
        READ,
        "cgroup.events",
    ),
    Row("child/cgroup.py open", containment.nothing_is_left_at_the_end, NO_DESCRIPTOR, READ),
    Row("child/cgroup.py open", containment.directory_is_removed_later, NO_DESCRIPTOR, READ, "cgroup.events"),
    Row("child/cgroup.py os.scandir", exit_is_told_and_what_is_left_not_guessed(None), NO_DESCRIPTOR),
    Row("child/cgroup.py os.open", containment.session_does_without, NO_DESCRIPTOR, only="cgroup.procs"),
    Row("child/cgroup.py os.open", containment.kill_is_refused_and_tried_again, NO_DESCRIPTOR, only="cgroup.kill"),
    Row("child/cgroup.py os.open", containment.kill_at_the_deadline_is_tried_again, NO_DESCRIPTOR, only="cgroup.kill"),
    Row("child/cgroup.py os.open", containment.nothing_is_left_at_the_end, NO_DESCRIPTOR, only="cgroup.kill"),
    Row("child/cgroup.py os.write", containment.session_does_without, NOT_IN),
    Row("child/cgroup.py os.write", containment.kill_is_refused_and_tried_again, (ENOMEM,)),
    Row("child/cgroup.py os.rmdir", containment.directory_is_removed_later, (EBUSY, ENOMEM, ENOTEMPTY)),
    Row("child/cgroup.py os.rmdir", containment.nothing_is_left_at_the_end, (EBUSY, ENOMEM, ENOTEMPTY)),
    Row("child/cgroup_tree.py os.mkdir", containment.session_does_without, (*NO_ROOM, EAGAIN, EACCES, EROFS)),
    Row("child/cgroup_tree.py os.write", spawn_is_refused(at=2), NOT_IN),
    # The client's process
    Row("server/client_watch.py os.pidfd_open", ends.client_is_asked_for, NO_DESCRIPTOR),
    Row("server/client_watch.py os.kill", ends.client_is_asked_for_without_help, (EPERM, EAGAIN, ENOMEM)),
    Row(
        "child/zombie.py open",
        ends.client_is_asked_for_without_help,
        NO_DESCRIPTOR,
        "pipe_rpc.child.zombie.open",
    ),
]

_AT_START = "made once, before the first request: where it fails nothing is served; see test_descriptor_limits.py"
_CLOSE = "closing a pipe, a pidfd or /dev/null does not fail: there is nothing left to write (close(2))"
_FLAGS = "made where RWF_NOWAIT does not work; reading and setting flags does not fail on an open descriptor (fcntl(2))"
_KQUEUE = "macOS"
_OURS = "an unreaped child of our own can be killed and waited for (kill(2), waitpid(2))"
_GUARD = "made by the guard, a process of its own; see tests/server/test_guard.py"
_NO_CGROUPS = "made once, at the start: where it fails no session has a cgroup; see tests/child/test_cgroup_tree.py"
_ENDING = "made while those that were killed end: where it fails the wait is 10 ms at a time"
_LAUNCHER = "made by the launcher, a process of its own; see tests/child/test_launching.py"
_WRITER = "made by the process that writes a file; see tests/child/test_file_writer.py"
_MASK = "does not fail for signals that there are (pthread_sigmask(3))"
_USAGE = "made for who asks: where it fails nobody can know; see tests/child/test_live_usage.py"
_POLL = "poll(2) over a few descriptors needs no memory of its own"

ELSEWHERE = {
    "loop/loop.py selectors.DefaultSelector": _AT_START,
    "loop/loop.py self._selector.unregister": "the selector takes any failure for a descriptor that is gone",
    "loop/loop.py self._selector.close": _CLOSE,
    "loop/loop.py select.poll": _POLL,
    "loop/signals.py os.pipe": _AT_START,
    "loop/signals.py signal.signal": _AT_START,
    "loop/signals.py signal.set_wakeup_fd": _AT_START,
    "loop/descriptor.py os.close": _CLOSE,
    "loop/descriptor.py os.get_blocking": _FLAGS,
    "loop/descriptor.py fcntl.fcntl": _AT_START,
    "loop/descriptor.py os.dup2": _AT_START,
    "loop/descriptor.py os.isatty": _AT_START,
    "loop/descriptor.py os.open": _AT_START,
    "loop/descriptor.py os.ttyname": _AT_START,
    "child/spawn.py os.close": _CLOSE,
    "child/cgroup.py os.close": _CLOSE,
    "child/cgroup.py os.read": _ENDING,
    "child/cgroup.py os.stat": "made where another call has failed; see tests/child/test_cgroup.py",
    "child/cgroup.py select.poll": _POLL,
    "child/cgroup_place.py os.kill": _NO_CGROUPS,
    "child/cgroup_place.py os.readlink": _NO_CGROUPS,
    "child/cgroup_tree.py os.access": _NO_CGROUPS,
    "child/cgroup_tree.py os.close": _CLOSE,
    "child/cgroup_tree.py os.listdir": _NO_CGROUPS,
    "child/cgroup_tree.py os.open": _NO_CGROUPS,
    "child/spawn.py os.kill": _OURS,
    "child/spawn.py os.waitpid": _OURS,
    "child/spawn.py os.uname": _AT_START,
    "child/descriptor_limit.py os.close": _CLOSE,
    "child/descriptor_limit.py resource.getrlimit": _AT_START,
    "child/exit_kqueue.py select.kevent": _KQUEUE,
    "child/exit_kqueue.py select.kqueue": _KQUEUE,
    "child/zombie.py select.kevent": _KQUEUE,
    "child/zombie.py select.kqueue": _KQUEUE,
    "child/process_group.py os.close": _CLOSE,
    "child/process_group.py os.kill": "asks whether a number is taken; every answer but ESRCH says so",
    "child/file_writer.py os.close": _CLOSE,
    "child/file_writer.py os.closerange": _WRITER,
    "child/file_writer.py os.dup": _WRITER,
    "child/file_writer.py os.dup2": _WRITER,
    "child/file_writer.py os.kill": _OURS,
    "child/file_writer.py os.read": _WRITER,
    "child/file_writer.py os.sysconf": _WRITER,
    "child/file_writer.py os.waitpid": _OURS,
    "child/file_writer.py os.write": _WRITER,
    "child/file_writer.py signal.pthread_sigmask": _MASK,
    "child/file_writer.py signal.set_wakeup_fd": _WRITER,
    "child/file_writer.py signal.signal": _WRITER,
    "child/launcher.py os.execve": _LAUNCHER,
    "child/launcher.py os.nice": _LAUNCHER,
    "child/launcher.py os.set_inheritable": _LAUNCHER,
    "child/launcher.py os.write": _LAUNCHER,
    "child/launcher.py resource.setrlimit": _LAUNCHER,
    "child/launching.py os.close": _CLOSE,
    "child/live_usage.py os.listdir": _USAGE,
    "child/live_usage.py os.sysconf": _USAGE,
    "child/resource_limits.py resource.getrlimit": "does not fail for a resource that there is (getrlimit(2))",
    "session/env_file.py os.close": "closing what was only read does not fail (close(2))",
    "child/memory_limit.py open": "see tests/child/test_memory_limit.py",
    "child/prctl.py ctypes.CDLL": _AT_START,
    "child/prctl.py ctypes.CDLL(None).prctl": _AT_START,
    "session/output_streams.py os.close": _CLOSE,
    "session/session.py os.close": _CLOSE,
    "server/app.py signal.pthread_sigmask": _AT_START,
    "server/client_watch.py os.close": _CLOSE,
    "server/guard.py os.dup2": _GUARD,
    "server/guard.py os.fork": _AT_START,
    "server/guard.py os.getsid": _GUARD,
    "server/guard.py os.kill": _GUARD,
    "server/guard.py os.open": _GUARD,
    "server/guard.py os.setsid": _AT_START,
    "server/guard.py os.waitid": _GUARD,
    "server/guard.py os.waitpid": _GUARD,
    "server/guard.py signal.pthread_sigmask": _AT_START,
    "server/guard.py signal.sigwait": _GUARD,
    "server/guard.py signal.sigtimedwait": _GUARD,
    "server/log.py os.fchmod": _AT_START,
    "server/log.py os.fstat": _AT_START,
    "server/log.py os.open": _AT_START,
    "server/stdio.py os.close": _CLOSE,
    "server/stdio.py os.dup2": _AT_START,
    "server/stdio.py os.fstat": _AT_START,
    "server/stdio.py os.open": _AT_START,
    "server/stdio.py signal.pthread_sigmask": _AT_START,
    "server/stdio.py signal.signal": _AT_START,
    "server/transport.py fcntl.fcntl": "reading a flag does not fail on an open descriptor (fcntl(2))",
}
