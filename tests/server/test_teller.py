"""pipe_rpc/server/teller.py: announcements as messages, and who hears of them."""

from typing import Any

import pytest

from pipe_rpc.buffers.text import Encoding
from pipe_rpc.protocol import types
from pipe_rpc.protocol.converter import structure
from pipe_rpc.session.announcement import Announcement, Closed, Detached, DetachReason, Exited, Output
from tests.server.harness import ERR, OUT, Bench


def output(data: str = "x", *, missed: int = 0, encoding: Encoding = Encoding.UTF_8) -> Output:
    return Output("pipe-1", OUT, 7, 1, data, encoding, missed, 1, 0.5)


@pytest.mark.parametrize("data", ["", "x", "é€😀", '"\\\n\r\t\0\x1b\x7f\u2028', "a" * 50_000])
def test_output_is_told_as_it_is(bench: Bench, data: str) -> None:
    bench.teller.tell(output(data))
    (params,) = bench.notifications("session/output")
    assert params == {
        "sessionId": "pipe-1",
        "stream": "stdout",
        "offset": 7,
        "length": 1,
        "data": data,
        "encoding": "utf-8",
        "seq": 1,
        "timeMs": 500.0,
    }
    assert structure(params, types.OutputParams)


def test_bytes_that_were_missed_are_told_only_where_there_are_any(bench: Bench) -> None:
    bench.teller.tell(output(missed=2**40, encoding=Encoding.BASE64))
    (params,) = bench.notifications("session/output")
    assert params["missedBytes"] == 2**40
    assert params["encoding"] == "base64"


@pytest.mark.parametrize("reason", DetachReason)
def test_the_end_of_an_attachment_is_told_with_its_reason(bench: Bench, reason: DetachReason) -> None:
    bench.teller.tell(Detached("pipe-1", ERR, "attachment-1", 5, reason))
    (params,) = bench.notifications("session/detached")
    assert params == {
        "sessionId": "pipe-1",
        "stream": "stderr",
        "attachmentId": "attachment-1",
        "offset": 5,
        "reason": reason.value,
    }


def test_listeners_hear_of_everything_but_output_behind_the_client(bench: Bench) -> None:
    heard: list[tuple[Announcement, list[str]]] = []

    def listen(announcement: Announcement) -> None:
        bench.transport.flush()
        heard.append((announcement, [message["method"] for message in bench.wires.receive()]))

    session_id, child = bench.spawn()
    session = bench.registry.get(session_id)
    bench.teller.listeners.append(listen)
    child.write(OUT, b"x")
    bench.exit(child)
    bench.take()
    kinds = [type(each) for each, _ in heard]
    assert kinds == [Detached, Detached, Exited, Closed]
    assert heard[2] == (Exited(session), ["session/exited"])
    assert heard[3] == (Closed(session), ["session/closed"])


@pytest.mark.parametrize(("until", "news"), [("exited", "session/exited"), ("closed", "session/closed")])
def test_who_waits_for_an_event_is_answered_right_behind_the_news_of_it(bench: Bench, until: str, news: str) -> None:
    session_id, child = bench.spawn()
    waiting = bench.start("session/wait", {"sessionId": session_id, "until": until})
    bench.exit(child)
    names: list[Any] = [message.get("method", message.get("id")) for message in bench.take()]
    assert names[names.index(news) + 1] == waiting
