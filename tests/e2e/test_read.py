"""`session/read`: looking into the ring without consuming anything."""

from __future__ import annotations

import time

import pytest

from tests.children.spew import pattern
from tests.support.fixture_types import MakeGate
from tests.support.programs import child, shell
from tests.support.refusals import problems, refusal
from tests.support.wire_client import Message, WireClient, decode_data


def read_params(session: str, offset: int, **params: object) -> Message:
    return {"sessionId": session, "stream": "stdout", "fromOffset": offset, **params}


def read(wire: WireClient, session: str, offset: int, **params: object) -> Message:
    """`session/read` of stdout, waited for."""
    answer: Message = wire.request("session/read", read_params(session, offset, **params))
    return answer


def finished(wire: WireClient, argv: list[str], **params: object) -> str:
    """A session that has run to its end."""
    session: str = wire.spawn(argv, **params)["sessionId"]
    wire.wait_closed(session)
    return session


def test_a_read_answers_everything_about_what_it_found(wire: WireClient) -> None:
    session = finished(wire, ["printf", "héllo"])
    expected = {
        "offset": 0,
        "length": 6,
        "data": "héllo",
        "encoding": "utf-8",
        "missedBytes": 0,
        "nextOffset": 6,
        "ended": True,
    }
    assert read(wire, session, 0) == expected
    assert read(wire, session, 0) == expected  # Nothing was consumed.


def test_a_read_chooses_its_encoding(wire: WireClient) -> None:
    session = finished(wire, ["printf", r"\377a"])
    assert (read(wire, session, 0, encoding="utf-8")["data"]) == "\ufffda"
    assert (read(wire, session, 0, encoding="base64")["data"]) == "/2E="
    auto = read(wire, session, 0, encoding="auto")
    assert (auto["encoding"], auto["data"]) == ("base64", "/2E=")
    auto = read(wire, session, 1, encoding="auto")
    assert (auto["encoding"], auto["data"]) == ("utf-8", "a")


@pytest.mark.parametrize("attach", [[], ["stdout"]])
def test_reads_walk_through_the_ring_whether_attached_or_not(wire: WireClient, attach: list[str]) -> None:
    session = finished(wire, child("spew", "stdout", 300_000), attach=attach)
    data, offset, reads = b"", 0, 0
    while True:
        answer = read(wire, session, offset, encoding="base64")
        assert answer["offset"] == offset
        data += decode_data(answer)
        offset = answer["nextOffset"]
        reads += 1
        if answer["ended"]:
            break
    assert data == pattern(300_000)
    assert reads == 5  # 65 536 bytes each, by default.
    assert wire.collect_output(session, "stdout") == (data if attach else b"")


@pytest.mark.parametrize("size", [1, 2, 1000, 65_536, 200_000])
def test_a_read_has_at_most_max_bytes(wire: WireClient, size: int) -> None:
    session = finished(wire, child("spew", "stdout", 100_000))
    answer = read(wire, session, 0, maxBytes=size, encoding="base64")
    assert answer["length"] == min(size, 100_000)
    assert decode_data(answer) == pattern(100_000)[: answer["length"]]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7])
def test_reads_of_text_get_past_every_character_and_split_none(wire: WireClient, size: int) -> None:
    text = "aé€😀z"
    session = finished(wire, ["printf", text])
    pieces, offset = [], 0
    while not (answer := read(wire, session, offset, maxBytes=size, encoding="utf-8"))["ended"]:
        assert answer["length"] > 0
        pieces.append(answer["data"])
        offset = answer["nextOffset"]
    assert "".join([*pieces, answer["data"]]) == text


def test_only_a_whole_character_may_be_longer_than_max_bytes(wire: WireClient) -> None:
    # The first byte begins a character of four bytes, but one of three bytes follows.
    session = finished(wire, ["printf", r"\361\344\216\237"])
    broken = read(wire, session, 0, maxBytes=1, encoding="utf-8")
    assert (broken["data"], broken["length"], broken["ended"]) == ("\ufffd", 1, False)
    whole = read(wire, session, 1, maxBytes=1, encoding="utf-8")
    assert (whole["data"], whole["length"], whole["ended"]) == ("\u439f", 3, True)


def test_a_read_of_the_other_stream(wire: WireClient) -> None:
    session = finished(wire, shell("printf err >&2"))
    assert wire.request("session/read", {"sessionId": session, "stream": "stderr", "fromOffset": 0})["data"] == "err"
    assert read(wire, session, 0)["length"] == 0


def test_a_live_stream_has_not_ended(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("printf abc; read _ < $1", held.path))["sessionId"]
    wire.wait_output(session, "stdout", 3)
    for offset, data in ((0, "abc"), (1, "bc"), (3, "")):
        answer = read(wire, session, offset)
        assert (answer["offset"], answer["data"], answer["nextOffset"], answer["ended"]) == (offset, data, 3, False)
    held.open_and_release()
    wire.wait_closed(session)
    assert read(wire, session, 3) == {
        "offset": 3,
        "length": 0,
        "data": "",
        "encoding": "utf-8",
        "missedBytes": 0,
        "nextOffset": 3,
        "ended": True,
    }


def test_an_ended_stream_has_ended_only_where_nothing_follows(wire: WireClient) -> None:
    session = finished(wire, ["printf", "abcdef"])
    assert read(wire, session, 0, maxBytes=3)["ended"] is False
    assert read(wire, session, 3, maxBytes=3)["ended"] is True


