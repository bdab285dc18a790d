"""pipe_rpc/session/spawning.py: what a child is started as, and what is told where it cannot be started."""

import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pipe_rpc.child.cgroup_tree import CgroupTree
from pipe_rpc.child.descriptor_limit import DescriptorLimit
from pipe_rpc.child.spawn import Child
from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.session import spawning
from pipe_rpc.session.announcement import StreamName
from pipe_rpc.session.spawning import SpawnOrder, start, working_directory
from tests.child.family import close_pipes, read_all, wait_and_reap
from tests.session.harness import order
from tests.support.leaks import open_descriptors, own_descendants
from tests.support.programs import shell

OUT, ERR = StreamName.STDOUT, StreamName.STDERR


Start = Callable[[SpawnOrder], Child]


@pytest.fixture
def started() -> Iterator[Start]:
    """Starts children, which end by themselves, and reaps them."""
    limit = DescriptorLimit()
    children: list[Child] = []

    def start_one(wanted: SpawnOrder) -> Child:
        children.append(start(wanted, os.environ, limit, CgroupTree(None)))
        return children[-1]

    yield start_one
    for child in children:
        close_pipes(child)
        wait_and_reap(child)
        child.group.forget()
    limit.close()


def _output(child: Child) -> str:
    return read_all(child.stdout_fd).decode()


def _refused(code: ErrorCode, started: Start, wanted: SpawnOrder) -> PipeRpcError:
    descriptors, processes = open_descriptors(), own_descendants()
    with pytest.raises(PipeRpcError) as caught:
        started(wanted)
    assert caught.value.code is code
    assert open_descriptors() == descriptors
    assert own_descendants() == processes
    return caught.value


# Where it starts


def test_the_directory_is_told_as_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path)
    here = os.getcwd()
    assert working_directory(None) == here
    assert working_directory("below") == f"{here}/below"
    assert working_directory("below/") == f"{here}/below"
    assert working_directory("/") == "/"
    assert working_directory("/usr") == "/usr"


def test_the_directory_that_is_told_is_where_it_starts(
    started: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path)
    for cwd in (None, "below", "/"):
        child = started(order(*shell("pwd -P"), cwd=cwd))
        assert _output(child) == f"{os.path.realpath(working_directory(cwd))}\n"


def test_a_server_whose_directory_was_deleted_still_starts_children(
    started: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doomed = tmp_path / "doomed"
    doomed.mkdir()
    monkeypatch.chdir(doomed)
    doomed.rmdir()
    assert working_directory(None) == ""
    assert working_directory("/") == "/"
    assert _output(started(order("/bin/echo", "here"))) == "here\n"
    assert _output(started(order("/bin/echo", "there", cwd="/"))) == "there\n"


# What it inherits


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"env": {"ADDED": "1"}}, {"INHERITED": "yes", "DOOMED": "yes", "ADDED": "1"}),
        ({"env": {"INHERITED": "no", "DOOMED": None}}, {"INHERITED": "no"}),
        ({"env": {"NEVER": None}}, {"INHERITED": "yes", "DOOMED": "yes"}),
        ({"env": {"ONLY": "1"}, "inherit_env": False}, {"ONLY": "1"}),
        ({"env": {}, "inherit_env": False}, {}),
        ({}, {"INHERITED": "yes", "DOOMED": "yes"}),
    ],
)
def test_env_is_laid_over_the_inherited_one(
    started: Start, monkeypatch: pytest.MonkeyPatch, changes: Mapping[str, Any], expected: Mapping[str, str]
) -> None:
    monkeypatch.setenv("INHERITED", "yes")
    monkeypatch.setenv("DOOMED", "yes")
    lines = _output(started(order("/usr/bin/env", **changes))).splitlines()
    found = dict(line.split("=", 1) for line in lines if "=" in line)
    names = ("INHERITED", "DOOMED", "ADDED", "NEVER", "ONLY")
    assert {name: found[name] for name in names if name in found} == expected
    assert ("PATH" in found) == changes.get("inherit_env", True)
    assert (os.environ["INHERITED"], os.environ["DOOMED"]) == ("yes", "yes")


# Its pipes


def test_it_has_the_pipes_that_were_asked_for(started: Start) -> None:
    usual = started(order("/bin/true"))
    assert None not in (usual.stdin_fd, usual.stdout_fd, usual.stderr_fd)
    merged = started(order(*shell("echo out; echo err >&2"), merge_stderr=True, stdin_pipe=False))
    assert (merged.stdin_fd, merged.stderr_fd) == (None, None)
    assert _output(merged) == "out\nerr\n"


@pytest.mark.parametrize("attach", [(ERR,), (OUT, ERR)])
def test_a_stream_that_there_will_not_be_cannot_be_attached_and_nothing_is_started(
    started: Start, attach: tuple[StreamName, ...]
) -> None:
    error = _refused(ErrorCode.STREAM_UNAVAILABLE, started, order("/bin/cat", merge_stderr=True, attach=attach))
    assert dict(error.data) == {"stream": "stderr"}


