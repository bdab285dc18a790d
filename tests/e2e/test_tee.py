"""Streams into files over the real wire: exact whatever the client does, and nothing that stops anybody else."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.support.fixture_types import MakeGate, StartWire
from tests.support.processes import descendants
from tests.support.programs import shell
from tests.support.refusals import check_refusal
from tests.support.trace import DEADLINE_S
from tests.support.wire_client import Message, WireClient

STREAMS = ("stdout", "stderr")


def targets(folder: Path, mode: str = "append") -> Message:
    return {name: {"path": str(folder / name), "mode": mode} for name in STREAMS}


@pytest.mark.parametrize("overflow", ["block", "dropOldest"])
@pytest.mark.parametrize("reads", [True, False], ids=["a client that reads", "a client that does not"])
def test_every_byte_of_a_flood_is_in_the_files_when_the_session_is_closed(
    wire: WireClient, tmp_path: Path, overflow: str, reads: bool
) -> None:
    command = shell("seq 400000 & seq 400000 >&2; wait")
    attach = list(STREAMS) if overflow == "dropOldest" else []
    params = {"overflow": overflow, "attach": attach, "backlogBytes": 4096, "tee": targets(tmp_path)}
    if reads:
        session = wire.spawn(command, **params)["sessionId"]
    else:
        with wire.not_reading():
            request = wire.start("session/spawn", {"argv": command, **params})
            until = time.monotonic() + DEADLINE_S
            while not all(os.path.exists(tmp_path / name) for name in STREAMS):
                assert time.monotonic() < until, "no files"
                os.sched_yield()
        session = wire.result(request)["sessionId"]
    wire.wait_closed(session)
    whole = "".join(f"{number}\n" for number in range(1, 400_001)).encode()
    for name in STREAMS:
        written = (tmp_path / name).read_bytes()
        assert hashlib.sha256(written).digest() == hashlib.sha256(whole).digest(), f"{name}: {len(written)} bytes"


def test_a_running_stream_goes_into_a_file_and_does_no_more(wire: WireClient, tmp_path: Path) -> None:
    session = wire.spawn(["cat"])["sessionId"]
    where = {"sessionId": session, "stream": "stdout"}

    def say(text: str, end: int) -> None:
        wire.request("session/write", {"sessionId": session, "data": text})
        wire.wait_output(session, "stdout", end)

    say("before", 6)
    assert wire.request("session/tee", {**where, "path": str(tmp_path / "log")}) == {"offset": 6}
    say("during", 12)
    assert wire.request("session/untee", where) == {"offset": 12}
    assert (tmp_path / "log").read_text() == "during"
    say("after", 17)
    assert wire.request("session/tee", {**where, "path": str(tmp_path / "log")}) == {"offset": 17}
    say("again", 22)
    wire.request("session/write", {"sessionId": session, "close": True})
    wire.wait_closed(session)
    assert (tmp_path / "log").read_text() == "duringagain"


def test_a_full_disk_is_told_once_and_the_child_goes_on(wire: WireClient) -> None:
    session = wire.spawn(["cat"], tee={"stdout": {"path": "/dev/full"}})["sessionId"]
    wire.request("session/write", {"sessionId": session, "data": "one"})
    failed = wire.wait_notification("session/teeError")
    assert failed == {
        "sessionId": session,
        "stream": "stdout",
        "path": "/dev/full",
        "offset": 0,
        "errno": "ENOSPC",
        "message": "No space left on device",
    }
    wire.request("session/write", {"sessionId": session, "data": "two", "close": True})
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == b"onetwo"
    assert wire.queued("session/teeError") == []


def test_a_file_that_takes_nothing_holds_up_its_own_child_alone(wire: WireClient, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    stuck = wire.spawn(["yes"], attach=[], tee={"stdout": {"path": str(tmp_path / "fifo")}}, graceMs=0)["sessionId"]
    talker = wire.spawn(["cat"])["sessionId"]
    for number in range(1, 21):
        wire.request("session/write", {"sessionId": talker, "data": "x"})
        wire.wait_output(talker, "stdout", number)
    os.close(reader)
    assert wire.wait_notification("session/teeError")["errno"] == "EPIPE"
    for session in (stuck, talker):
        wire.request("session/terminate", {"sessionId": session})
        wire.wait_closed(session)


@pytest.mark.parametrize("path", ["/nonexistent/folder/file", "/", "/dev/null/file"])
def test_a_path_that_cannot_be_written_is_told_and_nothing_runs(wire: WireClient, path: str) -> None:
    request = wire.start("session/spawn", {"argv": ["cat"], "tee": {"stdout": {"path": path}}})
    error = check_refusal(wire, "TeeFailed", request)
    assert error.data["path"] == path
    assert wire.request("session/list") == {"sessions": []}


def test_what_a_daemon_writes_later_is_in_the_file_too(wire: WireClient, tmp_path: Path, gate: MakeGate) -> None:
    held = gate()
    script = "(read _ < $1; echo late) & echo early"
    session = wire.spawn(shell(script, held.path), tee=targets(tmp_path), attach=[])["sessionId"]
    wire.wait_exited(session)
    held.open_and_release()
    wire.wait_closed(session)
    assert (tmp_path / "stdout").read_text() == "early\nlate\n"


@pytest.mark.parametrize("by_shutdown", [False, True])
def test_a_file_that_takes_nothing_is_told_when_the_server_ends(
    start_wire: StartWire, tmp_path: Path, by_shutdown: bool
) -> None:
    wire = start_wire("--flush-timeout-ms=300")
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    target = {"stdout": {"path": str(tmp_path / "fifo")}}
    session = wire.spawn(["yes"], attach=[], graceMs=0, tee=target)["sessionId"]
    while wire.request("session/info", {"sessionId": session})["stdout"]["endOffset"] < 1_000_000:
        pass  # More than the pipes hold.
    if by_shutdown:
        assert wire.request("shutdown") is None
    else:
        wire.close_stdin()
    assert wire.wait_notification("session/teeError")["errno"] == "EINTR"
    wire.wait_notification("session/closed")
    if by_shutdown:
        wire.notify("exit")
    wire.wait_exit()
    os.close(reader)


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2)")
def test_a_writer_that_is_stuck_ends_with_the_server(start_wire: StartWire, tmp_path: Path) -> None:
    wire = start_wire("--no-guard", "--no-cgroup")
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    target = {"stdout": {"path": str(tmp_path / "fifo")}}
    session = wire.spawn(["head", "-c", "500000", "/dev/zero"], attach=[], tee=target)["sessionId"]
    wire.wait_exited(session)
    (writer,) = descendants(wire.pid)
    os.kill(wire.pid, signal.SIGKILL)
    wire.wait_exit()
    assert os.waitstatus_to_exitcode(os.waitpid(writer, 0)[1]) == -signal.SIGKILL, "it has come to us"
    os.close(reader)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("how", ["end of input", "SIGTERM", "SIGKILL"])
def test_no_writer_is_left_when_the_server_ends(wire: WireClient, tmp_path: Path, how: str) -> None:
    session = wire.spawn(["cat"], tee=targets(tmp_path), attach=[])["sessionId"]
    wire.request("session/info", {"sessionId": session})
    started = descendants(wire.pid)
    assert len(started) >= 3
    if how == "end of input":
        wire.close_stdin()
    else:
        os.kill(started[0] if how == "SIGKILL" else wire.pid, signal.Signals[how])
    wire.wait_exit()
    until = time.monotonic() + DEADLINE_S
    while any(os.path.exists(f"/proc/{pid}") for pid in started):
        assert time.monotonic() < until, "some are left"
        os.sched_yield()
