"""pipe_rpc/session/output_stream.py, over real pipes, one turn at a time."""

import errno
import fcntl
import os
import termios
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest

from pipe_rpc.buffers.ring_budget import RingBudget
from pipe_rpc.buffers.text import EncodedPiece, Encoding
from pipe_rpc.session.announcement import StreamName
from pipe_rpc.session.attachment import Attachment, Overflow
from pipe_rpc.session.output_stream import OutputStream
from pipe_rpc.session.read_order import ReadOrder
from tests.session.harness import StillLoop

CAPACITY = 64
EURO = "€".encode()


class Pipe:
    """An output stream and the child's end of it."""

    def __init__(
        self,
        overflow: Overflow,
        backlog_bytes: int = CAPACITY,
        read_bytes: int = CAPACITY,
        budget: RingBudget | None = None,
    ) -> None:
        self.loop = StillLoop()
        self.progress = 0
        reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)
        self.stream = OutputStream(
            StreamName.STDOUT,
            reader,
            self.loop,
            budget or RingBudget(1 << 20),
            ReadOrder(self.loop.now),
            backlog_bytes=backlog_bytes,
            read_bytes=read_bytes,
            most_runs=16,
            overflow=overflow,
            on_progress=self._note_progress,
        )

    def _note_progress(self) -> None:
        self.progress += 1

    def write(self, data: bytes, turns: int = 1) -> None:
        """The child writes, and the loop takes turns."""
        assert os.write(self.writer, data) == len(data)
        for _ in range(turns):
            self.loop.run_turn()

    def attach(self, offset: int = 0, encoding: Encoding = Encoding.UTF_8) -> Attachment:
        """Let somebody read along."""
        attachment = Attachment("a", offset, encoding)
        self.stream.attach(attachment)
        return attachment

    def end(self) -> None:
        """The child closes its end."""
        if self.writer >= 0:
            fd, self.writer = self.writer, -1
            os.close(fd)

    @property
    def is_watched(self) -> bool:
        """Whether the loop looks at it."""
        return bool(self.loop._selector.get_map())

    def close(self) -> None:
        """Give everything back."""
        self.end()
        self.stream.close()
        self.loop.close()


MakePipe = Callable[..., Pipe]


@pytest.fixture
def make_pipe() -> Iterator[MakePipe]:
    """A factory of streams."""
    made: list[Pipe] = []

    def make(overflow: Overflow = Overflow.BLOCK, **options: Any) -> Pipe:
        made.append(Pipe(overflow, **options))
        return made[-1]

    yield make
    for pipe in made:
        pipe.close()


def taken(pipe: Pipe, limit: int) -> tuple[EncodedPiece, int] | None:
    """The next piece, and what was missed before it."""
    found = pipe.stream.take(limit)
    return None if found is None else found[:2]


def _taken(pipe: Pipe, limit: int = 1 << 16) -> list[tuple[str, int]]:
    taken: list[tuple[str, int]] = []
    while (piece := pipe.stream.take(limit)) is not None:
        taken.append((piece[0].text, piece[1]))
    return taken


def test_bytes_go_into_the_ring_whether_anybody_reads_along_or_not(make_pipe: MakePipe) -> None:
    pipe = make_pipe()
    pipe.write(b"hello")
    assert (pipe.stream.ring.start, pipe.stream.ring.end, pipe.progress) == (0, 5, 1)
    assert pipe.stream.take(100) is None
    assert repr(pipe.stream) == "<OutputStream stdout <Ring [0, 5) of 64>>"


def test_replay_and_live_output_are_one_path(make_pipe: MakePipe) -> None:
    pipe = make_pipe()
    pipe.write(b"before ")
    attachment = pipe.attach()
    pipe.write(b"after")
    assert _taken(pipe) == [("before after", 0)]
    assert attachment.offset == 12
    assert repr(attachment) == "<Attachment a at 12>"


def test_a_piece_is_never_longer_than_the_limit(make_pipe: MakePipe) -> None:
    pipe = make_pipe()
    pipe.attach()
    pipe.write(b"abcdefgh")
    assert _taken(pipe, 3) == [("abc", 0), ("def", 0), ("gh", 0)]


