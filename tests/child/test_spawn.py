"""pipe_rpc/child/spawn.py."""

import errno
import json
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest

from pipe_rpc.child import spawn as spawn_module
from pipe_rpc.child.cgroup_tree import CgroupTree
from pipe_rpc.child.descriptor_limit import DescriptorLimit
from pipe_rpc.child.process_group import ProcessGroup
from pipe_rpc.child.spawn import Child, SpawnError, Stage, pidfd_works, spawn
from tests.child.family import Family, close_pipes, read_all, read_line, spec, wait_and_reap
from tests.child.isolation import isolated
from tests.support.leaks import open_descriptors, own_descendants
from tests.support.programs import python, shell


class Failure(NamedTuple):
    """A spawn that must fail: how to prepare it in a directory, and what is to be told of it."""

    prepare: Callable[[Path], tuple[tuple[str, ...], str | None]]
    errno: int
    stage: Stage
    path: Callable[[Path], str]


def _file(directory: Path, content: str, mode: int = 0o755) -> str:
    path = directory / "program"
    path.write_text(content)
    path.chmod(mode)
    return str(path)


def _in(name: str) -> Callable[[Path], str]:
    return lambda directory: str(directory / name)


FAILURES = {
    "missing program": Failure(lambda d: ((f"{d}/missing",), None), errno.ENOENT, "exec", _in("missing")),
    "program that PATH does not have": Failure(
        lambda d: (("no-such-program-anywhere", "-x"), None), errno.ENOENT, "exec", lambda d: "no-such-program-anywhere"
    ),
    "program below a file": Failure(
        lambda d: ((_file(d, "") + "/below",), None), errno.ENOTDIR, "exec", _in("program/below")
    ),
    "not executable": Failure(
        lambda d: ((_file(d, "#!/bin/sh\n", 0o644),), None), errno.EACCES, "exec", _in("program")
    ),
    "directory as the program": Failure(lambda d: ((str(d),), None), errno.EACCES, "exec", str),
    "no interpreter line": Failure(lambda d: ((_file(d, "exit 0\n"),), None), errno.ENOEXEC, "exec", _in("program")),
    "empty file": Failure(lambda d: ((_file(d, ""),), None), errno.ENOEXEC, "exec", _in("program")),
    "missing interpreter": Failure(
        lambda d: ((_file(d, "#!/no/such/interpreter\n"),), None), errno.ENOENT, "exec", _in("program")
    ),
    "one argument too long": Failure(
        lambda d: (("/bin/echo", "x" * 4_000_000), None), errno.E2BIG, "exec", lambda d: "/bin/echo"
    ),
    "missing cwd": Failure(lambda d: (("/bin/true",), f"{d}/missing"), errno.ENOENT, "chdir", _in("missing")),
    "empty cwd": Failure(lambda d: (("/bin/true",), ""), errno.ENOENT, "chdir", lambda d: ""),
    "cwd is a file": Failure(lambda d: (("/bin/true",), _file(d, "")), errno.ENOTDIR, "chdir", _in("program")),
    "argv[0] is the cwd, a directory": Failure(lambda d: ((str(d),), str(d)), errno.EACCES, "exec", str),
    "argv[0] is the cwd, a file": Failure(
        lambda d: ((_file(d, "#!/bin/sh\n"), _file(d, "#!/bin/sh\n")), _file(d, "#!/bin/sh\n")),
        errno.ENOTDIR,
        "chdir",
        _in("program"),
    ),
    "argv[0] is the cwd, missing": Failure(
        lambda d: ((f"{d}/missing",), f"{d}/missing"), errno.ENOENT, "chdir", _in("missing")
    ),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
@pytest.mark.parametrize("merge_stderr", [False, True])
@pytest.mark.parametrize("stdin_pipe", [False, True])
def test_a_failure_tells_errno_stage_and_path_and_leaves_nothing_behind(
    failure: Failure, *, merge_stderr: bool, stdin_pipe: bool, tmp_path: Path, children: Family
) -> None:
    argv, cwd = failure.prepare(tmp_path)
    descriptors, processes = open_descriptors(), own_descendants()
    with pytest.raises(SpawnError) as caught:
        children.spawn(spec(*argv, cwd=cwd, merge_stderr=merge_stderr, stdin_pipe=stdin_pipe))
    assert (caught.value.errno, caught.value.stage) == (failure.errno, failure.stage)
    assert caught.value.path == failure.path(tmp_path)
    assert caught.value.reason == os.strerror(failure.errno)
    # Pipes have new inodes each time, the spares are the same file: equal means that none is left.
    assert open_descriptors() == descriptors
    assert own_descendants() == processes


def test_a_fork_that_fails_is_told_as_the_system_s(children: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    descriptors = open_descriptors()
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "_fork_exec", refuse)
        with pytest.raises(SpawnError) as caught:
            children.spawn(spec("/bin/true"))
    assert (caught.value.errno, caught.value.stage, caught.value.path) == (errno.EAGAIN, "fork", None)
    assert open_descriptors() == descriptors


@pytest.mark.parametrize("argv", [("/bin/echo", "a\0b"), ("/bin/\0echo",)])
def test_what_no_system_call_can_take_leaves_nothing_behind(argv: tuple[str, ...], children: Family) -> None:
    descriptors, processes = open_descriptors(), own_descendants()
    with pytest.raises(ValueError, match="null byte"):
        children.spawn(spec(*argv))
    assert open_descriptors() == descriptors
    assert own_descendants() == processes


@pytest.mark.skipif(not pidfd_works(), reason="there are no pidfds here")
def test_a_child_for_which_there_is_no_pidfd_is_not_left_behind(
    children: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pidfd_works()

    def refuse(*_: object) -> NoReturn:
        raise OSError(errno.ENFILE, os.strerror(errno.ENFILE))

    processes = own_descendants()
    with monkeypatch.context() as patch:
        patch.setattr(os, "pidfd_open", refuse)
        with pytest.raises(SpawnError) as caught:
            children.spawn(spec("/bin/sleep", "1000"))
    assert (caught.value.errno, caught.value.stage) == (errno.ENFILE, "fork")
    left = [pid for pid in own_descendants() if pid not in processes]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert left == []


LIST_DESCRIPTORS = """
import json, os
names = os.listdir("/proc/self/fd")
alive = {}
for name in names:
    try:
        alive[int(name)] = os.readlink("/proc/self/fd/" + name)
    except OSError:
        pass  # the descriptor of the listing itself
print(json.dumps(alive))
"""


def _descriptors_of_a_child(children: Family, *, merge_stderr: bool, stdin_pipe: bool) -> tuple[Child, dict[str, str]]:
    child = children.spawn(spec(*python(LIST_DESCRIPTORS), merge_stderr=merge_stderr, stdin_pipe=stdin_pipe))
    seen: dict[str, str] = json.loads(read_line(child.stdout_fd))
    return child, seen


def _link(fd: int | None) -> str:
    assert fd is not None
    return os.readlink(f"/proc/self/fd/{fd}")


def test_a_child_has_exactly_descriptors_0_1_and_2_and_they_are_our_pipes(children: Family) -> None:
    planted = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(planted, True)
    for _ in range(5):
        children.spawn(spec("/bin/cat"))
    child, seen = _descriptors_of_a_child(children, merge_stderr=False, stdin_pipe=True)
    os.close(planted)
    assert seen == {"0": _link(child.stdin_fd), "1": _link(child.stdout_fd), "2": _link(child.stderr_fd)}


def test_with_merge_stderr_both_are_one_pipe(children: Family) -> None:
    child, seen = _descriptors_of_a_child(children, merge_stderr=True, stdin_pipe=True)
    assert child.stderr_fd is None
    assert seen == {"0": _link(child.stdin_fd), "1": _link(child.stdout_fd), "2": _link(child.stdout_fd)}


def test_without_a_stdin_pipe_the_child_reads_end_of_file_at_once(children: Family) -> None:
    child, seen = _descriptors_of_a_child(children, merge_stderr=False, stdin_pipe=False)
    assert child.stdin_fd is None
    assert seen["0"] == "/dev/null"
    reader = children.spawn(spec("/bin/cat", stdin_pipe=False))
    assert read_all(reader.stdout_fd) == b""


def test_our_ends_reach_no_child_so_end_of_file_comes_when_we_close(children: Family) -> None:
    first = children.spawn(spec("/bin/cat"))
    children.spawn(spec("/bin/cat"))
    assert first.stdin_fd is not None
    os.write(first.stdin_fd, b"to the last byte")
    os.close(first.stdin_fd)
    first.stdin_fd = None
    assert read_all(first.stdout_fd) == b"to the last byte"


def test_both_output_streams_are_pipes_so_dev_stderr_can_be_opened(children: Family) -> None:
    child = children.spawn(spec(*shell("echo out >/dev/stdout; echo err >/dev/stderr")))
    assert child.stderr_fd is not None
    assert (read_all(child.stdout_fd), read_all(child.stderr_fd)) == (b"out\n", b"err\n")
    assert stat.S_ISFIFO(os.fstat(child.stdout_fd).st_mode)


def test_a_child_leads_a_session_and_group_of_its_own_without_a_terminal(children: Family) -> None:
    source = (
        "import os\n"
        "try:\n"
        "    os.open('/dev/tty', os.O_RDWR)\n"
        "    tty = 'a terminal'\n"
        "except OSError as error:\n"
        "    tty = error.errno\n"
        "print(os.getpid(), os.getsid(0), os.getpgrp(), tty)"
    )
    child = children.spawn(spec(*python(source)))
    assert read_line(child.stdout_fd) == f"{child.pid} {child.pid} {child.pid} {errno.ENXIO}"


def test_a_child_has_the_default_dispositions_and_no_signal_is_blocked() -> None:
    def work() -> None:
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limit = DescriptorLimit()
        child = spawn(spec("/bin/cat", "/proc/self/status"), limit, CgroupTree(None))
        told = dict(line.split(":\t", 1) for line in read_all(child.stdout_fd).decode().splitlines())
        assert {name: int(told[name], 16) for name in ("SigBlk", "SigIgn", "SigCgt")} == dict.fromkeys(
            ("SigBlk", "SigIgn", "SigCgt"), 0
        )
        wait_and_reap(child)

    isolated(work)


def test_env_is_the_whole_environment(children: Family) -> None:
    child = children.spawn(spec("/usr/bin/env", env={"ONE": "1", "TWO": "zwei \udcff"}))
    assert sorted(read_all(child.stdout_fd).splitlines()) == [b"ONE=1", b"TWO=zwei \xff"]
    empty = children.spawn(spec("/usr/bin/env", env={}))
    assert read_all(empty.stdout_fd) == b""


def test_without_env_the_child_inherits_ours(children: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED", "canary")
    child = children.spawn(spec(*shell('echo "$PLANTED"')))
    assert read_line(child.stdout_fd) == "canary"


def test_the_program_is_looked_up_in_the_path_of_the_child(children: Family, tmp_path: Path) -> None:
    program = tmp_path / "only-here"
    program.write_text("#!/bin/sh\necho found\n")
    program.chmod(0o755)
    child = children.spawn(spec("only-here", env={"PATH": f"/nowhere:{tmp_path}"}))
    assert read_line(child.stdout_fd) == "found"
    with pytest.raises(SpawnError, match="No such file"):
        children.spawn(spec("only-here", env={"PATH": "/nowhere"}))


def test_cwd_is_where_the_child_starts_and_where_a_relative_program_is_found(children: Family, tmp_path: Path) -> None:
    (tmp_path / "here").write_text("#!/bin/sh\npwd -P\n")
    (tmp_path / "here").chmod(0o755)
    child = children.spawn(spec("./here", cwd=str(tmp_path)))
    assert read_line(child.stdout_fd) == os.path.realpath(tmp_path)


def test_a_child_that_ends_at_once_is_still_ours_to_reap(children: Family) -> None:
    for _ in range(50):
        child = children.spawn(spec("/bin/true"))
        # The end of the streams comes from the end of the process, so it is a zombie or about to be one.
        assert read_all(child.stdout_fd) == b""
        children.reap(child)
        assert child.group.pidfd is None


def test_reap_tells_nothing_while_the_child_lives_and_the_status_once_when_it_has_ended(children: Family) -> None:
    child = children.spawn(spec(*shell("read _; exit 42")))
    assert child.reap() is None
    assert child.stdin_fd is not None
    os.write(child.stdin_fd, b"\n")
    status = wait_and_reap(child)
    assert status is not None
    assert (status.exit_code, status.signal_name, status.core_dumped) == (42, None, False)
    with pytest.raises(ChildProcessError):
        child.reap()


@pytest.mark.parametrize("merge_stderr", [False, True])
@pytest.mark.parametrize("stdin_pipe", [False, True])
@pytest.mark.parametrize("program", ["trap '' TERM; echo ready; read _ <&2", "echo ready; exit 3"])
def test_a_discarded_child_is_gone_for_good(
    program: str, children: Family, *, merge_stderr: bool, stdin_pipe: bool
) -> None:
    descriptors = open_descriptors()
    child = spawn(
        spec(*shell(program), merge_stderr=merge_stderr, stdin_pipe=stdin_pipe), children.limit, CgroupTree(None)
    )
    assert read_line(child.stdout_fd) == "ready"
    child.discard(CgroupTree(None))
    for fd in (child.stdin_fd, child.stdout_fd, child.stderr_fd):
        if fd is not None:
            os.close(fd)
    assert open_descriptors() == descriptors
    assert child.group.pidfd is None
    with pytest.raises(ChildProcessError):
        child.reap()
    with pytest.raises(ProcessLookupError):
        child.group.send(signal.SIGTERM)


def _refuse_to_signal(_: object, number: int) -> NoReturn:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def test_a_discarded_child_that_may_not_be_killed_is_neither_waited_for_nor_an_error(
    children: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = children.spawn(spec("/bin/cat"))
    with monkeypatch.context() as patch:
        patch.setattr(ProcessGroup, "send", _refuse_to_signal)
        child.discard(CgroupTree(None))
    assert child.group.pidfd is None
    assert child.reap() is None


@pytest.mark.skipif(not pidfd_works(), reason="there are no pidfds here")
def test_a_child_that_nobody_can_watch_and_that_may_not_be_killed_is_told_as_a_failed_spawn(
    children: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    descriptors, before = open_descriptors(), own_descendants()
    with monkeypatch.context() as patch:
        patch.setattr(os, "pidfd_open", refuse)
        patch.setattr(os, "killpg", _refuse_to_signal)
        with pytest.raises(SpawnError) as caught:
            children.spawn(spec("/bin/sleep", "1000"))
    assert (caught.value.errno, caught.value.stage) == (errno.EMFILE, "fork")
    assert open_descriptors() == descriptors
    [left] = [pid for pid in own_descendants() if pid not in before]
    os.kill(left, signal.SIGKILL)
    os.waitpid(left, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGPIPE])
def test_an_end_by_a_signal_is_told_by_its_name(number: signal.Signals, children: Family) -> None:
    child = children.spawn(spec(*shell(f"kill -{number.value} $$")))
    status = wait_and_reap(child)
    assert status is not None
    assert (status.exit_code, status.signal_name) == (None, number.name)


def test_the_usage_of_a_child_is_in_seconds_and_bytes(children: Family) -> None:
    child = children.spawn(spec(*python("x = b'x' * (64 << 20); import time\nwhile time.process_time() < 0.05: pass")))
    status = wait_and_reap(child)
    assert status is not None
    # It begins its life in the memory of this process, which may have grown larger than its own ever does.
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    assert 64 << 20 < status.usage.max_rss_bytes < ours + (256 << 20)
    assert 0.03 < status.usage.user_s + status.usage.system_s < 20


def test_the_finalizer_of_popen_reaps_nobody(children: Family) -> None:
    child = children.spawn(spec("/bin/sh", "-c", "exit 7"))
    assert read_all(child.stdout_fd) == b""
    # A new Popen looks after forgotten ones (subprocess._cleanup).
    subprocess.run(["/bin/true"], check=True)
    status = wait_and_reap(child)
    assert status is not None
    assert status.exit_code == 7


def test_without_pidfds_a_child_has_none(children: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spawn_module, "pidfd_works", lambda: False)
    child = children.spawn(spec("/bin/cat"))
    assert child.group.pidfd is None


@pytest.mark.skipif(not pidfd_works(), reason="there are no pidfds here")
def test_with_pidfds_a_child_has_one_that_no_other_child_inherits(children: Family) -> None:
    child = children.spawn(spec("/bin/cat"))
    assert child.group.pidfd is not None
    assert not os.get_inheritable(child.group.pidfd)


def test_pidfds_do_not_work_where_python_or_the_kernel_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    ask = pidfd_works.__wrapped__
    with monkeypatch.context() as patch:
        patch.setattr(os, "pidfd_open", refuse, raising=False)
        assert ask() is False
    with monkeypatch.context() as patch:
        patch.delattr(os, "pidfd_open", raising=False)
        assert ask() is False


def _soft_limit_in_a_new_child(limit: DescriptorLimit, started: list[Child]) -> str:
    child = spawn(spec(*shell("ulimit -Sn; read _")), limit, CgroupTree(None))
    started.append(child)
    return read_line(child.stdout_fd)


def _end(started: list[Child]) -> None:
    for child in started:
        os.killpg(child.pid, signal.SIGKILL)
        wait_and_reap(child)
        child.group.leader_reaped()
        close_pipes(child)


def test_a_child_gets_the_limit_that_the_server_was_started_with() -> None:
    def work() -> None:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
        limit = DescriptorLimit()
        started: list[Child] = []
        assert _soft_limit_in_a_new_child(limit, started) == "200"
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
        _end(started)

    isolated(work)


@pytest.mark.parametrize("stdin_pipe", [True, False])
def test_with_more_than_1024_descriptors_in_use_one_can_spawn_again_and_again(*, stdin_pipe: bool) -> None:
    def work() -> None:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
        limit = DescriptorLimit()
        for _ in range(1100):
            os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        started: list[Child] = []
        for _ in range(20):
            child = spawn(spec(*shell("ulimit -Sn; exec sleep 1000"), stdin_pipe=stdin_pipe), limit, CgroupTree(None))
            started.append(child)
            assert read_line(child.stdout_fd) == "1024"
        _end(started)

    isolated(work)


def _fill_up(free: int) -> list[int]:
    """Open descriptors until only so many numbers are free."""
    filling: list[int] = []
    with suppress(OSError):
        while True:
            filling.append(os.dup(2))
    for _ in range(free):
        os.close(filling.pop())
    return filling


def _open_numbers() -> list[int]:
    """Those below 64; to list the directory would take a descriptor itself."""
    found = []
    for fd in range(64):
        with suppress(OSError):
            os.fstat(fd)
            found.append(fd)
    return found


@pytest.mark.parametrize("free", range(12))
@pytest.mark.parametrize("rlimits", [(), (("core", 0),)], ids=["", "with limits"])
def test_wherever_descriptors_run_out_a_spawn_fails_as_a_whole_and_works_again_when_there_are_some(
    free: int, rlimits: tuple[tuple[str, int], ...]
) -> None:
    wanted = spec("/bin/cat")._replace(rlimits=rlimits)

    def work() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        limit = DescriptorLimit()
        filling = _fill_up(free)
        before = _open_numbers()
        # Three pipes are six descriptors and the pidfd is one; what Popen needs for a moment is in the spares. The
        # report of a launcher is two more.
        if free < (9 if rlimits else 7):
            with pytest.raises(SpawnError) as caught:
                spawn(wanted, limit, CgroupTree(None))
            assert (caught.value.errno, caught.value.stage, caught.value.path) == (errno.EMFILE, "fork", None)
            assert _open_numbers() == before
        else:
            _end([spawn(wanted, limit, CgroupTree(None))])
            assert len(_open_numbers()) <= len(before)
        for fd in filling:
            os.close(fd)
        assert own_descendants() == []
        _end([spawn(wanted, limit, CgroupTree(None))])

    isolated(work)
