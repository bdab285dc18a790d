"""pipe_rpc/conversation/playback.py, lanes.py, output_run.py: what may come when, and in which pieces."""

import base64
import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipe_rpc.conversation.difference import DifferenceError, EndedEarlyError
from pipe_rpc.conversation.playback import Playback
from pipe_rpc.conversation.recording import RecordingError, read_recording

Message = dict[str, Any]


def request(request_id: Any, method: str, **params: Any) -> Message:
    return {"client": {"id": request_id, "method": method, "params": params}}


def answer(request_id: Any, result: Any = "${any}") -> Message:
    return {"server": {"id": request_id, "result": result}}


def told(method: str, session: str = "${sessionId:1}", **params: Any) -> Message:
    return {"server": {"method": f"session/{method}", "params": {"sessionId": session, **params}}}


def output(data: str, offset: int = 0, *, stream: str = "stdout", how: str = "utf-8", **more: Any) -> Message:
    length = more.pop("length", len(base64.b64decode(data) if how == "base64" else data.encode()))
    return told("output", stream=stream, offset=offset, length=length, data=data, encoding=how, **more)


SPAWN = (request(1, "session/spawn"), answer(1, {"sessionId": "${sessionId:1}"}))


class Played:
    """A playback whose messages of session "s" are given as they stand in the lines."""

    def __init__(self, *lines: Message, spawn: bool = True, **options: Any) -> None:
        text = "\n".join(json.dumps(line) for line in ({"recording": 1}, *(SPAWN if spawn else ()), *lines))
        self.playback = Playback(read_recording(text.encode()), {}, **options)
        self.sent: list[Any] = []
        self.due()
        if spawn:
            self.come({"server": {"id": 1, "result": {"sessionId": "s"}}})

    def due(self) -> None:
        self.sent += [None if body is None else json.loads(body) for body in self.playback.due()]

    def come(self, *lines: Message) -> "Played":
        for line in lines:
            self.playback.receive(json.loads(json.dumps(line["server"]).replace("${sessionId:1}", "s")))
            self.due()
        return self

    def finish(self, *lines: Message) -> None:
        self.come(*lines)
        self.playback.end_of_output()


def differs(played: Played, *lines: Message) -> DifferenceError:
    with pytest.raises(DifferenceError) as caught:
        played.come(*lines)
    return caught.value


EXITED, CLOSED = told("exited", exitCode=0), told("closed")
OUT_ENDED, ERR_ENDED = (told("detached", stream=stream, reason="ended") for stream in ("stdout", "stderr"))


# --------------------------------------------------------------------------------------------------------------- order


def test_a_client_line_is_due_when_all_before_it_has_come() -> None:
    played = Played(output("ab"), request(2, "session/info"), answer(2))
    assert [each["id"] for each in played.sent] == [1]
    played.come(output("a"))
    assert len(played.sent) == 1
    played.come(output("b", 1))
    assert [each["id"] for each in played.sent] == [1, 2]
    played.finish(answer(2, {}))


def test_client_lines_without_a_server_line_between_are_due_together() -> None:
    played = Played(request(2, "a"), request(3, "b"), answer(3), answer(2))
    assert [each["id"] for each in played.sent] == [1, 2, 3]
    played.finish(answer(2, 1), answer(3, 1))


def test_an_answer_that_nobody_asked_for_yet_is_unexpected() -> None:
    played = Played(answer(2), request(2, "a"), answer(2), spawn=False)
    assert differs(Played(output("x"), request(2, "a"), answer(2)), answer(2, 1)).line == 4
    played.come(answer(2, 1), answer(2, 1))


def test_1_and_the_text_1_are_two_ids() -> None:
    played = Played(request(2, "a"), request("2", "b"), answer("2", "text"), answer(2, "number"))
    played.finish(answer(2, "number"), answer("2", "text"))


ENDS = (output("x"), output("y", stream="stderr"), OUT_ENDED, ERR_ENDED, EXITED, CLOSED)


@pytest.mark.parametrize(
    "order",
    [
        (0, 1, 2, 3, 4, 5),
        (1, 0, 3, 2, 4, 5),
        (1, 3, 0, 2, 4, 5),
        (0, 1, 4, 2, 3, 5),
        (1, 0, 4, 3, 2, 5),
    ],
)
def test_what_the_contract_leaves_open_may_come_in_any_order(order: Iterable[int]) -> None:
    Played(*ENDS).finish(*(ENDS[index] for index in order))


@pytest.mark.parametrize(
    ("order", "missing"),
    [
        ((4,), "output"),
        ((0, 4), "output"),
        ((2,), "output"),
        ((0, 1, 2, 3, 5), "exited"),
        ((0, 1, 4, 2, 5), "detached"),
    ],
)
def test_what_it_promises_is_required(order: Iterable[int], missing: str) -> None:
    error = differs(Played(*ENDS), *(ENDS[index] for index in order))
    assert "came before what this line expects" in error.what
    assert error.expected["method"] == f"session/{missing}"


