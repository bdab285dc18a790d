"""pipe_rpc/conversation: streams, events, text and the core, with values in the place of a server."""

import errno
import gc
import json
import os
from typing import Any

import pytest

from pipe_rpc.buffers.framer import encode_frame
from pipe_rpc.conversation.byte_queue import ByteQueue
from pipe_rpc.conversation.core import Core
from pipe_rpc.conversation.errors import ClientError, EndpointGone, EventsMissed, SessionNotFound, StreamDetached
from pipe_rpc.conversation.event_log import EventLog
from pipe_rpc.conversation.members import members
from pipe_rpc.conversation.stream_state import StreamState
from pipe_rpc.conversation.text_reader import LineReader, TextReader
from pipe_rpc.protocol.types import ClosedParams, DetachedParams, OutputParams, SpawnParams, WriteParams
from pipe_rpc.protocol.types.member import DetachReasonName
from tests.support.frames import decode_frames


def output(offset: int, data: str, missed: int | None = None) -> OutputParams:
    return OutputParams(
        session_id="s",
        stream="stdout",
        offset=offset,
        length=len(data),
        data=data,
        encoding="utf-8",
        seq=1,
        time_ms=0.5,
        missed_bytes=missed,
    )


def detached(offset: int, reason: DetachReasonName = "ended", attachment_id: str = "a") -> DetachedParams:
    return DetachedParams(session_id="s", stream="stdout", attachment_id=attachment_id, offset=offset, reason=reason)


def stream(memory_bytes: int = 100) -> StreamState:
    made = StreamState("stdout", ByteQueue(memory_bytes=memory_bytes, file_bytes=0))
    made.begin("a", 0)
    return made


def test_a_stream_gives_its_bytes_and_then_its_end() -> None:
    state = stream()
    assert not state.has_news()
    assert state.take(10) is None
    state.hear_output(output(0, "abc"))
    state.hear_detached(detached(3))
    assert state.has_news()
    assert [state.take(2), state.take(2), state.take(2), state.take(2)] == [b"ab", b"c", b"", b""]


def test_an_end_that_is_none_is_told_behind_the_last_byte() -> None:
    state = stream()
    state.hear_output(output(0, "abc"))
    state.hear_detached(detached(3, "removed"))
    assert state.take(10) == b"abc"
    with pytest.raises(StreamDetached, match="from offset 3 on: the session was removed"):
        state.take(10)


def test_an_attachment_right_behind_what_waits_goes_on_there_and_another_begins_anew() -> None:
    state = stream()
    state.hear_output(output(0, "abc"))
    state.hear_detached(detached(3, "detached"))
    state.begin("b", 3)
    state.hear_output(output(3, "def"))
    assert state.take(10) == b"abcdef"
    state.hear_output(output(6, "ghi"))
    state.begin("c", 0)
    state.hear_output(output(0, "abc"))
    assert state.take(10) == b"abc"


def test_the_end_of_an_earlier_attachment_is_not_the_end_of_this_one() -> None:
    state = stream()
    state.begin("b", 0)
    state.hear_detached(detached(0, "stolen", "a"))
    assert state.take(1) is None


def test_a_gap_is_counted() -> None:
    state = stream()
    state.hear_output(output(5, "x", missed=5))
    state.hear_output(output(16, "x", missed=10))
    assert state.missed_bytes == 15


def test_a_stream_without_room_asks_once_to_be_detached_and_loses_nothing() -> None:
    state = stream(memory_bytes=2)
    assert [state.hear_output(output(at, "ab")) for at in (0, 2, 4)] == [True, False, True]
    state.hear_detached(detached(6, "detached"))
    assert state.take(10) == b"ababab"
    with pytest.raises(StreamDetached, match="too far behind"):
        state.take(10)


def test_a_file_that_fails_detaches_the_stream_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    state = StreamState("stdout", ByteQueue(memory_bytes=2, file_bytes=100))
    state.begin("a", 0)
    monkeypatch.setattr(os, "pwrite", fail)
    assert [state.hear_output(output(at, "ab")) for at in (0, 2)] == [True, False]
    state.hear_detached(detached(4, "detached"))
    assert state.take(10) == b"abab"
    with pytest.raises(StreamDetached, match="No space left"):
        state.take(10)
    state.close()


def test_a_closed_stream_never_looks_like_one_that_has_ended() -> None:
    unread, ended = stream(), stream()
    for state in (unread, ended):
        state.hear_output(output(0, "abc"))
        state.hear_detached(detached(3))
    ended.take(10)
    for state in (unread, ended):
        state.close()
    assert not unread.has_news()
    assert ended.take(10) == b""


