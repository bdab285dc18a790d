"""`session/info`, `list`, `wait`, `remove` and `purge`: what is known of sessions, and how they are forgotten."""

from __future__ import annotations

import time

import pytest

from tests.support.fixture_types import MakeGate, StartWire
from tests.support.processes import WatchedProcess
from tests.support.programs import child, shell
from tests.support.refusals import refusal
from tests.support.wire_client import Message, WireClient


def info_of(wire: WireClient, session: str) -> Message:
    """`session/info`, waited for."""
    answer: Message = wire.request("session/info", {"sessionId": session})
    return answer


def listed(wire: WireClient, **params: object) -> list[str]:
    """The ids in the answer of `session/list`."""
    return [info["sessionId"] for info in wire.request("session/list", params)["sessions"]]


def finished(wire: WireClient, argv: list[str], **params: object) -> str:
    """A session that has exited and closed."""
    session: str = wire.spawn(argv, **params)["sessionId"]
    wire.wait_closed(session)
    return session


def is_forgotten(wire: WireClient, session: str) -> bool:
    """Does the server deny, in every method, that there is such a session?"""
    refusal(wire, "SessionNotFound", "session/info", {"sessionId": session})
    return session not in listed(wire)


# ---- information


def test_information_follows_a_session_through_its_life(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    spawned = wire.spawn(shell("printf abc; read _ < $1; printf de >&2; exit 4", held.path), originator="life")
    session = spawned["sessionId"]
    wire.wait_output(session, "stdout", 3)
    assert info_of(wire, session) == {**spawned, "stdout": {**spawned["stdout"], "endOffset": 3}}
    held.open_and_release()
    exited = wire.wait_exited(session)
    wire.wait_closed(session)
    stream = {"startOffset": 0, "missedBytes": 0, "attached": False, "attachmentId": None, "ended": True}
    assert info_of(wire, session) == {
        **spawned,
        "state": "exited",
        "stdin": {"open": False, "pendingBytes": 0},
        "stdout": {**stream, "endOffset": 3},
        "stderr": {**stream, "endOffset": 2},
        "exit": {name: value for name, value in exited.items() if name not in ("sessionId", "streamsOpen")},
    }


def test_information_counts_what_the_ring_has_dropped(wire: WireClient) -> None:
    session = finished(wire, child("spew", "stdout", 5000), attach=[], backlogBytes=1024)
    stdout = info_of(wire, session)["stdout"]
    assert (stdout["startOffset"], stdout["endOffset"], stdout["missedBytes"]) == (3976, 5000, 3976)
    assert info_of(wire, session)["stderr"] == {
        "startOffset": 0,
        "endOffset": 0,
        "missedBytes": 0,
        "attached": False,
        "attachmentId": None,
        "ended": True,
    }


# ---- lists


def test_a_list_without_sessions_is_empty(wire: WireClient) -> None:
    assert wire.request("session/list") == {"sessions": []}
    assert wire.request("session/list", {}) == {"sessions": []}


def test_a_list_has_the_oldest_first_and_tells_what_information_tells(wire: WireClient) -> None:
    sessions = [wire.spawn(["cat"])["sessionId"] for _ in range(3)]
    sessions.append(finished(wire, ["true"]))
    sessions.append(wire.spawn(["cat"])["sessionId"])
    assert listed(wire) == sessions
    assert wire.request("session/list", {})["sessions"] == [info_of(wire, session) for session in sessions]


def test_a_list_of_one_originator(wire: WireClient) -> None:
    first = wire.spawn(["cat"], originator="a")["sessionId"]
    second = wire.spawn(["cat"], originator="b")["sessionId"]
    third = wire.spawn(["cat"], originator="a")["sessionId"]
    fourth = wire.spawn(["cat"])["sessionId"]
    assert listed(wire, originator="a") == [first, third]
    assert listed(wire, originator="b") == [second]
    assert listed(wire, originator="wire-client") == [fourth]
    assert listed(wire, originator="A") == []
    assert listed(wire, originator="") == [first, second, third, fourth]


# ---- waiting


def test_a_wait_is_answered_with_the_exit(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("read _ < $1; exit 3", held.path))["sessionId"]
    requests = [
        wire.start("session/wait", {"sessionId": session, **params})
        for params in ({}, {"until": "exited"}, {"until": "closed"}, {"timeoutMs": 60_000})
    ]
    wire.fence()
    held.open_and_release()
    exits = [wire.result(request)["exit"] for request in requests]
    assert [exit_info["exitCode"] for exit_info in exits] == [3] * 4
    wire.wait_closed(session)
    for until in ("exited", "closed"):
        assert wire.request("session/wait", {"sessionId": session, "until": until}) == {"exit": exits[0]}
    assert wire.request("session/wait", {"sessionId": session, "timeoutMs": 0}) == {"exit": exits[0]}


@pytest.mark.parametrize("until", ["exited", "closed"])
@pytest.mark.parametrize("timeout_ms", [0, 1, 300])
def test_a_wait_whose_time_runs_out_answers_null(wire: WireClient, gate: MakeGate, until: str, timeout_ms: int) -> None:
    held = gate()
    session = wire.spawn(shell("read _ < $1", held.path))["sessionId"]
    begun = time.monotonic()
    params = {"sessionId": session, "until": until, "timeoutMs": timeout_ms}
    assert wire.request("session/wait", params) == {"exit": None}
    assert timeout_ms / 1000 <= time.monotonic() - begun < 20
    held.open_and_release()
    wire.wait_closed(session)


def test_a_wait_for_the_end_of_the_streams_waits_for_a_grandchild(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(child("orphan", "stdout", held.path))["sessionId"]
    closed = wire.start("session/wait", {"sessionId": session, "until": "closed"})
    assert wire.request("session/wait", {"sessionId": session})["exit"]["exitCode"] == 7
    assert wire.request("session/wait", {"sessionId": session, "until": "closed", "timeoutMs": 100}) == {"exit": None}
    held.open_and_release()
    assert wire.result(closed)["exit"]["exitCode"] == 7


def test_a_wait_holds_up_nobody(wire: WireClient) -> None:
    session = wire.spawn(["cat"])["sessionId"]
    pending = wire.start("session/wait", {"sessionId": session})
    assert info_of(wire, session)["state"] == "running"
    wire.request("session/write", {"sessionId": session, "close": True})
    assert wire.result(pending)["exit"]["exitCode"] == 0


# ---- removing


def test_a_running_session_is_not_removed(wire: WireClient) -> None:
    session = wire.spawn(["cat"])["sessionId"]
    for params in ({}, {"force": False}):
        refusal(wire, "SessionRunning", "session/remove", {"sessionId": session, **params})
    assert info_of(wire, session)["state"] == "running"


@pytest.mark.parametrize("force", [False, True])
def test_a_session_that_is_over_is_removed(wire: WireClient, force: bool) -> None:
    session, other = finished(wire, ["true"]), finished(wire, ["true"])
    assert wire.request("session/remove", {"sessionId": session, "force": force}) == {}
    assert is_forgotten(wire, session)
    assert listed(wire) == [other]


def test_a_running_session_is_killed_when_it_is_removed_by_force(wire: WireClient) -> None:
    info = wire.spawn(child("stubborn"), graceMs=60_000)
    session = info["sessionId"]
    wire.wait_output(session, "stdout", 6)
    with WatchedProcess(info["pid"]) as watched:
        assert wire.request("session/remove", {"sessionId": session, "force": True}) == {}
        watched.wait_gone()
    told = [wire.wait_notification("session/detached", sessionId=session, stream=name) for name in ("stdout", "stderr")]
    assert [(detached["reason"], detached["offset"]) for detached in told] == [("removed", 6), ("removed", 0)]
    assert is_forgotten(wire, session)


def test_removal_by_force_kills_the_whole_group(wire: WireClient) -> None:
    session = wire.spawn(child("family", 2, "ignore"))["sessionId"]
    pids = wire.wait_output(session, "stdout", 4).split()
    while not wire.collect_output(session, "stdout").endswith(b"\n"):
        wire.receive()
    pids = wire.collect_output(session, "stdout").split()
    with WatchedProcess(int(pids[0])) as first, WatchedProcess(int(pids[1])) as second:
        wire.request("session/remove", {"sessionId": session, "force": True})
        first.wait_gone()
        second.wait_gone()


def test_nothing_is_heard_of_a_removed_session(wire: WireClient) -> None:
    session = wire.spawn(["yes"])["sessionId"]
    wire.wait_output(session, "stdout", 100_000)
    removal = wire.start("session/remove", {"sessionId": session, "force": True})
    wire.result(removal)
    other = finished(wire, ["echo", "other"])
    wire.fence()
    heard = [entry.message for entry in wire.trace if entry.direction == "in" and not isinstance(entry.message, bytes)]
    after = heard[next(i for i, message in enumerate(heard) if message.get("id") == removal) + 1 :]
    assert {message["params"]["sessionId"] for message in after if "params" in message} == {other}


def test_removal_answers_what_is_pending(wire: WireClient) -> None:
    session = wire.spawn(child("stubborn"))["sessionId"]
    wire.wait_output(session, "stdout", 6)
    exited = wire.start("session/wait", {"sessionId": session})
    closed = wire.start("session/wait", {"sessionId": session, "until": "closed"})
    read_params = {"sessionId": session, "stream": "stdout", "fromOffset": 6, "waitMs": 60_000}
    read = wire.start("session/read", read_params)
    write = wire.start("session/write", {"sessionId": session, "data": "x" * (1 << 20)})
    wire.fence()
    assert wire.request("session/remove", {"sessionId": session, "force": True}) == {}
    # The exit may be known by then or not; what is told of it is the truth.
    for request in (exited, closed):
        answer = wire.answer(request)
        if "result" in answer:
            assert answer["result"]["exit"]["outcome"] == "hardKilled", answer
        else:
            assert answer["error"]["data"]["kind"] == "SessionNotFound", answer
    answer = wire.answer(read)
    if "result" in answer:
        assert (answer["result"]["length"], answer["result"]["ended"]) == (0, True), answer
    else:
        assert answer["error"]["data"]["kind"] == "SessionNotFound", answer
    # A child that reads nothing has not taken 1 MiB.
    assert wire.answer(write)["error"]["data"]["kind"] in ("SessionNotFound", "StdinClosed")


def test_a_session_that_a_grandchild_holds_open_can_be_removed(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(child("orphan", "stdout", held.path))["sessionId"]
    wire.wait_exited(session)
    assert wire.request("session/remove", {"sessionId": session}) == {}
    detached = wire.wait_notification("session/detached", sessionId=session, reason="removed")
    assert detached["stream"] == "stdout"
    assert is_forgotten(wire, session)
    held.open_and_release()


def test_a_session_is_removed_once(wire: WireClient) -> None:
    session = finished(wire, ["true"])
    wire.request("session/remove", {"sessionId": session})
    refusal(wire, "SessionNotFound", "session/remove", {"sessionId": session})
    refusal(wire, "SessionNotFound", "session/remove", {"sessionId": session, "force": True})


# ---- purging


def test_purge_forgets_what_is_over_and_counts_it(wire: WireClient) -> None:
    running = wire.spawn(["cat"])["sessionId"]
    over = [finished(wire, ["true"]) for _ in range(3)]
    assert wire.request("session/purge", {}) == {"purged": 3}
    for session in over:
        assert is_forgotten(wire, session)
    assert listed(wire) == [running]
    assert wire.request("session/purge") == {"purged": 0}


def test_purge_of_one_originator(wire: WireClient) -> None:
    mine = finished(wire, ["true"], originator="mine")
    other = finished(wire, ["true"], originator="other")
    assert wire.request("session/purge", {"originator": "nobody"}) == {"purged": 0}
    assert wire.request("session/purge", {"originator": "mine"}) == {"purged": 1}
    assert is_forgotten(wire, mine)
    assert listed(wire) == [other]
    assert wire.request("session/purge", {"originator": ""}) == {"purged": 1}


def test_only_so_many_closed_sessions_are_remembered_the_newest(start_wire: StartWire) -> None:
    wire = start_wire("--max-exited-sessions=5")
    running = wire.spawn(["cat"])["sessionId"]
    sessions = [finished(wire, ["true"]) for _ in range(9)]
    assert listed(wire) == [running, *sessions[-5:]]
    for session in sessions[:-5]:
        assert is_forgotten(wire, session)


def test_purge_keeps_a_session_whose_stream_a_grandchild_holds(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(child("orphan", "stderr", held.path))["sessionId"]
    wire.wait_exited(session)
    assert wire.request("session/purge", {}) == {"purged": 0}
    assert info_of(wire, session)["state"] == "exited"
    held.open_and_release()
    wire.wait_closed(session)
    assert wire.request("session/purge", {}) == {"purged": 1}
