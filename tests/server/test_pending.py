"""pipe_rpc/server/pending.py: each row is answered once, whatever ends it."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.protocol.envelope import Id
from pipe_rpc.server.pending import PendingRequests
from pipe_rpc.session.announcement import Closed, Exited
from tests.server.harness import Bench
from tests.session.harness import StillLoop


class Table:
    """The table, and what was done in which order."""

    def __init__(self, max_pending: int = 3) -> None:
        self.loop = StillLoop()
        self.done: list[Any] = []
        self.requests = PendingRequests(
            self.loop,
            lambda request_id, outcome: self.done.append((request_id, outcome)),
            max_pending=max_pending,
            max_id_bytes=3000,
        )


@pytest.fixture
def table() -> Iterator[Table]:
    made = Table()
    yield made
    made.loop.close()


def test_an_answer_takes_the_row_out_and_lets_go_first(table: Table) -> None:
    row = table.requests.open(1, "s")
    row.release = lambda: table.done.append("released")
    assert 1 in table.requests
    row.answer("result")
    assert table.done == ["released", (1, "result")]
    assert 1 not in table.requests


def test_the_id_is_free_again_when_it_is_answered() -> None:
    loop = StillLoop()
    seen: list[bool] = []

    def note(request_id: Id, _: object) -> None:
        seen.append(request_id in requests)

    requests = PendingRequests(loop, note, max_pending=1, max_id_bytes=1000)
    requests.open(1, "s").answer(None)
    assert seen == [False]
    loop.close()


def test_number_and_text_are_different_ids(table: Table) -> None:
    number, text = table.requests.open(1, "s"), table.requests.open("1", "s")
    number.answer("of the number")
    assert 1 not in table.requests
    assert "1" in table.requests
    text.answer("of the text")
    assert table.done == [(1, "of the number"), ("1", "of the text")]


def test_a_cancelled_row_is_answered_as_such_with_what_is_known_before_it_lets_go(table: Table) -> None:
    row = table.requests.open("r", "s")
    state = {"bytesWritten": 5}
    row.cancelled = lambda: dict(state)
    row.release = state.clear
    table.requests.cancel("r")
    ((request_id, error),) = table.done
    assert request_id == "r"
    assert isinstance(error, PipeRpcError)
    assert error.code is ErrorCode.REQUEST_CANCELLED
    assert error.data == {"bytesWritten": 5}


@pytest.mark.parametrize("request_id", [2, "1", "", -1])
def test_cancelling_what_does_not_wait_has_no_effect(table: Table, request_id: int | str) -> None:
    table.requests.open(1, "s")
    table.requests.cancel(request_id)
    assert table.done == []
    assert 1 in table.requests


def test_a_row_is_cancelled_once(table: Table) -> None:
    table.requests.open(1, "s")
    table.requests.cancel(1)
    table.requests.cancel(1)
    assert len(table.done) == 1


def test_a_row_runs_out_of_time_at_its_deadline_and_not_before(table: Table) -> None:
    row = table.requests.open(1, "s")
    row.release = lambda: table.done.append("released")
    row.answer_at(table.loop.now + 5, lambda: "too late")
    table.loop.advance(4.999)
    assert table.done == []
    table.loop.advance(0.001)
    assert table.done == ["released", (1, "too late")]
    table.loop.advance(100)
    assert len(table.done) == 2


@pytest.mark.parametrize("end", ["answer", "cancel", "removal"])
def test_what_ends_a_row_ends_its_deadline(table: Table, end: str) -> None:
    row = table.requests.open(1, "s")
    row.answer_at(table.loop.now + 5, lambda: "too late")
    match end:
        case "answer":
            row.answer("in time")
        case "cancel":
            table.requests.cancel(1)
        case _:
            table.requests.session_removed("s")
    table.loop.advance(10)
    assert len(table.done) == 1
    assert table.done[0][1] != "too late"


def test_a_removed_session_answers_its_rows_and_no_others(table: Table) -> None:
    table.requests.open(1, "gone")
    known = table.requests.open(2, "gone")
    known.on_removal = lambda: "known"
    table.requests.open(3, "other")
    table.requests.session_removed("gone")
    (first, error), second = table.done
    assert first == 1
    assert error.code is ErrorCode.SESSION_NOT_FOUND
    assert error.data == {"sessionId": "gone"}
    assert second == (2, "known")
    assert 3 in table.requests
    table.requests.session_removed("gone")
    assert len(table.done) == 2


def test_news_reach_the_rows_of_their_session_that_want_them(table: Table, bench: Bench) -> None:
    session = bench.registry.get(bench.spawn()[0])
    news = Exited(session), Closed(session)
    row = table.requests.open(1, "pipe-1")
    row.on_announcement = table.done.append
    table.requests.open(2, "pipe-1")
    other = table.requests.open(3, "pipe-2")
    other.on_announcement = table.done.append
    for each in news:
        table.requests.announced(each, "pipe-1")
    assert table.done == [*news]


def test_a_row_may_be_answered_by_the_news_while_others_still_hear_them(table: Table, bench: Bench) -> None:
    session = bench.registry.get(bench.spawn()[0])
    for number in (1, 2, 3):
        row = table.requests.open(number, "pipe-1")
        row.on_announcement = lambda _, row=row: row.answer("heard")
    table.requests.announced(Exited(session), "pipe-1")
    assert table.done == [(1, "heard"), (2, "heard"), (3, "heard")]


def test_a_full_table_refuses_one_more_until_one_is_answered(table: Table) -> None:
    rows = []
    for number in range(3):
        table.requests.require_room(99)
        rows.append(table.requests.open(number, "s"))
    with pytest.raises(PipeRpcError) as caught:
        table.requests.require_room(99)
    assert caught.value.code is ErrorCode.LIMIT_EXCEEDED
    assert caught.value.data == {"limit": "maxPendingRequests", "value": 3}
    assert "--max-pending-requests" in caught.value.message
    rows[1].answer(None)
    table.requests.require_room(99)


def test_ids_that_would_fill_the_memory_are_refused_a_place(table: Table) -> None:
    long = "x" * 2000
    table.requests.require_room(long)
    row = table.requests.open(long, "s")
    with pytest.raises(PipeRpcError) as caught:
        table.requests.require_room("y" * 2000)
    assert caught.value.code is ErrorCode.LIMIT_EXCEEDED
    assert caught.value.data == {"limit": "maxPendingIdBytes", "value": 3000}
    assert "--max-pending-id-bytes" in caught.value.message
    row.answer(None)
    table.requests.require_room("y" * 2000)


def test_ten_thousand_rows_leave_no_deadline_behind(table: Table) -> None:
    for number in range(10_000):
        row = table.requests.open(number, "s")
        row.answer_at(table.loop.now + 86_400, lambda: None)
        row.answer(None)
    assert len(table.loop._deadlines) < 100


def test_only_the_rows_of_the_session_are_told_in_order_of_their_requests(table: Table, bench: Bench) -> None:
    news = Exited(bench.registry.get(bench.spawn()[0]))
    for request_id, session_id in ((1, "s"), (2, "t"), (3, "s")):
        row = table.requests.open(request_id, session_id)
        row.on_announcement = partial(lambda number, announcement: table.done.append(number), request_id)
    table.requests.announced(news, "s")
    table.requests.announced(news, "nobody's")
    assert table.done == [1, 3]


def test_rows_that_are_answered_while_they_are_told_leave_nothing_behind(table: Table, bench: Bench) -> None:
    news = Exited(bench.registry.get(bench.spawn()[0]))
    for request_id in (1, 2):
        row = table.requests.open(request_id, "s")
        row.on_announcement = row.answer
    for _ in range(2):
        table.requests.announced(news, "s")
        table.requests.session_removed("s")
    assert table.done == [(1, news), (2, news)]
    assert table.requests._of_session == {}, "an index that is never emptied grows for ever"
