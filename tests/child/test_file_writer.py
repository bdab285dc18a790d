"""pipe_rpc/child/file_writer.py: a process that writes a file, and says how far it got."""

from __future__ import annotations

import errno
import os
import resource
import select
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipe_rpc.child.file_writer import FileWriter, Mode
from tests.support.trace import DEADLINE_S


def wait_ended(writer: FileWriter) -> None:
    """Wait until it has ended, and reap it."""
    poller = select.poll()
    poller.register(writer.done_fd, select.POLLIN)
    assert poller.poll(DEADLINE_S * 1000), "it does not end"
    writer.close()
    os.waitpid(writer.pid, 0)


def write(writer: FileWriter, data: bytes) -> None:
    assert writer.data.write([memoryview(data)]) == len(data)


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.mark.parametrize(("mode", "expected"), [("append", b"before" + b"x" * 60_000), ("truncate", b"x" * 60_000)])
def test_what_goes_in_is_in_the_file(tmp_path: Path, umask: None, mode: Mode, expected: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    writer = FileWriter(str(path), mode)
    write(writer, b"x" * 60_000)
    writer.finish()
    wait_ended(writer)
    assert path.read_bytes() == expected
    assert (writer.written, writer.errno) == (60_000, 0)


def test_a_new_file_has_the_permissions_that_the_umask_leaves(tmp_path: Path, umask: None) -> None:
    writer = FileWriter(str(tmp_path / "new"), "append")
    writer.finish()
    wait_ended(writer)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("name", "number"), [("none/file", errno.ENOENT), ("", errno.EISDIR), ("file/file", errno.ENOTDIR)]
)
def test_what_cannot_be_opened_is_an_error_and_leaves_nothing_behind(tmp_path: Path, name: str, number: int) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"\[Errno") as failed:
        FileWriter(str(tmp_path / name), "append")
    assert failed.value.errno == number


def test_a_fifo_that_nobody_reads_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match=r"\[Errno") as failed:
        FileWriter(str(tmp_path / "fifo"), "append")
    assert failed.value.errno == errno.ENXIO


def test_without_room_for_a_process_it_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise BlockingIOError(errno.EAGAIN, "no room")

    monkeypatch.setattr(os, "fork", fork)
    with pytest.raises(BlockingIOError):
        FileWriter(str(tmp_path / "file"), "append")


def test_a_full_disk_is_told_with_what_is_in_the_file() -> None:
    writer = FileWriter("/dev/full", "append")
    write(writer, b"x")
    wait_ended(writer)
    assert (writer.written, writer.errno) == (0, errno.ENOSPC)


def test_a_file_above_its_limit_is_told_with_what_is_in_it(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        writer = FileWriter(str(tmp_path / "file"), "append")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    write(writer, b"x" * 1500)
    wait_ended(writer)
    assert (writer.written, writer.errno) == (1000, errno.EFBIG)
    assert (tmp_path / "file").stat().st_size == 1000


def test_signals_to_all_of_us_do_not_end_it(tmp_path: Path) -> None:
    writer = FileWriter(str(tmp_path / "file"), "append")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(writer.pid, number)
    write(writer, b"all of it")
    writer.finish()
    wait_ended(writer)
    assert (tmp_path / "file").read_bytes() == b"all of it"


def test_a_killed_one_is_reaped_once(tmp_path: Path) -> None:
    writer = FileWriter(str(tmp_path / "file"), "append")
    assert not writer.reap()
    writer.kill()
    poller = select.poll()
    poller.register(writer.done_fd, select.POLLIN)
    assert poller.poll(DEADLINE_S * 1000)
    os.waitid(os.P_PID, writer.pid, os.WEXITED | os.WNOWAIT)
    assert writer.reap()
    assert writer.reap(), "somebody has reaped it"
    writer.close()


def test_one_that_was_never_used_is_given_up(tmp_path: Path) -> None:
    FileWriter(str(tmp_path / "file"), "truncate").discard()
    assert (tmp_path / "file").read_bytes() == b""


def test_it_holds_no_descriptor_but_its_own(tmp_path: Path) -> None:
    if not os.path.exists("/proc/self/fd"):
        pytest.skip("needs /proc")
    reader, other = os.pipe()
    writer = FileWriter(str(tmp_path / "file"), "append")
    write(writer, b"x")
    while writer.written == 0:
        os.sched_yield()
    assert sorted(map(int, os.listdir(f"/proc/{writer.pid}/fd"))) == [0, 1, 2]
    os.close(other)
    assert os.read(reader, 1) == b""
    os.close(reader)
    writer.finish()
    wait_ended(writer)
