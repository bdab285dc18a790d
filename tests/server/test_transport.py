"""pipe_rpc/server/transport.py: real pipes, one turn at a time."""

import fcntl
import os
import selectors
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipe_rpc.buffers.framer import FramingError, encode_frame
from pipe_rpc.limits import Limits
from pipe_rpc.loop.descriptor import OwnDescriptor, SharedDescriptor
from pipe_rpc.loop.loop import Loop
from pipe_rpc.server.request_queue import RequestQueue
from pipe_rpc.server.transport import Transport
from tests.server.harness import TURNS, Wires
from tests.session.harness import StillLoop, bytes_in_pipe, fill_pipe

LINUX = sys.platform == "linux"


class Line:
    """A transport over both pipes, and everything that it told."""

    def __init__(self, wires: Wires, **limits: int) -> None:
        self.loop = StillLoop()
        self.wires = wires
        self.told: list[Any] = []
        self.waiting: set[bytes] = set()
        self.spawning: set[bytes] = set()
        self.spawns_tried = 0
        self.queue = RequestQueue(lambda: self.spawns_tried, max_bytes=1000)
        self.answer: bytes | None = None
        self.transport = Transport(
            self.loop,
            wires.stdin,
            wires.stdout,
            self.queue,
            Limits(**limits),
            on_body=self._on_body,
            on_due=self._on_due,
            on_broken=self.told.append,
            on_end=self.told.append,
        )
        self.loop.add_before_sleep(self.transport.handle_waiting)
        self.flushes = True
        self.loop.add_before_sleep(self._flush)

    def turn(self, count: int = 1) -> list[Any]:
        """Take turns and tell what was told in them."""
        begin = len(self.told)
        for _ in range(count):
            self.loop.run_turn()
        return self.told[begin:]

    def _on_body(self, body: bytes) -> None:
        if body in self.spawning | self.waiting and self.queue.must_wait:
            self.queue.add(body.decode(), body)
        else:
            self._on_due(body)

    def _on_due(self, body: bytes) -> None:
        self.spawns_tried += body in self.spawning
        self.told.append(body)
        if self.answer is not None:
            self.transport.send(self.answer)

    def _flush(self) -> bool:
        if self.flushes:
            self.transport.flush()
        return False


@pytest.fixture
def line(wires: Wires) -> Iterator[Line]:
    made = Line(wires)
    yield made
    made.transport.close()
    made.loop.close()


@pytest.fixture
def narrow_line(wires: Wires) -> Iterator[Line]:
    """A line that handles three bodies a turn and queues 1000 bytes at most."""
    made = Line(wires, requests_per_turn=3, max_outbound_bytes=1000)
    yield made
    made.transport.close()
    made.loop.close()


def frames(*bodies: bytes) -> bytes:
    return b"".join(map(encode_frame, bodies))


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


# ------------------------------------------------------------------------------------------------------------- writing


def test_frames_survive_any_number_of_partial_writes_in_order(line: Line) -> None:
    bodies = [b"small", b"x" * 300_000, b"", b"y" * 70_000, *numbered(500)]
    if LINUX:
        fcntl.fcntl(line.wires.from_server, fcntl.F_SETPIPE_SZ, 4096)
    for body in bodies:
        line.transport.send(body)
    read = bytearray()
    for _ in range(TURNS):
        line.turn()
        read += line.wires.read(1000)
        if not line.transport.outbound:
            break
    read += line.wires.read()
    assert bytes(read) == frames(*bodies)
    assert line.told == []


def test_the_client_is_woken_for_no_more_than_it_has_room_for(line: Line) -> None:
    fill_pipe(line.wires.stdout.fd)
    line.transport.send(b"later")
    line.turn(3)
    assert line.transport.outbound.queued_bytes == len(frames(b"later"))
    while line.wires.read():
        pass
    line.turn(2)
    assert line.wires.read() == frames(b"later")
    assert not line.transport.outbound