def test_one_turn_reads_no_more_than_its_share(make_pipe: MakePipe) -> None:
    pipe = make_pipe(read_bytes=10)
    pipe.write(b"x" * 25)
    assert pipe.stream.ring.end == 10
    pipe.loop.run_turn()
    pipe.loop.run_turn()
    assert pipe.stream.ring.end == 25


def test_detached_the_oldest_bytes_go_and_are_counted(make_pipe: MakePipe) -> None:
    pipe = make_pipe()
    pipe.write(b"x" * 100, turns=2)
    assert (pipe.stream.ring.start, pipe.stream.missed_bytes) == (36, 36)
    attachment = pipe.attach(offset=pipe.stream.ring.start)
    assert _taken(pipe) == [("x" * 64, 0)]
    assert attachment.offset == 100


def test_what_was_delivered_is_not_missed_when_it_goes(make_pipe: MakePipe) -> None:
    pipe = make_pipe(Overflow.DROP_OLDEST)
    pipe.attach()
    pipe.write(b"x" * 50)
    _taken(pipe)
    pipe.write(b"y" * 50, turns=2)
    assert (pipe.stream.ring.start, pipe.stream.missed_bytes) == (36, 0)


def test_block_pauses_the_child_and_loses_nothing(make_pipe: MakePipe) -> None:
    pipe = make_pipe(Overflow.BLOCK)
    pipe.attach()
    pipe.write(b"a" * 40 + b"b" * 60, turns=5)
    assert (pipe.stream.ring.end, pipe.is_watched) == (64, False)
    assert _taken(pipe) == [("a" * 40 + "b" * 24, 0)]
    assert pipe.is_watched
    pipe.loop.run_turn()
    assert _taken(pipe) == [("b" * 36, 0)]
    assert pipe.stream.missed_bytes == 0


def test_a_paused_stream_goes_on_when_half_a_bite_is_free(make_pipe: MakePipe) -> None:
    pipe = make_pipe(Overflow.BLOCK, read_bytes=20)
    pipe.attach()
    pipe.write(b"x" * 100, turns=8)
    assert (pipe.stream.ring.end, pipe.is_watched) == (64, False)
    pipe.stream.take(9)
    assert not pipe.is_watched
    pipe.stream.take(1)
    assert pipe.is_watched


def test_drop_oldest_reads_on_and_the_gap_is_told_once(make_pipe: MakePipe) -> None:
    pipe = make_pipe(Overflow.DROP_OLDEST)
    attachment = pipe.attach()
    pipe.write(b"a" * 50)
    pipe.write(b"b" * 50, turns=2)
    assert pipe.is_watched
    assert _taken(pipe, 20) == [("a" * 14 + "b" * 6, 36), ("b" * 20, 0), ("b" * 20, 0), ("b" * 4, 0)]
    assert attachment.offset == 100
    assert pipe.stream.missed_bytes == 36


def test_a_detach_lets_a_paused_child_go_on(make_pipe: MakePipe) -> None:
    pipe = make_pipe(Overflow.BLOCK)
    pipe.attach()
    pipe.write(b"x" * 100, turns=3)
    assert not pipe.is_watched
    pipe.stream.detach()
    assert pipe.is_watched
    pipe.loop.run_turn()
    assert (pipe.stream.ring.start, pipe.stream.missed_bytes) == (36, 36)


def test_an_attachment_at_the_start_of_a_full_ring_pauses_the_child(make_pipe: MakePipe) -> None:
    pipe = make_pipe(Overflow.BLOCK)
    pipe.write(b"x" * 64)
    pipe.attach()
    assert not pipe.is_watched
    pipe.write(b"y" * 10)
    assert _taken(pipe) == [("x" * 64, 0)]


def test_an_attachment_at_the_end_of_a_full_ring_pauses_nobody(make_pipe: MakePipe) -> None:
    pipe = make_pipe(Overflow.BLOCK)
    pipe.write(b"x" * 64)
    pipe.attach(offset=64)
    pipe.write(b"y")
    assert _taken(pipe) == [("y", 0)]


