"""pipe_rpc/server/log.py: never in anybody's way."""

import os
import pty
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipe_rpc.loop.descriptor import Descriptor, OwnDescriptor, SharedDescriptor
from pipe_rpc.server.log import Log, LogLevel, open_log
from tests.session.harness import fill_pipe

Kind = type[OwnDescriptor | SharedDescriptor]
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} pipe-rpc\[(\d+)\] (\w+): (.*)")


def mode_of(path: Path | str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def drain(fd: int) -> bytes:
    """What is in a pipe, which is then empty."""
    read = bytearray()
    while True:
        try:
            read += os.read(fd, 1 << 16)
        except BlockingIOError:
            return bytes(read)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    yield reader, writer
    os.close(reader)
    os.close(writer)


def log_on(
    fd: int, level: LogLevel = LogLevel.DEBUG, kind: type[OwnDescriptor | SharedDescriptor] = OwnDescriptor
) -> Log:
    descriptor: Descriptor = kind(os.dup(fd))
    return Log(descriptor, level)


def test_a_line_has_a_time_the_process_a_level_and_the_text(pipe: tuple[int, int]) -> None:
    log = log_on(pipe[1])
    log.warning("something")
    (line,) = drain(pipe[0]).decode().splitlines()
    match = LINE.fullmatch(line)
    assert match
    assert match.groups() == (str(os.getpid()), "warning", "something")
    log.close()


@pytest.mark.parametrize("level", LogLevel)
def test_a_level_lets_through_itself_and_what_is_above_it(pipe: tuple[int, int], level: LogLevel) -> None:
    log = log_on(pipe[1], level)
    log.debug("10")
    log.info("20")
    log.warning("30")
    log.error("40")
    texts = [line.rsplit(" ", 1)[1] for line in drain(pipe[0]).decode().splitlines()]
    assert texts == [str(each.value) for each in LogLevel if each >= level]
    log.close()


@pytest.mark.parametrize("kind", [OwnDescriptor, SharedDescriptor])
def test_lines_that_find_no_room_are_dropped_and_counted_by_the_next(pipe: tuple[int, int], kind: Kind) -> None:
    reader, writer = pipe
    log = log_on(writer, kind=kind)
    fill_pipe(writer)
    for _ in range(1000):
        log.error("lost " * 100)
    assert log.dropped == 1000
    drain(reader)
    log.error("heard")
    log.error("again")
    first, second = drain(reader).decode().splitlines()
    assert first.endswith("error: (1000 lines dropped) heard")
    assert second.endswith("error: again")
    assert log.dropped == 0
    log.close()


def test_a_log_whose_reader_has_gone_is_no_failure(pipe: tuple[int, int]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    log = Log(OwnDescriptor(writer), LogLevel.DEBUG)
    log.error("into the void")
    assert log.dropped == 1
    log.close()


def test_a_long_line_is_cut_and_stays_one_line(pipe: tuple[int, int]) -> None:
    log = log_on(pipe[1])
    log.error("é" * 10_000)
    log.error("next")
    lines = drain(pipe[0]).split(b"\n")
    assert len(lines) == 3
    assert len(lines[0]) <= 4095
    assert lines[1].endswith(b"error: next")
    log.close()


def test_a_long_line_does_not_lose_the_count_of_those_before_it(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    log = log_on(writer)
    fill_pipe(writer)
    log.error("lost")
    drain(reader)
    log.error("x" * 10_000)
    log.error("short")
    long, short = drain(reader).splitlines()
    assert b"error: (1 lines dropped) xxx" in long
    assert short.endswith(b"error: short")
    log.close()


def test_half_a_surrogate_pair_is_no_failure(pipe: tuple[int, int]) -> None:
    log = log_on(pipe[1])
    log.error("\ud800")
    assert drain(pipe[0]).endswith(b"error: ?\n")
    log.close()


def test_a_failure_is_logged_with_where_it_happened_and_without_what_it_says(pipe: tuple[int, int]) -> None:
    log = log_on(pipe[1])

    def fail() -> None:
        raise ValueError("the password is swordfish")

    with pytest.raises(ValueError, match="swordfish") as caught:
        fail()
    log.exception("session/spawn failed", caught.value)  # noqa: PLE1205 - it is not of the module logging
    text = drain(pipe[0]).decode()
    assert "swordfish" not in text
    first, *frames = text.splitlines()
    assert first.endswith("error: session/spawn failed: ValueError")
    assert frames[-1].endswith(".fail")
    assert re.search(rf"at {re.escape(__file__)}:\d+ in ", frames[-1])
    log.close()


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_a_new_file_is_for_its_owner_only(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        log = open_log(str(tmp_path / "log"), LogLevel.DEBUG)
    finally:
        os.umask(before)
    log.error("one")
    log.close()
    assert mode_of(tmp_path / "log") == 0o600
    assert (tmp_path / "log").read_text().endswith("error: one\n")


def test_an_old_file_is_made_its_owners_only_and_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("before\n")
    path.chmod(0o644)
    log = open_log(str(path), LogLevel.DEBUG)
    log.error("after")
    log.close()
    assert mode_of(path) == 0o600
    before, after = path.read_text().splitlines()
    assert before == "before"
    assert after.endswith("error: after")


def test_a_symbolic_link_is_refused_and_its_target_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    target.chmod(0o644)
    (tmp_path / "log").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        open_log(str(tmp_path / "log"), LogLevel.DEBUG)
    assert target.read_text() == "precious"
    assert mode_of(target) == 0o644


@pytest.mark.parametrize("path", ["/nonexistent/log", "/", ""])
def test_what_cannot_be_opened_is_told(path: str) -> None:
    with pytest.raises(OSError, match=r"No such file|Is a directory"):
        open_log(path, LogLevel.DEBUG)


def test_a_device_keeps_the_rights_that_it_has() -> None:
    ours, theirs = pty.openpty()
    try:
        os.fchmod(theirs, 0o622)
        log = open_log(os.ttyname(theirs), LogLevel.DEBUG)
        log.close()
        assert stat.S_IMODE(os.fstat(theirs).st_mode) == 0o622, "a device belongs to everybody"
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_disk_drops_lines_and_nothing_else() -> None:
    log = Log(SharedDescriptor(os.open("/dev/full", os.O_WRONLY)), LogLevel.DEBUG)
    for _ in range(3):
        log.error("no room")
    assert log.dropped == 3
    log.close()


def test_without_a_file_it_goes_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    log = open_log(None, LogLevel.ERROR)
    log.error("to people")
    log.warning("to nobody")
    log.close()
    captured = capfd.readouterr()
    assert captured.err.endswith("error: to people\n")
    assert captured.err.count("\n") == 1
    assert captured.out == ""
