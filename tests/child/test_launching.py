"""pipe_rpc/child/launching.py and launcher.py: what has limits is else as it would be without."""

import errno
import json
import os
import resource
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pipe_rpc.child import launcher, launching
from pipe_rpc.child.cgroup_tree import CgroupTree
from pipe_rpc.child.descriptor_limit import DescriptorLimit
from pipe_rpc.child.launching import Failure, Launch
from pipe_rpc.child.resource_limits import RESOURCES, highest_limit
from pipe_rpc.child.spawn import Child, SpawnError, SpawnSpec, spawn
from tests.child.family import Family, close_pipes, read_all, spec, wait_and_reap
from tests.child.isolation import isolated
from tests.support.cgroups import directories_of, home_of_cgroups
from tests.support.leaks import open_descriptors, own_descendants
from tests.support.programs import python, shell
from tests.support.trace import DEADLINE_S

LIMITS = (("core", 0),)
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def limited(wanted: SpawnSpec, *rlimits: tuple[str, int], nice: int = 0) -> SpawnSpec:
    """The same with limits."""
    return wanted._replace(rlimits=rlimits or LIMITS, nice=nice)


PORTRAIT = """
import json, os, resource, sys
def told(name):
    with open("/proc/self/" + name, "rb") as file:
        return file.read().decode("latin-1")
status = dict(line.split(":", 1) for line in told("status").splitlines())
links = {}
for name in os.listdir("/proc/self/fd"):
    try:
        links[name] = os.readlink("/proc/self/fd/" + name).partition(":")[0]
    except OSError:
        pass
print(json.dumps({
    "arguments": told("cmdline"), "environment": told("environ"), "directory": os.getcwd(), "descriptors": links,
    "signals": [status[name] for name in ("SigBlk", "SigIgn", "SigCgt")], "umask": status["Umask"],
    "leads": [os.getsid(0) == os.getpid(), os.getpgrp() == os.getpid(), os.getppid()], "group": told("cgroup"),
    "limits": told("limits"), "nice": os.nice(0), "threads": status["Threads"], "oom": told("oom_score_adj"),
    "program": os.readlink("/proc/self/exe"),
}))
"""


def portrait(children: Family, wanted: SpawnSpec) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(read_all(children.spawn(wanted).stdout_fd))
    return found


ODD = {"A": "1", "É": "zwei \udcff", "0": "a number", "12": "x=y", "EMPTY": "", "LC_ALL": "C", "PYTHONHOME": "/nowhere"}


@linux_only
@pytest.mark.parametrize("env", [None, {}, {"LC_ALL": "xx_YY"}, ODD, {"LD_LIBRARY_PATH": "/nowhere"}], ids=repr)
@pytest.mark.parametrize("pipes", [(False, True), (True, False)])
def test_a_child_differs_from_one_without_limits_in_nothing_but_these(
    children: Family, tmp_path: Path, env: dict[str, str] | None, pipes: tuple[bool, bool]
) -> None:
    argv = python(PORTRAIT, "$HOME", "", "é😀", "\udcff")
    wanted = spec(*argv, cwd=str(tmp_path), env=env, merge_stderr=pipes[0], stdin_pipe=pipes[1])
    usual = portrait(children, wanted)
    launched = portrait(children, limited(wanted, ("core", 0), ("nofile", 77), nice=3))
    assert launched.pop("nice") - usual.pop("nice") == 3
    changed = [line for line in launched.pop("limits").splitlines() if line not in usual["limits"].splitlines()]
    assert [line.split()[:5] for line in changed if "open files" in line] == [["Max", "open", "files", "77", "77"]]
    assert all("open files" in line or "core file" in line for line in changed)
    del usual["limits"]
    assert launched == usual


@linux_only
@pytest.mark.parametrize("ignored", [[], [signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT]])
def test_signals_are_as_they_would_be_without_limits(ignored: list[signal.Signals]) -> None:
    def masks(wanted: SpawnSpec, limit: DescriptorLimit) -> list[str]:
        child = spawn(wanted, limit, CgroupTree(None))
        told = read_all(child.stdout_fd).decode().splitlines()
        wait_and_reap(child)
        return [line for line in told if line.startswith("Sig") and not line.startswith("SigQ")]

    def work() -> None:
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        limit = DescriptorLimit()
        wanted = spec("/bin/cat", "/proc/self/status")
        usual = masks(wanted, limit)
        assert masks(limited(wanted), limit) == usual
        assert len(usual) == 4
        if not ignored:
            assert usual[1:] == [f"{name}:\t{0:016x}" for name in ("SigBlk", "SigIgn", "SigCgt")]

    isolated(work)