def test_bodies_are_read_while_stdout_is_full(line: Line) -> None:
    fill_pipe(line.wires.stdout.fd)
    line.transport.send(b"answer")
    line.turn(2)
    line.wires.write(frames(b"one"))
    assert line.turn(2) == [b"one"]
    line.wires.write(frames(b"two"))
    assert line.turn(2) == [b"two"]


def test_megabytes_of_bodies_are_read_while_nothing_can_be_written(line: Line) -> None:
    fill_pipe(line.wires.stdout.fd)
    line.transport.send(b"answer")
    stream = memoryview(frames(*[b"z" * 1000] * 4000))
    while stream:
        try:
            stream = stream[os.write(line.wires.to_server, stream) :]
        except BlockingIOError:
            line.turn()
    line.turn(200)
    assert len(line.told) == 4000


@pytest.mark.skipif(not LINUX, reason="only Linux tells of it")
def test_a_hang_up_is_noticed_when_there_is_nothing_to_write(line: Line) -> None:
    line.turn(2)
    assert line.told == []
    line.wires.hang_up()
    assert line.turn(3) == ["stdout was closed"]
    assert not line.transport.client_reads


@pytest.mark.skipif(not LINUX, reason="only Linux tells of it")
def test_a_hang_up_is_noticed_after_the_pipe_was_full_for_a_while(line: Line) -> None:
    fill_pipe(line.wires.stdout.fd)
    line.transport.send(b"x")
    line.turn(2)
    while line.wires.read():
        pass
    line.turn(2)
    assert not line.transport.outbound
    line.wires.read()
    line.wires.hang_up()
    assert line.turn(3) == ["stdout was closed"]


def test_a_hang_up_is_noticed_once_when_frames_wait(line: Line) -> None:
    fill_pipe(line.wires.stdout.fd)
    line.transport.send(b"x" * 1000)
    line.turn(2)
    line.wires.hang_up()
    assert line.turn(5) == ["stdout: Broken pipe"]
    assert not line.transport.outbound
    line.transport.send(b"more")
    assert not line.transport.outbound, "nobody is left to read it"
    assert line.turn(2) == []


def test_bodies_are_handled_after_a_hang_up(line: Line) -> None:
    line.wires.hang_up()
    line.transport.send(b"x")
    line.turn(3)
    line.wires.write(frames(b"request"))
    assert line.turn(2) == [b"request"]


def overfull(line: Line) -> None:
    """Queue more than the limit for a client whose pipe is full, and let bodies come."""
    if LINUX:
        fcntl.fcntl(line.wires.from_server, fcntl.F_SETPIPE_SZ, 4096)
    fill_pipe(line.wires.stdout.fd)
    line.transport.send(b"x" * 20_000)
    line.wires.write(frames(*numbered(5)))
    assert line.turn(5) == []


def test_answers_up_to_the_limit_hold_up_nothing(narrow_line: Line) -> None:
    fill_pipe(narrow_line.wires.stdout.fd)
    narrow_line.transport.send(b"x" * (1000 - len(frames(b"x" * 900)) + 900))
    assert narrow_line.transport.outbound.queued_bytes == 1000
    narrow_line.wires.write(frames(b"request"))
    assert narrow_line.turn(2) == [b"request"]


def test_nothing_is_handled_or_read_while_more_than_the_limit_waits(narrow_line: Line) -> None:
    overfull(narrow_line)
    narrow_line.wires.write(frames(b"later"))
    assert narrow_line.turn(20) == []
    assert bytes_in_pipe(narrow_line.wires.stdin.fd) == len(frames(b"later"))
    assert narrow_line.transport.client_reads
    assert narrow_line.transport.outbound.queued_bytes > 20_000, "what it is owed is kept"


