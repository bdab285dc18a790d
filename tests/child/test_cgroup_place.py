"""pipe_rpc/child/cgroup_place.py: the places of control groups in what /proc says, and whose a directory is."""

import os
import sys
from pathlib import Path

import pytest

from pipe_rpc.child import cgroup_place
from pipe_rpc.child.cgroup_place import PREFIX, find_home, is_abandoned, server_directory
from tests.child.isolation import isolated
from tests.support.cgroups import home_of_cgroups

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has control groups")

V1 = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"


def _home(monkeypatch: pytest.MonkeyPatch, own: str, mounts: str) -> str | None:
    files = {"/proc/self/cgroup": own.encode(), "/proc/self/mountinfo": mounts.encode()}
    monkeypatch.setattr(cgroup_place, "read", files.__getitem__)
    return find_home()


@pytest.mark.parametrize(
    ("own", "mount", "home"),
    [
        ("0::/\n", "/ /sys/fs/cgroup", "/sys/fs/cgroup"),
        ("0::/user.slice/a b.scope\n", "/ /sys/fs/cgroup", "/sys/fs/cgroup/user.slice/a b.scope"),
        ("5:cpu:/elsewhere\n1:name=systemd:/x\n0::/here\n", "/ /sys/fs/cgroup/unified", "/sys/fs/cgroup/unified/here"),
        ("0::/here\n", r"/ /mnt/with\040blank\134", "/mnt/with blank\\/here"),
        ("0::/pod/here/deep\n", "/pod/here /sys/fs/cgroup", "/sys/fs/cgroup/deep"),
        ("0::/pod/here\n", "/pod/here /sys/fs/cgroup", "/sys/fs/cgroup"),
        ("0::/pod/hereafter\n", "/pod/here /sys/fs/cgroup", None),
        ("0::/\n", "/pod /sys/fs/cgroup", None),
        ("0::/../outside\n", "/ /sys/fs/cgroup", None),
        ("0::/here\n", "/.. /sys/fs/cgroup", None),
        ("4:memory:/here\n", "/ /sys/fs/cgroup", None),
    ],
)
def test_the_home_is_where_the_mount_shows_our_cgroup(
    own: str, mount: str, home: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = f"{V1}41 31 0:38 {mount} rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
    assert _home(monkeypatch, own, mounts) == home


def test_the_first_mount_that_shows_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = "1 1 0:1 /other /a rw - cgroup2 x rw\n2 1 0:1 / /b rw - cgroup2 x rw\n3 1 0:1 / /c rw - cgroup2 x rw\n"
    assert _home(monkeypatch, "0::/here\n", mounts) == "/b/here"


def test_without_a_mount_of_version_2_there_is_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _home(monkeypatch, "0::/\n", V1) is None


def test_without_proc_there_is_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> bytes:
        raise FileNotFoundError(path)

    monkeypatch.setattr(cgroup_place, "read", refuse)
    assert find_home() is None


def test_this_process_is_listed_in_its_home() -> None:
    home = home_of_cgroups()
    if home is None:
        pytest.skip("no control group can be made here")
    assert str(os.getpid()) in Path(f"{home}/cgroup.procs").read_text(encoding="ascii").split()


def _name(pid: int) -> str:
    return server_directory("/home", pid).removeprefix("/home/")


def test_the_directory_of_a_living_server_is_in_use() -> None:
    assert _name(os.getpid()).startswith(f"{PREFIX}{os.getpid()}-")
    assert not is_abandoned(_name(os.getpid()))
    assert not is_abandoned(_name(1))


def test_the_name_of_a_server_is_the_same_after_its_end_until_it_is_reaped() -> None:
    read_fd, write_fd = os.pipe()
    pid = os.spawnv(os.P_NOWAIT, "/bin/sleep", ["sleep", "1000"])
    living = _name(pid)
    os.kill(pid, 9)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert _name(pid) == living
    assert is_abandoned(living), "it has ended, though nobody has waited for it"
    os.waitpid(pid, 0)
    os.close(read_fd)
    os.close(write_fd)
    assert is_abandoned(living)


def test_a_process_of_the_same_number_that_was_started_at_another_time_is_another() -> None:
    prefix, _, rest = _name(os.getpid()).rpartition("-")
    pid, _, start = prefix.rpartition("-")
    assert is_abandoned(f"{pid}-{int(start) - 1}-{rest}")


def test_who_is_in_another_namespace_of_processes_is_not_judged() -> None:
    assert not is_abandoned(f"{_name(os.getpid()).rpartition('-')[0]}-1")


def test_who_is_in_another_namespace_of_time_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """There, a process of ours was started at another time, and would be taken for one that has gone."""
    before, _, namespaces = _name(os.getpid()).rpartition("-")
    pid, _, start = before.rpartition("-")
    stranger = f"{pid}-{int(start) - 1}-{namespaces}"
    assert is_abandoned(stranger)
    real = os.readlink
    monkeypatch.setattr(os, "readlink", lambda path: "time:[17]" if path == "/proc/self/ns/time" else real(path))
    assert not is_abandoned(stranger)


def test_where_proc_tells_of_another_namespace_there_is_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.readlink
    monkeypatch.setattr(os, "readlink", lambda path: "1" if path == "/proc/self" else real(path))
    assert find_home() is None


@pytest.mark.parametrize("name", ["", "1", "1-2", "1-2-3-4", "x-2-3", "test-17", "-1-2"])
def test_what_is_named_otherwise_is_not_ours(name: str) -> None:
    assert not is_abandoned(f"{PREFIX}{name}")


@pytest.mark.parametrize("pid", ["2147483648", "9" * 20, "9" * 200])
def test_what_is_named_after_a_number_that_no_process_can_have_is_not_ours(pid: str) -> None:
    assert not is_abandoned(f"{PREFIX}{pid}-1-{_name(os.getpid()).rpartition('-')[2]}")


def test_who_belongs_to_another_user_is_there() -> None:
    def work() -> None:
        if os.getuid() == 0:
            os.setuid(65534)
        assert not is_abandoned(_name(1))

    isolated(work)


def test_whose_start_cannot_be_seen_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    name = _name(os.getpid())

    def hide(path: str) -> bytes:
        raise FileNotFoundError(path)

    monkeypatch.setattr(cgroup_place, "read", hide)
    assert not is_abandoned(name)


def test_without_namespaces_there_is_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def hide(path: str) -> str:
        raise FileNotFoundError(path)

    monkeypatch.setattr(os, "readlink", hide)
    assert find_home() is None
