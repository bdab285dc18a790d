"""pipe_rpc/child/orphans.py, in forked processes: whoever adopts orphans must not adopt those of another test."""

import os
import signal
import sys
from collections.abc import Callable

import pytest

from pipe_rpc.child import prctl
from pipe_rpc.child.orphans import Orphans
from pipe_rpc.loop.loop import Loop
from pipe_rpc.loop.signals import SignalWatch
from tests.child.isolation import isolated
from tests.support.processes import process_state, wait_state
from tests.support.trace import DEADLINE_S

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")


class Home:
    """A process that adopts, and its loop."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.signals = SignalWatch(self.loop, {})
        self.orphans = Orphans(self.loop, self.signals)

    def run_until(self, condition: Callable[[], object]) -> None:
        """Take turns until the condition holds."""
        deadline = self.loop.call_at(self.loop.now + DEADLINE_S, lambda: pytest.fail("in vain"))
        while not condition():
            self.loop.run_turn()
        self.loop.cancel(deadline)

    def take_a_turn(self) -> None:
        """One turn that does not sleep, and one for what it has put off."""
        for _ in range(2):
            self.loop.call_at(self.loop.now, lambda: None)
            self.loop.run_turn()


def _wait() -> None:
    while True:
        signal.pause()


def _orphan_with_child() -> tuple[int, int]:
    """An orphan and a child of it, which comes to us once the orphan has ended."""
    read_fd, write_fd = os.pipe()

    def parent_of_one() -> None:
        os.write(write_fd, b"%d" % _child())
        _wait()

    return _orphan(parent_of_one), int(os.read(read_fd, 32))


def _child(life: Callable[[], object] = _wait) -> int:
    """Fork a child that lives so."""
    pid = os.fork()
    if pid == 0:
        # The wake-up pipe is the parent's: a signal that the child gets must not be told there.
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        try:
            life()
        finally:
            os._exit(0)
    return pid


def _ended_child(code: int = 0) -> int:
    """A child that has ended and that nobody has reaped."""
    pid = _child(lambda: os._exit(code))
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return pid


def _orphan(life: Callable[[], object] = _wait, *, new_session: bool = True) -> int:
    """A grandchild that has lost its parent, most often one that left every group and session of its family."""
    read_fd, write_fd = os.pipe()

    def parent() -> None:
        if new_session:
            os.setsid()
        os.write(write_fd, b"%d" % _child(life))

    middle = _child(parent)
    os.waitpid(middle, 0)
    pid = int(os.read(read_fd, 32))
    os.close(read_fd)
    os.close(write_fd)
    return pid


def test_an_orphan_is_adopted() -> None:
    def work() -> None:
        home = Home()
        assert home.orphans.adopts
        assert home.orphans.living() == []
        first, second = _orphan(), _orphan()
        assert home.orphans.living() == [first, second]

    isolated(work)


def test_an_orphan_that_has_ended_is_reaped_by_who_looks() -> None:
    def work() -> None:
        home = Home()
        pid = _orphan(lambda: os._exit(3))
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert home.orphans.living() == []
        assert process_state(pid) == ""

    isolated(work)


def test_an_orphan_that_ends_is_reaped_though_nobody_asks() -> None:
    def work() -> None:
        home = Home()
        pid = _orphan()
        os.kill(pid, signal.SIGKILL)
        home.run_until(lambda: process_state(pid) == "")

    isolated(work)


def test_of_many_that_end_at_once_none_stays_a_zombie() -> None:
    def work() -> None:
        home = Home()
        pids = [_orphan() for _ in range(50)]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        home.run_until(lambda: prctl.children() == [])

    isolated(work)


def test_a_child_that_there_was_before_is_not_ours_to_touch() -> None:
    def work() -> None:
        living, ended = _child(), _ended_child(42)
        home = Home()
        home.orphans.kill(in_sessions=True)
        home.orphans.condemn(os.getsid(0))
        assert home.orphans.living() == []
        assert not home.orphans.of_session(os.getsid(0))
        orphan = _orphan()
        os.kill(orphan, signal.SIGKILL)
        home.run_until(lambda: process_state(orphan) == "")
        assert process_state(living) not in ("", "Z")
        assert os.waitstatus_to_exitcode(os.waitpid(ended, 0)[1]) == 42

    isolated(work)


def test_a_child_that_is_expected_is_left_to_its_session() -> None:
    def work() -> None:
        home = Home()
        living, ended = _child(), _ended_child(42)
        home.orphans.expect(living)
        home.orphans.expect(ended)
        home.orphans.kill(in_sessions=True)
        home.orphans.condemn(os.getsid(0))
        home.take_a_turn()
        assert home.orphans.living() == []
        assert process_state(living) not in ("", "Z")
        assert os.waitstatus_to_exitcode(os.waitpid(ended, 0)[1]) == 42

    isolated(work)


def test_an_ended_child_that_its_session_has_not_reaped_hides_no_orphan() -> None:
    def work() -> None:
        home = Home()
        leader = _ended_child(42)
        home.orphans.expect(leader)
        orphan = _orphan()
        os.kill(orphan, signal.SIGKILL)
        home.run_until(lambda: process_state(orphan) == "")
        assert process_state(leader) == "Z"

    isolated(work)


def test_a_number_that_was_released_may_be_an_orphan_s() -> None:
    def work() -> None:
        home = Home()
        home.orphans.expect(pid := _orphan())
        assert home.orphans.living() == []
        home.orphans.release(pid)
        home.orphans.release(pid)
        assert home.orphans.living() == [pid]

    isolated(work)


def test_a_signal_goes_to_each() -> None:
    def work() -> None:
        home = Home()
        pids = [_orphan() for _ in range(3)]
        home.orphans.ask_to_end()
        home.run_until(lambda: not home.orphans.living())
        assert [process_state(pid) for pid in pids] == [""] * 3

    isolated(work)


def test_who_is_in_a_session_of_ours_gets_its_signals_with_that_session(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        home = Home()
        read_fd, write_fd = os.pipe()

        def lead_job() -> None:
            os.setpgid(0, 0)
            os.write(write_fd, b"%d " % _child())

        def lead() -> None:
            os.setsid()
            os.waitpid(_child(lambda: os.write(write_fd, b"%d " % _child())), 0)
            os.waitpid(_child(lead_job), 0)
            os.write(write_fd, b"\n")
            _wait()

        leader = _child(lead)
        home.orphans.expect(leader)
        with os.fdopen(read_fd) as told:
            member, job = map(int, told.readline().split())
        daemon = _orphan()
        home.run_until(lambda: home.orphans.living() == [member, job, daemon])
        assert os.getpgid(member) == leader == os.getsid(job) != os.getpgid(job)
        sent: list[tuple[int, int]] = []
        with monkeypatch.context() as patch:
            patch.setattr(os, "kill", lambda *arguments: sent.append(arguments))
            home.orphans.ask_to_end()
            assert sent == [(job, signal.SIGTERM), (daemon, signal.SIGTERM)]
            sent.clear()
            home.orphans.kill(in_sessions=False)
            assert sent == [(daemon, signal.SIGKILL)]
            sent.clear()
            home.orphans.kill(in_sessions=True)
        assert sent == [(pid, signal.SIGKILL) for pid in (member, job, daemon)]

    isolated(work)


def test_one_that_may_not_be_signalled_saves_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        home = Home()
        first, second, third = _orphan(), _orphan(), _orphan()
        real_kill = os.kill

        def kill(pid: int, number: int) -> None:
            if pid == first:
                raise PermissionError
            if pid == second:
                real_kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            real_kill(pid, number)

        with monkeypatch.context() as patch:
            patch.setattr(os, "kill", kill)
            home.orphans.kill(in_sessions=True)
            home.orphans.condemn(os.getsid(first))
            home.run_until(lambda: process_state(third) == "")
            assert home.orphans.living() == [first]

    isolated(work)


def test_orphans_are_of_the_session_in_which_they_were_started() -> None:
    def work() -> None:
        home = Home()
        first, second = _orphan(), _orphan()
        session = os.getsid(first)
        assert session not in (first, second, os.getsid(second))
        assert home.orphans.of_session(session)
        assert home.orphans.of_session(os.getsid(second))
        os.kill(first, signal.SIGKILL)
        home.run_until(lambda: process_state(first) == "")
        assert not home.orphans.of_session(session)
        assert not home.orphans.of_session(first)
        assert home.orphans.of_session(os.getsid(second))

    isolated(work)


def test_an_orphan_of_the_session_in_which_we_were_started_is_not_ours_to_touch() -> None:
    def work() -> None:
        home = Home()
        stranger, adopted = _orphan(new_session=False), _orphan()
        assert os.getsid(stranger) == os.getsid(0)
        assert home.orphans.living() == [adopted]
        assert not home.orphans.of_session(os.getsid(0))
        home.orphans.condemn(os.getsid(0))
        home.orphans.kill(in_sessions=True)
        home.run_until(lambda: process_state(adopted) == "")
        assert home.orphans.living() == []
        assert process_state(stranger) == "S"
        os.kill(stranger, signal.SIGKILL)
        os.waitid(os.P_PID, stranger, os.WEXITED | os.WNOWAIT)
        home.take_a_turn()
        assert os.waitpid(stranger, 0)[1] == signal.SIGKILL

    isolated(work)


def test_a_condemned_session_ends_and_no_other() -> None:
    def work() -> None:
        home = Home()
        condemned, other = _orphan(), _orphan()
        home.orphans.condemn(os.getsid(condemned))
        home.run_until(lambda: home.orphans.living() == [other])
        assert process_state(condemned) == ""

    isolated(work)


def test_who_comes_from_a_condemned_session_later_ends_too() -> None:
    def work() -> None:
        home = Home()
        condemned, later = _orphan_with_child()
        assert home.orphans.living() == [condemned]
        home.orphans.condemn(os.getsid(condemned))
        home.run_until(lambda: process_state(later) == "")
        assert home.orphans.living() == []

    isolated(work)


@pytest.mark.parametrize("how", ["a look", "a condemnation"])
def test_who_comes_to_us_while_we_look_is_found(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        home = Home()
        ending, later = _orphan_with_child()
        session = os.getsid(ending)
        real_children = prctl.children

        def children() -> list[int]:
            found = real_children()
            if ending in found:
                os.kill(ending, signal.SIGKILL)
                os.waitid(os.P_PID, ending, os.WEXITED | os.WNOWAIT)
            return found

        with monkeypatch.context() as patch:
            patch.setattr(prctl, "children", children)
            if how == "a look":
                assert home.orphans.living() == [later]
                return
            home.orphans.condemn(session)
        assert home.orphans._condemned == {session}
        home.run_until(lambda: process_state(later) == "")

    isolated(work)


def test_who_is_stopped_ends_too_when_it_is_condemned() -> None:
    def work() -> None:
        home = Home()
        pid = _orphan()
        os.kill(pid, signal.SIGSTOP)
        wait_state(pid, "T")
        home.orphans.condemn(os.getsid(pid))
        home.run_until(lambda: process_state(pid) == "")

    isolated(work)


def test_a_condemned_session_is_forgotten_when_it_has_ended() -> None:
    """Its number may be given to another by then."""

    def work() -> None:
        home = Home()
        gone, another = _orphan(), _orphan()
        session = os.getsid(gone)
        home.orphans.condemn(session)
        home.run_until(lambda: process_state(gone) == "")
        home.take_a_turn()
        assert home.orphans._condemned == set()
        os.kill(another, signal.SIGKILL)
        home.run_until(lambda: process_state(another) == "")

    isolated(work)


def test_where_orphans_do_not_come_nobody_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        monkeypatch.setattr(prctl, "become_subreaper", lambda: False)
        before = signal.getsignal(signal.SIGCHLD)
        home = Home()
        assert not home.orphans.adopts
        assert signal.getsignal(signal.SIGCHLD) is before
        pid = _orphan()
        home.orphans.kill(in_sessions=True)
        home.orphans.condemn(os.getsid(pid))
        home.orphans.expect(pid)
        home.orphans.release(pid)
        assert home.orphans.living() == []
        assert not home.orphans.of_session(os.getsid(pid))
        assert process_state(pid) not in ("", "Z")

    isolated(work)