@pytest.mark.parametrize("attach", [None, (), (OUT,)])
def test_with_merged_streams_the_one_that_there_is_may_be_attached(
    started: Start, attach: tuple[StreamName, ...] | None
) -> None:
    started(order("/bin/true", merge_stderr=True, attach=attach))


# Where it cannot be started

FAILURES = [
    (("/no/such/program",), None, "exec", "ENOENT", "Check argv"),
    (("/bin/true",), "/no/such/directory", "chdir", "ENOENT", "Check cwd"),
    (("{here}/no-interpreter",), None, "exec", "ENOENT", "interpreter in its first line"),
    (("{here}/no-program",), None, "exec", "ENOEXEC", "#!/bin/sh"),
    (("{here}/plain",), None, "exec", "EACCES", "Check argv"),
]


@pytest.mark.parametrize(("argv", "cwd", "stage", "errno_name", "hint"), FAILURES)
def test_a_failed_spawn_says_what_to_do(
    argv: tuple[str, ...], cwd: str | None, stage: str, errno_name: str, hint: str, started: Start, tmp_path: Path
) -> None:
    for name, content, mode in (
        ("no-interpreter", "#!/no/such\n", 0o755),
        ("no-program", "", 0o755),
        ("plain", "x", 0o644),
    ):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(mode)
    wanted = tuple(word.format(here=tmp_path) for word in argv)
    error = _refused(ErrorCode.SPAWN_FAILED, started, order(*wanted, cwd=cwd))
    assert hint in error.message
    assert error.data["stage"] == stage
    assert error.data["errno"] == errno_name
    assert error.data["path"] == (cwd or wanted[0])
    assert error.data["message"] in error.message


def test_a_program_that_is_named_by_a_relative_path_is_looked_for_where_the_child_was_to_start(
    started: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    script = elsewhere / "script"
    script.write_text("#!/no/such\n")
    script.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    for cwd in ("elsewhere", str(elsewhere)):
        error = _refused(ErrorCode.SPAWN_FAILED, started, order("./script", cwd=cwd))
        assert "interpreter in its first line" in error.message
    assert "Check argv" in _refused(ErrorCode.SPAWN_FAILED, started, order("./script")).message


def test_a_file_that_has_the_name_of_a_missing_program_is_not_taken_for_it(
    started: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "LICENSE").touch()
    monkeypatch.chdir(tmp_path)
    assert "Check argv" in _refused(ErrorCode.SPAWN_FAILED, started, order("LICENSE")).message


def test_a_system_without_room_says_so(started: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_out() -> tuple[int, int]:
        raise OSError(24, os.strerror(24))

    with monkeypatch.context() as patch:
        patch.setattr(os, "pipe", run_out)
        error = _refused(ErrorCode.SPAWN_FAILED, started, order("/bin/true"))
    assert dict(error.data) == {"errno": "EMFILE", "message": os.strerror(24), "path": None, "stage": "fork"}
    assert "End some sessions" in error.message


@pytest.mark.skipif(sys.platform != "linux", reason="the system must refuse a limit, also to root (proc_sys_fs(5))")
def test_a_limit_that_cannot_be_set_is_told_by_its_name(started: Start) -> None:
    error = _refused(ErrorCode.SPAWN_FAILED, started, order("/bin/true", rlimits=(("nofile", 1 << 62),)))
    told = {"errno": "EPERM", "message": os.strerror(1), "path": "rlimits.nofile", "stage": "limits"}
    assert dict(error.data) == told
    assert "'rlimits.nofile'" in error.message
    assert "Ask for other limits" in error.message


def test_what_is_asked_for_is_in_force_when_the_program_runs(started: Start) -> None:
    child = started(order(*shell("ulimit -n; nice"), rlimits=(("nofile", 44),), nice=2))
    assert _output(child).split() == ["44", str(min(os.nice(0) + 2, 19))]


def test_a_system_without_room_to_import_what_few_need_says_so(started: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patch:
        patch.setattr(spawning, "_child_environment", refuse)
        error = _refused(ErrorCode.SPAWN_FAILED, started, order("/bin/true", env={"A": "1"}))
    assert (error.data["errno"], error.data["stage"]) == ("EMFILE", "fork")


def test_no_value_of_the_environment_is_told(started: Start) -> None:
    error = _refused(ErrorCode.SPAWN_FAILED, started, order("/no/such/program", env={"TOKEN": "secret-value"}))
    assert "secret-value" not in f"{error.message} {dict(error.data)}"


@pytest.mark.skipif(sys.platform != "linux", reason="macOS lets a file be executed while it is written")
def test_a_program_that_is_being_written_is_told_as_such(started: Start, tmp_path: Path) -> None:
    program = tmp_path / "program"
    shutil.copy("/bin/true", program)
    with program.open("ab"):
        error = _refused(ErrorCode.SPAWN_FAILED, started, order(str(program)))
    assert (error.data["errno"], error.data["stage"]) == ("ETXTBSY", "exec")
    assert "Spawn again" in error.message
    started(order(str(program)))