def test_a_notification_before_the_answer_to_the_spawn_is_a_difference() -> None:
    text = "\n".join(json.dumps(line) for line in ({"recording": 1}, *SPAWN, CLOSED))
    playback = Playback(read_recording(text.encode()), {})
    playback.due()
    with pytest.raises(DifferenceError) as caught:
        playback.receive({"method": "session/closed", "params": {"sessionId": "s"}})
    assert caught.value.line == 3


def test_sessions_do_not_wait_for_each_other() -> None:
    other = "${sessionId:2}"
    lines = (request(2, "session/spawn"), answer(2, {"sessionId": other}), CLOSED, told("closed", other))
    Played(*lines).finish(answer(2, {"sessionId": "t"}), told("closed", "t"), CLOSED)


def test_no_output_comes_behind_the_answer_to_a_detach() -> None:
    detach = request(2, "session/detach", sessionId="${sessionId:1}", stream="stdout")
    lines = (detach, output("ab"), told("detached", stream="stdout"), answer(2, {"offset": 2}))
    Played(*lines).finish(lines[1], lines[3], lines[2])
    assert differs(Played(*lines), output("a"), lines[3]).line == 5
    error = differs(Played(*lines), lines[1], lines[3], output("c", 2))
    assert "none of those" in error.what


def test_output_begins_anew_behind_the_answer_to_an_attach() -> None:
    attach = request(2, "session/attach", sessionId="${sessionId:1}", stream="stdout")
    lines = (output("ab"), attach, answer(2, {"offset": 0}), output("ab"), output("c", 2))
    Played(*lines).finish(output("ab"), lines[2], output("abc"))
    assert differs(Played(*lines), output("abc")).what.startswith("the output differs")
    assert "came before" in differs(Played(*lines), output("ab"), output("ab")).what


def test_nothing_of_a_session_comes_behind_the_answer_to_its_removal() -> None:
    remove = request(2, "session/remove", sessionId="${sessionId:1}")
    lines = (remove, OUT_ENDED, answer(2, {}))
    assert "came before" in differs(Played(*lines), answer(2, {})).what
    Played(*lines).finish(OUT_ENDED, answer(2, {}))


def test_reports_of_one_progress_keep_their_order_and_others_do_not_wait() -> None:
    def report(token: str, what: str) -> Message:
        return {"server": {"method": "$/progress", "params": {"token": token, "value": what}}}

    lines = (report("a", "begin"), report("b", "begin"), report("a", "end"))
    Played(*lines).finish(lines[1], lines[0], lines[2])
    assert differs(Played(*lines), lines[2]).line == 4


def test_what_nobody_expects_is_a_difference_also_at_the_end() -> None:
    assert "none of those" in differs(Played(CLOSED), told("closed", "t")).what
    assert "more than is expected" in differs(Played(CLOSED), CLOSED, CLOSED).what
    no_messages: tuple[Any, ...] = ([], 1, None)
    for wrong in no_messages:
        assert "no message" in differs(Played(CLOSED), {"server": wrong}).what


def test_a_request_of_the_server_is_answered_with_its_id() -> None:
    create = {"server": {"id": "${requestId:1}", "method": "window/workDoneProgress/create", "params": {"token": "t"}}}
    played = Played(create, {"client": {"id": "${requestId:1}", "result": None}})
    played.finish({"server": {**create["server"], "id": 77}})
    assert played.sent[-1] == {"id": 77, "result": None}


# -------------------------------------------------------------------------------------------------------------- pieces

TEXT = "one é\ntwo €\nthree 😀\n"


@given(st.lists(st.integers(0, len(TEXT)), max_size=6), st.lists(st.integers(0, len(TEXT)), max_size=6))
def test_output_is_equal_in_whatever_pieces_it_was_recorded_and_comes(recorded: list[int], coming: list[int]) -> None:
    def pieces(cuts: list[int]) -> list[Message]:
        at = sorted({0, *cuts, len(TEXT)})
        return [output(TEXT[start:end], len(TEXT[:start].encode())) for start, end in pairwise(at)]

    Played(*pieces(recorded), EXITED).finish(*pieces(coming), EXITED)


def test_a_piece_may_bring_what_stands_behind_a_client_line() -> None:
    played = Played(output("a"), request(2, "session/write"), output("b", 1), answer(2))
    played.come(output("ab"))
    assert len(played.sent) == 2
    played.finish(answer(2, {}))


def test_a_character_that_was_cut_may_come_as_base64() -> None:
    half = [output(base64.b64encode(part).decode(), at, how="base64") for at, part in ((0, b"\xe2\x82"), (2, b"\xac"))]
    Played(output("€")).finish(*half)
    whole = output(base64.b64encode("€".encode()).decode(), how="base64")
    assert "is text, and comes as base64" in differs(Played(output("€")), whole).what
    assert "comes as text" in differs(Played(whole), output("€")).what