def test_the_end_of_file_ends_the_watch_in_the_same_turn(make_pipe: MakePipe) -> None:
    pipe = make_pipe()
    fd = pipe.stream._descriptor.fd
    pipe.write(b"last")
    pipe.end()
    pipe.loop.run_turn()
    assert (pipe.stream.ended, pipe.stream.is_open, pipe.is_watched, pipe.progress) == (True, False, False, 2)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
    assert repr(pipe.stream).endswith(" ended>")
    pipe.attach()
    assert _taken(pipe) == [("last", 0)]


def test_an_unfinished_character_waits_for_its_rest(make_pipe: MakePipe) -> None:
    pipe = make_pipe()
    pipe.attach()
    for byte in EURO[:-1]:
        pipe.write(bytes([byte]))
        assert _taken(pipe) == []
    pipe.write(EURO[-1:])
    assert _taken(pipe) == [("€", 0)]


def test_at_the_end_an_unfinished_character_is_told_as_it_is(make_pipe: MakePipe) -> None:
    pipe = make_pipe()
    attachment = pipe.attach()
    pipe.write(EURO[:2])
    assert _taken(pipe) == []
    pipe.end()
    pipe.loop.run_turn()
    assert _taken(pipe) == [("\ufffd", 0)]
    assert attachment.offset == 2


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_limit_smaller_than_the_character_gives_the_whole_of_it(make_pipe: MakePipe, limit: int) -> None:
    pipe = make_pipe()
    pipe.attach()
    pipe.write("😀a".encode())
    assert "".join(piece for piece, _ in _taken(pipe, limit)) == "😀a"


def test_peek_delivers_nothing(make_pipe: MakePipe) -> None:
    pipe = make_pipe()
    attachment = pipe.attach()
    pipe.write(b"hello")
    assert pipe.stream.peek(1, 3, Encoding.UTF_8) == EncodedPiece(3, "ell", Encoding.UTF_8)
    assert pipe.stream.peek(1, 3, Encoding.BASE64) == EncodedPiece(3, "ZWxs", Encoding.BASE64)
    assert attachment.offset == 0


def test_what_was_overwritten_cannot_be_peeked_at(make_pipe: MakePipe) -> None:
    pipe = make_pipe()
    pipe.write(b"x" * 100, turns=2)
    with pytest.raises(ValueError, match="outside"):
        pipe.stream.peek(35, 3, Encoding.UTF_8)


def test_at_the_exit_everything_that_is_in_the_pipe_is_read(make_pipe: MakePipe) -> None:
    pipe = make_pipe(backlog_bytes=4096, read_bytes=100)
    attachment = pipe.attach()
    os.write(pipe.writer, b"x" * 2500)
    assert not pipe.stream.child_output_delivered
    pipe.stream.child_exited()
    # One more share than needed: most often the end of file is there too.
    assert (pipe.stream.child_end, pipe.stream.ring.end, pipe.stream.ended) == (2500, 2500, False)
    assert not pipe.stream.child_output_delivered
    _taken(pipe)
    assert attachment.offset == 2500
    assert pipe.stream.child_output_delivered


def test_at_the_exit_the_end_of_file_is_taken_too(make_pipe: MakePipe) -> None:
    pipe = make_pipe()
    os.write(pipe.writer, b"last words")
    pipe.end()
    pipe.stream.child_exited()
    assert (pipe.stream.child_end, pipe.stream.ended, pipe.is_watched) == (10, True, False)
    assert pipe.stream.child_output_delivered


def test_who_looks_for_the_end_finds_it_without_a_turn(make_pipe: MakePipe) -> None:
    pipe = make_pipe()
    pipe.stream.look_for_end()
    assert not pipe.stream.ended
    pipe.end()
    pipe.stream.look_for_end()
    assert pipe.stream.ended
    pipe.stream.look_for_end()
    assert pipe.stream.ended


