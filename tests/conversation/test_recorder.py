"""pipe_rpc/conversation/recorder.py, secrets.py: what varies and what is secret does not get into a recording."""

import json
from typing import Any

import pytest

from pipe_rpc.conversation.recorder import Recorder
from pipe_rpc.conversation.recording import ClientLine, ServerEnd, ServerLine, read_recording

SESSION = "pipe-18ec3a003d2f4000-00000001"


def recorded(*messages: tuple[str, Any]) -> list[Any]:
    """What a recorder makes of messages that were ("sent", …) and ("received", …)."""
    recorder = Recorder("a test")
    lines = [json.loads(getattr(recorder, how)(message)) for how, message in messages]
    return [line.get("client", line.get("server")) for line in lines]


def test_what_is_recorded_can_be_read() -> None:
    recorder = Recorder("what it is")
    spawned = {"id": 1, "result": {"sessionId": SESSION, "pid": 12}}
    text = recorder.header + recorder.sent({"id": 1, "method": "session/spawn"}) + recorder.received(spawned)
    text += recorder.note("between") + recorder.client_ended() + recorder.server_ended(1)
    recording = read_recording(text.encode())
    assert recording.description == "what it is"
    client, server, _, end = recording.lines
    assert client == ClientLine(2, {"id": 1, "method": "session/spawn"})
    assert server == ServerLine(3, {"id": 1, "result": {"sessionId": "${sessionId:1}", "pid": "${pid}"}})
    assert end == ServerEnd(6, 1)


def test_an_id_of_the_servers_is_a_name_wherever_it_comes_again() -> None:
    told = {"method": "session/closed", "params": {"sessionId": SESSION}}
    answer, asked, closed, other = recorded(
        ("received", {"id": 1, "result": {"sessionId": SESSION, "command": SESSION}}),
        ("sent", {"id": 2, "method": "session/info", "params": {"sessionId": SESSION, "argv": [SESSION]}}),
        ("received", told),
        ("received", {"id": 3, "result": {"sessionId": "pipe-2", "attachmentId": "attachment-1"}}),
    )
    assert answer["result"] == {"sessionId": "${sessionId:1}", "command": "${sessionId:1}"}
    assert asked["params"] == {"sessionId": "${sessionId:1}", "argv": ["${sessionId:1}"]}
    assert closed["params"] == {"sessionId": "${sessionId:1}"}
    assert other["result"] == {"sessionId": "${sessionId:2}", "attachmentId": "${attachmentId:1}"}


def test_an_id_of_the_clients_stays_what_it_is() -> None:
    _, answer, refused = recorded(
        ("sent", {"id": 1, "method": "session/info", "params": {"sessionId": "pipe-mistaken"}}),
        ("received", {"id": 1, "error": {"code": 1001, "data": {"sessionId": "pipe-mistaken"}}}),
        ("received", {"id": 2, "result": {"sessionId": "build"}}),
    )
    assert answer["error"]["data"] == {"sessionId": "pipe-mistaken"}
    assert refused["result"] == {"sessionId": "build"}


def test_what_varies_is_a_wildcard_and_null_stays_null() -> None:
    info = {
        "pid": 5,
        "createdAt": 1.5,
        "cwd": "/home/me",
        "usage": None,
        "processesLeft": None,
        "exit": {"userMs": 0.1},
    }
    (answer,) = recorded(("received", {"id": 1, "result": info}))
    assert answer["result"] == {
        "pid": "${pid}",
        "createdAt": "${number}",
        "cwd": "${string}",
        "usage": None,
        "processesLeft": None,
        "exit": {"userMs": "${number}"},
    }


def test_a_member_of_that_name_and_another_kind_stays() -> None:
    (answer,) = recorded(("received", {"id": 1, "result": {"pid": "none", "message": {"pid": -1}}}))
    assert answer["result"] == {"pid": "none", "message": {"pid": -1}}


def test_the_own_process_of_a_client_is_that_of_who_replays() -> None:
    with_it, without = recorded(
        ("sent", {"id": 1, "method": "initialize", "params": {"processId": 4711}}),
        ("sent", {"id": 1, "method": "initialize", "params": {"processId": None}}),
    )
    assert with_it["params"]["processId"] == "${clientProcessId}"
    assert without["params"]["processId"] is None


def test_requests_of_the_server_get_names_and_their_answers_too() -> None:
    asked, answered, own = recorded(
        ("received", {"id": 9, "method": "window/workDoneProgress/create", "params": {"token": "t"}}),
        ("sent", {"id": 9, "result": None}),
        ("sent", {"id": 9, "method": "shutdown"}),
    )
    assert asked == {
        "id": "${requestId:1}",
        "method": "window/workDoneProgress/create",
        "params": {"token": "${token:1}"},
    }
    assert answered["id"] == "${requestId:1}"
    assert own["id"] == 9


def test_text_that_looks_like_a_placeholder_is_escaped_in_both_directions() -> None:
    for how in ("sent", "received"):
        (message,) = recorded((how, {"id": "${any}", "result": {"data": "$${x}", "argv": ["${HOME}", "$HOME"]}}))
        assert message == {"id": "$${any}", "result": {"data": "$$${x}", "argv": ["$${HOME}", "$HOME"]}}


def test_the_output_of_a_child_that_says_its_id_stays() -> None:
    _, told = recorded(
        ("received", {"id": 1, "result": {"sessionId": SESSION}}),
        ("received", {"method": "session/output", "params": {"sessionId": SESSION, "data": SESSION}}),
    )
    assert told["params"] == {"sessionId": "${sessionId:1}", "data": SESSION}


SECRET = "hunter2"


@pytest.mark.parametrize(
    "params",
    [
        {"env": {"TOKEN": SECRET}},
        {"env": {"A{B}": SECRET}},
        {"env": [SECRET, {"TOKEN": SECRET}]},
        {"env": SECRET},
        {"env": {"TOKEN": {"value": [SECRET]}}},
        {"Env": {"TOKEN": SECRET}},
        {"command": "pipe-rpc.run", "arguments": [{"argv": ["true"], "env": {"TOKEN": SECRET}}]},
    ],
)
def test_values_of_the_environment_are_nowhere(params: Any) -> None:
    recorder = Recorder("")
    assert SECRET not in recorder.sent({"id": 1, "method": "session/spawn", "params": params})
    assert SECRET not in recorder.sent({"id": 1, "method": "no/such", "params": [params]})
    assert SECRET not in recorder.sent([{"params": params}])


def test_numbers_of_the_environment_are_hidden_and_removals_and_names_stay() -> None:
    (spawn,) = recorded(("sent", {"params": {"env": {"TOKEN": SECRET, "GONE": None, "PIN": 1234}}}))
    assert spawn["params"]["env"] == {"TOKEN": "${env:TOKEN}", "GONE": None, "PIN": 0}


def test_what_is_no_message_is_told_as_unrecorded() -> None:
    assert json.loads(Recorder("").received([1])) == {"unrecorded": "The server sent what is no message: list."}
    assert json.loads(Recorder("").sent([1])) == {"client": [1]}
