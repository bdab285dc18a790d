"""pipe_rpc/child/live_usage.py: what a child and what it started use, while they run and while they end."""

import errno
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import psutil
import pytest

from pipe_rpc.child import live_usage as live_usage_module
from pipe_rpc.child.cgroup import Cgroup
from pipe_rpc.child.cgroup_tree import CgroupTree
from pipe_rpc.child.descriptor_limit import DescriptorLimit
from pipe_rpc.child.live_usage import by_psutil, live_usage
from pipe_rpc.child.spawn import Child, spawn
from tests.child.family import Family, close_pipes, read_line, spec, wait_and_reap
from tests.support.cgroups import home_of_cgroups
from tests.support.programs import python, shell
from tests.support.trace import DEADLINE_S

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, or plays it")

BURN = "import time\nend = time.process_time() + 0.1\nwhile time.process_time() < end: pass\n"
MEMORY = 32 << 20


def busy(*, grandchild: bool = True) -> list[str]:
    """Burns 100 ms, lets a child that it waits for burn as much, starts one that stays, and says so."""
    parts = [f"import os, sys\nkept = bytearray({MEMORY})\n", BURN]
    if grandchild:
        parts.append(f"pid = os.fork()\nif pid == 0:\n    exec({BURN!r}); os._exit(0)\nos.waitpid(pid, 0)\n")
        parts.append("if os.fork() == 0:\n    sys.stdin.read(); os._exit(0)\n")
    return python("".join(parts) + "print('ready', flush=True)\nsys.stdin.read()\n")


def test_a_process_counts_with_its_descendants_and_those_it_has_waited_for(children: Family) -> None:
    child = children.spawn(spec(*busy()))
    assert read_line(child.stdout_fd) == "ready"
    for found in (live_usage(child.pid, None), by_psutil(child.pid), child.usage()):
        assert found is not None
        assert found.processes == 2
        assert 0.15 <= found.user_s + found.system_s < 2
        assert MEMORY <= found.rss_bytes < 8 * MEMORY


def test_one_without_children_counts_alone(children: Family) -> None:
    # Linux tells no memory of a process that has only just begun.
    child = children.spawn(spec(*shell("echo ready; read line")))
    assert read_line(child.stdout_fd) == "ready"
    for found in (live_usage(child.pid, None), by_psutil(child.pid)):
        assert found is not None
        assert found.processes == 1
        assert found.user_s + found.system_s < 0.1
        assert 0 < found.rss_bytes < MEMORY


@pytest.mark.parametrize("look", [lambda pid: live_usage(pid, None), by_psutil])
def test_one_that_has_ended_and_was_not_reaped_is_not_running(look: Any, children: Family) -> None:
    child = children.spawn(spec("/bin/true"))
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    found = look(child.pid)
    assert found is None or (found.processes, found.rss_bytes) == (0, 0)
    children.reap(child)
    assert look(child.pid) is None


def test_the_children_of_every_thread_count(children: Family) -> None:
    source = """
import subprocess, threading
def work():
    with subprocess.Popen(["cat"]):
        started.release()
started = threading.Semaphore(0)
for _ in range(3): threading.Thread(target=work).start()
for _ in range(3): started.acquire()
print("ready", flush=True)
"""
    child = children.spawn(spec(*python(source)))
    assert read_line(child.stdout_fd) == "ready"
    found = live_usage(child.pid, None)
    assert found is not None
    assert found.processes == 4


def _plays(monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes | OSError]) -> None:
    """Let /proc hold these."""

    def read(path: str, *_: object) -> bytes:
        found = files.get(path, FileNotFoundError(errno.ENOENT, "none"))
        if isinstance(found, OSError):
            raise found
        return found

    monkeypatch.setattr(live_usage_module, "read", read)
    monkeypatch.setattr(os, "listdir", lambda path: [path.split("/")[2]])


def stat_of(pid: int, command: str = "x", state: str = "S", times: tuple[int, ...] = (100, 50, 0, 0)) -> bytes:
    before = [state, "1", *["0"] * 9]
    fields = [*before, *map(str, times), *["0"] * 6, "3", *["0"] * 20]
    return f"{pid} ({command}) {' '.join(fields)}".encode()


TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def test_the_fields_are_those_of_the_manual_whatever_the_command_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    _plays(monkeypatch, {"/proc/7/stat": stat_of(7, ") Z (a b", "R", (100, 50, 7, 3))})
    assert live_usage(7, None) == (107 / TICKS, 53 / TICKS, 3 * PAGE, 1)


@pytest.mark.parametrize("gone", [ProcessLookupError(errno.ESRCH, "gone"), FileNotFoundError(errno.ENOENT, "gone")])
def test_one_that_ends_while_it_is_looked_at_counts_no_more(gone: OSError, monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, bytes | OSError] = {
        "/proc/7/stat": stat_of(7),
        "/proc/7/task/7/children": b"8 9 ",
        "/proc/8/stat": gone,
        "/proc/8/task/8/children": gone,
        "/proc/9/stat": stat_of(9, state="Z"),
    }
    _plays(monkeypatch, files)
    assert live_usage(7, None) == (200 / TICKS, 100 / TICKS, 6 * PAGE, 1)
    files["/proc/7/stat"] = files["/proc/7/task/7/children"] = gone
    assert live_usage(7, None) is None


@pytest.mark.parametrize("path", ["/proc/7/stat", "/proc/8/stat", "/proc/7/task/7/children"])
@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOMEM])
def test_where_nothing_can_be_read_now_nobody_can_know(path: str, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, bytes | OSError] = {
        "/proc/7/stat": stat_of(7),
        "/proc/7/task/7/children": b"8",
        "/proc/8/stat": stat_of(8),
    }
    _plays(monkeypatch, {**files, path: OSError(number, os.strerror(number))})
    assert live_usage(7, None) is None


