"""pipe_rpc/child/prctl.py, in forked processes: what is asked of the kernel here cannot be taken back."""

import ctypes
import os
import signal
import sys

import pytest

from pipe_rpc.child import prctl
from tests.child.isolation import isolated

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is of Linux")

PR_GET_PDEATHSIG = 2
PR_SET_CHILD_SUBREAPER = 36
PR_GET_CHILD_SUBREAPER = 37


def _ask(option: int) -> int:
    answer = ctypes.c_int(-1)
    assert ctypes.CDLL(None).prctl(option, ctypes.byref(answer), 0, 0, 0) == 0
    return answer.value


def _no_subreaper() -> None:
    assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) == 0


def _fork_grandchild() -> tuple[int, int]:
    """The numbers of a child that has ended and of its child, which lives until its standard end of a pipe closes."""
    read_fd, write_fd = os.pipe()
    child = os.fork()
    if child == 0:
        grandchild = os.fork()
        if grandchild == 0:
            signal.pause()
        os.write(write_fd, b"%d" % grandchild)
        os._exit(0)
    os.close(write_fd)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    grandchild = int(os.read(read_fd, 32))
    os.close(read_fd)
    return child, grandchild


def test_a_subreaper_becomes_the_parent_of_orphans() -> None:
    def work() -> None:
        _no_subreaper()
        assert prctl.become_subreaper() is True
        assert _ask(PR_GET_CHILD_SUBREAPER) == 1
        child, grandchild = _fork_grandchild()
        assert prctl.children() == [child, grandchild]
        os.waitpid(child, 0)
        assert prctl.children() == [grandchild]

    isolated(work)


def test_to_ask_again_changes_nothing() -> None:
    def work() -> None:
        assert prctl.become_subreaper() is True
        assert prctl.become_subreaper() is True
        assert _ask(PR_GET_CHILD_SUBREAPER) == 1

    isolated(work)


def test_children_are_those_that_nobody_reaped_and_no_grandchildren() -> None:
    def work() -> None:
        assert prctl.children() == []
        ended = os.fork()
        if ended == 0:
            os._exit(0)
        os.waitid(os.P_PID, ended, os.WEXITED | os.WNOWAIT)
        living = os.fork()
        if living == 0:
            if os.fork() == 0:
                signal.pause()
            signal.pause()
        assert prctl.children() == [ended, living]
        os.waitpid(ended, 0)
        assert prctl.children() == [living]

    isolated(work)


def test_without_a_way_to_find_them_orphans_do_not_count_as_coming(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def work() -> None:
        monkeypatch.setattr(prctl, "_children_file", lambda: "/proc/self/there-is-no-such-file")
        assert prctl.become_subreaper() is False

    isolated(work)


def test_where_the_kernel_refuses_nobody_is_a_subreaper(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        _no_subreaper()
        monkeypatch.setattr(prctl, "_PR_SET_CHILD_SUBREAPER", 1 << 20)  # as a kernel that does not know it
        assert prctl.become_subreaper() is False
        assert _ask(PR_GET_CHILD_SUBREAPER) == 0

    isolated(work)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_child_is_sent_the_signal_when_its_parent_ends(number: signal.Signals) -> None:
    def work() -> None:
        read_fd, write_fd = os.pipe()
        parent = os.fork()
        if parent == 0:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGUSR1])
            ready, tell = os.pipe()
            if os.fork() == 0:
                asked = prctl.signal_when_parent_ends(number)
                os.write(tell, b"\n")
                came = signal.sigwait([signal.SIGTERM, signal.SIGUSR1])
                os.write(write_fd, b"%d %d" % (asked, came))
                os._exit(0)
            os.read(ready, 1)
            os._exit(0)
        os.close(write_fd)
        assert os.read(read_fd, 32) == b"1 %d" % number

    isolated(work)


def test_a_number_that_is_no_signal_is_refused() -> None:
    def work() -> None:
        assert prctl.signal_when_parent_ends(1000) is False
        assert _ask(PR_GET_PDEATHSIG) == 0

    isolated(work)
