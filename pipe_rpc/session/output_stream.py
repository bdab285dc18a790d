"""One output stream of a child: its descriptor, its ring, and the attachment that reads along.

Rules of this file: bytes go from the descriptor into the ring and nowhere else; an attachment is a cursor over the
ring, so replay and live output are one path. The ring begins small and grows as it fills, up to what was asked for, as
far as the budget of all rings allows. Where the client reads too slowly the stream either stops reading the
child ("block") or lets the ring overwrite what the cursor has not reached ("dropOldest"), counted to the byte.
"""

import array
import fcntl
import termios
from collections.abc import Callable
from typing import TYPE_CHECKING

from pipe_rpc.buffers.ring import Ring
from pipe_rpc.buffers.ring_budget import RingBudget
from pipe_rpc.buffers.text import LONGEST_CHARACTER_BYTES, EncodedPiece, Encoding, encode_piece
from pipe_rpc.loop.descriptor import OwnDescriptor
from pipe_rpc.loop.loop import READ, Loop, Watch
from pipe_rpc.session.announcement import StreamName
from pipe_rpc.session.attachment import Attachment, Overflow
from pipe_rpc.session.head import Head
from pipe_rpc.session.read_order import ReadOrder, ReadRuns, Run

if TYPE_CHECKING:
    from pipe_rpc.session.tee import Tee