@pytest.mark.parametrize("offset", [0, 1, 3975, 3976, 3977, 5000])
def test_what_was_overwritten_is_counted(wire: WireClient, offset: int) -> None:
    session = finished(wire, child("spew", "stdout", 5000), attach=[], backlogBytes=1024)
    answer = read(wire, session, offset, encoding="base64")
    begin = max(offset, 3976)
    assert (answer["offset"], answer["missedBytes"], answer["nextOffset"]) == (begin, begin - offset, 5000)
    assert decode_data(answer) == pattern(5000)[begin:]


@pytest.mark.parametrize("wait", [{}, {"waitMs": 0}, {"waitMs": 1000}])
def test_an_offset_beyond_the_end_is_out_of_range(wire: WireClient, gate: MakeGate, wait: Message) -> None:
    held = gate()
    session = wire.spawn(shell("printf abc; read _ < $1", held.path))["sessionId"]
    wire.wait_output(session, "stdout", 3)
    refusal(wire, "OffsetOutOfRange", "session/read", read_params(session, 4, **wait))
    held.open_and_release()
    wire.wait_closed(session)
    refusal(wire, "OffsetOutOfRange", "session/read", read_params(session, 4, **wait))


def test_without_an_offset_a_read_begins_at_the_oldest_retained_byte(wire: WireClient) -> None:
    session = finished(wire, child("spew", "stdout", 5000), attach=[], backlogBytes=1024)
    answer = wire.request("session/read", {"sessionId": session, "stream": "stdout", "encoding": "base64"})
    assert (answer["offset"], answer["missedBytes"], answer["nextOffset"]) == (3976, 0, 5000)
    assert decode_data(answer) == pattern(5000)[3976:]


def test_reading_does_not_disturb_an_attachment(wire: WireClient) -> None:
    session = wire.spawn(child("spew", "stdout", 2_000_000), backlogBytes=4 << 20)["sessionId"]
    offset = 0
    while not (answer := read(wire, session, offset, waitMs=10_000, encoding="base64"))["ended"]:
        offset = answer["nextOffset"]
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == pattern(2_000_000)


def test_a_merged_stderr_cannot_be_read(wire: WireClient) -> None:
    session = finished(wire, ["true"], mergeStderr=True)
    refusal(wire, "StreamUnavailable", "session/read", {"sessionId": session, "stream": "stderr", "fromOffset": 0})


# ---- waiting


def test_a_read_with_nothing_new_waits_for_the_next_byte(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("read _ < $1; printf news; read _ < $1", held.path), attach=[])["sessionId"]
    pending = wire.start("session/read", read_params(session, 0, waitMs=60_000))
    wire.fence()
    held.open_and_release()
    answer = wire.result(pending)
    assert (answer["offset"], answer["data"], answer["ended"]) == (0, "news", False)
    held.open_and_release()
    wire.wait_closed(session)


def test_a_read_that_waits_does_not_hold_up_other_requests(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("read _ < $1", held.path), attach=[])["sessionId"]
    pending = wire.start("session/read", read_params(session, 0, waitMs=60_000))
    assert wire.request("session/info", {"sessionId": session})["state"] == "running"
    assert not [message for message in wire.trace if _answers(message, pending)]
    held.open_and_release()
    assert wire.result(pending)["ended"] is True


def _answers(entry: object, request: int | str) -> bool:
    message = getattr(entry, "message", None)
    return isinstance(message, dict) and "method" not in message and message.get("id") == request


@pytest.mark.parametrize("wait_ms", [1, 50, 300, 0.5])
def test_a_read_that_has_waited_in_vain_is_empty_and_no_end(wire: WireClient, gate: MakeGate, wait_ms: float) -> None:
    held = gate()
    session = wire.spawn(shell("read _ < $1", held.path), attach=[])["sessionId"]
    begun = time.monotonic()
    answer = read(wire, session, 0, waitMs=wait_ms)
    assert time.monotonic() - begun >= wait_ms / 1000
    assert (answer["offset"], answer["length"], answer["nextOffset"], answer["ended"]) == (0, 0, 0, False)
    held.open_and_release()
    wire.wait_closed(session)


def test_the_end_of_the_stream_ends_the_wait(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("read _ < $1", held.path))["sessionId"]
    pending = wire.start("session/read", read_params(session, 0, waitMs=60_000))
    wire.fence()
    held.open_and_release()
    answer = wire.result(pending)
    assert (answer["length"], answer["nextOffset"], answer["ended"]) == (0, 0, True)


def test_a_read_of_what_is_there_does_not_wait(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("printf abc; read _ < $1", held.path))["sessionId"]
    wire.wait_output(session, "stdout", 3)
    begun = time.monotonic()
    assert read(wire, session, 1, waitMs=20_000)["data"] == "bc"
    assert time.monotonic() - begun < 10
    held.open_and_release()
    wire.wait_closed(session)
    begun = time.monotonic()
    assert read(wire, session, 3, waitMs=20_000)["ended"] is True
    assert time.monotonic() - begun < 10


def test_many_reads_may_wait_for_the_same_byte(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("read _ < $1; printf x", held.path))["sessionId"]
    pending = [wire.start("session/read", read_params(session, 0, waitMs=60_000)) for _ in range(20)]
    wire.fence()
    held.open_and_release()
    assert [wire.result(request)["data"] for request in pending] == ["x"] * 20
    wire.wait_closed(session)


@pytest.mark.parametrize(
    ("name", "value"),
    [("fromOffset", -1), ("fromOffset", 0.5), ("maxBytes", 0), ("maxBytes", -1), ("waitMs", -1), ("encoding", "utf8")],
)
def test_impossible_values_are_wrong_parameters(wire: WireClient, name: str, value: object) -> None:
    session = finished(wire, ["true"])
    assert problems(wire, "session/read", {**read_params(session, 0), name: value}).keys() == {f"params.{name}"}