def test_a_client_that_reads_again_is_served_on_from_where_it_was(narrow_line: Line) -> None:
    overfull(narrow_line)
    narrow_line.wires.write(frames(b"later"))
    read = bytearray()
    for _ in range(TURNS):
        narrow_line.turn()
        read += narrow_line.wires.read(1000)
        if not narrow_line.transport.outbound:
            break
    narrow_line.turn(5)
    assert narrow_line.told == [*numbered(5), b"later"]
    read += narrow_line.wires.read()
    assert bytes(read).endswith(frames(b"x" * 20_000)), "no byte of it is lost"


def test_a_client_that_reads_nothing_is_given_up_after_the_flush_timeout(narrow_line: Line) -> None:
    overfull(narrow_line)
    narrow_line.loop.advance(4.99)
    assert narrow_line.told == []
    narrow_line.loop.advance(0.02)
    narrow_line.turn(2)
    reason, *rest = narrow_line.told
    assert "reads nothing (--max-outbound-bytes)" in reason
    assert rest == numbered(5), "as after any hang-up, what it sent is handled"
    assert not narrow_line.transport.client_reads
    assert narrow_line.transport.outbound.queued_bytes == 0
    narrow_line.transport.send(b"x" * 50_000)
    assert narrow_line.transport.outbound.queued_bytes == 0, "nobody is left to read it"
    narrow_line.loop.advance(60)
    assert narrow_line.turn(5) == [], "it is told once"
    assert narrow_line.told.count(reason) == 1


def test_a_client_that_reads_slowly_is_never_given_up(narrow_line: Line) -> None:
    overfull(narrow_line)
    for _ in range(6):
        narrow_line.loop.advance(2.4)
        assert narrow_line.told == []
        for _ in range(8):
            narrow_line.wires.read(256)  # A full pipe takes more only when a page of it is free (pipe(7)).
        narrow_line.wires.read(4096)
        narrow_line.turn(2)
        narrow_line.loop.advance(2.4)
        assert narrow_line.told == [], "it read something within the time"
        narrow_line.transport.send(b"x" * 5000)
    assert narrow_line.transport.outbound.queued_bytes > 1000, "it never caught up"
    assert narrow_line.transport.client_reads


def test_a_client_that_stops_reading_is_given_up_though_it_read_before(narrow_line: Line) -> None:
    overfull(narrow_line)
    narrow_line.loop.advance(4)
    narrow_line.wires.read(4096)
    narrow_line.turn(2)
    narrow_line.loop.advance(1.1)
    assert narrow_line.told == []
    narrow_line.loop.advance(5.1)
    narrow_line.turn()
    assert "reads nothing" in narrow_line.told[0]
    assert not narrow_line.transport.client_reads


def test_an_answer_beyond_the_limit_reaches_a_client_that_reads(narrow_line: Line) -> None:
    narrow_line.transport.send(b"x" * 3000)
    narrow_line.wires.write(frames(b"request"))
    assert narrow_line.turn(3) == [b"request"]
    assert narrow_line.wires.read() == frames(b"x" * 3000)
    narrow_line.loop.advance(60)
    assert narrow_line.transport.client_reads


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_disk_is_the_end_of_the_client() -> None:
    wires = Wires()
    try:
        wires.stdout.close()
        wires.stdout = SharedDescriptor(os.open("/dev/full", os.O_WRONLY))
        line = Line(wires)
        line.transport.send(b"x")
        assert line.turn(3) == ["stdout: No space left on device"]
        line.transport.close()
        line.loop.close()
    finally:
        wires.close()


# ------------------------------------------------------------------------------------------------------------- reading


def test_one_turn_handles_no_more_than_its_share(narrow_line: Line) -> None:
    narrow_line.wires.write(frames(*numbered(8)))
    shares = [narrow_line.turn() for _ in range(4)]
    assert shares == [numbered(8)[:3], numbered(8)[3:6], numbered(8)[6:], []]