def test_who_looks_for_the_end_reads_nothing_that_there_is_no_room_for(make_pipe: MakePipe) -> None:
    pipe = make_pipe(Overflow.BLOCK)
    pipe.attach()
    pipe.write(b"x" * 100, turns=3)
    end = pipe.stream.ring.end
    pipe.stream.look_for_end()
    assert pipe.stream.ring.end == end
    assert pipe.stream.ring.start == 0


def test_an_exit_behind_the_end_of_file_ends_where_that_did(make_pipe: MakePipe) -> None:
    pipe = make_pipe()
    pipe.write(b"all")
    pipe.end()
    pipe.loop.run_turn()
    pipe.stream.child_exited()
    assert (pipe.stream.child_end, pipe.stream.child_output_delivered) == (3, True)


def test_a_writer_that_never_pauses_does_not_hold_the_exit_up(make_pipe: MakePipe) -> None:
    pipe = make_pipe(read_bytes=10)
    os.write(pipe.writer, b"child." * 5)
    real_read = pipe.stream._descriptor.read_into

    def read_and_refill(views: Sequence[memoryview]) -> int | None:
        with suppress(BlockingIOError):
            os.write(pipe.writer, b"flood")
        return real_read(views)

    pipe.stream._descriptor.read_into = read_and_refill  # type: ignore[method-assign]
    pipe.stream.child_exited()
    assert pipe.stream.child_end == 30
    assert pipe.stream.ring.end <= 50
    assert pipe.stream.child_output_delivered


def test_bytes_that_another_process_takes_out_of_the_pipe_do_not_hold_the_exit_up(make_pipe: MakePipe) -> None:
    """Who has the writing end can open the pipe for reading, too: cat /proc/self/fd/1."""
    pipe = make_pipe()
    os.write(pipe.writer, b"stolen")
    thief = os.open(f"/proc/self/fd/{pipe.stream._descriptor.fd}", os.O_RDONLY | os.O_NONBLOCK)
    real_read, reads = pipe.stream._descriptor.read_into, 0

    def steal_and_read(views: Sequence[memoryview]) -> int | None:
        nonlocal reads
        reads += 1
        assert reads < 1000, "there is no end to the reading"
        with suppress(BlockingIOError):
            os.read(thief, 100)
        return real_read(views)

    pipe.stream._descriptor.read_into = steal_and_read  # type: ignore[method-assign]
    try:
        pipe.stream.child_exited()
        assert pipe.stream.child_output_delivered
    finally:
        os.close(thief)


def test_at_the_exit_a_paused_stream_stays_paused_and_the_rest_comes_when_there_is_room(make_pipe: MakePipe) -> None:
    pipe = make_pipe(Overflow.BLOCK)
    pipe.attach()
    pipe.write(b"x" * 100, turns=3)
    pipe.stream.child_exited()
    assert (pipe.stream.child_end, pipe.stream.ring.end) == (100, 64)
    assert _taken(pipe) == [("x" * 64, 0)]
    assert not pipe.stream.child_output_delivered
    pipe.loop.run_turn()
    assert not pipe.stream.child_output_delivered
    assert _taken(pipe) == [("x" * 36, 0)]
    assert pipe.stream.child_output_delivered


def test_at_the_exit_drop_oldest_drops_and_delivers_the_rest(make_pipe: MakePipe) -> None:
    pipe = make_pipe(Overflow.DROP_OLDEST)
    pipe.attach()
    os.write(pipe.writer, b"a" * 100)
    pipe.stream.child_exited()
    assert not pipe.stream.child_output_delivered
    assert _taken(pipe) == [("a" * 64, 36)]
    assert pipe.stream.child_output_delivered


def test_without_an_attachment_what_is_in_the_ring_is_delivered(make_pipe: MakePipe) -> None:
    pipe = make_pipe()
    os.write(pipe.writer, b"a" * 100)
    pipe.stream.child_exited()
    assert pipe.stream.child_output_delivered