def test_events_are_kept_for_late_readers_up_to_a_limit() -> None:
    log = EventLog(2, on_read=lambda event: None)
    events = [ClosedParams(session_id=str(number)) for number in range(3)]
    for event in events:
        log.append(event)
    assert [log.get(number) for number in (1, 2)] == events[1:]
    with pytest.raises(EventsMissed) as caught:
        log.get(0)
    assert caught.value.count == 1
    assert not log.has_news(3)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_text_and_lines_however_the_bytes_are_cut(size: int) -> None:
    data = "one\r\ntwö\n\n€uro\rx".encode() + b"\xff"
    pieces = [data[at : at + size] for at in range(0, len(data), size)] + [b""]
    text, lines = TextReader(), LineReader(100)
    assert "".join(map(text.feed, pieces)) == data.decode(errors="replace")
    assert [line for piece in pieces for line in lines.feed(piece)] == ["one", "twö", "", "€uro\rx\ufffd"]


def test_a_line_without_an_end_comes_in_pieces() -> None:
    lines = LineReader(4)
    assert list(lines.feed(b"123456789")) == ["1234", "5678"]
    assert list(lines.feed(b"0\n123456789\n")) == ["90", "1234", "5678", "9"]
    assert list(lines.feed(b"")) == []


def test_arguments_become_members() -> None:
    assert members(SpawnParams, {"argv": ("ls",), "grace": 1.5, "cwd": None, "env": {"A": None}}) == {
        "argv": ["ls"],
        "graceMs": 1500,
        "env": {"A": None},
    }
    assert members(SpawnParams, {"argv": "ls"}) == {"argv": "ls"}, "the server refuses it"
    with pytest.raises(TypeError, match="grace"):
        members(WriteParams, {"grace": 1})


def frame(**message: Any) -> bytes:
    return encode_frame(json.dumps({"jsonrpc": "2.0", **message}).encode())


def sent(core: Core) -> list[Any]:
    data = b"".join(bytes(view) for view in core.outbound.front())
    core.outbound.clear()
    return decode_frames(data)


OUTPUT = {
    "sessionId": "s",
    "stream": "stdout",
    "offset": 0,
    "length": 3,
    "data": "abc",
    "encoding": "utf-8",
    "seq": 1,
    "timeMs": 0.5,
}


def test_answers_find_their_requests_and_late_ones_their_undoing() -> None:
    core = Core(buffer_bytes=1, spill_bytes=0)
    first, second, third = (core.request("session/list", {}, lambda value: value) for _ in range(3))
    third.abandon(core.remove)
    core.receive(frame(id=2, result=22) + frame(id=3, result="s") + frame(id=9, result=None))
    assert [first.is_answered(), second.is_answered()] == [False, True]
    assert second.result() == 22
    core.receive(frame(id=1, error={"code": 1001, "message": "No.", "data": {"sessionId": "x"}}))
    with pytest.raises(SessionNotFound):
        first.result()
    assert sent(core)[-1]["params"] == {"sessionId": "s", "force": True}


def test_a_result_that_does_not_fit_fails_its_request_alone() -> None:
    core = Core(buffer_bytes=1, spill_bytes=0)
    pending = core.request("session/list", {}, lambda value: value["missing"])
    core.receive(frame(id=1, result={}))
    with pytest.raises(ClientError, match="missing"):
        pending.result()
    assert not core.has_ended


def test_output_beyond_the_room_is_answered_by_a_detach() -> None:
    core = Core(buffer_bytes=1, spill_bytes=0)
    state = core.session("s")
    state.stream("stdout").begin("a", 0)
    core.receive(frame(method="session/output", params=OUTPUT) * 3)
    assert [each["method"] for each in sent(core)] == ["session/detach"]


def test_a_session_without_a_handle_costs_nothing() -> None:
    core = Core(buffer_bytes=1, spill_bytes=0)
    core.session("s")
    gc.collect()
    core.receive(frame(method="session/output", params=OUTPUT) * 3)
    assert sent(core) == []


def test_what_breaks_the_contract_ends_the_connection() -> None:
    core = Core(buffer_bytes=1, spill_bytes=0)
    core.receive_stderr(b"x" * 10_000 + b"last words")
    core.receive(b"nonsense\r\n\r\n")
    with pytest.raises(EndpointGone, match="contract") as caught:
        core.request("session/list", {})
    assert caught.value.stderr_tail.endswith("last words")
    core.end("later", 3)
    with pytest.raises(EndpointGone, match="contract") as caught:
        core.require_alive()
    assert caught.value.exit_status == 3