def test_bytes_that_are_no_text_may_come_in_text_and_base64_where_they_are_cut() -> None:
    whole = output(base64.b64encode(b"\xfftext").decode(), how="base64")
    Played(whole).finish(output(base64.b64encode(b"\xff").decode(), how="base64"), output("text", 1))


def test_text_with_replacement_characters_counts_the_bytes_of_the_child() -> None:
    whole = output("a\ufffdb", length=3)
    Played(whole, output("c", 3)).finish(output("a"), output("\ufffd", 1, length=1), output("bc", 2))
    assert "the piece begins at offset 4" in differs(Played(whole), output("a\ufffd", length=2), output("b", 4)).what
    assert "the length" in differs(Played(whole), output("a\ufffd", length=4)).what


def test_a_gap_is_exact() -> None:
    lines = (output("a"), output("z", 26, missedBytes=25))
    Played(*lines).finish(*lines)
    assert differs(Played(*lines), lines[0], output("z", 26)).what.startswith("0 bytes were missed before offset 26")
    assert differs(Played(*lines), output("a", missedBytes=1)).what.startswith("1 bytes were missed")


def test_the_other_members_of_a_piece_count() -> None:
    assert differs(Played(output("ab", seq="${number}")), output("a", seq="one")).what == "the message differs"
    assert differs(Played(output("ab")), output("a", mood="fine")).what == "the message differs"
    Played(output("ab"), allow_extra=True).finish(output("a", mood="fine"), output("b", 1))


@pytest.mark.parametrize("wrong", [{"offset": "0"}, {"data": None}, {"encoding": "rot13"}, {"length": 1.5}])
def test_output_that_makes_no_sense_is_a_difference(wrong: dict[str, Any]) -> None:
    piece = output("a")
    piece["server"]["params"].update(wrong)
    assert differs(Played(output("a")), piece).what == "the output cannot be read"


def test_a_difference_in_output_shows_what_would_have_been_right() -> None:
    error = differs(Played(output("one\ntwo\nthree\n")), output("one\n"), output("TWO\n", 4))
    assert error.expected["params"]["data"] == ["two\n", "three\n"]
    assert error.received["params"]["data"] == ["TWO\n"]
    assert any(line.strip() == '+      "TWO\\n"' or '"TWO\\n"' in line for line in error.diff())


def test_any_output_is_right_where_its_data_is_a_wildcard() -> None:
    wild = output("${string}", length="${number}")
    wild["server"]["params"]["offset"] = "${number}"
    lines = (wild, OUT_ENDED, CLOSED)
    Played(*lines).finish(output("a"), output("b", 1), output("c", 2), OUT_ENDED, CLOSED)
    assert "came before" in differs(Played(*lines), OUT_ENDED).what
    assert "none of those" in differs(Played(*lines), output("a"), OUT_ENDED, output("b", 1)).what


def test_output_that_is_not_told_exactly_cannot_be_played() -> None:
    for wrong in ({"offset": "${number}"}, {"data": "${string}", "offset": "${offset:1}"}, {"data": "${data:1}"}):
        piece = output("a")
        piece["server"]["params"].update(wrong)
        with pytest.raises(RecordingError, match="needs offset, length, data and encoding"):
            Played(piece)


# ----------------------------------------------------------------------------------------------------------------- end


def test_a_server_that_ends_too_early_is_told_with_what_was_awaited() -> None:
    with pytest.raises(EndedEarlyError) as caught:
        Played(CLOSED).finish()
    assert caught.value.line == 4
    assert caught.value.expected["params"] == {"sessionId": "s"}


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ((), 1),
        ((request(2, "shutdown"), answer(2)), 0),
        ((request(2, "shutdown"), answer(2), {"end": "server", "status": 3}), 3),
        (({"end": "server", "status": -9},), -9),
    ],
)
def test_the_status_is_the_recorded_one_or_the_protocols(lines: tuple[Message, ...], status: int) -> None:
    played = Played(*lines)
    played.finish(*(answer(2, None) for line in lines if "server" in line))
    played.playback.ended(status)
    with pytest.raises(DifferenceError, match=f"status {status + 1}, and"):
        played.playback.ended(status + 1)


def test_the_end_of_the_client_is_due_in_its_place() -> None:
    played = Played({"end": "client"}, CLOSED)
    assert played.sent[-1] is None
    played.finish(CLOSED)


def test_a_name_that_no_message_told_is_told_when_it_is_needed() -> None:
    second = output("b", 1, seq="${seq:1}")
    with pytest.raises(RecordingError, match=r"\$\{seq:1\} has no value") as caught:
        Played(output("a"), second, request(2, "x", seq="${seq:1}")).come(output("ab"))
    assert caught.value.line == 6


def test_a_long_recording_is_played_in_linear_time() -> None:
    count = 3000
    lines = [line for number in range(2, count) for line in (request(number, "a"), answer(number))]
    Played(*lines).finish(*(answer(number, 1) for number in range(2, count)))
