"""A forgotten session is not found, and the error says why it is no more and how it ended."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.fixture_types import StartWire
from tests.support.oracle import check_exit_info
from tests.support.programs import shell
from tests.support.wire_client import WireClient, WireError

ASKING = [
    ("session/info", {}),
    ("session/read", {"stream": "stdout"}),
    ("session/attach", {"stream": "stdout"}),
    ("session/detach", {"stream": "stdout"}),
    ("session/write", {"data": "x"}),
    ("session/signal", {"signal": "SIGTERM"}),
    ("session/terminate", {}),
    ("session/wait", {}),
    ("session/remove", {}),
]


def not_found(wire: WireClient, session_id: str, method: str = "session/info", **params: Any) -> dict[str, Any]:
    """Ask for a forgotten session; returns the error's data and, in it, the message."""
    with pytest.raises(WireError) as caught:
        wire.request(method, {"sessionId": session_id, **params})
    assert caught.value.code == 1001
    assert caught.value.data["kind"] == "SessionNotFound"
    assert caught.value.data["sessionId"] == session_id
    return {"message": str(caught.value), **caught.value.data}


def over(wire: WireClient, script: str = "exit 3") -> str:
    """A session that has come to its end."""
    session_id: str = wire.spawn(shell(script))["sessionId"]
    wire.wait_closed(session_id)
    return session_id


@pytest.mark.parametrize(("method", "params"), ASKING, ids=[method for method, _ in ASKING])
def test_a_purged_session_says_that_it_was_purged_with_its_exit(
    wire: WireClient, method: str, params: dict[str, str]
) -> None:
    session_id = over(wire)
    exit_info = wire.request("session/info", {"sessionId": session_id})["exit"]
    assert wire.request("session/purge") == {"purged": 1}
    error = not_found(wire, session_id, method, **params)
    assert (error["forgotten"], error["exit"]) == ("purged", exit_info)
    assert "session/purge" in error["message"]
    check_exit_info(error["exit"])


def test_a_removed_session_says_that_it_was_removed_with_its_exit(wire: WireClient) -> None:
    session_id = over(wire, "exit 4")
    wire.request("session/remove", {"sessionId": session_id})
    error = not_found(wire, session_id)
    assert (error["forgotten"], error["exit"]["exitCode"]) == ("removed", 4)


def test_of_a_session_that_was_removed_while_it_ran_the_end_is_told_once_it_has_come(wire: WireClient) -> None:
    session_id = wire.spawn(["/bin/cat"])["sessionId"]
    wire.request("session/remove", {"sessionId": session_id, "force": True})

    def has_ended() -> bool:
        return not_found(wire, session_id)["exit"] is not None

    while not has_ended():
        wire.fence()
    error = not_found(wire, session_id)
    assert (error["forgotten"], error["exit"]["signal"], error["exit"]["outcome"]) == (
        "removed",
        "SIGKILL",
        "hardKilled",
    )


def test_beyond_the_count_of_exited_sessions_the_oldest_say_that_they_made_room(start_wire: StartWire) -> None:
    wire = start_wire("--max-exited-sessions=2")
    sessions = [over(wire, f"exit {number}") for number in range(4)]
    listed = [each["sessionId"] for each in wire.request("session/list")["sessions"]]
    assert listed == sessions[2:]
    for number in range(2):
        error = not_found(wire, sessions[number])
        assert (error["forgotten"], error["exit"]["exitCode"]) == ("retention", number)
        assert "--max-exited-sessions" in error["message"]


def test_beyond_the_bytes_of_exited_sessions_the_oldest_make_room(start_wire: StartWire) -> None:
    wire = start_wire("--max-exited-backlog-bytes=1000")
    full, over_full = over(wire, "printf %1000d 1"), over(wire, "printf %1d 2")
    assert [each["sessionId"] for each in wire.request("session/list")["sessions"]] == [over_full]
    assert not_found(wire, full)["forgotten"] == "retention"


def test_beyond_the_count_of_tombstones_an_id_is_as_unknown_as_any_other(start_wire: StartWire) -> None:
    wire = start_wire("--max-tombstones=2")
    sessions = [over(wire) for _ in range(3)]
    for session_id in sessions:
        wire.request("session/remove", {"sessionId": session_id})
    assert "forgotten" not in not_found(wire, sessions[0])
    assert not_found(wire, sessions[1])["forgotten"] == "removed"
    assert not_found(wire, sessions[2])["forgotten"] == "removed"
