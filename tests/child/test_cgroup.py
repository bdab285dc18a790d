"""pipe_rpc/child/cgroup.py over the real file system of control groups, and over directories that play one."""

import errno
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from pipe_rpc.child import cgroup as cgroup_module
from pipe_rpc.child.cgroup import Cgroup
from tests.support.cgroups import all_directories, home_of_cgroups
from tests.support.leaks import open_descriptors
from tests.support.processes import wait_state
from tests.support.programs import python
from tests.support.trace import DEADLINE_S

MakeMember = Callable[..., int]


@pytest.fixture
def cgroup() -> Iterator[Cgroup]:
    """An empty cgroup, emptied again and removed behind the test."""
    home = home_of_cgroups()
    if home is None:
        pytest.skip("no control group can be made here: that takes cgroup v2, Linux 5.14 and the right to write to it")
    made = Cgroup(f"{home}/pipe-rpc-test-{os.getpid()}")
    os.mkdir(made.path)
    yield made
    made.kill()
    assert made.remove(DEADLINE_S)


@pytest.fixture
def member(cgroup: Cgroup) -> Iterator[MakeMember]:
    """A factory of processes that wait in the cgroup, or in one below it; reaps those that the test did not."""
    pids: list[int] = []

    def make(below: str = "") -> int:
        pid = os.spawnv(os.P_NOWAIT, "/bin/sleep", ["sleep", "1000"])
        pids.append(pid)
        os.makedirs(f"{cgroup.path}/{below}", exist_ok=True)
        Path(f"{cgroup.path}/{below}/cgroup.procs").write_text(str(pid), encoding="ascii")
        return pid

    yield make
    cgroup.kill()
    for pid in pids:
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            continue  # The test has reaped it.


def test_to_kill_one_is_to_kill_everybody_in_it_and_below(cgroup: Cgroup, member: MakeMember) -> None:
    pids = [member(), member(), member("below"), member("below/deep")]
    cgroup.kill()
    assert [os.WTERMSIG(os.waitpid(pid, 0)[1]) for pid in pids] == [signal.SIGKILL] * 4
    assert cgroup.remove(DEADLINE_S)
    assert not os.path.exists(cgroup.path)


def test_who_is_stopped_is_killed_too(cgroup: Cgroup, member: MakeMember) -> None:
    pid = member()
    os.kill(pid, signal.SIGSTOP)
    wait_state(pid, "T")
    cgroup.kill()
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL


def test_one_that_holds_the_server_is_never_killed(cgroup: Cgroup, member: MakeMember) -> None:
    pid = member()
    cgroup.holds_server = True
    cgroup.kill()
    assert cgroup.has_running() is True
    cgroup.holds_server = False
    cgroup.kill()
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL


def test_an_ended_process_that_nobody_reaped_is_nobody(cgroup: Cgroup, member: MakeMember) -> None:
    pid = member()
    assert (cgroup.is_populated(), cgroup.has_running()) == (True, True)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert cgroup.remove(DEADLINE_S)
    assert (cgroup.is_populated(), cgroup.has_running()) == (False, False)
    assert os.waitpid(pid, 0)[0] == pid


def test_an_empty_one_is_removed_as_soon_as_that_is_seen(cgroup: Cgroup) -> None:
    assert not cgroup.is_populated()
    assert not os.path.exists(cgroup.path)
    assert not cgroup.is_populated()
    assert cgroup.remove()
    cgroup.kill()


def test_while_anybody_is_in_it_nothing_below_is_removed(cgroup: Cgroup, member: MakeMember) -> None:
    member()
    os.mkdir(f"{cgroup.path}/in-use-soon")
    assert not cgroup.remove()
    assert os.path.exists(f"{cgroup.path}/in-use-soon")
    assert all_directories(cgroup.path) == [cgroup.path, f"{cgroup.path}/in-use-soon"]


DEEP = [("d", 1050), ("long" * 60, 20)]
"""Deeper than calls may be nested, and longer than a path may be (PATH_MAX)."""


def _nest(path: str, name: str, depth: int) -> int:
    """Make one directory in the other; a descriptor of the last one."""
    fd = os.open(path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=fd)
        below = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    return fd


@pytest.mark.parametrize(("name", "depth"), DEEP, ids=["many", "long"])
def test_however_deep_somebody_has_nested_he_is_found_and_killed_and_all_of_it_removed(
    name: str, depth: int, cgroup: Cgroup, member: MakeMember
) -> None:
    pid = member()
    fd = _nest(cgroup.path, name, depth)
    door = os.open("cgroup.procs", os.O_WRONLY, dir_fd=fd)
    os.write(door, str(pid).encode())
    os.close(door)
    os.close(fd)
    before = open_descriptors()
    assert cgroup.has_running() is True
    cgroup.kill()
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
    assert cgroup.remove(DEADLINE_S)
    assert not os.path.exists(cgroup.path)
    assert open_descriptors() == before


