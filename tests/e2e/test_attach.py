"""`session/attach` and `session/detach`: a cursor over what is retained, resumed without loss or repetition."""

from __future__ import annotations

import pytest

from tests.children.spew import pattern
from tests.support.fixture_types import MakeGate, StartWire
from tests.support.programs import child, shell
from tests.support.refusals import problems, refusal
from tests.support.wire_client import Message, WireClient, decode_data

MIB = 1 << 20


def attach(wire: WireClient, session: str, stream: str = "stdout", **params: object) -> Message:
    """`session/attach`, waited for."""
    answer: Message = wire.request("session/attach", {"sessionId": session, "stream": stream, **params})
    return answer


def detach(wire: WireClient, session: str, stream: str = "stdout") -> int:
    """`session/detach`, waited for: the next undelivered byte."""
    offset: int = wire.request("session/detach", {"sessionId": session, "stream": stream})["offset"]
    return offset


def finished(wire: WireClient, argv: list[str], **params: object) -> str:
    """A session that has run to its end with nobody attached."""
    session: str = wire.spawn(argv, attach=[], **params)["sessionId"]
    wire.wait_closed(session)
    return session


# ---- attaching


def test_an_attachment_gets_what_is_retained_first_and_then_what_is_live(wire: WireClient, gate: MakeGate) -> None:
    report, held = gate(), gate()
    script = "printf retained; echo > $1; read _ < $2; printf live"
    session = wire.spawn(shell(script, report.path, held.path), attach=[])["sessionId"]
    report.wait()
    answer = attach(wire, session)
    assert (answer["offset"], answer["missedBytes"]) == (0, 0)
    assert wire.wait_output(session, "stdout", 8) == b"retained"
    held.open_and_release()
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == b"retainedlive"
    ended = wire.wait_notification("session/detached", sessionId=session, stream="stdout")
    assert (ended["attachmentId"], ended["offset"], ended["reason"]) == (answer["attachmentId"], 12, "ended")


def test_attaching_one_stream_leaves_the_other_alone(wire: WireClient) -> None:
    session = finished(wire, shell("echo out; echo err >&2"))
    attach(wire, session, "stderr")
    wire.wait_notification("session/detached", sessionId=session, stream="stderr", reason="ended")
    assert wire.collect_output(session, "stderr") == b"err\n"
    assert wire.collect_output(session, "stdout") == b""


def test_the_answer_precedes_the_output_of_the_attachment(wire: WireClient) -> None:
    session = finished(wire, ["echo", "after"])
    request = wire.start("session/attach", {"sessionId": session, "stream": "stdout"})
    kinds = []
    while "session/detached" not in kinds:
        message = wire.receive()
        if message.get("id") == request or message.get("params", {}).get("stream") == "stdout":
            kinds.append(message.get("method", "answer"))
    assert kinds == ["answer", "session/output", "session/detached"]


def test_a_session_that_has_exited_and_closed_can_be_attached_again_and_again(wire: WireClient) -> None:
    session = finished(wire, child("spew", "stdout", 200_000))
    seen = set()
    for _ in range(3):
        begin = len(wire.delivered(session, "stdout"))
        answer = attach(wire, session)
        seen.add(answer["attachmentId"])
        ended = wire.wait_notification("session/detached", attachmentId=answer["attachmentId"])
        assert (ended["offset"], ended["reason"]) == (200_000, "ended")
        data = b"".join(decode_data(output) for output in wire.delivered(session, "stdout")[begin:])
        assert data == pattern(200_000)
    assert len(seen) == 3


def test_an_attachment_that_has_ended_leaves_the_stream_free(wire: WireClient) -> None:
    session = wire.spawn(["echo", "x"])["sessionId"]
    wire.wait_closed(session)
    refusal(wire, "NotAttached", "session/detach", {"sessionId": session, "stream": "stdout"})
    assert attach(wire, session, fromOffset=2)["offset"] == 2