def test_without_proc_nobody_can_know(monkeypatch: pytest.MonkeyPatch) -> None:
    _plays(monkeypatch, {})
    monkeypatch.setattr(os, "listdir", lambda path: os.scandir("/nowhere"))
    assert live_usage(7, None) is None


def test_what_psutil_may_not_look_at_nobody_can_know(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise psutil.AccessDenied(os.getpid())

    with monkeypatch.context() as patch:
        patch.setattr(psutil.Process, "memory_info", refuse)
        assert by_psutil(os.getpid()) is None
    with monkeypatch.context() as patch:
        patch.setattr(psutil, "Process", refuse)
        assert by_psutil(os.getpid()) is None


def test_on_macos_psutil_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "darwin")
        patch.setattr(live_usage_module, "by_psutil", asked.append)
        assert live_usage(7, None) is None
    assert asked == [7]


def test_one_that_ends_while_psutil_looks_counts_no_more(monkeypatch: pytest.MonkeyPatch, children: Family) -> None:
    child = children.spawn(spec("/bin/cat"))

    def gone(*_: object) -> NoReturn:
        raise psutil.NoSuchProcess(child.pid)

    with monkeypatch.context() as patch:
        patch.setattr(psutil.Process, "memory_info", gone)
        assert by_psutil(child.pid) is None


# ---- control groups


@pytest.fixture
def tree() -> Iterator[CgroupTree]:
    """A tree of control groups of this process."""
    home = home_of_cgroups()
    if home is None:
        pytest.skip("no control group can be made here: that takes cgroup v2, Linux 5.14 and the right to write to it")
    made = CgroupTree(home)
    yield made
    assert made.close(DEADLINE_S)


def contained(tree: CgroupTree, *argv: str) -> Child:
    limit = DescriptorLimit()
    child = spawn(spec(*argv), limit, tree)
    limit.close()
    return child


def end(child: Child, tree: CgroupTree) -> None:
    """End everything of it, wherever that went, and reap it."""
    close_pipes(child)
    child.kill()
    wait_and_reap(child)
    child.group.forget()
    assert child.cgroup is not None
    tree.condemn(child.cgroup)
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def test_with_a_cgroup_everything_counts_that_it_ever_started(tree: CgroupTree) -> None:
    """Also what left its group and its parent, and what ended without that anybody waited for it."""
    leaves = f"(setsid {' '.join(['sleep', '1000'])} & ) ; ({sys.executable} -I -S -c '{BURN}' &) ; echo started"
    child = contained(tree, *shell(f"{leaves}; read _"))
    assert read_line(child.stdout_fd) == "started"
    assert child.cgroup is not None
    try:
        until = time.monotonic() + DEADLINE_S
        while True:
            found = live_usage(child.pid, child.cgroup)
            assert found is not None
            if found.processes == 2 and found.user_s + found.system_s > 0.1:
                break
            assert time.monotonic() < until, found
            os.sched_yield()
        alone = live_usage(child.pid, None)
        assert alone is not None
        assert alone.processes == 1
        assert alone.user_s + alone.system_s < 0.1
        assert found.rss_bytes > alone.rss_bytes > 0
    finally:
        end(child, tree)


def test_a_child_that_has_left_its_cgroup_is_told_by_its_family(tree: CgroupTree, tmp_path: Path) -> None:
    child = contained(tree, *shell("read _"))
    assert child.cgroup is not None
    home = home_of_cgroups()
    assert home is not None
    try:
        Path(f"{home}/cgroup.procs").write_text(str(child.pid), encoding="ascii")
        found = live_usage(child.pid, child.cgroup)
        assert found is not None
        assert found.processes == 1
        assert found.rss_bytes > 0
    finally:
        end(child, tree)


def test_a_cgroup_that_cannot_be_read_leaves_the_family(children: Family, tmp_path: Path) -> None:
    child = children.spawn(spec("/bin/cat"))
    found = live_usage(child.pid, Cgroup(str(tmp_path / "gone")))
    assert found is not None
    assert found.processes == 1


def test_processes_and_times_of_a_cgroup_are_those_in_it_and_below(tmp_path: Path) -> None:
    for name, members in (("", "1\n2\n2\n"), ("below", "3\n"), ("below/deep", ""), ("other", "4\n")):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "cgroup.procs").write_text(members)
    (tmp_path / "cpu.stat").write_text("usage_usec 9\nuser_usec 1500000\nsystem_usec 250\nnr_periods 0\n")
    cgroup = Cgroup(str(tmp_path))
    assert cgroup.processes() == {1, 2, 3, 4}
    assert cgroup.processor_time() == (1.5, 0.00025)


@pytest.mark.parametrize(("number", "known"), [(errno.EOPNOTSUPP, True), (errno.EMFILE, False)])
def test_those_of_a_threaded_cgroup_are_told_above_it(
    number: int, known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipe_rpc.child import cgroup as cgroup_module

    (tmp_path / "below").mkdir()
    (tmp_path / "cgroup.procs").write_text("1\n")
    real = cgroup_module.read

    def read(path: str, dir_fd: int | None = None) -> bytes:
        if dir_fd is not None:
            raise OSError(number, os.strerror(number))
        return real(path)

    monkeypatch.setattr(cgroup_module, "read", read)
    if known:
        assert Cgroup(str(tmp_path)).processes() == {1}
    else:
        with pytest.raises(OSError, match="open files"):
            Cgroup(str(tmp_path)).processes()
