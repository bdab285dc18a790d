"""pipe_rpc/server/handlers/tees.py: what goes into a file, and what is refused."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipe_rpc.child.spawn import SpawnError
from tests.server.conftest import MakeBench
from tests.server.harness import ERR, OUT, Bench, error_kind
from tests.session.harness import reap_writers
from tests.support.trace import DEADLINE_S


@pytest.fixture
def bench(make_bench: MakeBench) -> Iterator[Bench]:
    """A server whose client has shaken hands, and which has no process left that writes a file."""
    made = make_bench()
    made.initialize()
    yield made
    for session in made.registry.sessions():
        session.abandon()
    reap_writers(made.loop)


def tee(session_id: str, path: Path | str, **params: Any) -> dict[str, Any]:
    return {"sessionId": session_id, "stream": "stdout", "path": str(path), **params}


def turn_until(bench: Bench, condition: Callable[[], bool]) -> None:
    """Take turns until something holds, for which a process has to run."""
    until = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < until, "in vain"
        bench.turn()


def untee(bench: Bench, session_id: str) -> dict[str, Any]:
    bench.wires.send(
        {
            "jsonrpc": "2.0",
            "id": 99,
            "method": "session/untee",
            "params": {"sessionId": session_id, "stream": "stdout"},
        }
    )
    answers: list[Any] = []

    def is_answered() -> bool:
        answers.append(bench.answer_or_none(99))
        return answers[-1] is not None

    turn_until(bench, is_answered)
    answer: dict[str, Any] = answers[-1]
    return answer


@pytest.mark.parametrize(("mode", "before"), [("append", "old"), ("truncate", "")])
def test_a_stream_goes_into_a_file_from_now_on(bench: Bench, tmp_path: Path, mode: str, before: str) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    session_id, child = bench.spawn()
    child.write(OUT, b"before")
    bench.take()
    assert bench.result("session/tee", tee(session_id, path, mode=mode)) == {"offset": 6}
    child.write(OUT, b"now")
    bench.take()
    assert untee(bench, session_id)["result"] == {"offset": 9}
    assert path.read_text() == before + "now"


def test_a_spawn_writes_from_the_first_byte_on(bench: Bench, tmp_path: Path) -> None:
    session_id, child = bench.spawn(tee={"stdout": {"path": str(tmp_path / "out")}})
    child.write(OUT, b"first")
    bench.take()
    assert untee(bench, session_id)["result"] == {"offset": 5}
    assert (tmp_path / "out").read_text() == "first"


def test_a_spawn_that_fails_leaves_no_writer(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise SpawnError(OSError(2, "none"), "exec", "fake")

    monkeypatch.setattr("pipe_rpc.session.spawning.spawn", fail)
    targets = {"stdout": {"path": str(tmp_path / "out")}, "stderr": {"path": str(tmp_path / "err")}}
    assert error_kind(bench.request("session/spawn", {"argv": ["fake"], "tee": targets})) == "SpawnFailed"


def test_a_file_that_cannot_be_written_starts_nothing(bench: Bench, tmp_path: Path) -> None:
    targets = {"stdout": {"path": str(tmp_path / "out")}, "stderr": {"path": str(tmp_path / "none" / "err")}}
    error = bench.refusal("session/spawn", {"argv": ["fake"], "tee": targets})
    assert (error["data"]["kind"], error["data"]["errno"]) == ("TeeFailed", "ENOENT")
    assert error["data"]["path"] == str(tmp_path / "none" / "err")
    assert bench.children == []


def test_a_repeated_spawn_opens_nothing_again(bench: Bench, tmp_path: Path) -> None:
    target = {"stdout": {"path": str(tmp_path / "out"), "mode": "truncate"}}
    session_id, child = bench.spawn(sessionId="mine", tee=target)
    child.write(OUT, b"first")
    bench.take()
    bench.spawn(sessionId="mine", tee=target)
    assert untee(bench, session_id)["result"] == {"offset": 5}
    assert (tmp_path / "out").read_text() == "first"


def test_each_of_several_who_end_a_tee_is_answered(bench: Bench, tmp_path: Path) -> None:
    session_id, child = bench.spawn(attach=[])
    bench.result("session/tee", tee(session_id, tmp_path / "out"))
    stream = bench.registry.get(session_id).streams[OUT]
    assert stream.tee is not None
    writer = stream.tee._writer
    os.kill(writer.pid, signal.SIGSTOP)
    child.write(OUT, b"all")
    bench.turn()
    waiting = [bench.start("session/untee", {"sessionId": session_id, "stream": "stdout"}) for _ in range(3)]
    bench.notify("$/cancelRequest", {"id": waiting[1]})
    os.kill(writer.pid, signal.SIGCONT)
    turn_until(bench, lambda: stream.tee is None)
    answers = [bench.answer(each) for each in waiting]
    assert answers[0]["result"] == answers[2]["result"] == {"offset": 3}
    assert error_kind(answers[1]) == "RequestCancelled"


def test_the_end_of_a_tee_is_not_taken_for_the_end_of_a_removed_session(bench: Bench, tmp_path: Path) -> None:
    session_id, child = bench.spawn(attach=[], tee={"stdout": {"path": str(tmp_path / "out")}})
    child.write(OUT, b"all")
    bench.turn()
    (session,) = bench.registry.sessions()
    tees = session.tees
    bench.result("session/remove", {"sessionId": session_id, "force": True})
    turn_until(bench, lambda: not tees)
    assert bench.registry.has_processes(), "the child has not ended"
    bench.exit(child)
    assert [each for each in bench.take() if "method" in each] == []
    assert (tmp_path / "out").read_bytes() == b"all"


def test_both_streams_may_go_into_one_file(bench: Bench, tmp_path: Path) -> None:
    path = {"path": str(tmp_path / "both"), "mode": "truncate"}
    _, child = bench.spawn(["fake"], tee={"stdout": path, "stderr": path}, attach=[])
    for stream in (OUT, ERR):
        child.write(stream, b"12345")
    bench.exit(child)
    turn_until(bench, lambda: bool(bench.notifications("session/closed")))
    assert (tmp_path / "both").read_bytes() == b"12345" * 2


def test_a_stream_has_one_file(bench: Bench, tmp_path: Path) -> None:
    session_id, _ = bench.spawn()
    bench.result("session/tee", tee(session_id, tmp_path / "out"))
    assert error_kind(bench.request("session/tee", tee(session_id, tmp_path / "other"))) == "AlreadyTeed"
    assert not (tmp_path / "other").exists()
    assert untee(bench, session_id)["result"] == {"offset": 0}
    assert error_kind(untee(bench, session_id)) == "NotTeed"


def test_a_failure_is_news_and_the_answer_to_who_asks(bench: Bench) -> None:
    session_id, child = bench.spawn(attach=[])
    bench.result("session/tee", tee(session_id, "/dev/full"))
    child.write(OUT, b"x")
    bench.turn()
    answer = untee(bench, session_id)
    if "error" in answer and answer["error"]["data"]["kind"] == "TeeFailed":
        assert answer["error"]["data"]["errno"] == "ENOSPC"
        assert answer["error"]["data"]["offset"] == 0
    else:
        (told,) = bench.notifications("session/teeError")
        assert (told["path"], told["offset"], told["errno"]) == ("/dev/full", 0, "ENOSPC")


def test_a_cancelled_untee_ends_the_tee_all_the_same(bench: Bench, tmp_path: Path) -> None:
    session_id, child = bench.spawn(attach=[])
    bench.result("session/tee", tee(session_id, tmp_path / "out"))
    stream = bench.registry.get(session_id).streams[OUT]
    assert stream.tee is not None
    writer = stream.tee._writer
    os.kill(writer.pid, signal.SIGSTOP)
    child.write(OUT, b"all")
    bench.turn()
    waiting = bench.start("session/untee", {"sessionId": session_id, "stream": "stdout"})
    bench.notify("$/cancelRequest", {"id": waiting})
    assert error_kind(bench.answer(waiting)) == "RequestCancelled"
    os.kill(writer.pid, signal.SIGCONT)
    turn_until(bench, lambda: stream.tee is None)
    assert (tmp_path / "out").read_bytes() == b"all"


@pytest.mark.parametrize(
    ("method", "params", "path"),
    [
        ("session/tee", {"path": "relative"}, "params.path"),
        ("session/tee", {"path": ""}, "params.path"),
        ("session/tee", {"path": "/x", "mode": "a"}, "params.mode"),
        ("session/tee", {}, "params.path"),
        ("session/tee", {"path": "/x", "stream": "stdin"}, "params.stream"),
        ("session/spawn", {"tee": {"stdout": {"path": "relative"}}}, "params.tee.stdout.path"),
        ("session/spawn", {"tee": {"stdin": {"path": "/x"}}}, "params.tee.stdin"),
        ("session/spawn", {"tee": {"stdout": {"path": "/x", "how": "a"}}}, "params.tee.stdout.how"),
    ],
)
def test_wrong_params_are_told_with_their_path(bench: Bench, method: str, params: dict[str, Any], path: str) -> None:
    session_id, _ = bench.spawn()
    given = {"argv": ["fake"]} if method == "session/spawn" else {"sessionId": session_id, "stream": "stdout"}
    error = bench.refusal(method, {**given, **params})
    assert error["data"]["problems"][0]["path"] == path
    assert len(bench.children) == 1


def test_a_stream_that_is_merged_has_no_file(bench: Bench) -> None:
    params = {"argv": ["fake"], "mergeStderr": True, "tee": {"stderr": {"path": "/dev/null"}}}
    assert error_kind(bench.request("session/spawn", params)) == "StreamUnavailable"
    assert bench.children == []
