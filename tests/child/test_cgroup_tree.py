"""pipe_rpc/child/cgroup_tree.py: children are born in cgroups of their own, and the server always comes home."""

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

from pipe_rpc.child import cgroup_tree
from pipe_rpc.child.cgroup import Cgroup
from pipe_rpc.child.cgroup_place import find_home, server_directory
from pipe_rpc.child.cgroup_tree import CgroupTree
from pipe_rpc.child.descriptor_limit import DescriptorLimit
from pipe_rpc.child.spawn import Child, SpawnError, SpawnSpec, spawn
from tests.child.family import close_pipes, read_line, spec, wait_and_reap
from tests.child.isolation import isolated
from tests.support.cgroups import directories_of, home_of_cgroups
from tests.support.leaks import open_descriptors, own_descendants
from tests.support.programs import shell
from tests.support.trace import DEADLINE_S

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has control groups")


class Household:
    """A tree, and the children that were born in it."""

    def __init__(self, home: str) -> None:
        self.home = home
        self.tree = CgroupTree(home)
        self.limit = DescriptorLimit()
        self._children: list[Child] = []

    def spawn(self, wanted: SpawnSpec) -> Child:
        """Start a child; it is ended with this object."""
        child = spawn(wanted, self.limit, self.tree)
        self._children.append(child)
        return child

    @property
    def directories(self) -> set[str]:
        """Every directory that there is of this process."""
        return directories_of(self.home, os.getpid())

    def close(self) -> None:
        """End everything."""
        for child in self._children:
            with suppress(ProcessLookupError):
                child.kill()
            with suppress(ChildProcessError):
                wait_and_reap(child)
            child.group.forget()
            close_pipes(child)
        assert self.tree.close(DEADLINE_S)
        self.limit.close()


@pytest.fixture
def household() -> Iterator[Household]:
    """A tree in the real file system."""
    home = home_of_cgroups()
    if home is None:
        pytest.skip("no control group can be made here: that takes cgroup v2, Linux 5.14 and the right to write to it")
    made = Household(home)
    yield made
    made.close()
    assert made.directories == set()


def _cgroup_of(pid: int) -> str:
    text = Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii")
    return next(line.removeprefix("0::") for line in text.splitlines() if line.startswith("0::"))


