"""pipe_rpc/child/process_group.py."""

import errno
import os
import select
import signal
import sys
from functools import cache
from typing import NoReturn

import pytest

from pipe_rpc.child import process_group, spawn
from pipe_rpc.child.process_group import ProcessGroup
from tests.child.family import Family, read_line, reap_orphan, spec, wait_and_reap
from tests.support import macos
from tests.support.leaks import open_descriptors
from tests.support.processes import process_state, wait_state
from tests.support.programs import shell

FLAG_WORKS = process_group._kernel_signals_groups()

WAYS = [
    pytest.param("kernel", marks=pytest.mark.skipif(not FLAG_WORKS, reason="this kernel does not signal groups")),
    "pidfd without groups",
    "no pidfd",
]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way in which a group can be signalled."""
    chosen: str = request.param
    if chosen != "kernel":
        monkeypatch.setattr(process_group, "_kernel_signals_groups", lambda: False)
    if chosen == "no pidfd":
        monkeypatch.setattr(spawn, "pidfd_works", lambda: False)
    return chosen


@pytest.fixture(params=["with a pidfd", "without"])
def fallback(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """A kernel that does not signal groups, with pidfds and without."""
    monkeypatch.setattr(process_group, "_kernel_signals_groups", lambda: False)
    has_pidfd: bool = request.param == "with a pidfd"
    if not has_pidfd:
        monkeypatch.setattr(spawn, "pidfd_works", lambda: False)
    return has_pidfd


def _refuse(number: int, calls: list[tuple[int, int]] | None = None) -> object:
    def refuse(pid: int, sent: int, *_: object) -> NoReturn:
        if calls is not None:
            calls.append((pid, sent))
        raise OSError(number, os.strerror(number))

    return refuse


def test_a_signal_reaches_the_leader_and_every_member(way: str, children: Family) -> None:
    child = children.spawn(spec(*shell("sleep 1000 & echo $!; sleep 1000 & echo $!; wait")))
    members = [int(read_line(child.stdout_fd)) for _ in range(2)]
    child.group.send(signal.SIGKILL)
    status = wait_and_reap(child)
    assert status is not None
    assert status.signal_name == "SIGKILL"
    assert [os.WTERMSIG(reap_orphan(pid)) for pid in members] == [signal.SIGKILL] * 2


def test_a_signal_reaches_nobody_else(way: str, children: Family) -> None:
    child = children.spawn(spec("/bin/sleep", "1000"))
    other = children.spawn(spec("/bin/sleep", "1000"))
    child.group.send(signal.SIGKILL)
    wait_and_reap(child)
    assert other.reap() is None


def test_survivors_are_signalled_after_the_leader_was_reaped(way: str, children: Family) -> None:
    child = children.spawn(spec(*shell("sleep 1000 & echo $!")))
    survivor = int(read_line(child.stdout_fd))
    children.reap(child)
    assert child.group.has_members()
    child.group.send(signal.SIGTERM)
    assert os.WTERMSIG(reap_orphan(survivor)) == signal.SIGTERM
    assert not child.group.has_members()


def test_a_stopped_survivor_can_be_woken(way: str, children: Family) -> None:
    child = children.spawn(spec(*shell("sleep 1000 & echo $!")))
    survivor = int(read_line(child.stdout_fd))
    children.reap(child)
    child.group.send(signal.SIGSTOP)
    wait_state(survivor, "T")
    child.group.send(signal.SIGTERM)
    assert process_state(survivor) == "T"
    child.group.send(signal.SIGCONT)
    assert os.WTERMSIG(reap_orphan(survivor)) == signal.SIGTERM


def test_an_unreaped_leader_is_a_member(way: str, children: Family) -> None:
    child = children.spawn(spec("/bin/true"))
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert child.group.has_members()
    child.group.send(signal.SIGKILL)
    children.reap(child)
    assert not child.group.has_members()


def test_where_nobody_is_left_the_group_is_forgotten_and_the_pidfd_closed(way: str, children: Family) -> None:
    child = children.spawn(spec("/bin/true"))
    pidfd = child.group.pidfd
    assert (pidfd is None) == (way == "no pidfd")
    children.reap(child)
    assert child.group.pidfd is None
    assert pidfd is None or pidfd not in open_descriptors()
    with pytest.raises(ProcessLookupError):
        child.group.send(signal.SIGKILL)


def test_the_last_survivor_s_end_is_found_by_the_next_signal(way: str, children: Family) -> None:
    child = children.spawn(spec(*shell("sleep 1000 & echo $!")))
    survivor = int(read_line(child.stdout_fd))
    children.reap(child)
    pidfd = child.group.pidfd
    os.kill(survivor, signal.SIGKILL)
    reap_orphan(survivor)
    with pytest.raises(ProcessLookupError):
        child.group.send(signal.SIGTERM)
    assert child.group.pidfd is None
    assert pidfd is None or pidfd not in open_descriptors()


def test_a_forgotten_group_asks_the_system_nothing(way: str, children: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    child = children.spawn(spec("/bin/true"))
    children.reap(child)
    calls: list[tuple[int, int]] = []
    refuse = _refuse(errno.EPERM, calls)
    with monkeypatch.context() as patch:
        for name in ("kill", "killpg"):
            patch.setattr(os, name, refuse)
        patch.setattr(signal, "pidfd_send_signal", refuse, raising=False)
        with pytest.raises(ProcessLookupError) as caught:
            child.group.send(signal.SIGKILL)
        assert not child.group.has_members()
    assert caught.value.errno == errno.ESRCH
    assert calls == []


def test_forgetting_twice_closes_the_pidfd_once(way: str, children: Family) -> None:
    child = children.spawn(spec("/bin/true"))
    children.reap(child)
    reused = os.open(os.devnull, os.O_RDONLY)
    child.group.forget()
    os.fstat(reused)
    os.close(reused)


def test_an_unreaped_leader_that_cannot_be_found_is_not_forgotten(children: Family) -> None:
    """Before the reap the number is the leader's whatever the system says: the watch may still need the pidfd."""
    child = children.spawn(spec("/bin/cat"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ProcessGroup, "_send", _refuse(errno.ESRCH))
        assert not child.group.has_members()
    assert child.group.has_members()


def test_never_is_a_stranger_signalled_that_has_got_the_leader_s_number(*, fallback: bool, children: Family) -> None:
    """A process that leads a group of the very number stands for one that was given it after the group was empty."""
    stranger = children.spawn(spec("/bin/sleep", "1000"))
    group = ProcessGroup(stranger.pid, os.pidfd_open(os.getpid()) if fallback else None)
    group.leader_reaped()
    assert group.pidfd is None
    assert not group.has_members()
    with pytest.raises(ProcessLookupError):
        group.send(signal.SIGKILL)
    assert stranger.reap() is None


def test_once_a_stranger_had_the_number_the_group_stays_forgotten(*, fallback: bool, children: Family) -> None:
    child = children.spawn(spec(*shell("sleep 1000 & echo $!")))
    survivor = int(read_line(child.stdout_fd))
    children.reap(child)
    assert child.group.has_members()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process_group, "_process_exists", lambda pid: pid == child.pid)
        with pytest.raises(ProcessLookupError):
            child.group.send(signal.SIGKILL)
    assert not child.group.has_members()
    os.kill(survivor, 0)
    os.kill(survivor, signal.SIGKILL)
    reap_orphan(survivor)


