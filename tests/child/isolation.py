"""Work in a forked process, whose limits and dispositions may be bent without harm to the test process."""

import os
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress

from tests.support.leaks import become_subreaper, own_descendants

DEADLINE_S = 60


def isolated(work: Callable[[], None]) -> None:
    """Run ``work`` in a fork of this process; fails with its traceback where it raises."""
    read_fd, write_fd = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(read_fd)
            # A hang must not outlive the test.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(DEADLINE_S)
            become_subreaper()
            work()
            status = 0
        except BaseException:  # noqa: BLE001 - whatever it is, it must not run on in a second test process.
            os.write(write_fd, traceback.format_exc().encode()[-60_000:])
        finally:
            _end_descendants(write_fd)
            os._exit(status)
    os.close(write_fd)
    with os.fdopen(read_fd, "rb") as report:
        text = report.read().decode()
    _, status = os.waitpid(pid, 0)
    assert status == 0, f"the forked process ended with wait status {status}:\n{text}"


def _end_descendants(kept_fd: int) -> None:
    # To look for them takes a descriptor, and the work may have used up all.
    os.closerange(3, kept_fd)
    os.closerange(kept_fd + 1, 1 << 12)
    while found := own_descendants():
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in found:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
