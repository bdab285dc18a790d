"""pipe_rpc/session/tee.py and tees.py, over real pipes and real files, one turn at a time."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipe_rpc.buffers.text import Encoding
from pipe_rpc.child.file_writer import FileWriter
from pipe_rpc.session.announcement import Announcement, Closed, Output, StreamName, TeeFailed
from pipe_rpc.session.attachment import Overflow
from pipe_rpc.session.tee import TeeEnd
from tests.session.harness import Bench, reap_writers
from tests.support.trace import DEADLINE_S

OUT, ERR = StreamName
STALL_S = 5.0


def close(bench: Bench) -> None:
    """Give everything back, the processes that write files too."""
    bench.session.abandon()
    reap_writers(bench.loop)
    bench.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    close(made)


def turn_until(bench: Bench, condition: Callable[[], bool]) -> None:
    """Take turns until something holds, for which a process has to run."""
    until = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < until, "in vain"
        bench.loop.run_turn()


def tee(bench: Bench, path: Path | str, name: StreamName = OUT) -> int:
    return bench.session.tees.set(name, FileWriter(str(path), "append"), str(path), stall_s=STALL_S)


def stop(bench: Bench, name: StreamName = OUT) -> TeeEnd:
    ends: list[TeeEnd] = []
    bench.session.tees.stop(name, ends.append)
    turn_until(bench, lambda: bool(ends))
    return ends[0]


def test_every_byte_from_where_it_was_set_is_in_the_file(bench: Bench, tmp_path: Path) -> None:
    bench.child.write(OUT, b"before")
    bench.loop.run_turn()
    assert tee(bench, tmp_path / "out") == 6
    bench.child.write(OUT, b"behind")
    bench.child.write(ERR, b"elsewhere")
    bench.loop.run_turn()
    assert stop(bench) == TeeEnd(str(tmp_path / "out"), 12, 0)
    assert (tmp_path / "out").read_bytes() == b"behind"
    bench.child.write(OUT, b"later")
    bench.loop.run_turn()
    assert (tmp_path / "out").read_bytes() == b"behind"
    assert not bench.session.tees


def test_a_small_ring_loses_nothing_that_the_file_has_not_got() -> None:
    bench = Bench(backlog_bytes=1024, read_bytes=1024, overflow=Overflow.DROP_OLDEST)
    reader, writer = os.pipe()
    path = f"/proc/self/fd/{writer}"
    if not os.path.exists(path):
        pytest.skip("needs /proc")
    tee(bench, path)
    os.close(writer)
    sent = bytearray()
    for number in range(3000):
        piece = b"%04d" % number * 64
        sent += piece[: bench.child.write(OUT, piece)]
        bench.loop.run_turn()
    stream = bench.session.streams[OUT]
    assert stream.is_paused, "the file has taken what two pipes hold"
    data = b""
    while len(data) < len(sent):
        data += os.read(reader, 1 << 16)
        bench.loop.run_turn()
        bench.loop.run_turn()
    assert data == sent
    assert not stream.is_paused
    assert stop(bench).errno == 0
    os.close(reader)
    close(bench)


def test_a_slow_client_does_not_hold_up_the_file_beyond_its_ring(tmp_path: Path) -> None:
    bench = Bench(attach=(OUT,), overflow=Overflow.DROP_OLDEST, backlog_bytes=1024, read_bytes=1024)
    tee(bench, tmp_path / "out")
    for _ in range(100):
        bench.child.write(OUT, b"x" * 1000)
        bench.loop.run_turn()
    turn_until(bench, lambda: bench.session.streams[OUT].ring.end == 100_000)
    assert stop(bench).offset == 100_000
    assert (tmp_path / "out").read_bytes() == b"x" * 100_000
    close(bench)


def test_the_close_waits_until_the_file_is_complete(bench: Bench, tmp_path: Path) -> None:
    tee(bench, tmp_path / "out")
    bench.child.write(OUT, b"all")
    bench.child.close()
    bench.exits.report(bench.child)
    turn_until(bench, lambda: any(isinstance(each, Closed) for each in bench.pull_all()))
    assert (tmp_path / "out").read_bytes() == b"all"


def test_of_a_stream_that_has_ended_nothing_is_waited_for(bench: Bench, tmp_path: Path) -> None:
    bench.child.write(OUT, b"before")
    bench.child.close()
    turn_until(bench, lambda: bench.session.streams[OUT].ended)
    tee(bench, tmp_path / "out")
    bench.exits.report(bench.child)
    turn_until(bench, lambda: any(isinstance(each, Closed) for each in bench.pull_all()))
    assert (tmp_path / "out").read_bytes() == b""


def test_a_failure_is_told_once_and_the_stream_goes_on(bench: Bench) -> None:
    bench.session.attach(OUT, "a", 0, Encoding.UTF_8)
    tee(bench, "/dev/full")
    bench.child.write(OUT, b"one")
    told: list[Announcement] = []

    def is_told() -> bool:
        told.extend(bench.pull_all())
        return any(isinstance(each, TeeFailed) for each in told)

    turn_until(bench, is_told)
    bench.child.write(OUT, b"two")
    bench.loop.run_turn()
    told += bench.pull_all()
    assert [each for each in told if isinstance(each, TeeFailed)] == [
        TeeFailed("pipe-1", OUT, TeeEnd("/dev/full", 0, errno.ENOSPC))
    ]
    assert "".join(each.data for each in told if isinstance(each, Output)) == "onetwo"


def test_who_ends_a_tee_that_fails_is_told_and_nobody_else(bench: Bench) -> None:
    tee(bench, "/dev/full")
    bench.child.write(OUT, b"one")
    bench.session.streams[OUT].look_for_end()
    assert stop(bench).errno == errno.ENOSPC
    assert bench.session.tees.pull() is None


def test_a_file_that_takes_nothing_for_too_long_ends_the_tee(bench: Bench, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    tee(bench, tmp_path / "fifo")
    stream = bench.session.streams[OUT]
    tees = bench.session.tees

    def is_full() -> bool:
        bench.child.write(OUT, b"x" * 1024)
        return stream.is_paused

    turn_until(bench, is_full)
    failed = None
    while failed is None:
        bench.loop.advance(STALL_S + 0.1)
        failed = tees.pull()
    assert failed.end.errno == errno.ETIMEDOUT
    assert failed.end.reason == "It took nothing for too long"
    assert failed.end.offset <= 65536, "what a FIFO holds (pipe(7))"
    bench.loop.run_turn()
    assert not stream.is_paused
    os.close(reader)


def test_one_that_is_killed_is_told_as_interrupted(bench: Bench, tmp_path: Path) -> None:
    tee(bench, tmp_path / "out")
    bench.session.tees.kill()
    turn_until(bench, lambda: bench.session.streams[OUT].tee is None)
    failed = bench.session.tees.pull()
    assert failed is not None
    assert failed.end.errno == errno.EINTR


def test_of_a_removed_session_the_rest_is_still_written(bench: Bench, tmp_path: Path) -> None:
    tee(bench, tmp_path / "out")
    bench.child.write(OUT, b"x" * 1000)
    bench.loop.run_turn()
    bench.session.abandon()
    turn_until(bench, lambda: not bench.session.tees)
    assert (tmp_path / "out").read_bytes() == b"x" * 1000