def test_every_branch_is_looked_into(cgroup: Cgroup, member: MakeMember) -> None:
    for branch in ("a/b", "a/c/d", "e"):
        os.makedirs(f"{cgroup.path}/{branch}")
    for branch in ("a/b", "a/c/d", "e", ""):
        pid = member(branch)
        assert cgroup.has_running() is True
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert cgroup.remove(DEADLINE_S)


def test_what_is_removed_while_it_is_looked_at_keeps_nobody_from_looking_on(
    cgroup: Cgroup, member: MakeMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    member("last/deep")
    for name in ("entered", "listed"):
        os.mkdir(f"{cgroup.path}/{name}")
    real = os.open

    def remove_first(path: str, flags: int, *rest: int, dir_fd: int | None = None) -> int:
        """One goes before it is entered, one before it is listed."""
        if path == "entered" and os.path.exists(f"{cgroup.path}/entered"):
            os.rmdir(f"{cgroup.path}/entered")
        fd = real(path, flags, *rest, dir_fd=dir_fd)
        if path == "listed" and os.path.exists(f"{cgroup.path}/listed"):
            os.rmdir(f"{cgroup.path}/listed")
        return fd

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", remove_first)
        # What has nobody is looked at whole.
        patch.setattr(cgroup_module, "_processes", lambda *_: b"")
        assert cgroup.has_running() is False
    assert os.listdir(cgroup.path).count("last") == 1
    assert not {"entered", "listed"} & set(os.listdir(cgroup.path))
    assert cgroup.has_running() is True


def test_somebody_below_counts_as_running(cgroup: Cgroup, member: MakeMember) -> None:
    member("below/deep")
    assert cgroup.has_running() is True


def test_who_waits_for_the_end_of_the_killed_waits_no_longer_than_it_was_told(
    cgroup: Cgroup, member: MakeMember
) -> None:
    member()
    began = time.monotonic()
    assert not cgroup.remove(0.05)
    assert 0.05 <= time.monotonic() - began < DEADLINE_S


def test_no_fork_escapes(cgroup: Cgroup) -> None:
    """Forks of forks, up to a bound; each one's parent is gone, so killing what is listed would always come late."""
    bomb = """
import os, sys
os.setsid()
open(sys.argv[1] + "/cgroup.procs", "w").write("0")
os.write(1, b"!")
for _ in range(100000):
    if os.fork():
        os._exit(0)
"""
    read_fd, write_fd = os.pipe()
    argv = python(bomb, cgroup.path)
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, write_fd, 1)])
    os.close(write_fd)
    assert os.read(read_fd, 1) == b"!"
    os.waitpid(pid, 0)
    assert cgroup.has_running() is not False
    cgroup.kill()
    assert cgroup.remove(DEADLINE_S), "some process has escaped"
    assert os.read(read_fd, 1) == b"", "somebody still holds the pipe"
    os.close(read_fd)


# ---- what the system refuses


def _refusing(number: int, real: Callable[..., object], refused: str) -> Callable[..., object]:
    def call(path: str, *rest: object) -> object:
        if str(path).endswith(refused):
            raise OSError(number, os.strerror(number))
        return real(path, *rest)

    return call


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOMEM])
def test_where_nobody_can_look_somebody_may_be_there(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Cgroup(str(tmp_path))
    monkeypatch.setattr(cgroup_module, "read", _refusing(number, cgroup_module.read, "cgroup.events"))
    assert played.is_populated()
    (tmp_path / "cgroup.procs").write_text("1\n")
    assert played.has_running() is True
    monkeypatch.setattr(cgroup_module, "read", _refusing(number, cgroup_module.read, ""))
    assert played.has_running() is None


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENODEV])
def test_one_that_somebody_else_has_removed_is_gone(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Cgroup(str(tmp_path))
    monkeypatch.setattr(cgroup_module, "read", _refusing(number, cgroup_module.read, "cgroup.events"))
    assert not played.is_populated()
    monkeypatch.undo()
    assert not played.is_populated(), "what is gone does not come back"


def test_one_that_ends_while_it_is_looked_at_has_nobody_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cgroup.events").write_text("populated 1\nfrozen 0\n")
    monkeypatch.setattr(cgroup_module, "read", _refusing(errno.ENODEV, cgroup_module.read, "cgroup.procs"))
    assert Cgroup(str(tmp_path)).has_running() is False


def test_a_kill_that_is_refused_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    played = Cgroup(str(tmp_path))
    played.kill()  # It was removed meanwhile: there is no such file.
    monkeypatch.setattr(cgroup_module, "write", refuse)
    with pytest.raises(OSError, match="Too many open files"):
        played.kill()


@pytest.mark.parametrize("number", [errno.ENOMEM, errno.EACCES])
def test_one_that_the_system_cannot_even_look_for_is_not_gone(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Cgroup(str(tmp_path))
    (tmp_path / "cgroup.events").write_text("populated 0\nfrozen 0\n")
    with monkeypatch.context() as patch:
        patch.setattr(os, "rmdir", _refusing(number, os.rmdir, ""))
        patch.setattr(os, "stat", _refusing(number, os.stat, tmp_path.name))
        assert not played.remove()
    (tmp_path / "cgroup.events").unlink()
    assert played.remove()
    assert played.remove(), "what is gone does not come back"
