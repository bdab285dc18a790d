"""pipe_rpc/session/head.py: the beginning of a stream, which the ring may overwrite."""

from __future__ import annotations

from pipe_rpc.buffers.ring import Ring
from pipe_rpc.buffers.ring_budget import RingBudget
from pipe_rpc.session.head import Head


class Source:
    """As much of an output stream as a head looks at."""

    def __init__(self, capacity: int) -> None:
        self.ring = Ring(capacity)
        self.waiting: list[Head] = []

    def when_progress(self, callback: Head) -> None:
        self.waiting.append(callback)

    def no_longer(self, callback: Head) -> None:
        self.waiting.remove(callback)

    def bring(self, data: bytes) -> None:
        self.ring.append(data)
        for each in self.waiting:
            each()


def test_the_beginning_is_kept_when_the_ring_has_overwritten_it() -> None:
    source = Source(8)
    head = Head(source, RingBudget(100), 10)
    for piece in (b"abcde", b"fgh", b"ijklmn", b"opq"):
        source.bring(piece)
    assert bytes(head.data) == b"abcdefghij"
    assert source.ring.start > 0
    source.ring.close()


def test_what_was_there_before_is_kept_too_unless_it_has_begun_to_go() -> None:
    source = Source(8)
    source.bring(b"abcdefgh")
    assert bytes(Head(source, RingBudget(100), 4).data) == b"abcd"
    source.bring(b"i")
    late = Head(source, RingBudget(100), 4)
    source.bring(b"j")
    assert bytes(late.data) == b""
    source.ring.close()


def test_it_is_as_long_as_there_is_memory_and_has_no_gap() -> None:
    source, budget = Source(100), RingBudget(6)
    head = Head(source, budget, 10)
    source.bring(b"abcd")
    source.bring(b"efgh")
    assert bytes(head.data) == b"abcd"
    assert budget.lent_bytes == 4
    assert not head.shrink(1)
    head.close()
    head.close()
    assert budget.lent_bytes == 0
    assert source.waiting == []
    source.ring.close()
