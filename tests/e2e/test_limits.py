"""Every limit at its edge: set to a small value, what just fits passes, and one more gets what the contract says.

`tests/house/limit_edges.py` names for each limit the tests that prove it; a limit without one fails there.
"""

from __future__ import annotations

import fcntl
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import time

import pytest

from pipe_rpc.buffers.matcher import Pattern
from pipe_rpc.limits import Limits, option_name
from pipe_rpc.protocol.naming import wire_name
from tests.support import on_system
from tests.support.available import unavailable
from tests.support.bare_server import Family
from tests.support.fixture_types import MakeGate, StartWire
from tests.support.frames import encode_frame
from tests.support.processes import WatchedProcess, descendants, frozen
from tests.support.programs import child, python, shell
from tests.support.refusals import INVALID_PARAMS, REQUEST_CANCELLED, check_refusal, problems, refusal
from tests.support.trace import DEADLINE_S
from tests.support.wire_client import Message, WireClient

ON_SYSTEM = pathlib.Path(on_system.__file__)
"""Runs a server without what its first argument names."""

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc, or the capacity of pipes")


@pytest.mark.parametrize("name", Limits._fields)
def test_a_limit_of_the_command_line_is_told_at_initialize(start_wire: StartWire, name: str) -> None:
    # As far from the default as leaves a server that works, and the three of the backlog in their order.
    chosen = getattr(Limits(), name) - 1 if name in ("min_backlog_bytes", "max_sessions") else 3_000_003
    wire = start_wire(f"{option_name(name)}={chosen}", initialize=False)
    wire.start("initialize", {"processId": None, "capabilities": {}}, id="hello")
    told = wire.answer("hello")["result"]["capabilities"]["experimental"]["pipeRpc"]["limits"]
    others = {wire_name(each): value for each, value in Limits()._asdict().items() if each != name}
    few_descriptors = told["maxSessions"] if name != "max_sessions" else None
    assert told.pop(wire_name(name)) == chosen
    if few_descriptors is not None and few_descriptors < others["maxSessions"]:
        others["maxSessions"] = few_descriptors  # A low hard RLIMIT_NOFILE lowers it.
    assert told == others


STREAMS = ("stdout", "stderr")


# ---- frames


def body_of(size: int) -> bytes:
    """A request of exactly so many bytes."""
    begin = b'{"jsonrpc":"2.0","id":"sized","method":"session/list","params":{}'
    return begin + b" " * (size - len(begin) - 1) + b"}"


@pytest.mark.parametrize("length", [1000, 1001])
def test_a_body_of_max_frame_bytes_passes_and_one_byte_more_ends_the_connection(
    start_wire: StartWire, length: int
) -> None:
    wire = start_wire("--max-frame-bytes=1000")
    wire.send_raw(encode_frame_of(body_of(length)))
    if length <= 1000:
        assert wire.answer("sized")["result"] == {"sessions": []}
        return
    error = wire.receive()
    assert (error["id"], error["error"]["code"]) == (None, -32700)
    assert wire.wait_exit() == 1


