"""Delivered and missed bytes add up to the written ones, whatever is written, read, attached, detached and stolen.

A session with a child made of real pipes is driven one turn at a time. The model is the bytes that were written; each
attachment has a cursor of its own, and every piece is compared with what was written at its offset.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from pipe_rpc.buffers.text import Encoding
from pipe_rpc.child.cgroup_tree import CgroupTree
from pipe_rpc.child.descriptor_limit import DescriptorLimit
from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.limits import Limits
from pipe_rpc.session import spawning
from pipe_rpc.session.announcement import Announcement, Closed, Detached, DetachReason, Exited, Output, StreamName
from pipe_rpc.session.attachment import Overflow
from pipe_rpc.session.registry import SessionRegistry
from tests.session.harness import FakeChild, FakeOrphans, ManualExitWatch, StillLoop, order, raw

ALPHABET = [b"a", b"\n", b"\0", "é".encode(), "€".encode(), "😀".encode(), b"\xff", b"\xe2\x82", b"\xf0"]


class Write(NamedTuple):
    """The child writes."""

    data: bytes


class Turn(NamedTuple):
    """The loop takes a turn."""


class Pull(NamedTuple):
    """The client takes one piece."""

    limit: int


class Attach(NamedTuple):
    """The client attaches; ``back`` bytes before the end, or where the last attachment was, or at the oldest byte."""

    where: str
    back: int
    steal: bool
    encoding: Encoding


class Detach(NamedTuple):
    """The client detaches."""


class Exit(NamedTuple):
    """The child ends; whether somebody else still holds the pipe."""

    held: bool


Step = Write | Turn | Pull | Attach | Detach | Exit

STEPS = st.lists(
    st.one_of(
        st.builds(Write, st.lists(st.sampled_from(ALPHABET), min_size=1, max_size=80).map(b"".join)),
        st.builds(Turn),
        st.builds(Pull, st.sampled_from([1, 2, 3, 7, 50, 1000])),
        st.builds(
            Attach,
            st.sampled_from(["oldest", "where it was", "back"]),
            st.integers(0, 200),
            st.booleans(),
            st.sampled_from(Encoding),
        ),
        st.builds(Detach),
        st.builds(Exit, st.booleans()),
    ),
    max_size=60,
)


class Delivery:
    """One session, the bytes that were written, and the cursor of whoever is attached."""

    def __init__(self, overflow: Overflow, encoding: Encoding, backlog_bytes: int, read_bytes: int) -> None:
        self.loop = StillLoop()
        self.child = FakeChild(merge_stderr=True, stdin_pipe=False)
        self.exits = ManualExitWatch()
        self.limit = DescriptorLimit()
        self.overflow = overflow
        self.registry = SessionRegistry(
            self.loop,
            self.exits,
            FakeOrphans(),
            self.limit,
            Limits(child_read_bytes=read_bytes),
            wall_clock=lambda: 0,
            environment={},
            cgroups=CgroupTree(None),
        )
        wanted = order(
            "fake",
            merge_stderr=True,
            stdin_pipe=False,
            attach=(StreamName.STDOUT,),
            encoding=encoding,
            overflow=overflow,
            backlog_bytes=backlog_bytes,
        )
        with patch.object(spawning, "spawn", lambda *_: self.child):
            self.session = self.registry.spawn(wanted)
        self.stream = self.session.streams[StreamName.STDOUT]
        self.encoding = encoding
        self.written = bytearray()
        self.child_written: int | None = None
        self.cursor: int | None = 0
        self.attachment_id = "attachment-00000001"
        self.last = 0
        self.delivered = 0
        self.missed = 0
        self.exited = False
        self.closed = False

    def take(self, step: Step) -> None:
        """Do one step, and compare what it brings."""
        match step:
            case Write(data):
                if self.child.stdout_writer >= 0:
                    size = self.child.write(StreamName.STDOUT, data)
                    self.written += data[:size]
            case Turn():
                self.loop.run_turn()
            case Pull(limit):
                self.compare(self.registry.pull(limit), limit)
            case Attach():
                self.attach(step)
            case Detach():
                self.end_attachment(self.session.detach(StreamName.STDOUT, DetachReason.DETACHED), "detached")
            case Exit(held):
                if self.child_written is None:
                    self.child_written = len(self.written)
                    if not held:
                        self.child.close_output()
                    self.exits.report(self.child)

    def attach(self, step: Attach) -> None:
        """Attach as the step wants, and compare the answer."""
        ring = self.stream.ring
        match step.where:
            case "oldest":
                wanted, expected = None, (ring.start, 0)
            case "back":
                wanted = max(0, ring.end - step.back)
                expected = (max(wanted, ring.start), max(0, ring.start - wanted))
            case _:
                wanted = self.last if self.cursor is None else self.cursor
                expected = (max(wanted, ring.start), max(0, ring.start - wanted))
        if self.cursor is not None and not step.steal:
            with pytest.raises(PipeRpcError) as caught:
                self.registry.attach(
                    self.session, StreamName.STDOUT, from_offset=wanted, encoding=step.encoding, steal=False
                )
            assert caught.value.code is ErrorCode.ALREADY_ATTACHED
            return
        attachment, missed, stolen = self.registry.attach(
            self.session, StreamName.STDOUT, from_offset=wanted, encoding=step.encoding, steal=step.steal
        )
        self.end_attachment(stolen, "stolen")
        assert (attachment.offset, missed) == expected
        self.cursor = attachment.offset
        self.attachment_id = attachment.attachment_id
        self.encoding = step.encoding
        if step.where == "where it was":
            self.missed += missed
        else:
            self.delivered, self.missed = attachment.offset, 0

    def end_attachment(self, detached: Detached | None, reason: str) -> None:
        """Compare the end of an attachment with where it stood."""
        assert (detached is None) == (self.cursor is None)
        if detached is None or self.cursor is None:
            return
        assert detached.offset == self.cursor
        assert detached.reason.value == reason
        assert detached.attachment_id == self.attachment_id
        self.last, self.cursor = self.cursor, None

    def compare(self, announcement: Announcement | None, limit: int) -> None:
        """Compare one announcement with what was written."""
        match announcement:
            case Output():
                self.compare_output(announcement, limit)
            case Detached():
                assert announcement.offset == self.stream.ring.end == len(self.written)
                self.end_attachment(announcement, "ended")
            case Exited():
                assert self.child_written is not None
                assert not self.exited
                assert self.cursor is None or self.cursor >= self.child_written
                self.exited = True
            case Closed():
                assert self.exited
                assert not self.closed
                assert self.cursor is None
                assert self.stream.ring.end == len(self.written)
                self.closed = True

    def compare_output(self, output: Output, limit: int) -> None:
        """A piece begins where the last one ended, or behind the gap that it tells of."""
        assert self.cursor is not None
        assert output.offset == self.cursor + output.missed_bytes
        assert 0 < output.length <= max(limit, 4)
        if self.overflow is Overflow.BLOCK:
            assert output.missed_bytes == 0
        end = output.offset + output.length
        data = bytes(self.written[output.offset : end])
        assert len(data) == output.length
        match self.encoding:
            case Encoding.UTF_8:
                assert (output.encoding, output.data) == (Encoding.UTF_8, data.decode(errors="replace"))
            case Encoding.BASE64:
                assert (output.encoding, raw(output)) == (Encoding.BASE64, data)
            case Encoding.AUTO:
                assert output.encoding is not Encoding.AUTO
                assert raw(output) == data
        self.cursor = end
        self.delivered += output.length
        self.missed += output.missed_bytes

    def finish(self) -> None:
        """Everybody ends, the client reads all: now the sum must be right."""
        self.take(Exit(held=False))
        self.child.close_output()
        for _ in range(20_000):
            self.loop.run_turn()
            announcement = self.registry.pull(50)
            self.compare(announcement, 50)
            if announcement is None and self.closed:
                break
        assert self.stream.ring.end == len(self.written)
        assert self.exited
        assert self.closed
        # ``delivered`` begins at the offset of the attachment that began anew.
        if self.last_was_told_to_the_end:
            assert self.delivered + self.missed == len(self.written)

    @property
    def last_was_told_to_the_end(self) -> bool:
        """Whether the client was attached when the stream ended."""
        return self.last == len(self.written)

    def close(self) -> None:
        """Give everything back."""
        self.child.close()
        if self.session.is_running:
            self.exits.report(self.child)
        self.session.abandon()
        self.limit.close()
        self.loop.close()


@contextmanager
def delivery(overflow: Overflow, encoding: Encoding, backlog_bytes: int, read_bytes: int) -> Iterator[Delivery]:
    """A session that is given back behind the block."""
    made = Delivery(overflow, encoding, backlog_bytes, read_bytes)
    try:
        yield made
    finally:
        made.close()


def _sizes(function: Callable[..., None]) -> Callable[..., None]:
    return given(
        steps=STEPS,
        overflow=st.sampled_from(Overflow),
        encoding=st.sampled_from(Encoding),
        backlog_bytes=st.sampled_from([8, 13, 64, 100, 1024]),
        read_bytes=st.sampled_from([1, 3, 16, 1000]),
    )(function)


@settings(max_examples=800, deadline=None)
@_sizes
def test_delivered_and_missed_add_up_to_written_and_offsets_leave_no_gap(
    steps: list[Step], overflow: Overflow, encoding: Encoding, backlog_bytes: int, read_bytes: int
) -> None:
    with delivery(overflow, encoding, backlog_bytes, read_bytes) as session:
        for step in steps:
            session.take(step)
        event(f"gaps: {session.missed > 0}, closed early: {session.closed}")
        session.finish()


@settings(max_examples=300, deadline=None)
@_sizes
def test_who_stays_attached_gets_every_byte_or_its_gap_and_in_utf_8_the_joined_text_is_the_text(
    steps: list[Step], overflow: Overflow, encoding: Encoding, backlog_bytes: int, read_bytes: int
) -> None:
    with delivery(overflow, encoding, backlog_bytes, read_bytes) as session:
        for step in steps:
            if not isinstance(step, Attach | Detach | Exit):
                session.take(step)
        session.finish()
        assert session.last_was_told_to_the_end
        assert session.delivered + session.missed == len(session.written)
        assert session.stream.missed_bytes == session.missed
        if overflow is Overflow.BLOCK:
            assert session.delivered == len(session.written)


@settings(max_examples=300, deadline=None)
@_sizes
def test_who_detaches_and_attaches_where_he_was_loses_and_repeats_nothing_but_what_is_counted(
    steps: list[Step], overflow: Overflow, encoding: Encoding, backlog_bytes: int, read_bytes: int
) -> None:
    with delivery(overflow, encoding, backlog_bytes, read_bytes) as session:
        for step in steps:
            session.take(step._replace(where="where it was") if isinstance(step, Attach) else step)
        session.take(Attach("where it was", 0, steal=True, encoding=encoding))
        session.finish()
        assert session.last_was_told_to_the_end
        assert session.delivered + session.missed == len(session.written)