@pytest.mark.parametrize("refusal", [errno.EPERM, None])
def test_a_stranger_of_another_user_is_a_stranger_too(
    refusal: int | None, *, fallback: bool, children: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = children.spawn(spec("/bin/sleep", "1000"))
    group = ProcessGroup(stranger.pid, None)
    signalled: list[tuple[int, int]] = []
    with monkeypatch.context() as patch:
        patch.setattr(os, "killpg", _refuse(errno.EPERM, signalled))
        if refusal is not None:
            patch.setattr(os, "kill", _refuse(refusal))
        group.leader_reaped()
    assert signalled == []
    assert not group.has_members()


def test_members_that_may_not_be_signalled_are_members(
    *, fallback: bool, children: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = children.spawn(spec("/bin/cat"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "killpg", _refuse(errno.EPERM))
        assert child.group.has_members()
        with pytest.raises(PermissionError):
            child.group.send(signal.SIGTERM)
    assert (child.group.pidfd is not None) == fallback


@pytest.mark.parametrize("reaped", [False, True])
def test_on_macos_a_reaped_group_that_refuses_holds_zombies_only(
    *, reaped: bool, fallback: bool, children: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = children.spawn(spec(*shell("sleep 1000 & echo $!; read _")))
    survivor = int(read_line(child.stdout_fd))
    if reaped:
        os.kill(child.pid, signal.SIGKILL)
        children.reap(child)
    with monkeypatch.context() as patch:
        _become_macos(patch)
        patch.setattr(os, "killpg", _refuse(errno.EPERM))
        with pytest.raises(ProcessLookupError if reaped else PermissionError):
            child.group.send(signal.SIGTERM)
    assert (child.group.pidfd is None) == (reaped or not fallback)
    os.kill(survivor, signal.SIGKILL)
    if reaped:
        reap_orphan(survivor)


def _become_macos(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sys, "platform", "darwin")
    patch.setattr(os, "killpg", macos.killpg)
    for name, value in macos.KQUEUE.items():
        patch.setattr(select, name, value, raising=False)


@pytest.mark.skipif(sys.platform != "linux", reason="the double is made of Linux's means")
def test_on_macos_a_signal_that_finds_a_zombie_is_lost_on_it(*, fallback: bool, children: Family) -> None:
    """A child may end between SIGTERM and the SIGCONT behind it, and before anybody could reap it."""
    child = children.spawn(spec("/bin/true"))
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    with pytest.MonkeyPatch.context() as patch:
        _become_macos(patch)
        with pytest.raises(PermissionError):
            os.killpg(child.pid, signal.SIGCONT)
        child.group.send(signal.SIGCONT)
        assert child.group.has_members()
        children.reap(child)
        assert not child.group.has_members()


@pytest.mark.skipif(sys.platform != "linux", reason="the double is made of Linux's means")
def test_on_macos_without_a_descriptor_to_ask_by_a_refusal_is_told(
    *, fallback: bool, children: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_out() -> NoReturn:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    child = children.spawn(spec("/bin/true"))
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    with monkeypatch.context() as patch:
        _become_macos(patch)
        patch.setattr(select, "kqueue", run_out)
        with pytest.raises(PermissionError):
            child.group.send(signal.SIGCONT)


@pytest.mark.skipif(sys.platform != "linux", reason="the flag is Linux's")
@pytest.mark.parametrize(
    ("number", "answer"),
    [
        (errno.EINVAL, False),
        (errno.ENOSYS, False),
        (errno.EPERM, False),
        (errno.ESRCH, True),
        (None, True),
    ],
)
def test_a_kernel_that_does_not_know_the_flag_and_a_filter_that_refuses_it_signal_no_groups(
    number: int | None, *, answer: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(pidfd: int, sent: int, info: None, flags: int) -> None:
        assert (sent, info, flags) == (0, None, process_group.PIDFD_SIGNAL_PROCESS_GROUP)
        if number is not None:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(signal, "pidfd_send_signal", send)
    assert process_group._kernel_signals_groups.__wrapped__() is answer


@pytest.mark.skipif(sys.platform != "linux", reason="the flag is Linux's")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM])
def test_where_a_filter_allows_pidfds_but_no_signals_by_them_the_number_is_used(
    number: int, children: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = children.spawn(spec("/bin/sleep", "1000"))
    assert child.group.pidfd is not None
    with monkeypatch.context() as patch:
        patch.setattr(process_group, "_kernel_signals_groups", cache(process_group._kernel_signals_groups.__wrapped__))
        patch.setattr(signal, "pidfd_send_signal", _refuse(number))
        child.group.send(signal.SIGTERM)
        assert wait_and_reap(child).signal_name == "SIGTERM"


@pytest.mark.skipif(not FLAG_WORKS, reason="this kernel does not signal groups")
@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_a_kernel_that_cannot_tell_now_whether_it_signals_groups_is_asked_again(
    number: int, children: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = children.spawn(spec("/bin/sleep", "1000"))
    probe = cache(process_group._kernel_signals_groups.__wrapped__)
    monkeypatch.setattr(process_group, "_kernel_signals_groups", probe)
    with monkeypatch.context() as patch:
        patch.setattr(signal, "pidfd_send_signal", _refuse(number))
        child.group.send(signal.SIGTERM)
        assert wait_and_reap(child).signal_name == "SIGTERM"
    assert probe()


@pytest.mark.skipif(not FLAG_WORKS, reason="this kernel does not signal groups")
def test_where_the_kernel_signals_groups_no_number_is_used(children: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    child = children.spawn(spec(*shell("sleep 1000 & echo $!")))
    survivor = int(read_line(child.stdout_fd))
    calls: list[tuple[int, int]] = []
    with monkeypatch.context() as patch:
        for name in ("kill", "killpg"):
            patch.setattr(os, name, _refuse(errno.EPERM, calls))
        children.reap(child)
        child.group.send(signal.SIGKILL)
        reap_orphan(survivor)
        assert not child.group.has_members()
    assert calls == []
