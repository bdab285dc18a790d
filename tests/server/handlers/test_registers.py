"""pipe_rpc/server/handlers/registers.py: describe, list, forget."""

import signal

import pytest

from tests.server.harness import Bench, error_kind, sent
from tests.session.harness import fill_pipe


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("session/info", {}),
        ("session/remove", {}),
        ("session/attach", {"stream": "stdout"}),
        ("session/detach", {"stream": "stdout"}),
        ("session/read", {"stream": "stdout"}),
        ("session/write", {}),
        ("session/signal", {"signal": "SIGINT"}),
        ("session/terminate", {}),
        ("session/wait", {}),
    ],
)
@pytest.mark.parametrize("session_id", ["", "pipe-0", "\0", "x" * 80, "x" * 81, "x" * 1000])
def test_a_session_that_there_is_not_is_told_by_its_id(
    bench: Bench, method: str, params: dict[str, str], session_id: str
) -> None:
    error = bench.refusal(method, {"sessionId": session_id, **params})
    assert error["code"] == 1001
    shown = session_id if len(session_id) <= 80 else session_id[:80] + "…"
    assert error["data"] == {"kind": "SessionNotFound", "sessionId": shown}
    assert repr(shown) in error["message"]
    assert len(error["message"]) < 300, "a long id does not come back twice"


def test_sessions_are_listed_oldest_first_and_by_originator(bench: Bench) -> None:
    ids = [bench.spawn(originator=originator)[0] for originator in ("me", "you", "me", "")]
    assert [each["sessionId"] for each in bench.result("session/list")["sessions"]] == ids
    mine = bench.result("session/list", {"originator": "me"})["sessions"]
    assert [each["sessionId"] for each in mine] == [ids[0], ids[2]]
    assert bench.result("session/list", {"originator": "nobody"}) == {"sessions": []}
    assert bench.result("session/info", {"sessionId": ids[1]}) == bench.result("session/list")["sessions"][1]


def test_a_running_session_is_removed_only_by_force(bench: Bench) -> None:
    session_id, child = bench.spawn()
    assert error_kind(bench.request("session/remove", {"sessionId": session_id})) == "SessionRunning"
    assert sent(child) == []
    assert bench.result("session/remove", {"sessionId": session_id, "force": True}) == {}
    assert sent(child) == [signal.SIGKILL]
    assert [each["reason"] for each in bench.notifications("session/detached")] == ["removed", "removed"]
    assert error_kind(bench.request("session/info", {"sessionId": session_id})) == "SessionNotFound"
    bench.exit(child)
    assert bench.take() == [], "nothing of it is heard again"


def test_an_exited_session_is_removed_with_what_it_had_to_say(bench: Bench) -> None:
    session_id, child = bench.spawn(attach=["stdout"])
    bench.exit(child, close=False)
    bench.take()
    assert bench.result("session/remove", {"sessionId": session_id}) == {}
    (detached,) = bench.notifications("session/detached")
    assert (detached["reason"], detached["stream"]) == ("removed", "stdout")


def test_only_closed_sessions_are_purged(bench: Bench) -> None:
    _, running = bench.spawn(originator="me")
    _, held = bench.spawn(originator="me")
    _, closed = bench.spawn(originator="me")
    _, others = bench.spawn(originator="you")
    bench.exit(held, close=False)
    bench.exit(closed)
    bench.exit(others)
    bench.take()
    assert bench.result("session/purge", {"originator": "me"}) == {"purged": 1}
    assert [each["pid"] for each in bench.result("session/list")["sessions"]] == [running.pid, held.pid, others.pid]
    assert bench.result("session/purge") == {"purged": 1}
    assert bench.result("session/purge") == {"purged": 0}


def test_writes_that_wait_behind_each_other_are_answered_once_when_their_session_is_removed(bench: Bench) -> None:
    session_id, child = bench.spawn()
    assert child.stdin_fd is not None
    fill_pipe(child.stdin_fd)
    first = bench.start("session/write", {"sessionId": session_id, "data": "held up"})
    empty = bench.start("session/write", {"sessionId": session_id, "data": ""})
    closing = bench.start("session/write", {"sessionId": session_id, "close": True})
    last = bench.request("session/remove", {"sessionId": session_id, "force": True})
    assert last["result"] == {}
    assert error_kind(bench.answer(first)) == "SessionNotFound"
    assert bench.answer(empty)["result"] == {"bytesWritten": 0}
    assert bench.answer(closing)["result"] == {"bytesWritten": 0}
    assert [message["method"] for message in bench.take()] == ["session/detached"] * 2