def encode_frame_of(body: bytes) -> bytes:
    """A frame around bytes, in the plainest spelling."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


@pytest.mark.parametrize("length", [200, 201])
def test_a_header_of_max_header_bytes_passes_and_one_byte_more_ends_the_connection(
    start_wire: StartWire, length: int
) -> None:
    wire = start_wire("--max-header-bytes=200")
    body = body_of(100)
    header = b"Content-Length: 100\r\nX: "
    wire.send_raw(header + b"x" * (length - len(header)) + b"\r\n\r\n" + body)
    if length <= 200:
        assert wire.answer("sized")["result"] == {"sessions": []}
        return
    error = wire.receive()
    assert (error["id"], error["error"]["code"]) == (None, -32700)
    assert wire.wait_exit() == 1


@pytest.mark.parametrize("values", [1000, 1001])
def test_a_message_has_max_message_values_and_one_more_is_refused(start_wire: StartWire, values: int) -> None:
    wire = start_wire("--max-message-values=1000")
    # The message itself, its four names, three of its values, and the array that is params.
    message = {"jsonrpc": "2.0", "id": "counted", "method": "session/list", "params": [0] * (values - 9)}
    wire.send_raw(encode_frame(message))
    if values <= 1000:
        assert wire.answer("counted")["error"]["code"] == -32602
    else:
        error = wire.receive()
        assert (error["id"], error["error"]["code"]) == (None, -32700)
        assert "--max-message-values" in error["error"]["message"]
    wire.fence()


# ---- sessions


def test_max_sessions_are_open_at_once_and_one_more_is_refused(start_wire: StartWire) -> None:
    wire = start_wire("--max-sessions=3")
    sessions = [wire.spawn(["cat"])["sessionId"] for _ in range(3)]
    error = refusal(wire, "LimitExceeded", "session/spawn", {"argv": ["cat"]})
    assert (error.data["limit"], error.data["value"]) == ("maxSessions", 3)
    wire.request("session/write", {"sessionId": sessions[0], "close": True})
    wire.wait_closed(sessions[0])
    wire.spawn(["cat"])


@pytest.mark.parametrize("missing", [0, 1])
def test_open_sessions_have_max_argument_bytes_and_one_more_is_refused(start_wire: StartWire, missing: int) -> None:
    argv = shell("read _; exit", "x" * 10_000)
    texts = sum(map(sys.getsizeof, (*argv, shlex.join(argv), "pytest")))
    wire = start_wire(f"--max-argument-bytes={2 * texts - missing}", options={"originator": "pytest"})
    first = wire.spawn(argv)["sessionId"]
    if missing:
        error = refusal(wire, "LimitExceeded", "session/spawn", {"argv": argv})
        assert error.data["limit"] == "maxArgumentBytes"
    else:
        wire.spawn(argv)
        refusal(wire, "LimitExceeded", "session/spawn", {"argv": ["true"]})
    wire.request("session/write", {"sessionId": first, "close": True})
    wire.wait_closed(first)
    wire.spawn(argv)


@pytest.mark.parametrize("size", [100, 101])
def test_a_file_of_variables_has_max_env_file_bytes_and_not_one_more(
    start_wire: StartWire, tmp_path: pathlib.Path, size: int
) -> None:
    wire = start_wire("--max-env-file-bytes=100")
    check_env_file(wire, tmp_path, "VALUE=" + "x" * (size - 6), fits=size <= 100)


@pytest.mark.parametrize("blanks", [9, 10])
def test_a_file_of_variables_has_max_env_file_blanks_in_a_row_and_not_one_more(
    start_wire: StartWire, tmp_path: pathlib.Path, blanks: int
) -> None:
    wire = start_wire("--max-env-file-blanks=9")
    check_env_file(wire, tmp_path, "VALUE=a" + " " * blanks + "b", fits=blanks <= 9)


def check_env_file(wire: WireClient, directory: pathlib.Path, text: str, *, fits: bool) -> None:
    """A child gets its variables, or the spawn is refused."""
    file = directory / "file.env"
    file.write_text(text)
    params = {"inheritEnv": False, "envFile": str(file)}
    if not fits:
        assert list(problems(wire, "session/spawn", {"argv": ["env"], **params})) == ["params.envFile"]
        return
    session = wire.spawn(["/usr/bin/env"], **params)["sessionId"]
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout").decode() == f"{text}\n"


def closed_session(wire: WireClient, length: int = 0) -> str:
    """A session that has written so many bytes and is over."""
    session: str = wire.spawn(["head", "-c", str(length), "/dev/zero"], attach=[])["sessionId"]
    wire.wait_closed(session)
    return session


def listed(wire: WireClient) -> list[str]:
    return [info["sessionId"] for info in wire.request("session/list")["sessions"]]


def test_max_exited_sessions_are_kept_and_one_more_makes_the_oldest_forgotten(start_wire: StartWire) -> None:
    wire = start_wire("--max-exited-sessions=3")
    sessions = [closed_session(wire) for _ in range(3)]
    assert listed(wire) == sessions
    fourth = closed_session(wire)
    assert listed(wire) == [*sessions[1:], fourth]
    refusal(wire, "SessionNotFound", "session/info", {"sessionId": sessions[0]})


def test_max_tombstones_are_remembered_and_one_more_makes_the_oldest_unknown(start_wire: StartWire) -> None:
    wire = start_wire("--max-tombstones=2")

    def remembered() -> list[bool]:
        refusals = [refusal(wire, "SessionNotFound", "session/info", {"sessionId": each}) for each in sessions]
        return ["forgotten" in error.data for error in refusals]

    sessions = [closed_session(wire) for _ in range(2)]
    wire.request("session/purge")
    assert remembered() == [True, True]
    sessions.append(closed_session(wire))
    wire.request("session/purge")
    assert remembered() == [False, True, True]


@pytest.mark.parametrize(("total", "retained"), [(2000, 2000), (1999, 1000)])
def test_rings_grow_up_to_max_total_backlog_bytes_and_by_one_byte_less_they_do_not(
    start_wire: StartWire, total: int, retained: int
) -> None:
    wire = start_wire(
        f"--max-total-backlog-bytes={total}",
        "--child-read-bytes=1000",
        "--min-backlog-bytes=1000",
    )
    argv = ["head", "-c", "2000", "/dev/zero"]
    session = wire.spawn(argv, attach=[], mergeStderr=True, backlogBytes=2000)["sessionId"]
    wire.wait_closed(session)
    stream = wire.request("session/info", {"sessionId": session})["stdout"]
    assert (stream["startOffset"], stream["endOffset"]) == (2000 - retained, 2000)
    assert stream["missedBytes"] == 2000 - retained


def test_max_exited_backlog_bytes_are_kept_and_one_more_makes_the_oldest_forgotten(start_wire: StartWire) -> None:
    # The texts that describe a session are kept as well, and each of these takes the same.
    argv = ["head", "-c", "1000", "/dev/zero"]
    texts = sum(map(sys.getsizeof, (*argv, " ".join(argv), "pytest")))
    wire = start_wire(f"--max-exited-backlog-bytes={2 * (1000 + texts)}", options={"originator": "pytest"})
    first, second = closed_session(wire, 1000), closed_session(wire, 1000)
    assert listed(wire) == [first, second]
    third = closed_session(wire, 1)
    assert listed(wire) == [second, third]
    refusal(wire, "SessionNotFound", "session/read", {"sessionId": first, "stream": "stdout"})


@pytest.mark.parametrize(("length", "gone"), [(4096, 0), (4097, 1)])
def test_default_backlog_bytes_are_retained_and_one_more_pushes_out_the_first(
    start_wire: StartWire, length: int, gone: int
) -> None:
    wire = start_wire("--default-backlog-bytes=4096")
    session = closed_session(wire, length)
    stdout = wire.request("session/info", {"sessionId": session})["stdout"]
    assert (stdout["startOffset"], stdout["endOffset"], stdout["missedBytes"]) == (gone, length, gone)


@pytest.mark.parametrize(
    ("option", "fits", "too_much"),
    [("--min-backlog-bytes=2000", 2000, 1999), ("--max-backlog-bytes=2000000", 2_000_000, 2_000_001)],
)
def test_a_backlog_may_be_asked_for_within_its_bounds_and_no_byte_beyond(
    start_wire: StartWire, option: str, fits: int, too_much: int
) -> None:
    wire = start_wire(option)
    found = problems(wire, "session/spawn", {"argv": ["true"], "backlogBytes": too_much})
    assert found.keys() == {"params.backlogBytes"}
    assert str(fits) in found["params.backlogBytes"], "the bound is told"
    wire.wait_closed(wire.spawn(["true"], backlogBytes=fits)["sessionId"])


@pytest.mark.parametrize("member", ["command", "originator"])
def test_a_label_has_max_label_characters_and_not_one_more(start_wire: StartWire, member: str) -> None:
    wire = start_wire("--max-label-characters=20")
    found = problems(wire, "session/spawn", {"argv": ["true"], member: "é" * 21})
    assert found.keys() == {f"params.{member}"}
    info = wire.spawn(["true"], **{member: "é" * 20})
    assert info[member] == "é" * 20
    wire.wait_closed(info["sessionId"])


def test_the_originator_of_a_connection_has_max_label_characters_and_not_one_more(start_wire: StartWire) -> None:
    wire = start_wire("--max-label-characters=20", initialize=False)
    hello: Message = {"processId": None, "capabilities": {}, "clientInfo": {"name": "n" * 21}}
    found = problems(wire, "initialize", {**hello, "initializationOptions": {"originator": "o" * 21}})
    assert found.keys() == {"params.initializationOptions.originator"}
    # The name is LSP's, which sets it no limit: it is taken, and as an originator counts so far.
    wire.request("initialize", hello)
    info = wire.spawn(["true"])
    assert info["originator"] == "n" * 20
    wire.wait_closed(info["sessionId"])


# ---- output


@pytest.mark.parametrize(("length", "pieces"), [(100, [100]), (101, [100, 1])])
def test_a_notification_has_max_output_bytes_and_one_more_comes_in_the_next(
    start_wire: StartWire, length: int, pieces: list[int]
) -> None:
    wire = start_wire("--max-output-bytes=100")
    session = closed_session(wire, length)
    wire.request("session/attach", {"sessionId": session, "stream": "stdout"})
    wire.wait_notification("session/detached", sessionId=session, stream="stdout", reason="ended")
    assert [output["length"] for output in wire.delivered(session, "stdout")] == pieces


@pytest.mark.parametrize(("length", "pieces"), [(100, [100]), (101, [100, 1])])
def test_child_read_bytes_are_read_in_one_turn_and_one_more_in_the_next(
    start_wire: StartWire, gate: MakeGate, length: int, pieces: list[int]
) -> None:
    wire, held = start_wire("--child-read-bytes=100"), gate()
    # Written at once, and not followed by an exit, at which everything would be read.
    session = wire.spawn(shell('printf "%0${2}d" 0; read _ < "$1"', held.path, length))["sessionId"]
    wire.wait_output(session, "stdout", length)
    assert [output["length"] for output in wire.delivered(session, "stdout")] == pieces
    held.open_and_release()
    wire.wait_closed(session)


@pytest.mark.parametrize(("asked", "told"), [({}, 100), ({"maxBytes": 200}, 200), ({"maxBytes": 201}, 200)])
def test_a_read_has_default_read_bytes_or_what_is_asked_for_up_to_max_read_bytes(
    start_wire: StartWire, asked: Message, told: int
) -> None:
    wire = start_wire("--default-read-bytes=100", "--max-read-bytes=200")
    session = closed_session(wire, 1000)
    answer = wire.request("session/read", {"sessionId": session, "stream": "stdout", **asked})
    assert (answer["length"], answer["nextOffset"], answer["ended"]) == (told, told, False)


# ---- stdin


def test_max_stdin_bytes_may_wait_and_one_more_is_refused(start_wire: StartWire, gate: MakeGate) -> None:
    wire, held = start_wire("--max-stdin-bytes=1000"), gate()
    session = wire.spawn(child("slow_reader", held.path))["sessionId"]
    refusal(wire, "StdinFull", "session/write", {"sessionId": session, "data": "x" * 1001})
    assert wire.request("session/write", {"sessionId": session, "data": "x" * 1000}) == {"bytesWritten": 1000}
    waiting = fill_stdin(wire, session)
    refusal(wire, "StdinFull", "session/write", {"sessionId": session, "data": "x"})
    held.open_and_release()
    assert wire.result(waiting)["bytesWritten"] > 0
    wire.request("session/write", {"sessionId": session, "close": True})
    wire.wait_closed(session)


def test_max_total_stdin_bytes_may_wait_for_all_children_and_one_more_is_refused(
    start_wire: StartWire, gate: MakeGate
) -> None:
    wire, held = start_wire("--max-total-stdin-bytes=1000"), gate()
    full = wire.spawn(child("slow_reader", held.path))["sessionId"]
    other = wire.spawn(["cat"])["sessionId"]
    assert wire.request("session/write", {"sessionId": other, "data": "x" * 1000}) == {"bytesWritten": 1000}
    waiting = fill_stdin(wire, full)
    error = refusal(wire, "StdinFull", "session/write", {"sessionId": other, "data": "x"})
    assert (error.data["pendingBytes"], error.data["limitBytes"]) == (1000, 1000)
    held.open_and_release()
    assert wire.result(waiting)["bytesWritten"] > 0
    assert wire.request("session/write", {"sessionId": other, "data": "x"}) == {"bytesWritten": 1}
    for session in (full, other):
        wire.request("session/write", {"sessionId": session, "close": True})
        wire.wait_closed(session)


def fill_stdin(wire: WireClient, session: str) -> int | str:
    """Write until exactly 1000 bytes wait, and return the id of the last request, which waits."""
    while True:
        request = wire.start("session/write", {"sessionId": session, "data": "x" * 1000})
        waiting = wire.request("session/info", {"sessionId": session})["stdin"]["pendingBytes"]
        if waiting == 1000:
            return request
        if waiting:
            wire.start("session/write", {"sessionId": session, "data": "x" * (1000 - waiting)})
            return request
        assert wire.result(request) == {"bytesWritten": 1000}


# ---- time


def test_the_grace_is_default_grace_ms_where_nobody_says_another(start_wire: StartWire) -> None:
    wire = start_wire("--default-grace-ms=2400")  # Above what it is by default, so that no delay can pass for it.
    session = wire.spawn(child("stubborn"))["sessionId"]
    wire.wait_output(session, "stdout", len("ready\n"))
    begun = time.monotonic()
    wire.request("session/terminate", {"sessionId": session})
    assert wire.wait_exited(session)["outcome"] == "hardKilled"
    assert time.monotonic() - begun >= 2.4


@pytest.mark.parametrize("asked", [300, 301, 10**9])
def test_a_grace_is_max_grace_ms_long_at_most(start_wire: StartWire, asked: int) -> None:
    wire = start_wire("--max-grace-ms=300")
    session = wire.spawn(child("stubborn"))["sessionId"]
    wire.wait_output(session, "stdout", len("ready\n"))
    begun = time.monotonic()
    wire.request("session/terminate", {"sessionId": session, "graceMs": asked})
    assert wire.wait_exited(session)["outcome"] == "hardKilled"
    assert time.monotonic() - begun >= 0.3


TRACER = """
import ctypes, sys
ptrace = ctypes.CDLL(None, use_errno=True).ptrace
ptrace.restype = ctypes.c_long
ptrace.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
PTRACE_SEIZE = 0x4206
print("held" if ptrace(PTRACE_SEIZE, int(sys.argv[1]), None, None) == 0 else "refused", flush=True)
sys.stdin.readline()
"""
"""Keeps a process from being seen as ended by its parent, as long as this one lives (ptrace(2))."""

WELCOMES_TRACERS = """
import ctypes, os, signal
PR_SET_PTRACER, ANY = 0x59616D61, ctypes.c_ulong(-1)
ctypes.CDLL(None).prctl(PR_SET_PTRACER, ANY, 0, 0, 0)
os.write(1, b"ready\\n")
while True: signal.pause()
"""


@linux_only
@pytest.mark.parametrize(("limit_ms", "lasts_s"), [(300, 0.3), (2500, 2.5)])
def test_kill_timeout_ms_after_the_kill_the_server_ends_without_those_that_did_not(
    start_wire: StartWire, limit_ms: int, lasts_s: float
) -> None:
    wire = start_wire(f"--kill-timeout-ms={limit_ms}")
    info = wire.spawn(python(WELCOMES_TRACERS), graceMs=0)
    wire.wait_output(info["sessionId"], "stdout", len("ready\n"))
    tracing = python(TRACER, info["pid"])
    with subprocess.Popen(tracing, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as tracer:
        assert tracer.stdout is not None
        if tracer.stdout.readline() != b"held\n":
            unavailable("the system does not let a process be traced; allow ptrace(2)")
        begun = time.monotonic()
        wire.process.send_signal(signal.SIGTERM)
        wire.process.send_signal(signal.SIGTERM)
        wire.wait_until(lambda: "did not end after SIGKILL" in wire.stderr_text(), "the end without it")
        assert lasts_s <= time.monotonic() - begun
    assert wire.wait_exit() == 1


@linux_only
@pytest.mark.parametrize(("limit_ms", "lasts_s"), [(1, 0.0), (700, 0.7)])
def test_the_end_of_a_client_that_nothing_tells_of_is_looked_for_every_client_poll_ms(
    start_wire: StartWire, limit_ms: int, lasts_s: float
) -> None:
    without_pidfd = [sys.executable, str(ON_SYSTEM), "pidfd", f"--client-poll-ms={limit_ms}"]
    wire = start_wire(initialize=False, popen={"args": without_pidfd})
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as client:
        begun = time.monotonic()
        wire.request("initialize", {"processId": client.pid, "capabilities": {}})
    assert wire.wait_exit() == 1
    assert lasts_s <= time.monotonic() - begun


@pytest.mark.parametrize(("limit_ms", "lasts_s"), [(1, 0.0), (700, 0.7)])
def test_a_job_reports_its_progress_every_progress_interval_ms(
    start_wire: StartWire, gate: MakeGate, limit_ms: int, lasts_s: float
) -> None:
    wire, held = start_wire(f"--progress-interval-ms={limit_ms}", initialize=False), gate()
    wire.request("initialize", {"processId": None, "capabilities": {"window": {"workDoneProgress": True}}})
    argv = shell("read _ < $1; echo building; read _ < $1", held.path)
    wire.request("workspace/executeCommand", {"command": "pipe-rpc.run", "arguments": argv, "workDoneToken": "job"})
    begun = time.monotonic()
    held.release()

    def reports() -> list[Message]:
        told = [each["value"] for each in wire.queued("$/progress", token="job")]
        return [value for value in told if value["kind"] == "report"]

    wire.wait_until(lambda: bool(reports()), "a report")
    assert lasts_s <= time.monotonic() - begun
    assert reports()[0]["message"] == "building"
    held.release()


@pytest.mark.parametrize("limit_ms", [1, 3_600_000])
def test_the_end_of_a_job_that_took_long_job_ms_is_told_and_that_of_a_shorter_one_is_not(
    start_wire: StartWire, limit_ms: int
) -> None:
    wire = start_wire(f"--long-job-ms={limit_ms}")
    job = wire.request("workspace/executeCommand", {"command": "pipe-rpc.run", "arguments": ["exec cat /dev/null"]})
    wire.wait_closed(job["sessionId"])
    wire.fence()
    told = wire.queued("window/showMessage")
    assert [each["type"] for each in told] == ([3] if limit_ms == 1 else [])
    assert all("cat /dev/null: done after " in each["message"] for each in told)


PROBLEM = {"regexp": r"^(\w+):(\d+): (.*)$", "message": 3}


def run_job(wire: WireClient, script: str, *arguments: str, name: str = "job", regexp: str | None = None) -> str:
    """Run a job whose lines are problems, in which a file, a line and a message are written; returns its session."""
    matcher = {"owner": "it", "pattern": PROBLEM if regexp is None else {**PROBLEM, "regexp": regexp}}
    job = {"argv": ["sh", "-c", script, name, *arguments], "cwd": "/", "problemMatcher": matcher}
    info = wire.request("workspace/executeCommand", {"command": "pipe-rpc.run", "arguments": [job]})
    return str(info["sessionId"])


def shown(wire: WireClient) -> dict[str, list[str]]:
    """The messages of what is shown now, by the name of their file."""
    told = wire.queued("textDocument/publishDiagnostics")
    return {each["uri"].rpartition("/")[2]: [found["message"] for found in each["diagnostics"]] for each in told}


@pytest.mark.parametrize("limit", [8, 9])
def test_problems_are_looked_for_in_max_problem_line_bytes_of_a_line(start_wire: StartWire, limit: int) -> None:
    wire = start_wire(f"--max-problem-line-bytes={limit}")
    wire.wait_closed(run_job(wire, "echo 'a:1: word'"))
    wire.fence()
    assert shown(wire) == {"a": ["word"[: limit - 5]]}


@pytest.mark.parametrize("less", [0, 1])
def test_the_matchers_of_a_job_have_max_matchers_size_and_not_one_instruction_more(
    start_wire: StartWire, less: int
) -> None:
    size = Pattern(PROBLEM["regexp"], longest_bytes=1, max_size=1000).size  # type: ignore[arg-type]
    wire = start_wire(f"--max-matchers-size={size - less}")
    matcher = {"pattern": PROBLEM}
    params = {"command": "pipe-rpc.run", "arguments": [{"argv": ["true"], "problemMatcher": matcher}]}
    answer = wire.answer(wire.start("workspace/executeCommand", params))
    if less:
        assert f"needs more than {size - 1} instructions" in answer["error"]["message"]
    else:
        wire.wait_closed(answer["result"]["sessionId"])


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("--max-file-problems=2", {"a": ["1", "2"], "b": ["1", "2", "other"]}),
        ("--max-job-problems=4", {"a": ["1", "2", "3"], "b": ["1", "other"]}),
        ("--max-problems=7", {"a": ["1", "2", "3"], "b": ["1", "2", "3", "other"]}),
        ("--max-problems=6", {"a": ["1", "2", "3"], "b": ["1", "2", "3"]}),
    ],
)
def test_as_many_problems_are_shown_as_the_limits_allow_and_not_one_more(
    start_wire: StartWire, option: str, expected: dict[str, list[str]]
) -> None:
    wire = start_wire(option)
    wire.wait_closed(run_job(wire, "for file in a b; do for each in 1 2 3; do echo $file:$each: $each; done; done"))
    wire.wait_closed(run_job(wire, "echo b:9: other", name="another"))
    wire.fence()
    assert shown(wire) == expected


@pytest.mark.parametrize(("limit_ms", "lasts_s"), [(1, 0.0), (700, 0.7)])
def test_the_problems_of_a_job_are_told_every_publish_interval_ms(
    start_wire: StartWire, gate: MakeGate, limit_ms: int, lasts_s: float
) -> None:
    wire, held = start_wire(f"--publish-interval-ms={limit_ms}"), gate()
    session = run_job(wire, 'read _ < "$1"; echo a:1: first; read _ < "$1"', held.path)
    begun = time.monotonic()
    held.release()
    wire.wait_until(lambda: bool(shown(wire)), "a problem")
    assert lasts_s <= time.monotonic() - begun
    held.release()
    wire.wait_closed(session)


def test_an_id_of_a_client_has_max_session_id_characters_and_not_one_more(start_wire: StartWire) -> None:
    wire = start_wire("--max-session-id-characters=3")
    assert wire.request("session/run", {"argv": ["true"], "sessionId": "abc"})["sessionId"] == "abc"
    error = wire.answer(wire.start("session/spawn", {"argv": ["true"], "sessionId": "abcd"}))["error"]
    assert error["code"] == INVALID_PARAMS
    assert "at most 3 characters" in error["message"]


@pytest.mark.parametrize("runs", [16, 256])
def test_output_that_changes_max_read_runs_times_is_told_in_its_order_and_beyond_it_in_coarser_steps(
    start_wire: StartWire, gate: MakeGate, runs: int
) -> None:
    wire, passed = start_wire(f"--max-read-runs={runs}"), gate()
    source = (
        "import os, sys\nwith open(sys.argv[1], 'rb', buffering=0) as gate:\n"
        "    for number in range(60): gate.read(1); os.write(1 + number % 2, b'%02d' % number)"
    )
    session = wire.spawn(python(source, passed.path), attach=[])["sessionId"]
    for number in range(60):
        passed.open_and_release()
        begin = {"sessionId": session, "stream": STREAMS[number % 2], "fromOffset": number // 2 * 2}
        assert wire.request("session/read", {**begin, "waitMs": DEADLINE_S * 1000})["length"] == 2
    wire.wait_closed(session)
    for stream in STREAMS:
        wire.request("session/attach", {"sessionId": session, "stream": stream})
        wire.wait_output(session, stream, 60)
    told = [piece for stream in STREAMS for piece in wire.delivered(session, stream)]
    ordered = "".join(piece["data"] for piece in sorted(told, key=lambda piece: (piece["seq"], piece["offset"])))
    truth = "".join(f"{number:02}" for number in range(60))
    if runs == 256:
        assert ordered == truth
    else:
        assert ordered != truth
        assert ordered.endswith(truth[-2 * 8 :]), "the newest keep their order"
    for first, stream in enumerate(STREAMS):
        mine = "".join(piece["data"] for piece in told if piece["stream"] == stream)
        assert mine == "".join(f"{number:02}" for number in range(first, 60, 2))


def test_a_file_that_takes_nothing_for_tee_stall_ms_ends_its_tee(start_wire: StartWire, tmp_path: pathlib.Path) -> None:
    wire = start_wire("--tee-stall-ms=300")
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    target = {"stdout": {"path": str(tmp_path / "fifo")}}
    begun = time.monotonic()
    session = wire.spawn(["yes"], attach=[], tee=target, graceMs=0)["sessionId"]
    failed = wire.wait_notification("session/teeError")
    assert time.monotonic() - begun >= 0.3
    assert (failed["errno"], failed["path"]) == ("ETIMEDOUT", str(tmp_path / "fifo"))
    os.close(reader)
    end = wire.request("session/info", {"sessionId": session})["stdout"]["endOffset"]
    more = {"sessionId": session, "stream": "stdout", "fromOffset": end, "waitMs": DEADLINE_S * 1000}
    assert wire.request("session/read", more)["length"] > 0, "the child is held up no more"
    wire.request("session/terminate", {"sessionId": session})
    wire.wait_closed(session)


# ---- searching


def wait_for(wire: WireClient, session: str, **params: object) -> int | str:
    return wire.start("session/waitFor", {"sessionId": session, "stream": "stdout", **params})


@pytest.mark.parametrize("kind", ["pattern", "literal"])
def test_a_pattern_or_a_literal_has_max_pattern_characters_and_not_one_more(start_wire: StartWire, kind: str) -> None:
    wire = start_wire("--max-pattern-characters=5")
    session = wire.spawn(["echo", "größe"])["sessionId"]
    assert wire.result(wait_for(wire, session, **{kind: "größe"}))["matched"]
    error = wire.answer(wait_for(wire, session, **{kind: "größer"}))["error"]
    assert error["code"] == INVALID_PARAMS
    assert "at most 5 characters" in error["message"]
    wire.wait_closed(session)


@pytest.mark.parametrize("less", [0, 1])
def test_a_pattern_has_max_pattern_size_and_not_one_instruction_more(start_wire: StartWire, less: int) -> None:
    size = Pattern("(abc){2}", longest_bytes=1, max_size=1000).size
    wire = start_wire(f"--max-pattern-size={size - less}")
    session = wire.spawn(["echo", "abcabc"])["sessionId"]
    answer = wire.answer(wait_for(wire, session, pattern="(abc){2}"))
    if less:
        assert f"needs {size} instructions, more than {size - 1}" in answer["error"]["message"]
        assert answer["error"]["data"]["position"] == 5
    else:
        assert answer["result"]["matched"]
    wire.wait_closed(session)


def test_max_patterns_are_waited_for_and_one_more_is_refused(start_wire: StartWire) -> None:
    wire = start_wire("--max-patterns=2")
    session = wire.spawn(["cat"])["sessionId"]
    waits = [wait_for(wire, session, pattern=each) for each in ("a+\n", "b+\n", "a+\n")]
    error = check_refusal(wire, "LimitExceeded", wait_for(wire, session, pattern="c+\n"))
    assert (error.data["limit"], error.data["value"]) == ("maxPatterns", 2)
    waits.append(wait_for(wire, session, literal="c"))
    wire.request("session/write", {"sessionId": session, "data": "a\nb\nc\n", "close": True})
    assert all(wire.result(each)["matched"] for each in waits)
    assert wire.result(wait_for(wire, session, pattern="c+\n"))["matched"]
    wire.wait_closed(session)


def test_a_match_of_max_match_bytes_is_found_wherever_it_lies_and_twice_that_is_told(start_wire: StartWire) -> None:
    wire = start_wire("--max-match-bytes=8")
    for before in range(20):
        session = wire.spawn(["printf", "." * before + "w" * 8 + "." * 20])["sessionId"]
        assert wire.result(wait_for(wire, session, pattern="w{8}"))["offset"] == before
        wire.wait_closed(session)
    session = wire.spawn(["printf", "w" * 100])["sessionId"]
    assert wire.result(wait_for(wire, session, pattern="w+"))["text"] == "w" * 16
    wire.wait_closed(session)


def test_a_match_at_the_very_end_counts_after_match_settle_ms(start_wire: StartWire) -> None:
    wire = start_wire("--match-settle-ms=300")
    session = wire.spawn(shell("printf 80; exec cat"))["sessionId"]
    wire.wait_output(session, "stdout", 2)
    begun = time.monotonic()
    assert wire.result(wait_for(wire, session, pattern="[0-9]+"))["text"] == "80"
    assert time.monotonic() - begun >= 0.3
    assert wire.result(wait_for(wire, session, literal="80"))["text"] == "80"
    wire.request("session/terminate", {"sessionId": session})
    wire.wait_closed(session)


# ---- requests and answers


def test_max_pending_requests_wait_and_one_more_is_refused(start_wire: StartWire) -> None:
    wire = start_wire("--max-pending-requests=3")
    session = wire.spawn(["cat"])["sessionId"]
    waits = [wire.start("session/wait", {"sessionId": session}) for _ in range(3)]
    error = check_refusal(wire, "LimitExceeded", wire.start("session/wait", {"sessionId": session}))
    assert (error.data["limit"], error.data["value"]) == ("maxPendingRequests", 3)
    wire.notify("$/cancelRequest", {"id": waits[0]})
    assert wire.answer(waits[0])["error"]["code"] == REQUEST_CANCELLED
    waits[0] = wire.start("session/wait", {"sessionId": session})
    wire.request("session/terminate", {"sessionId": session, "graceMs": 0})
    assert [wire.result(wait)["exit"]["signal"] for wait in waits] == ["SIGKILL"] * 3


def test_the_ids_of_requests_that_wait_take_max_pending_id_bytes_and_no_byte_more(start_wire: StartWire) -> None:
    first, second = "first", "a longer second id"
    limit = sys.getsizeof(first) + sys.getsizeof(second)
    wire = start_wire(f"--max-pending-id-bytes={limit}")
    session = wire.spawn(["cat"])["sessionId"]

    def wait(request_id: str) -> str:
        wire.send({"jsonrpc": "2.0", "id": request_id, "method": "session/wait", "params": {"sessionId": session}})
        return request_id

    wait(first)
    error = check_refusal(wire, "LimitExceeded", wait(second + "!"))
    assert (error.data["limit"], error.data["value"]) == ("maxPendingIdBytes", limit)
    wait(second)
    wire.request("session/terminate", {"sessionId": session, "graceMs": 0})
    assert [wire.result(each)["exit"]["signal"] for each in (first, second)] == ["SIGKILL"] * 2


def test_a_progress_token_has_max_token_characters_and_not_one_more(start_wire: StartWire) -> None:
    wire = start_wire("--max-token-characters=5")

    def run(token: str) -> int | str:
        params = {"command": "pipe-rpc.run", "arguments": ["cat"], "workDoneToken": token}
        return wire.start("workspace/executeCommand", params)

    error = wire.answer(run("größer"))["error"]
    assert error["code"] == INVALID_PARAMS
    assert "at most 5 characters" in error["message"]
    assert wire.result(run("größe"))["pid"]


@linux_only
@pytest.mark.parametrize("limit", [1, 3, 64])
def test_requests_per_turn_are_handled_and_one_more_leaves_the_others_their_turn(
    start_wire: StartWire, gate: MakeGate, limit: int
) -> None:
    wire, held, written = start_wire(f"--requests-per-turn={limit}"), gate(), gate()
    script = "read _ < $1; echo output; echo > $2; read _ < $1"
    session = wire.spawn(shell(script, held.path, written.path))["sessionId"]
    server = [wire.pid, *descendants(wire.pid)][:2]
    requests = [wire.next_id() for _ in range(20)]
    wire.fence()  # Behind it the server waits for requests, rather than having some left of the turn before.
    with frozen(server):
        # The server finds the output and the requests together.
        held.open_and_release()
        written.wait()
        wire.send_all({"jsonrpc": "2.0", "id": each, "method": "session/list"} for each in requests)
    wire.wait_output(session, "stdout", len("output\n"))
    wire.answer(requests[-1])
    arrived = [entry.message for entry in wire.trace if entry.direction == "in" and isinstance(entry.message, dict)]
    output = next(place for place, message in enumerate(arrived) if message.get("method") == "session/output")
    before = sum(message.get("id") in requests for message in arrived[:output])
    # A turn's share where they are read, and one more before what was read meanwhile is told.
    assert before == min(2 * limit, len(requests))
    held.open_and_release()
    wire.wait_closed(session)


@pytest.mark.parametrize("more", [0, 1])
def test_max_queued_request_bytes_wait_behind_a_spawn_and_with_one_more_others_wait_too(
    start_wire: StartWire, more: int
) -> None:
    spawns: list[Message] = [
        {"jsonrpc": "2.0", "id": f"spawn {number}", "method": "session/spawn", "params": {"argv": ["true"]}}
        for number in range(6)
    ]
    _, _, body = encode_frame(spawns[0]).partition(b"\r\n\r\n")
    size = sys.getsizeof(body) + sys.getsizeof("spawn 0")
    wire = start_wire(f"--max-queued-request-bytes={5 * size + 1 - more}")
    session = wire.spawn(["cat"])["sessionId"]
    info: Message = {"jsonrpc": "2.0", "id": "info", "method": "session/info", "params": {"sessionId": session}}
    # All in one write that the server reads at once (pipe(7), PIPE_BUF).
    wire.send_all([*spawns, info])
    arrived: list[str] = []
    while len(arrived) < 7:
        message = wire.receive()
        if "id" in message:
            arrived.append(message["id"])
    assert arrived.index("info") == 1 + more
    assert [each for each in arrived if each != "info"] == [each["id"] for each in spawns]


PIPE_BYTES = 4096
"""The capacity that these tests give to the pipe from the server: the smallest that there is (fcntl(2))."""


def small_pipe(wire: WireClient) -> None:
    """Let little fit between the server and the client, so that it shows what waits in the server."""
    assert wire.process.stdout is not None
    assert fcntl.fcntl(wire.process.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES) == PIPE_BYTES


@linux_only
@pytest.mark.parametrize("mark", [2000, 400_000])
def test_output_is_made_up_to_outbound_low_water_bytes_and_one_notification(
    start_wire: StartWire, gate: MakeGate, mark: int
) -> None:
    output_bytes, frame_bytes, written = 500, 1000, gate()
    wire = start_wire(f"--outbound-low-water-bytes={mark}", f"--max-output-bytes={output_bytes}")
    small_pipe(wire)
    with wire.not_reading():
        spawned = wire.start("session/spawn", {"argv": child("spew", "stdout", 900_000, written.path)})
        assert written.wait() == b"written\n"  # The ring has all of it.
        asked = wire.start("session/list")
    wire.answer(asked)
    arrived = [entry.message for entry in wire.trace if entry.direction == "in" and isinstance(entry.message, dict)]
    place = next(index for index, message in enumerate(arrived) if message.get("id") == asked)
    ahead = sum(len(encode_frame(message)) for message in arrived[:place] if message.get("method") == "session/output")
    assert ahead <= PIPE_BYTES + mark + frame_bytes
    assert ahead >= mark // 2, "as much as may wait does"
    wire.wait_closed(wire.result(spawned)["sessionId"])


@linux_only
def test_answers_up_to_max_outbound_bytes_hold_up_nothing(start_wire: StartWire, gate: MakeGate) -> None:
    wire, later = start_wire("--max-outbound-bytes=100000", "--flush-timeout-ms=100"), gate()
    small_pipe(wire)
    doomed = wire.spawn(child("stubborn"), graceMs=0)
    wire.wait_output(doomed["sessionId"], "stdout", len("ready\n"))
    with wire.not_reading(), WatchedProcess(doomed["pid"]) as watched:
        requests = [wire.start("no/such", {"filler": number}) for number in range(400)]
        wire.start("session/spawn", {"argv": shell("sleep 0.5; echo > $1", later.path), "attach": []})
        later.wait()  # Five times as long as a client may read nothing that leaves too much unread.
        wire.start("session/terminate", {"sessionId": doomed["sessionId"]})
        watched.wait_gone()
    answers = [wire.answer(request) for request in requests]
    assert 50_000 < sum(len(encode_frame(answer)) for answer in answers) < 100_000


@linux_only
def test_who_leaves_more_than_max_outbound_bytes_unread_is_given_up(start_wire: StartWire) -> None:
    wire = start_wire("--max-outbound-bytes=100000", "--flush-timeout-ms=100")
    small_pipe(wire)
    with wire.not_reading(), Family(wire.pid) as family:
        for number in range(1000):
            wire.start("no/such", {"filler": number})
        assert wire.process.wait(DEADLINE_S) == 1
        family.wait_gone()
    assert "--max-outbound-bytes" in wire.stderr_text() or wire.stderr_text() == ""


@linux_only
@pytest.mark.parametrize("limit_ms", [200, 60_000])
def test_a_server_that_ends_waits_flush_timeout_ms_for_a_client_to_read(start_wire: StartWire, limit_ms: int) -> None:
    wire = start_wire(f"--flush-timeout-ms={limit_ms}")
    small_pipe(wire)
    flood = wire.spawn(["yes"], graceMs=0)
    session = flood["sessionId"]
    with wire.not_reading(), WatchedProcess(flood["pid"]) as watched:
        begun = time.monotonic()
        wire.process.send_signal(signal.SIGTERM)
        watched.wait_gone()
        if limit_ms == 200:
            assert wire.process.wait(DEADLINE_S) == 1
            assert 0.2 <= time.monotonic() - begun < Limits().flush_timeout_ms / 1000, "and not as long as by default"
            return
    # Longer than any wait of a test: the server is there as long as this client needs, and tells everything.
    assert wire.wait_exited(session)["reason"] == "shutdown"
    wire.wait_closed(session)
    assert wire.wait_exit() == 1
