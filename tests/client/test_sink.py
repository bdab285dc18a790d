"""pipe_rpc/client/sink.py: as fast as a descriptor takes bytes, and no faster."""

import os
from collections.abc import Iterator

import pytest

from pipe_rpc.client.sink import Sink
from pipe_rpc.loop.descriptor import OwnDescriptor
from tests.session.harness import StillLoop

ROOM = 64 * 1024

BROKEN = "broken: Broken pipe"


class Drain:
    """A sink into a pipe, and what it told."""

    def __init__(self) -> None:
        self.loop = StillLoop()
        self.reader, writer = os.pipe()
        os.set_blocking(self.reader, False)
        self.told: list[str] = []
        self.sink = Sink(
            OwnDescriptor(writer),
            self.loop,
            on_room=lambda: self.told.append("room"),
            on_broken=lambda error: self.told.append(f"broken: {error.strerror}"),
        )

    def read(self, size: int = 1 << 20) -> bytes:
        """What is in the pipe."""
        try:
            return os.read(self.reader, size)
        except BlockingIOError:
            return b""

    def hang_up(self) -> None:
        """Read no more."""
        if self.reader >= 0:
            fd, self.reader = self.reader, -1
            os.close(fd)


@pytest.fixture
def drain() -> Iterator[Drain]:
    made = Drain()
    yield made
    made.sink.close()
    made.hang_up()
    made.loop.close()


def test_what_fits_is_written_at_once(drain: Drain) -> None:
    drain.sink.send(b"hello")
    assert drain.sink.is_empty
    assert drain.read() == b"hello"


def test_what_does_not_fit_waits_in_order(drain: Drain) -> None:
    data = [bytes([number]) * 50_000 for number in range(5)]
    for piece in data:
        drain.sink.send(piece)
    assert not drain.sink.is_empty
    assert not drain.sink.has_room
    read = bytearray()
    for _ in range(1000):
        read += drain.read(7000)
        drain.loop.run_turn()
    assert bytes(read) == b"".join(data)
    assert drain.sink.is_empty
    assert drain.sink.has_room
    assert "room" in drain.told
    assert BROKEN not in drain.told


def test_room_is_told_as_soon_as_there_is_some(drain: Drain) -> None:
    drain.sink.send(b"x" * (64 * 1024 + ROOM + 10_000))
    drain.told.clear()
    assert not drain.sink.has_room
    drain.read(65536)
    drain.loop.run_turn()
    assert drain.sink.has_room
    assert drain.told == ["room"]


def test_a_reader_that_goes_is_told_once_and_nothing_is_kept_for_it(drain: Drain) -> None:
    drain.sink.send(b"x" * 300_000)
    drain.hang_up()
    drain.loop.run_turn()
    drain.loop.run_turn()
    assert drain.told.count(BROKEN) == 1
    assert drain.sink.is_empty
    drain.sink.send(b"more")
    assert drain.sink.is_empty
    assert drain.told.count(BROKEN) == 1


def test_a_reader_that_has_gone_is_told_at_the_next_write(drain: Drain) -> None:
    drain.hang_up()
    drain.sink.send(b"x")
    assert drain.told == [BROKEN]


def test_nothing_is_no_write(drain: Drain) -> None:
    drain.hang_up()
    drain.sink.send(b"")
    assert drain.told == []


def test_what_waits_is_forgotten_when_it_is_broken_off(drain: Drain) -> None:
    drain.sink.send(b"x" * 300_000)
    assert not drain.sink.is_broken
    drain.sink.break_off()
    drain.told.clear()
    assert drain.sink.is_broken
    assert drain.sink.is_empty
    written = len(drain.read())
    drain.loop.run_turn()
    drain.sink.send(b"more")
    assert written < 300_000
    assert drain.read() == b""
    assert drain.told == []