def test_one_turn_has_one_spawn_and_what_need_not_wait_passes_those_that_do(line: Line) -> None:
    line.spawning = {b"1", b"2", b"5"}
    line.waiting = {b"3"}
    line.wires.write(frames(*numbered(7)))
    assert [line.turn() for _ in range(4)] == [[b"0", b"1", b"4", b"6"], [b"2"], [b"3", b"5"], []]


def test_what_comes_while_others_wait_is_read_and_handled(line: Line) -> None:
    line.spawning = {b"1", b"2", b"3", b"4"}
    line.wires.write(frames(*numbered(5)))
    assert line.turn() == [b"0", b"1"]
    line.wires.write(frames(b"later"))
    assert line.turn() == [b"2", b"later"], "its own share first, then what it read"


def test_a_full_queue_takes_nothing_more_in_until_some_of_it_was_handled(wires: Wires) -> None:
    line = Line(wires)
    bodies = [b"%d" % number + b" " * 400 for number in range(5)]
    line.spawning = set(bodies)
    line.wires.write(frames(*bodies, b"last"))
    assert line.turn() == bodies[:1]
    assert line.queue.is_full, "with two in it"
    assert [line.turn() for _ in range(4)] == [[bodies[1]], [bodies[2]], [bodies[3], b"last"], [bodies[4]]]
    line.transport.close()
    line.loop.close()


def test_the_end_of_input_comes_behind_all_that_waits(line: Line) -> None:
    line.spawning = set(numbered(4))
    line.wires.write(frames(*numbered(4)))
    line.wires.close_input()
    assert line.turn(10) == [*numbered(4), "end of input"]


def test_a_lost_boundary_is_told_behind_all_that_waits(line: Line) -> None:
    line.spawning = set(numbered(4))
    line.wires.write(frames(*numbered(4)) + b"Content-Length: x\r\n\r\n")
    *bodies, error = line.turn(10)
    assert bodies == numbered(4)
    assert isinstance(error, FramingError)


def test_nothing_of_the_queue_is_handled_while_too_many_answers_wait(wires: Wires) -> None:
    line = Line(wires, max_outbound_bytes=1000)
    line.spawning = set(numbered(4))
    line.answer = b"x" * 600
    line.flushes = False
    line.wires.write(frames(*numbered(4)))
    assert line.turn(5) == numbered(2)
    line.flushes = True
    line.transport.flush()
    assert line.turn(5) == numbered(4)[2:]
    line.transport.close()
    line.loop.close()


def test_bodies_wait_a_turn_when_more_than_the_low_water_mark_is_to_be_written(wires: Wires) -> None:
    line = Line(wires, outbound_low_water_bytes=100)
    line.answer = b"x" * 60
    line.wires.write(frames(*numbered(5)))
    assert line.turn() == [b"0", b"1"], "the second answer is one above the mark"
    assert line.turn() == [b"2"], "no turn is without one: reading never waits for writing"
    assert line.turn() == [b"3", b"4"]
    line.turn(3)
    assert line.wires.read() == frames(*[line.answer] * 5)
    line.transport.close()
    line.loop.close()


def test_nothing_is_read_while_whole_bodies_wait(narrow_line: Line) -> None:
    narrow_line.wires.write(frames(*numbered(7)))
    narrow_line.turn()
    narrow_line.wires.write(frames(b"later"))
    waiting = bytes_in_pipe(narrow_line.wires.stdin.fd)
    narrow_line.turn()
    assert bytes_in_pipe(narrow_line.wires.stdin.fd) == waiting == len(frames(b"later"))
    narrow_line.turn(2)
    assert narrow_line.told == [*numbered(7), b"later"]


def test_the_loop_is_kept_awake_while_whole_bodies_wait(narrow_line: Line) -> None:
    narrow_line.wires.write(frames(*numbered(4)))
    narrow_line.turn()
    assert narrow_line.transport.handle_waiting() is False
    assert narrow_line.told == numbered(4)
    assert narrow_line.transport.handle_waiting() is False


