"""Signals to a child's process group, and never to anybody else's.

Rules of this file: a number is signalled only while it cannot have been recycled. With PIDFD_SIGNAL_PROCESS_GROUP
(Linux 6.9, pidfd_send_signal(2)) the kernel itself vouches for that, also after the leader was reaped. Elsewhere:

- an unreaped leader keeps its number, so the group may be signalled;
- after the reap the number is not given out while the group has a member. So as long as no process has the leader's
  number, a group of that number can only be the child's. Once a process has it, the group had been empty: it is gone,
  for good.
"""

import errno
import os
import signal
import sys
from functools import cache

from pipe_rpc.child.zombie import is_zombie

PIDFD_SIGNAL_PROCESS_GROUP = 4
"""include/uapi/linux/pidfd.h; Python has no name for it."""


class ProcessGroup:
    """The process group that a child leads, from the spawn until it is known to be empty.

    Owns the child's pidfd where there is one.
    """

    def __init__(self, pid: int, pidfd: int | None) -> None:
        self.pid = pid
        self.pidfd = pidfd
        self._reaped = False
        self._gone = False

    def send(self, number: int) -> None:
        """Send a signal to every member.

        Raises ProcessLookupError where none is left, PermissionError where the system refuses.
        """
        if self._gone:
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        try:
            self._send(number)
        except ProcessLookupError:
            if self._reaped:
                self.forget()
            raise
        except PermissionError:
            # A group of nothing but zombies answers EPERM on macOS: nothing in it can be signalled any more.
            if sys.platform == "darwin" and self._reaped:
                self.forget()
                raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH)) from None
            if sys.platform == "darwin" and is_zombie(self.pid):
                return  # As elsewhere, a signal that finds a zombie is lost on it.
            raise

    def has_members(self) -> bool:
        """Whether anything of the group is left; an unreaped leader counts."""
        try:
            self.send(0)
        except ProcessLookupError:
            return False
        except OSError:
            pass  # Members of another user are members, and so are those that the system cannot ask for now.
        return True

    def leader_reaped(self) -> None:
        """From now on the leader's number is no longer kept by the leader itself."""
        self._reaped = True
        self.has_members()

    def forget(self) -> None:
        """Never signal the group again; closes the pidfd."""
        self._gone = True
        if self.pidfd is not None:
            fd, self.pidfd = self.pidfd, None
            os.close(fd)

    def _send(self, number: int) -> None:
        try:
            vouched_for = self.pidfd is not None and _kernel_signals_groups()
        except OSError:
            vouched_for = False  # There is no descriptor to ask the kernel with now; the number will do.
        if self.pidfd is not None and vouched_for:
            signal.pidfd_send_signal(self.pidfd, number, None, PIDFD_SIGNAL_PROCESS_GROUP)
            return
        if self._reaped and _process_exists(self.pid):
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        os.killpg(self.pid, number)


def _process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@cache
def _kernel_signals_groups() -> bool:
    """Ask once, with signal 0 to the group that we lead: a kernel that knows the flag says ESRCH where we lead none.

    One that does not know it says EINVAL. A filter (seccomp(2)) says what it likes, and would to each signal. Raises
    OSError where descriptors or memory have run out, so that nobody can tell now.
    """
    fd = os.pidfd_open(os.getpid())
    try:
        signal.pidfd_send_signal(fd, 0, None, PIDFD_SIGNAL_PROCESS_GROUP)
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
            raise
        return error.errno == errno.ESRCH
    finally:
        os.close(fd)
    return True
