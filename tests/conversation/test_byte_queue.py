"""pipe_rpc/conversation/byte_queue.py: bytes in order, in memory and then in a file, within both limits."""

import os
import random
from collections.abc import Iterator

import pytest

from pipe_rpc.conversation.byte_queue import ByteQueue


@pytest.fixture
def queue() -> Iterator[ByteQueue]:
    made = ByteQueue(memory_bytes=10, file_bytes=20)
    yield made
    made.clear()


def drained(queue: ByteQueue, limit: int = 100) -> bytes:
    return b"".join(iter(lambda: queue.take(limit), b""))


def test_bytes_leave_in_the_order_in_which_they_came(queue: ByteQueue) -> None:
    for piece in (b"one ", b"two ", b"three ", b"four "):
        assert queue.put(piece)
    assert len(queue) == 19
    assert drained(queue, 3) == b"one two three four "
    assert len(queue) == 0
    assert queue.take(1) == b""


def test_what_has_no_room_is_refused_whole(queue: ByteQueue) -> None:
    assert queue.put(b"x" * 10)
    assert queue.put(b"y" * 20)
    assert not queue.put(b"z")
    assert drained(queue) == b"x" * 10 + b"y" * 20


def test_an_empty_queue_has_room_for_anything(queue: ByteQueue) -> None:
    assert queue.put(b"x" * 1000)
    assert drained(queue) == b"x" * 1000


def test_what_is_kept_without_room_comes_last_and_bounds_what_follows(queue: ByteQueue) -> None:
    queue.put(b"x" * 10)
    queue.put(b"y" * 20)
    queue.keep(b"late")
    assert not queue.put(b"more")
    assert drained(queue) == b"x" * 10 + b"y" * 20 + b"late"
    assert queue.put(b"again")


def test_the_file_is_no_larger_than_its_limit_and_is_emptied(queue: ByteQueue) -> None:
    queue.put(b"m" * 10)
    for turn in range(50):
        assert queue.put(bytes([turn]) * 7)
        assert os.fstat(queue._fd).st_size <= 20
        while len(queue) > 12:
            queue.take(5)
    drained(queue)
    assert os.fstat(queue._fd).st_size == 0


def test_small_pieces_are_joined() -> None:
    queue = ByteQueue(memory_bytes=1_000_000, file_bytes=0)
    for _ in range(10_000):
        queue.put(b"x")
    assert len(queue._first) < 10


@pytest.mark.parametrize("seed", range(5))
def test_any_order_of_puts_and_takes_is_exact(seed: int) -> None:
    choose = random.Random(seed)
    queue = ByteQueue(memory_bytes=50, file_bytes=100)
    came, left = bytearray(), bytearray()
    for turn in range(2000):
        data = bytes([turn % 251]) * choose.randrange(1, 30)
        if choose.random() < 0.6:
            if queue.put(data):
                came += data
            elif choose.random() < 0.3:
                queue.keep(data)
                came += data
        else:
            left += queue.take(choose.randrange(1, 40))
        assert len(queue) == len(came) - len(left)
    left += drained(queue)
    queue.clear()
    assert left == came


def test_a_file_that_somebody_cuts_is_an_error_and_not_a_gap(queue: ByteQueue) -> None:
    queue.put(b"x" * 10)
    queue.put(b"y")
    queue.take(10)
    os.ftruncate(queue._fd, 0)
    with pytest.raises(OSError, match="cut"):
        queue.take(1)


def test_a_forgotten_queue_gives_its_file_back() -> None:
    queue = ByteQueue(memory_bytes=1, file_bytes=10)
    queue.put(b"x")
    queue.put(b"y")
    fd = queue._fd
    del queue
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(fd)