def test_a_piece_ends_where_the_child_s_own_output_ended(make_pipe: MakePipe) -> None:
    """What another process may append must not delay the exit, so a broken character there is given as it is."""
    pipe = make_pipe()
    pipe.attach()
    os.write(pipe.writer, b"a" + EURO[:1])
    pipe.stream.child_exited()
    pipe.write(EURO[1:] + b"b")
    assert taken(pipe, 100) == (EncodedPiece(2, "a\ufffd", Encoding.UTF_8), 0)
    assert pipe.stream.child_output_delivered
    assert _taken(pipe) == [("\ufffd\ufffdb", 0)]


def test_progress_is_told_to_everybody_who_waits_until_he_waits_no_longer(make_pipe: MakePipe) -> None:
    pipe = make_pipe()
    told: list[str] = []

    def once() -> None:
        told.append("once")
        pipe.stream.no_longer(once)

    def always() -> None:
        told.append("always")

    pipe.stream.when_progress(once)
    pipe.stream.when_progress(always)
    pipe.write(b"a")
    pipe.write(b"b")
    pipe.end()
    pipe.loop.run_turn()
    assert told == ["once", "always", "always", "always"]


def test_close_gives_back_the_memory_and_the_writer_is_told(make_pipe: MakePipe) -> None:
    pipe = make_pipe()
    pipe.write(b"data")
    pipe.stream.close()
    assert (len(pipe.stream.ring), pipe.is_watched, pipe.stream.ended) == (0, False, True)
    with pytest.raises(BrokenPipeError):
        os.write(pipe.writer, b"more")
    pipe.stream.close()


def test_a_turn_that_finds_nothing_is_no_progress(make_pipe: MakePipe) -> None:
    pipe = make_pipe()
    pipe.stream._read()
    assert pipe.progress == 0


def test_in_base64_every_byte_comes_as_it_was(make_pipe: MakePipe) -> None:
    pipe = make_pipe(backlog_bytes=1024)
    pipe.attach(encoding=Encoding.BASE64)
    pipe.write(b"\x00\xff\xfe")
    assert taken(pipe, 2) == (EncodedPiece(2, "AP8=", Encoding.BASE64), 0)
    assert taken(pipe, 2) == (EncodedPiece(1, "/g==", Encoding.BASE64), 0)


def test_the_pipe_of_the_child_keeps_its_flags(make_pipe: MakePipe) -> None:
    """O_NONBLOCK on our end is no business of the child's."""
    reader, writer = os.pipe()
    loop = StillLoop()
    stream = OutputStream(
        StreamName.STDERR,
        reader,
        loop,
        RingBudget(64),
        ReadOrder(0),
        backlog_bytes=64,
        read_bytes=64,
        most_runs=16,
        overflow=Overflow.BLOCK,
        on_progress=lambda: None,
    )
    assert os.get_blocking(writer)
    assert fcntl.ioctl(writer, termios.FIONREAD, b"\0" * 4) == b"\0" * 4
    stream.close()
    os.close(writer)
    loop.close()


# ---- a ring that grows, and gives way


def test_a_ring_begins_with_one_bite_and_grows_as_it_fills(make_pipe: MakePipe) -> None:
    pipe = make_pipe(backlog_bytes=100, read_bytes=16)
    sizes = [pipe.stream.ring.capacity]
    for _ in range(10):
        pipe.write(b"0123456789")
        sizes.append(pipe.stream.ring.capacity)
    assert sizes == [16, 32, 32, 64, 64, 64, 100, 100, 100, 100, 100]
    assert (pipe.stream.ring.start, pipe.stream.missed_bytes) == (0, 0)
    pipe.write(b"0123456789")
    assert (pipe.stream.ring.start, pipe.stream.missed_bytes) == (10, 10)


def test_before_a_ring_has_grown_nothing_is_overwritten(make_pipe: MakePipe) -> None:
    pipe = make_pipe(backlog_bytes=64, read_bytes=16)
    pipe.write(b"a" * 7)
    pipe.write(b"b" * 16)
    assert (pipe.stream.ring.start, pipe.stream.ring.end) == (0, 16)
    pipe.loop.run_turn()
    assert (pipe.stream.ring.start, pipe.stream.ring.end) == (0, 23)