@pytest.mark.parametrize("name", RESOURCES)
def test_each_limit_is_set_soft_and_hard_and_the_others_are_left(children: Family, name: str) -> None:
    source = f"import json, resource; print(json.dumps([resource.getrlimit(n) for n in {list(RESOURCES.values())}]))"
    before = [list(resource.getrlimit(number)) for number in RESOURCES.values()]
    limit = min({"as": 1 << 32, "cpu": 99, "nofile": 50, "nproc": 4321}.get(name, 4096), highest_limit(name))
    if name != "nofile":
        before[list(RESOURCES).index("nofile")] = list(children.limit._original)
    found = json.loads(read_all(children.spawn(limited(spec(*python(source)), (name, limit))).stdout_fd))
    told = dict(zip(RESOURCES, found, strict=True))
    assert told.pop(name) == [limit, limit]
    assert told == {each: value for each, value in zip(RESOURCES, before, strict=True) if each != name}


FAILURES: dict[str, tuple[tuple[str, ...], Mapping[str, str] | None, str | None, int, str, str]] = {
    "a missing program": (("{d}/missing",), None, None, errno.ENOENT, "exec", "{d}/missing"),
    "one that PATH does not have": (("no-such-program", "-x"), None, None, errno.ENOENT, "exec", "no-such-program"),
    "one that an empty PATH does not have": (("true",), {"PATH": ""}, None, errno.ENOENT, "exec", "true"),
    "one that may not be executed": (("{d}/plain",), None, None, errno.EACCES, "exec", "{d}/plain"),
    "one in PATH that may not be executed": (("plain",), {"PATH": "{d}:/x"}, None, errno.EACCES, "exec", "plain"),
    "one below a file": (("{d}/plain/x",), None, None, errno.ENOTDIR, "exec", "{d}/plain/x"),
    "no program": (("{d}/empty",), None, None, errno.ENOEXEC, "exec", "{d}/empty"),
    "an argument that is too long": (("/bin/echo", "x" * 200_000), None, None, errno.E2BIG, "exec", "/bin/echo"),
    "a missing directory": (("/bin/true",), None, "{d}/missing", errno.ENOENT, "chdir", "{d}/missing"),
}