def _refuse(number: int) -> Callable[..., NoReturn]:
    def refuse(*_: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return refuse


def test_each_child_is_born_in_a_cgroup_of_its_own_and_the_server_stays_at_home(household: Household) -> None:
    before = _cgroup_of(os.getpid())
    first, second = household.spawn(spec("/bin/cat")), household.spawn(spec("/bin/cat"))
    assert _cgroup_of(os.getpid()) == before
    for child in (first, second):
        assert child.cgroup is not None
        assert child.cgroup.path.endswith(_cgroup_of(child.pid))
        assert child.cgroup.path in household.directories
    assert _cgroup_of(first.pid) != _cgroup_of(second.pid)
    assert len(household.directories) == 3


def test_what_a_child_starts_is_born_there_too_however_it_leaves(household: Household) -> None:
    child = household.spawn(spec(*shell("env -i setsid sh -c 'echo $$; sleep 1000 & wait' & wait")))
    escapee = int(read_line(child.stdout_fd))
    assert _cgroup_of(escapee) == _cgroup_of(child.pid)
    child.kill()
    wait_and_reap(child)
    assert child.cgroup is not None
    assert child.cgroup.remove(DEADLINE_S), "somebody has escaped"
    assert not child.has_processes()


def test_to_kill_one_session_is_to_kill_no_other(household: Household) -> None:
    first, second = household.spawn(spec("/bin/cat")), household.spawn(spec("/bin/cat"))
    first.kill()
    wait_and_reap(first)
    assert second.has_running() is True
    assert second.reap() is None


def test_the_whole_tree_dies_in_one_stroke(household: Household) -> None:
    children = [household.spawn(spec("/bin/cat")) for _ in range(3)]
    household.tree.kill()
    assert [wait_and_reap(child).signal_name for child in children] == ["SIGKILL"] * 3


def test_a_spawn_takes_no_descriptor_more_than_without(household: Household) -> None:
    before = open_descriptors().keys()
    household.spawn(spec("/bin/cat"))
    added = open_descriptors().keys() - before
    assert len(added) == 4, "three pipes and a pidfd"


@pytest.mark.parametrize("wanted", [spec("/nonexistent"), spec("/bin/true", cwd="/nonexistent")])
def test_a_failed_spawn_leaves_no_directory_and_the_server_at_home(household: Household, wanted: SpawnSpec) -> None:
    before = _cgroup_of(os.getpid())
    with pytest.raises(SpawnError, match="No such file"):
        household.spawn(wanted)
    assert _cgroup_of(os.getpid()) == before
    assert len(household.directories) == 1


def test_a_child_without_a_pidfd_is_ended_with_its_directory(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    household.spawn(spec("/bin/true"))  # The kernel was asked for pidfds by now.
    monkeypatch.setattr(os, "pidfd_open", _refuse(errno.EMFILE))
    with pytest.raises(SpawnError) as caught:
        household.spawn(spec("/bin/cat"))
    assert (caught.value.errno, caught.value.stage) == (errno.EMFILE, "fork")
    assert len(own_descendants()) == 1


def test_a_child_that_nobody_can_watch_and_whose_kill_is_refused_is_killed_with_all_of_it_later(
    household: Household, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    household.spawn(spec("/bin/true"))
    descriptors, before = open_descriptors(), own_descendants()
    said: list[str] = []

    def refuse_when_it_has_left(_: int) -> NoReturn:
        """The child has started somebody who has left its group by then."""
        with open(fifo) as file:
            said.append(file.read())
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pidfd_open", refuse_when_it_has_left)
        patch.setattr(Cgroup, "kill", _refuse(errno.EMFILE))
        with pytest.raises(SpawnError) as caught:
            household.spawn(spec(*shell('setsid sh -c \'echo $$ > "$1"; exec sleep 1000\' sh "$1" & wait', fifo)))
    assert (caught.value.errno, caught.value.stage) == (errno.EMFILE, "fork")
    assert open_descriptors() == descriptors
    escapee = int(said[0])
    assert own_descendants() == sorted([*before, escapee])
    household.spawn(spec("/bin/true"))
    assert os.WTERMSIG(os.waitpid(escapee, 0)[1]) == signal.SIGKILL


FLEDGLING = "setsid sh -c 'echo $$; exec sleep 1000 >&- 2>&-' & wait"
"""Starts somebody who leaves its group, and tells who that is."""


def test_of_a_discarded_child_nobody_is_left_and_no_directory_once_the_next_was_spawned(household: Household) -> None:
    for _ in range(10):
        child = household.spawn(spec(*shell(FLEDGLING)))
        escapee = int(read_line(child.stdout_fd))
        child.discard(household.tree)
        assert os.WTERMSIG(os.waitpid(escapee, 0)[1]) == signal.SIGKILL
    wait_and_reap(household.spawn(spec("/bin/true")))
    assert len(household.directories) == 2


def test_who_left_the_group_of_a_discarded_child_whose_kill_is_refused_is_killed_later(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = household.spawn(spec(*shell(FLEDGLING)))
    escapee = int(read_line(child.stdout_fd))
    with monkeypatch.context() as patch:
        patch.setattr(Cgroup, "kill", _refuse(errno.EMFILE))
        child.discard(household.tree)
    assert own_descendants() == [escapee]
    household.spawn(spec("/bin/true"))
    assert os.WTERMSIG(os.waitpid(escapee, 0)[1]) == signal.SIGKILL


@pytest.mark.parametrize("refused", ["mkdir", "write"])
def test_where_it_cannot_step_in_this_one_child_is_born_at_home(
    household: Household, refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os if refused == "mkdir" else cgroup_tree, refused, _refuse(errno.EMFILE))
        child = household.spawn(spec("/bin/cat"))
    assert child.cgroup is None
    assert child.has_running() is None
    assert _cgroup_of(child.pid) == _cgroup_of(os.getpid())
    assert len(household.directories) == 1
    assert household.spawn(spec("/bin/cat")).cgroup is not None


def test_a_server_that_somebody_has_moved_stays_where_it_was_put(household: Household) -> None:
    elsewhere = Cgroup(f"{household.home}/pipe-rpc-test-{os.getpid()}")
    os.mkdir(elsewhere.path)
    try:
        Path(f"{elsewhere.path}/cgroup.procs").write_bytes(b"0")
        child = household.spawn(spec("/bin/cat"))
        assert child.cgroup is None
        assert elsewhere.path.endswith(_cgroup_of(os.getpid()))
        child.kill()
        wait_and_reap(child)
    finally:
        Path(f"{household.home}/cgroup.procs").write_bytes(b"0")
        assert elsewhere.remove(DEADLINE_S)
    assert household.spawn(spec("/bin/cat")).cgroup is not None


# ---- no way back


class BlockedWay:
    """The way home, which the system refuses until it is opened."""

    def __init__(self, tree: CgroupTree, monkeypatch: pytest.MonkeyPatch) -> None:
        self._real = os.write
        self._home_fd = tree._home_fd
        self.blocked = True
        monkeypatch.setattr(os, "write", self._write)

    def _write(self, fd: int, data: bytes) -> int:
        if self.blocked and fd == self._home_fd:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        return self._real(fd, data)


def test_a_server_that_cannot_come_back_says_so_and_starts_nothing_until_it_can(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _cgroup_of(os.getpid())
    living = household.spawn(spec("/bin/cat"))
    way = BlockedWay(household.tree, monkeypatch)
    for _ in range(2):
        with pytest.raises(SpawnError) as caught:
            household.spawn(spec("/bin/cat"))
        assert (caught.value.errno, caught.value.stage) == (errno.EBUSY, "fork")
        assert own_descendants() == [living.pid]
    assert _cgroup_of(os.getpid()) != before
    way.blocked = False
    child = household.spawn(spec("/bin/cat"))
    assert _cgroup_of(os.getpid()) == before
    household.spawn(spec("/bin/true"))
    assert child.cgroup is not None
    assert {_cgroup_of(pid) for pid in (living.pid, child.pid)} < {f"/{path}" for path in _below(household)}


def _below(household: Household) -> set[str]:
    root = household.home.removesuffix(_cgroup_of(os.getpid()).rstrip("/"))
    return {os.path.relpath(path, root) for path in household.directories}


def test_a_server_that_cannot_come_back_kills_all_others_and_not_itself(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    living = household.spawn(spec("/bin/cat"))
    way = BlockedWay(household.tree, monkeypatch)
    with pytest.raises(SpawnError):
        household.spawn(spec("/bin/cat"))
    household.tree.kill()
    status = wait_and_reap(living)
    assert status is not None
    assert status.signal_name == "SIGKILL"
    assert not household.tree.close(0), "its own directory cannot be removed"
    way.blocked = False
    Path(f"{household.home}/cgroup.procs").write_bytes(b"0")
    [top] = [path for path in household.directories if path == server_directory(household.home, os.getpid())]
    assert Cgroup(top).remove(DEADLINE_S)


# ---- where there is no place for cgroups


def test_without_a_home_children_are_born_without() -> None:
    tree = CgroupTree(None)
    assert not tree.works
    with tree.birth() as cgroup:
        assert cgroup is None
    tree.kill()
    assert tree.close(0)


def _played_home(path: Path) -> None:
    (path / "cgroup.procs").touch()


@pytest.mark.parametrize(
    "flaw",
    ["no right to make directories", "no right to come back", "no cgroup.kill", "a threaded home", "no such directory"],
)
def test_what_the_system_refuses_means_no_cgroups_and_leaves_nothing(
    flaw: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _played_home(tmp_path)
    real = os.mkdir

    def mkdir(path: str) -> None:
        """As the kernel does: a directory is there with its files, which go with it."""
        real(path)
        if flaw != "no cgroup.kill":
            monkeypatch.setattr(os, "access", lambda *_: True)
        kind = b"domain invalid\n" if flaw == "a threaded home" else b"domain\n"
        monkeypatch.setattr(cgroup_tree, "read", lambda _: kind)

    monkeypatch.setattr(os, "mkdir", _refuse(errno.EACCES) if flaw == "no right to make directories" else mkdir)
    if flaw == "no right to come back":
        (tmp_path / "cgroup.procs").unlink()
    home = tmp_path / "gone" if flaw == "no such directory" else tmp_path
    descriptors = open_descriptors()
    tree = CgroupTree(str(home))
    assert not tree.works
    assert tree.close(0)
    assert {path.name for path in tmp_path.iterdir()} <= {"cgroup.procs"}
    assert open_descriptors() == descriptors


def test_a_user_without_rights_has_none() -> None:
    def work() -> None:
        if os.getuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        home = find_home()
        if home is None or os.access(home, os.W_OK):
            return  # No cgroup file system, or one that was given to this very user.
        assert not CgroupTree(home).works

    isolated(work)


def test_a_kill_that_is_refused_at_the_end_keeps_nobody_from_ending(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = household.spawn(spec("/bin/cat"))
    with monkeypatch.context() as patch:
        patch.setattr(Cgroup, "kill", _refuse(errno.EMFILE))
        assert not household.tree.close(0)
    os.kill(child.pid, signal.SIGKILL)
    wait_and_reap(child)
    assert Cgroup(server_directory(household.home, os.getpid())).remove(DEADLINE_S)


# ---- what others have left


def test_what_a_server_left_that_is_gone_is_killed_and_removed(household: Household) -> None:
    household.tree.close(0)
    pid = os.posix_spawn("/bin/sleep", ["sleep", "1000"], {})
    stranger = server_directory(household.home, pid)
    os.makedirs(f"{stranger}/00000001/below")
    left = os.posix_spawn("/bin/sleep", ["sleep", "1000"], {})
    Path(f"{stranger}/00000001/cgroup.procs").write_text(str(left), encoding="ascii")
    # Only now: a server that somebody else starts meanwhile cleans up as well.
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    household.tree = CgroupTree(household.home)
    assert os.WTERMSIG(os.waitpid(left, 0)[1]) == signal.SIGKILL
    household.spawn(spec("/bin/true"))
    assert household.tree.close(DEADLINE_S)
    assert not os.path.exists(stranger)


def test_what_a_living_server_has_is_left_alone(household: Household) -> None:
    pid = os.posix_spawn("/bin/sleep", ["sleep", "1000"], {})
    theirs = server_directory(household.home, pid)
    os.mkdir(theirs)
    Path(f"{theirs}/cgroup.procs").write_text(str(pid), encoding="ascii")
    try:
        household.tree.close(0)
        household.tree = CgroupTree(household.home)
        assert os.waitpid(pid, os.WNOHANG) == (0, 0)
        assert os.path.exists(theirs)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert Cgroup(theirs).remove(DEADLINE_S)


def test_one_directory_of_which_nobody_can_tell_whose_it_is_does_not_save_the_others(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    household.tree.close(0)
    # They live as long as their directories matter: a server that somebody else starts meanwhile cleans up as well.
    pids = [os.posix_spawn("/bin/sleep", ["sleep", "1000"], {}) for _ in range(3)]
    strangers = [server_directory(household.home, pid) for pid in pids]
    for stranger in strangers:
        os.mkdir(stranger)
    asked: list[str] = []

    def refuse_the_first(name: str) -> bool:
        if f"{household.home}/{name}" not in strangers:
            return False
        asked.append(name)
        if len(asked) == 1:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return True

    try:
        with monkeypatch.context() as patch:
            patch.setattr(cgroup_tree, "is_abandoned", refuse_the_first)
            household.tree = CgroupTree(household.home)
        assert [os.path.basename(each) for each in strangers if os.path.exists(each)] == asked[:1]
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    household.tree.close(0)
    household.tree = CgroupTree(household.home)
    assert not any(os.path.exists(each) for each in strangers)