class OutputStream:
    """Reads one pipe of a child into a ring, and hands pieces of it out.

    ``on_progress`` is called in each turn that brings bytes or the end.
    """

    def __init__(
        self,
        name: StreamName,
        fd: int,
        loop: Loop,
        budget: RingBudget,
        order: ReadOrder,
        *,
        backlog_bytes: int,
        read_bytes: int,
        most_runs: int,
        overflow: Overflow,
        on_progress: Callable[[], None],
    ) -> None:
        self.name = name
        self._read_bytes = min(read_bytes, backlog_bytes)
        self._half_bite_bytes = (self._read_bytes + 1) // 2
        self.ring = Ring(self._read_bytes)
        self._runs = ReadRuns(order, most_runs)
        self.attachment: Attachment | None = None
        self.tee: Tee | None = None
        self.ended = False
        self.missed_bytes = 0
        """Bytes that were overwritten before any attachment got them."""
        self.child_end: int | None = None
        """Once the child has exited: the offset behind the last byte that it can have written itself."""
        self._delivered = 0
        self._descriptor = OwnDescriptor(fd)
        self._loop = loop
        self._may_drop = overflow is Overflow.DROP_OLDEST
        self._backlog_bytes = backlog_bytes
        self._on_progress = on_progress
        self._waiting: list[Callable[[], None]] = []
        self._watch: Watch | None = loop.watch(fd, READ, self._on_readable)
        self._budget = budget
        budget.open(self, self._read_bytes)

    def __repr__(self) -> str:
        return f"<OutputStream {self.name} {self.ring!r}{' ended' if self.ended else ''}>"

    @property
    def is_open(self) -> bool:
        """Whether some process may still write to it."""
        return not self.ended

    @property
    def is_paused(self) -> bool:
        """Whether the child's output is not read now, since the client is behind with it."""
        return self._watch is None and not self.ended

    @property
    def is_behind(self) -> bool:
        """Whether bytes in the ring wait for the attachment."""
        return self.attachment is not None and self.attachment.offset < self.ring.end

    @property
    def next_seq(self) -> int:
        """The run of the next byte that waits for the attachment; ask only where one does."""
        assert self.attachment is not None, "nobody waits"
        return self._runs.at(max(self.attachment.offset, self.ring.start), 0).seq

    @property
    def child_output_delivered(self) -> bool:
        """Whether all that the exited child wrote is in the ring, and with the attachment where there is one.

        Of a stream that has ended nothing more can come, so then all that others wrote counts too: a client that is
        told that nobody holds the stream takes its output for complete.
        """
        if self.child_end is None or (self.ring.end < self.child_end and not self.ended):
            return False
        end = self.ring.end if self.ended else self.child_end
        return self.attachment is None or self.attachment.offset >= end

    def attach(self, attachment: Attachment) -> None:
        """Let ``attachment`` read along from its offset on."""
        self.attachment = attachment
        self._read_or_pause()

    def detach(self) -> None:
        """End the attachment; the child's output goes on into the ring."""
        self.attachment = None
        self._read_or_pause()

    def take(self, limit: int) -> tuple[EncodedPiece, int, Run] | None:
        """Deliver the next piece of at most ``limit`` raw bytes to the attachment.

        With it come how many bytes were missed before it, and the run of its first byte; it ends where the other stream
        cuts in. None where there is nothing to deliver now. Behind the call the attachment's offset is its end.
        """
        attachment = self.attachment
        if attachment is None or attachment.offset == self.ring.end:
            return None
        start = max(attachment.offset, self.ring.start)
        run = self._runs.at(start, limit)
        if run.until is not None:
            limit = min(limit, run.until - start)
        piece = self.peek(start, limit, attachment.encoding)
        if piece.length == 0:
            return None
        missed = start - attachment.offset
        attachment.offset = start + piece.length
        self._delivered = max(self._delivered, attachment.offset)
        if self._watch is None:
            self._read_or_pause()
        return piece, missed, run

    def peek(self, start: int, limit: int, encoding: Encoding) -> EncodedPiece:
        """Encode at most ``limit`` retained bytes from ``start`` on, without delivering them.

        A character at the end is held back until the rest of it comes, but not behind what the exited child wrote: what
        another process may append later must not delay the news of the exit.
        """
        if self.child_end is not None and start < self.child_end:
            limit = min(limit, self.child_end - start)
        with self.ring.view(start, limit) as data:
            end = start + len(data)
            final = end == self.child_end or (self.ended and end == self.ring.end)
            piece = encode_piece(data, encoding, final=final)
        if piece.length == 0 and end > start and limit < LONGEST_CHARACTER_BYTES and end < self.ring.end:
            # The limit is smaller than the character: give the whole of it, or a reader would never get past it.
            return self.peek(start, limit + 1, encoding)
        return piece

    def child_exited(self) -> None:
        """Take note of where the child's own output ends, and read up to there as far as the ring has room.

        When the exit is seen, every byte that the child wrote is in the pipe. FIONREAD bounds what is read on its
        behalf: "read until empty" need not end while another process goes on writing.
        """
        if self.ended:
            self.child_end = self.ring.end
            self._tell_waiting()
            return
        self.child_end = self.ring.end + self._bytes_in_pipe()
        while self._watch is not None and self.ring.end < self.child_end:
            if not self._read():
                # Somebody else, who opened the pipe through /proc, has taken the bytes away; or they are there still,
                # and come when the system has the memory.
                self.child_end = self.ring.end + self._bytes_in_pipe()
                break
        self.look_for_end()
        self._tell_waiting()

    def look_for_end(self) -> None:
        """Read once more where nothing is in the way: most often the end of file has come by now."""
        if self._watch is not None:
            self._read()

    def when_progress(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` for each progress, and when the child has exited, until ``no_longer``."""
        self._waiting.append(callback)

    def no_longer(self, callback: Callable[[], None]) -> None:
        """End ``when_progress``."""
        self._waiting.remove(callback)

    def tee_moved(self) -> None:
        """Go on reading where the tee was what kept us from it."""
        if self._watch is None:
            self._read_or_pause()

    def keep_head(self, limit: int) -> Head:
        """Keep the first ``limit`` bytes until the head is closed, as far as there is memory for them."""
        return Head(self, self._budget, limit)

    def shrink(self, capacity: int) -> bool:
        """Make do with a smaller ring; see Borrower.

        The first piece stays, and what a "block" attachment still has to get is never lost.
        """
        if capacity < max(self._read_bytes, self._unread_bytes):
            return False
        try:
            self.ring.resize(capacity)
        except OSError:
            return False  # No memory even for the smaller one while the larger one is there.
        self._count_overwritten()
        self._read_or_pause()
        return True

    def close(self) -> None:
        """Stop reading for good and give the memory back; a writer that is left gets SIGPIPE."""
        self._end()
        if self.tee is not None:
            self.tee.detach()
        self.ring.close()
        self._budget.close(self)
        self._on_progress = _nothing  # Session and stream hold each other, and would wait for a collector.

    def _on_readable(self) -> None:
        self._read()

    def _bytes_in_pipe(self) -> int:
        available = array.array("i", [0])
        try:
            fcntl.ioctl(self._descriptor.fd, termios.FIONREAD, available)
        except OSError:
            return 0  # A system that does not tell: what is there comes all the same, if behind the exit.
        return available[0]

    def _read(self) -> bool:
        """Read once; returns whether anything came, the end included."""
        views = self.ring.room(self._readable_bytes())
        try:
            size = self._descriptor.read_into(views)
        except OSError:
            size = 0  # A pipe that cannot be read gives nothing more; that is the end of this stream alone.
        del views
        if size is None:
            return False
        if size == 0:
            self._end()
        else:
            self._runs.note(self.ring.end, self._loop.now, self.ring.start)
            self.ring.commit(size)
            self._count_overwritten()
            if self._free_bytes < self._half_bite_bytes:
                self._grow()
                self._read_or_pause()
        self._on_progress()
        self._tell_waiting()
        return True

    def _tell_waiting(self) -> None:
        for callback in list(self._waiting):
            callback()

    def _count_overwritten(self) -> None:
        if self.ring.start > self._delivered:
            self.missed_bytes += self.ring.start - self._delivered
            self._delivered = self.ring.start

    @property
    def _unread_bytes(self) -> int:
        """What must not be overwritten: what a tee, and with "block" the attachment, has not got yet."""
        needed = self.ring.end
        if self.attachment is not None and not self._may_drop:
            needed = self.attachment.offset
        if self.tee is not None:
            needed = min(needed, self.tee.offset)
        return self.ring.end - max(needed, self.ring.start)

    @property
    def _free_bytes(self) -> int:
        """What can be read before anything that is retained gives way."""
        return self.ring.capacity - len(self.ring)

    def _grow(self) -> None:
        """Double the ring where there is memory for it; else the oldest bytes give way earlier than was asked for."""
        before, wanted = self.ring.capacity, min(self.ring.capacity * 2, self._backlog_bytes)
        if wanted == before or not self._budget.grow(self, wanted):
            return
        try:
            self.ring.resize(wanted)
        except OSError:
            self._budget.grow(self, before)  # The system has less than the budget: give the loan back.

    def _readable_bytes(self) -> int:
        """How much may be read now without overwriting what is needed, or what a ring that is to grow retains."""
        free = self._free_bytes
        if free >= self._read_bytes:
            return self._read_bytes
        if free >= self._half_bite_bytes and self.ring.capacity < self._backlog_bytes:
            return free
        return min(self._read_bytes, self.ring.capacity - self._unread_bytes)

    def _read_or_pause(self) -> None:
        if self.ended:
            return
        readable = self._readable_bytes()
        if self._watch is not None and readable == 0:
            self._loop.unwatch(self._watch)
            self._watch = None
        elif self._watch is None and readable >= self._half_bite_bytes:
            # Not at the first free byte: reading in crumbs costs more than waiting for half a bite.
            self._watch = self._loop.watch(self._descriptor.fd, READ, self._on_readable)

    def _end(self) -> None:
        self.ended = True
        if self._watch is not None:
            self._loop.unwatch(self._watch)
            self._watch = None
        self._descriptor.close()


def _nothing() -> None:
    """Nobody is told of progress any more."""