def test_where_the_budget_is_used_up_the_oldest_bytes_go_earlier_and_are_counted(make_pipe: MakePipe) -> None:
    pipe = make_pipe(backlog_bytes=64, read_bytes=16, budget=RingBudget(32))
    pipe.write(b"x" * 48, turns=5)
    assert (pipe.stream.ring.capacity, pipe.stream.ring.start, pipe.stream.missed_bytes) == (32, 16, 16)


def test_where_the_budget_is_used_up_block_still_loses_nothing(make_pipe: MakePipe) -> None:
    pipe = make_pipe(backlog_bytes=64, read_bytes=16, budget=RingBudget(32))
    pipe.attach()
    pipe.write(b"x" * 48, turns=5)
    assert (pipe.stream.ring.end, pipe.is_watched) == (32, False)
    assert _taken(pipe) == [("x" * 32, 0)]
    pipe.loop.run_turn()
    assert _taken(pipe) == [("x" * 16, 0)]


def test_a_ring_gives_way_to_others_and_what_goes_is_counted(make_pipe: MakePipe) -> None:
    budget = RingBudget(80)
    large = make_pipe(backlog_bytes=64, read_bytes=16, budget=budget)
    large.write(b"x" * 64, turns=5)
    small = make_pipe(backlog_bytes=64, read_bytes=16, budget=budget)
    small.write(b"y" * 17, turns=2)
    assert (large.stream.ring.capacity, small.stream.ring.capacity) == (32, 32)
    assert (large.stream.ring.start, large.stream.missed_bytes) == (32, 32)
    attachment = large.attach(offset=0)
    assert _taken(large) == [("x" * 32, 32)]
    assert attachment.offset == 64


def test_a_ring_that_block_still_needs_does_not_give_way(make_pipe: MakePipe) -> None:
    budget = RingBudget(80)
    large = make_pipe(backlog_bytes=64, read_bytes=16, budget=budget)
    large.attach()
    large.write(b"x" * 64, turns=5)
    small = make_pipe(backlog_bytes=64, read_bytes=16, budget=budget)
    small.write(b"y" * 24, turns=3)
    assert (large.stream.ring.capacity, small.stream.ring.capacity) == (64, 16)
    assert (small.stream.ring.start, small.stream.missed_bytes) == (8, 8)
    assert _taken(large) == [("x" * 64, 0)]


def test_a_ring_that_gave_way_while_block_needed_half_of_it_pauses_its_child(make_pipe: MakePipe) -> None:
    budget = RingBudget(80)
    large = make_pipe(backlog_bytes=64, read_bytes=16, budget=budget)
    large.attach()
    large.write(b"x" * 64, turns=5)
    assert large.stream.take(32) is not None
    small = make_pipe(backlog_bytes=64, read_bytes=16, budget=budget)
    small.write(b"y" * 17, turns=2)
    assert (large.stream.ring.capacity, large.is_watched) == (32, False)
    assert _taken(large) == [("x" * 32, 0)]
    assert large.is_watched


def test_the_first_bite_of_a_ring_never_gives_way(make_pipe: MakePipe) -> None:
    budget = RingBudget(16)
    first = make_pipe(backlog_bytes=64, read_bytes=16, budget=budget)
    make_pipe(backlog_bytes=4, read_bytes=16, budget=budget)
    assert first.stream.ring.capacity == 16


def test_where_the_system_has_no_memory_the_loan_is_given_back(
    make_pipe: MakePipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = RingBudget(80)
    pipe = make_pipe(backlog_bytes=64, read_bytes=16, budget=budget)

    def refuse(capacity: int) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    monkeypatch.setattr(pipe.stream.ring, "resize", refuse)
    pipe.write(b"x" * 24, turns=3)
    assert (budget.lent_bytes, pipe.stream.missed_bytes) == (16, 8)
    assert not pipe.stream.shrink(16)


def test_a_closed_stream_gives_its_loan_back(make_pipe: MakePipe) -> None:
    budget = RingBudget(80)
    pipe = make_pipe(backlog_bytes=64, read_bytes=16, budget=budget)
    pipe.write(b"x" * 24, turns=3)
    pipe.stream.close()
    assert budget.lent_bytes == 0