@pytest.mark.parametrize("offset", [0, 1, 4999, 5000])
def test_an_attachment_begins_at_the_offset_asked_for(wire: WireClient, offset: int) -> None:
    session = finished(wire, child("spew", "stdout", 5000))
    answer = attach(wire, session, fromOffset=offset, encoding="base64")
    assert (answer["offset"], answer["missedBytes"]) == (offset, 0)
    wire.wait_notification("session/detached", sessionId=session, stream="stdout", reason="ended", offset=5000)
    assert wire.collect_output(session, "stdout") == pattern(5000)[offset:]


def test_an_attachment_at_the_end_of_a_live_stream_gets_only_what_is_new(wire: WireClient, gate: MakeGate) -> None:
    report, held = gate(), gate()
    script = "printf old; echo > $1; read _ < $2; printf new"
    session = wire.spawn(shell(script, report.path, held.path))["sessionId"]
    wire.wait_output(session, "stdout", 3)
    report.wait()
    assert detach(wire, session) == 3
    assert attach(wire, session, fromOffset=3)["offset"] == 3
    held.open_and_release()
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == b"oldnew"


@pytest.mark.parametrize("offset", [5001, 1 << 40, (1 << 53) - 1])
def test_an_offset_beyond_the_end_is_out_of_range(wire: WireClient, offset: int) -> None:
    session = finished(wire, child("spew", "stdout", 5000))
    params = {"sessionId": session, "stream": "stdout", "fromOffset": offset}
    refusal(wire, "OffsetOutOfRange", "session/attach", params)
    assert attach(wire, session, fromOffset=5000)["offset"] == 5000  # The refusal has occupied nothing.


def test_a_negative_offset_is_a_wrong_parameter(wire: WireClient) -> None:
    session = finished(wire, ["true"])
    params = {"sessionId": session, "stream": "stdout", "fromOffset": -1}
    assert problems(wire, "session/attach", params).keys() == {"params.fromOffset"}


@pytest.mark.parametrize("offset", [0, 1, 100, 3975, 3976, 3977, 5000])
def test_an_overwritten_offset_begins_at_the_oldest_byte_with_the_gap_counted(wire: WireClient, offset: int) -> None:
    session = finished(wire, child("spew", "stdout", 5000), backlogBytes=1024)
    info = wire.request("session/info", {"sessionId": session})["stdout"]
    assert (info["startOffset"], info["endOffset"]) == (3976, 5000)
    answer = attach(wire, session, fromOffset=offset, encoding="base64")
    begin = max(offset, 3976)
    assert (answer["offset"], answer["missedBytes"]) == (begin, begin - offset)
    wire.wait_notification("session/detached", sessionId=session, stream="stdout", reason="ended", offset=5000)
    assert wire.collect_output(session, "stdout") == pattern(5000)[begin:]
    assert all("missedBytes" not in output for output in wire.delivered(session, "stdout"))


def test_without_an_offset_an_attachment_begins_at_the_oldest_retained_byte(wire: WireClient) -> None:
    session = finished(wire, child("spew", "stdout", 5000), backlogBytes=1024)
    answer = attach(wire, session, encoding="base64")
    assert (answer["offset"], answer["missedBytes"]) == (3976, 0)
    wire.wait_notification("session/detached", sessionId=session, stream="stdout", reason="ended", offset=5000)
    assert wire.collect_output(session, "stdout") == pattern(5000)[3976:]


def test_the_ring_of_each_stream_has_the_default_size(wire: WireClient) -> None:
    session = finished(wire, child("spew", "stdout", 3 * MIB))
    info = wire.request("session/info", {"sessionId": session})["stdout"]
    assert (info["startOffset"], info["endOffset"], info["ended"]) == (2 * MIB, 3 * MIB, True)


def test_a_child_that_nobody_is_attached_to_is_never_delayed(wire: WireClient) -> None:
    session = wire.spawn(child("spew", "stdout", 16 * MIB), attach=[], backlogBytes=1024)["sessionId"]
    assert wire.request("session/wait", {"sessionId": session, "until": "closed"})["exit"]["exitCode"] == 0
    answer = attach(wire, session, fromOffset=0)
    assert (answer["offset"], answer["missedBytes"]) == (16 * MIB - 1024, 16 * MIB - 1024)