@pytest.mark.parametrize(("argv", "env", "cwd", "number", "stage", "path"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_told_as_without_limits_and_leaves_nothing_behind(
    argv: tuple[str, ...],
    env: Mapping[str, str] | None,
    cwd: str | None,
    number: int,
    stage: str,
    path: str,
    children: Family,
    tmp_path: Path,
) -> None:
    (tmp_path / "plain").write_text("#!/bin/sh\n")
    (tmp_path / "empty").touch(mode=0o755)

    def here(text: str) -> str:
        return text.replace("{d}", str(tmp_path))

    wanted = spec(
        *map(here, argv),
        env=None if env is None else {name: here(value) for name, value in env.items()},
        cwd=None if cwd is None else here(cwd),
    )
    descriptors, processes = open_descriptors(), own_descendants()
    for each in (wanted, limited(wanted)):
        with pytest.raises(SpawnError) as caught:
            children.spawn(each)
        error = caught.value
        assert (error.errno, error.stage, error.path) == (number, stage, here(path))
        assert error.reason == os.strerror(number)
        assert open_descriptors() == descriptors
        assert own_descendants() == processes


def test_the_program_is_looked_up_in_the_path_of_the_child(children: Family, tmp_path: Path) -> None:
    for directory, said in (("first", None), ("second", "found"), ("third", "too late")):
        (tmp_path / directory).mkdir()
        (tmp_path / directory / "only-here").write_text(f"#!/bin/sh\necho {said} $0\n")
        (tmp_path / directory / "only-here").chmod(0o644 if said is None else 0o755)
    path = ":".join(str(tmp_path / directory) for directory in ("missing", "first", "second", "third"))
    child = children.spawn(limited(spec("only-here", env={"PATH": path})))
    assert read_all(child.stdout_fd).decode() == f"found {tmp_path}/second/only-here\n"
    usual = children.spawn(limited(spec("true", env={})))
    assert read_all(usual.stdout_fd) == b"", "without PATH it is looked for where the system has its programs"


def outcome_of(children: Family, wanted: SpawnSpec) -> str:
    """How a child that ends by itself ended, or why it was not started."""
    try:
        child = children.spawn(wanted)
    except SpawnError as error:
        return f"{errno.errorcode[error.errno]} {error.stage}"
    read_all(child.stdout_fd)
    status = wait_and_reap(child)
    return status.signal_name or str(status.exit_code)


@pytest.mark.parametrize(
    ("rlimits", "outcomes"),
    [
        ([("as", 0)], ["SIGSEGV", "SIGKILL", "ENOMEM limits", "E2BIG exec", "127"]),
        ([("as", 1_000_000)], ["SIGSEGV", "SIGKILL", "ENOMEM limits", "127"]),
        ([("nofile", 0)], ["127", "0"]),
        ([("cpu", 0)], ["SIGKILL", "SIGXCPU", "0"]),
        ([("fsize", 0), ("core", 0), ("nproc", 0)], ["0"]),
    ],
    ids=["no memory", "little memory", "no files", "no time", "none of the rest"],
)
def test_limits_that_leave_no_room_for_the_program_are_told_or_end_it_and_nothing_hangs(
    rlimits: list[tuple[str, int]], outcomes: list[str], children: Family
) -> None:
    descriptors, processes = open_descriptors(), own_descendants()
    outcome = outcome_of(children, limited(spec("/bin/true"), *rlimits))
    assert outcome in outcomes
    if " " in outcome:
        assert (open_descriptors(), own_descendants()) == (descriptors, processes)


@linux_only
def test_a_limit_that_the_system_refuses_is_told_by_its_name(children: Family) -> None:
    """No user has more descriptors than that, root neither (proc_sys_fs(5), nr_open)."""
    most = int(Path("/proc/sys/fs/nr_open").read_text())
    descriptors, processes = open_descriptors(), own_descendants()
    with pytest.raises(SpawnError) as caught:
        children.spawn(limited(spec("/bin/true"), ("core", 0), ("nofile", most + 1)))
    error = caught.value
    assert (error.errno, error.stage, error.path) == (errno.EPERM, "limits", "rlimits.nofile")
    assert (open_descriptors(), own_descendants()) == (descriptors, processes)


def test_without_python_there_are_no_limits(children: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    descriptors, processes = open_descriptors(), own_descendants()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/no/such/python")
        with pytest.raises(SpawnError) as caught:
            children.spawn(limited(spec("/bin/true")))
    assert (caught.value.errno, caught.value.stage) == (errno.ENOENT, "limits")
    assert caught.value.path == "/no/such/python"
    assert (open_descriptors(), own_descendants()) == (descriptors, processes)


@pytest.mark.parametrize("program", ["/bin/true", "/bin/cat"])
def test_a_launcher_that_says_nothing_is_a_failure(
    children: Family, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    """It ended early, or something else is in its place."""
    descriptors, processes = open_descriptors(), own_descendants()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", program)
        with pytest.raises(SpawnError) as caught:
            children.spawn(limited(spec("/bin/true")))
    assert (caught.value.errno, caught.value.stage, caught.value.path) == (errno.ENOEXEC, "limits", "rlimits")
    assert (open_descriptors(), own_descendants()) == (descriptors, processes)


def test_no_room_for_the_report_is_told_as_the_system_s(children: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    descriptors, processes = open_descriptors(), own_descendants()
    with monkeypatch.context() as patch:
        patch.setattr(Launch, "__init__", refuse)
        with pytest.raises(SpawnError) as caught:
            children.spawn(limited(spec("/bin/true")))
    assert (caught.value.errno, caught.value.stage, caught.value.path) == (errno.EMFILE, "fork", None)
    assert (open_descriptors(), own_descendants()) == (descriptors, processes)


def test_a_report_that_cannot_be_read_ends_the_child(children: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    descriptors, processes = open_descriptors(), own_descendants()
    with monkeypatch.context() as patch:
        patch.setattr(Launch, "failure", refuse)
        with pytest.raises(SpawnError) as caught:
            children.spawn(limited(spec("/bin/sleep", "1000")))
    assert (caught.value.errno, caught.value.stage) == (errno.EIO, "fork")
    assert (open_descriptors(), own_descendants()) == (descriptors, processes)


@pytest.mark.parametrize(
    ("report", "failure"),
    [
        ("r", None),
        ("rexec 2", Failure(errno.ENOENT, os.strerror(2), "exec", "")),
        ("rexec 12", Failure(errno.ENOMEM, os.strerror(12), "limits", "rlimits")),
        ("exec 12", Failure(errno.ENOMEM, os.strerror(12), "limits", "rlimits")),
        ("limits 1 nice", Failure(errno.EPERM, os.strerror(1), "limits", "nice")),
        (f"limits 1 {resource.RLIMIT_CPU}", Failure(errno.EPERM, os.strerror(1), "limits", "rlimits.cpu")),
        ("limits", Failure(errno.ENOEXEC, "Python, which sets them, ended before it had", "limits", "rlimits")),
    ],
)
def test_a_report_says_what_failed(report: str, failure: Failure | None) -> None:
    assert launching._failure(report) == failure


def test_values_of_the_environment_are_no_arguments_which_everybody_may_see() -> None:
    launch = Launch(["true"], {"TOKEN": "canary-value"}, LIMITS, 0)
    launch.close()
    assert not [argument for argument in launch.argv if "canary" in argument]
    assert launch.env["0"] == "TOKEN=canary-value"


def test_the_launcher_has_of_our_environment_what_the_linker_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/where/libpython/is")
    monkeypatch.setenv("PYTHONPATH", "/project")
    launch = Launch(["true"], {"LD_LIBRARY_PATH": "/for/the/child"}, LIMITS, 0)
    launch.close()
    launch.close()
    assert launch.env == {"LD_LIBRARY_PATH": "/where/libpython/is", "0": "LD_LIBRARY_PATH=/for/the/child"}


def test_memory_that_is_refused_behind_the_limits_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python cannot be brought to it at will, so its calls are played."""
    written: list[tuple[int, bytes]] = []

    def refuse(*_: object) -> NoReturn:
        raise MemoryError

    class EndedError(Exception):
        pass

    def end(status: int) -> NoReturn:
        assert status == 127
        raise EndedError

    monkeypatch.setattr(sys, "argv", ["launcher.py", "99", "0", "", "true"])
    monkeypatch.setattr(os, "set_inheritable", lambda *_: None)
    monkeypatch.setattr(os, "write", lambda fd, data: written.append((fd, data)))
    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr("_signal.signal", lambda *_: None)
    monkeypatch.setattr(os, "execve", refuse)
    with pytest.raises(EndedError):
        launcher.main()
    assert written == [(99, b"r"), (99, b"exec 12")]


def test_a_child_with_limits_is_born_in_its_cgroup_and_one_that_fails_leaves_none(children: Family) -> None:
    home = home_of_cgroups()
    if home is None:
        pytest.skip("no control group can be made here: that takes cgroup v2, Linux 5.14 and the right to write to it")
    tree = CgroupTree(home)
    with pytest.raises(SpawnError):
        spawn(limited(spec("/no/such/program")), children.limit, tree)
    assert len(directories_of(home, os.getpid())) == 1, "the one above those of children"
    child = spawn(limited(spec("/bin/cat")), children.limit, tree)
    assert child.cgroup is not None
    assert child.cgroup.processes() == {child.pid}
    close_pipes(child)
    wait_and_reap(child)
    child.group.forget()
    assert tree.close(DEADLINE_S)


def test_a_child_with_limits_is_ended_with_all_that_it_started(children: Family) -> None:
    child: Child = children.spawn(limited(spec(*shell("sleep 1000 & echo ready; wait"))))
    assert os.read(child.stdout_fd, 6) == b"ready\n"
    assert os.getpgid(child.pid) == child.pid
    child.kill()
    assert wait_and_reap(child).signal_name == "SIGKILL"
