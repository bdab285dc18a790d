"""pipe_rpc/server/request_queue.py: what waits, in its order and within its bound."""

import pytest

from pipe_rpc.server.request_queue import RequestQueue


class Counted:
    """A queue, and how many spawns were tried."""

    def __init__(self, max_bytes: int = 1000) -> None:
        self.spawns_tried = 0
        self.queue = RequestQueue(lambda: self.spawns_tried, max_bytes=max_bytes)


@pytest.fixture
def counted() -> Counted:
    return Counted()


def test_nothing_has_to_wait_before_a_spawn(counted: Counted) -> None:
    assert not counted.queue.must_wait
    counted.spawns_tried += 1
    assert counted.queue.must_wait
    counted.queue.begin_turn()
    assert not counted.queue.must_wait


def test_what_waits_comes_out_in_its_order_up_to_a_spawn_in_each_turn(counted: Counted) -> None:
    for number in range(3):
        counted.queue.add(number, b"%d" % number)
    counted.queue.begin_turn()
    assert counted.queue.next_due() == b"0"
    assert counted.queue.next_due() == b"1"
    counted.spawns_tried += 1
    assert counted.queue.next_due() is None
    assert counted.queue.must_wait
    counted.queue.begin_turn()
    assert counted.queue.must_wait, "another still waits"
    assert counted.queue.next_due() == b"2"
    assert not counted.queue
    assert counted.queue.next_due() is None


def test_ids_of_two_types_are_two_ids(counted: Counted) -> None:
    counted.queue.add(1, b"number")
    assert "1" not in counted.queue
    counted.queue.add("1", b"text")
    assert not counted.queue.cancel(2)
    assert counted.queue.cancel("1")
    assert not counted.queue.cancel("1")
    assert 1 in counted.queue
    assert counted.queue.next_due() == b"number"


@pytest.mark.parametrize("ids", [range(10), map(str, range(10)), ["x" * 100 * number for number in range(10)]])
def test_what_left_makes_room(ids: list[int | str]) -> None:
    counted = Counted(max_bytes=1)
    for request_id in list(ids):
        counted.queue.add(request_id, b"body")
        assert counted.queue.is_full
        assert counted.queue.cancel(request_id) if request_id in (3, "3") else counted.queue.next_due()
        assert not counted.queue.is_full


def test_of_what_has_no_id_one_waits() -> None:
    counted = Counted(max_bytes=1)
    counted.queue.add(None, b"first")
    counted.queue.add(None, b"second")
    assert counted.queue.next_due() == b"first"
    assert not counted.queue
    assert not counted.queue.is_full


def test_it_knows_of_which_sessions_requests_wait(counted: Counted) -> None:
    for number, session_id in enumerate(["a", "b", "a", None]):
        counted.queue.add(number, b"body", session_id)
    counted.queue.begin_turn()
    assert counted.queue.names("a")
    assert counted.queue.next_due()
    assert counted.queue.names("a")
    assert counted.queue.cancel(2)
    assert not counted.queue.names("a")
    assert counted.queue.names("b")


def test_long_ids_fill_it_too() -> None:
    counted = Counted(max_bytes=1000)
    counted.queue.add("x" * 1000, b"")
    assert counted.queue.is_full