@pytest.mark.parametrize(("asked", "expected"), [("base64", "base64"), ("utf-8", "utf-8"), ("auto", "utf-8")])
def test_an_attachment_may_choose_its_encoding(wire: WireClient, asked: str, expected: str) -> None:
    session = finished(wire, ["printf", "é"], encoding="base64")
    attach(wire, session, encoding=asked)
    wire.wait_notification("session/detached", sessionId=session, stream="stdout", reason="ended")
    (output,) = wire.delivered(session, "stdout")
    assert output["encoding"] == expected
    assert decode_data(output) == "é".encode()


def test_without_a_choice_an_attachment_has_the_encoding_of_the_session(start_wire: StartWire) -> None:
    wire = start_wire(options={"encoding": "base64"})
    for spawn_params, expected in (({}, "base64"), ({"encoding": "utf-8"}, "utf-8")):
        session = finished(wire, ["echo", "x"], **spawn_params)
        attach(wire, session)
        wire.wait_notification("session/detached", sessionId=session, stream="stdout", reason="ended")
        assert [output["encoding"] for output in wire.delivered(session, "stdout")] == [expected]


# ---- one at a time


def test_an_occupied_stream_is_refused(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("read _ < $1", held.path))["sessionId"]
    for params in ({}, {"steal": False}, {"fromOffset": 0}):
        refusal(wire, "AlreadyAttached", "session/attach", {"sessionId": session, "stream": "stdout", **params})
    held.open_and_release()
    wire.wait_closed(session)


def test_a_stolen_attachment_is_told_before_the_first_byte_of_the_new_one(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("printf 12345; read _ < $1; printf 67890", held.path))["sessionId"]
    wire.wait_output(session, "stdout", 5)
    thief = attach(wire, session, steal=True, fromOffset=2)
    stolen = wire.wait_notification("session/detached", sessionId=session, stream="stdout", reason="stolen")
    assert stolen["offset"] == 5
    assert stolen["attachmentId"] != thief["attachmentId"]
    assert wire.wait_output(session, "stdout", 8) == b"12345" + b"345"
    held.open_and_release()
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == b"12345" + b"34567890"
    # One sequence of facts: the theft, then the bytes.
    methods = [
        (entry.message["method"], entry.message["params"]["offset"])
        for entry in wire.trace
        if entry.direction == "in"
        and not isinstance(entry.message, bytes)
        and entry.message.get("params", {}).get("stream") == "stdout"
    ]
    assert methods.index(("session/detached", 5)) < methods.index(("session/output", 2))
    # The victim's end must not touch the thief's attachment.
    ended = wire.wait_notification("session/detached", sessionId=session, stream="stdout", reason="ended")
    assert (ended["attachmentId"], ended["offset"]) == (thief["attachmentId"], 10)


def test_to_steal_a_free_stream_is_to_attach(wire: WireClient) -> None:
    session = finished(wire, ["echo", "x"])
    assert attach(wire, session, steal=True)["offset"] == 0
    wire.wait_notification("session/detached", sessionId=session, stream="stdout", reason="ended")
    assert not wire.queued("session/detached", sessionId=session, reason="stolen")


def test_theft_after_theft_keeps_every_byte_of_the_last_thief(wire: WireClient) -> None:
    session = wire.spawn(["yes"], graceMs=0)["sessionId"]
    seen = set()
    for _ in range(20):
        answer = attach(wire, session, steal=True)
        seen.add(answer["attachmentId"])
        wire.wait_notification("session/detached", sessionId=session, stream="stdout", reason="stolen")
    assert len(seen) == 20
    wire.request("session/terminate", {"sessionId": session})
    wire.wait_closed(session)


# ---- detaching and resuming


def test_detach_tells_the_next_undelivered_byte_and_stops_the_output(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("printf 12345; read _ < $1; printf 67890", held.path))["sessionId"]
    wire.wait_output(session, "stdout", 5)
    assert detach(wire, session) == 5
    detached = wire.wait_notification("session/detached", sessionId=session, stream="stdout")
    assert (detached["offset"], detached["reason"]) == (5, "detached")
    assert wire.request("session/info", {"sessionId": session})["stdout"]["attached"] is False
    held.open_and_release()
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == b"12345"
    assert attach(wire, session, fromOffset=5)["missedBytes"] == 0
    wire.wait_notification("session/detached", sessionId=session, stream="stdout", reason="ended")
    assert wire.collect_output(session, "stdout") == b"1234567890"