def test_more_than_one_read_holds_is_put_together(line: Line) -> None:
    body = b"b" * 200_000
    stream = memoryview(frames(body))
    while stream:
        try:
            stream = stream[os.write(line.wires.to_server, stream) :]
        except BlockingIOError:
            line.turn()
    line.turn(5)
    assert line.told == [body]


def test_the_end_of_input_comes_behind_the_last_body(narrow_line: Line) -> None:
    narrow_line.wires.write(frames(*numbered(7)))
    narrow_line.wires.close_input()
    narrow_line.turn(8)
    assert narrow_line.told == [*numbered(7), "end of input"]


def test_the_end_of_input_within_a_frame_is_an_end(line: Line) -> None:
    line.wires.write(frames(b"whole") + b"Content-Length: 5\r\n\r\nha")
    line.wires.close_input()
    assert line.turn(5) == [b"whole", "end of input"]


def test_a_lost_boundary_is_told_once_behind_the_bodies_before_it_and_ends_the_reading(narrow_line: Line) -> None:
    narrow_line.wires.write(frames(*numbered(4)) + b"garbage\r\n\r\n" + frames(b"never"))
    narrow_line.turn(4)
    assert narrow_line.told[:-1] == numbered(4)
    assert "is no field" in str(narrow_line.told[-1])
    narrow_line.wires.write(frames(b"never"))
    assert narrow_line.turn(3) == []
    assert bytes_in_pipe(narrow_line.wires.stdin.fd) > 0


def test_an_end_of_input_behind_a_lost_boundary_says_nothing_more(line: Line) -> None:
    line.wires.write(b"garbage\r\n\r\n")
    line.wires.close_input()
    assert len(line.turn(5)) == 1


def test_a_failing_stdin_is_an_end(tmp_path: Path) -> None:
    wires = Wires()
    try:
        wires.stdin.close()
        wires.stdin = OwnDescriptor(os.open(tmp_path, os.O_RDONLY))
        line = Line(wires)
        assert line.turn(3) == ["stdin: Is a directory"]
        line.transport.close()
        line.loop.close()
    finally:
        wires.close()


def test_a_regular_file_is_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "requests").write_bytes(frames(*numbered(200), b"x" * 100_000))
    wires = Wires()
    try:
        wires.stdin.close()
        wires.stdin = SharedDescriptor(os.open(tmp_path / "requests", os.O_RDONLY))
        line = Line(wires, requests_per_turn=7)
        line.turn(50)
        assert line.told == [*numbered(200), b"x" * 100_000, "end of input"]
        line.transport.close()
        line.loop.close()
    finally:
        wires.close()


# --------------------------------------------------------------------------------------------------------------- turns


def test_an_idle_transport_lets_the_loop_sleep(wires: Wires) -> None:
    class Sleeper(selectors.DefaultSelector):
        timeouts: list[float | None] = []  # noqa: RUF012 - one selector only

        def select(self, timeout: float | None = None) -> Any:
            self.timeouts.append(timeout)
            return super().select(0)

    selector = Sleeper()
    loop = Loop(selector)
    transport = Transport(
        loop,
        wires.stdin,
        wires.stdout,
        RequestQueue(lambda: 0, max_bytes=1000),
        Limits(),
        on_body=print,
        on_due=print,
        on_broken=print,
        on_end=print,
    )
    loop.add_before_sleep(transport.handle_waiting)
    transport.send(b"x")
    transport.flush()
    loop.run_turn()
    wires.write(frames(b"body"))
    loop.run_turn()
    loop.run_turn()
    assert selector.timeouts == [None, None, None]
    transport.close()
    loop.close()


def test_close_ends_every_watch_whatever_the_state(line: Line) -> None:
    fill_pipe(line.wires.stdout.fd)
    line.transport.send(b"x")
    line.turn(2)
    line.transport.close()
    line.flushes = False
    assert line.turn(2) == []
    assert line.wires.stdin.fd == line.wires.stdout.fd == -1