def test_a_stream_that_is_not_attached_cannot_be_detached(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("read _ < $1", held.path), attach=["stderr"])["sessionId"]
    refusal(wire, "NotAttached", "session/detach", {"sessionId": session, "stream": "stdout"})
    detach(wire, session, "stderr")
    refusal(wire, "NotAttached", "session/detach", {"sessionId": session, "stream": "stderr"})
    held.open_and_release()
    wire.wait_closed(session)


def test_detaching_and_resuming_in_the_flood_loses_and_repeats_nothing(wire: WireClient) -> None:
    size = 24 * MIB
    session = wire.spawn(child("spew", "stdout", size), encoding="base64", backlogBytes=64 * MIB)["sessionId"]
    resumed = 0
    for round_number in range(1, 101):
        wire.wait_output(session, "stdout", round_number * 100_000)
        offset = detach(wire, session)
        assert attach(wire, session, fromOffset=offset) == {
            "attachmentId": _last_attachment(wire),
            "offset": offset,
            "missedBytes": 0,
        }
        resumed += 1
    assert resumed == 100
    # The child may have ended in a moment without an attachment: then the session is closed, and this one goes on.
    wire.wait_notification("session/detached", sessionId=session, stream="stdout", reason="ended")
    end = 0
    for output in wire.delivered(session, "stdout"):
        assert output["offset"] == end
        end += output["length"]
    assert end == size
    assert wire.collect_output(session, "stdout") == pattern(size)


def _last_attachment(wire: WireClient) -> object:
    for entry in reversed(wire.trace):
        if entry.direction == "in" and not isinstance(entry.message, bytes):
            result = entry.message.get("result")
            if isinstance(result, dict) and "attachmentId" in result:
                return result["attachmentId"]
    raise AssertionError("nothing was attached")


def test_what_the_child_writes_while_detached_is_counted_when_it_was_overwritten(
    wire: WireClient, gate: MakeGate
) -> None:
    held, written = gate(), gate()
    script = 'printf first; read _ < "$1"; shift; exec "$@"'
    argv = shell(script, held.path, *child("spew", "stdout", 10_000, written.path))
    session = wire.spawn(argv, backlogBytes=1024, encoding="base64")["sessionId"]
    wire.wait_output(session, "stdout", 5)
    assert detach(wire, session) == 5
    held.open_and_release()
    written.wait()
    wire.wait_closed(session)
    answer = attach(wire, session, fromOffset=5)
    assert (answer["offset"], answer["missedBytes"]) == (10_005 - 1024, 10_000 - 1024)


def test_detaching_lets_a_blocked_child_go_on(wire: WireClient, gate: MakeGate) -> None:
    size, written = 8 * MIB, gate()
    argv = child("spew", "stdout", size, written.path)
    session = wire.spawn(argv, backlogBytes=65536)["sessionId"]
    # Nobody reads from here on: everything up to the client fills, and the child blocks, or is about to.
    with wire.not_reading():
        wire.start("session/detach", {"sessionId": session, "stream": "stdout"})
        assert written.wait() == b"written\n"
    wire.wait_closed(session)


@pytest.mark.parametrize("method", ["session/attach", "session/detach"])
def test_a_merged_stderr_is_unavailable(wire: WireClient, method: str) -> None:
    session = wire.spawn(["true"], mergeStderr=True)["sessionId"]
    refusal(wire, "StreamUnavailable", method, {"sessionId": session, "stream": "stderr"})


@pytest.mark.parametrize("method", ["session/attach", "session/detach"])
def test_there_is_no_stream_of_another_name(wire: WireClient, method: str) -> None:
    session = wire.spawn(["true"])["sessionId"]
    for name in ("stdin", "STDOUT", "", "1"):
        assert problems(wire, method, {"sessionId": session, "stream": name}).keys() == {"params.stream"}
