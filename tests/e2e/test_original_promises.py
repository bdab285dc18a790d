"""What the original did, or did wrong, and no other test shows: `tests/house/original.py` names the row of each."""

from __future__ import annotations

import os
import platform
import signal
import sys
import time
from collections.abc import Callable

import pytest

from tests.children.spew import pattern
from tests.support.bare_server import Family
from tests.support.fixture_types import MakeGate, StartWire
from tests.support.processes import WatchedProcess, descendants, frozen, resident_bytes
from tests.support.programs import child, python, shell
from tests.support.refusals import refusal
from tests.support.trace import DEADLINE_S
from tests.support.wire_client import Message, WireClient, decode_data

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
KIB, MIB = 1 << 10, 1 << 20
SLACK_BYTES = 16 * MIB
"""What a server may grow by while far more than that goes through it."""

TIMEOUT_ARGUMENTS = {"x86_64": {232: 3, 281: 3, 7: 2}, "aarch64": {22: 3}}
"""Which argument of epoll_wait, epoll_pwait and poll is the timeout, by the number of the system call."""


def attach(wire: WireClient, session: str, **params: object) -> Message:
    """`session/attach` to stdout, waited for."""
    answer: Message = wire.request("session/attach", {"sessionId": session, "stream": "stdout", **params})
    return answer


def info_of(wire: WireClient, session: str) -> Message:
    """`session/info`, waited for."""
    answer: Message = wire.request("session/info", {"sessionId": session})
    return answer


def finished(wire: WireClient, argv: list[str], **params: object) -> str:
    """A session that has run to its end."""
    session: str = wire.spawn(argv, **params)["sessionId"]
    wire.wait_closed(session)
    return session


def first_line(wire: WireClient, session: str) -> str:
    """The first line of stdout, waited for."""
    while b"\n" not in (data := wire.collect_output(session, "stdout")):
        wire.wait_output(session, "stdout", len(data) + 1)
    return data.split(b"\n")[0].decode()


def server_of(wire: WireClient) -> int:
    """The process that serves: while there is no session yet the only child of its guard, or without one itself."""
    with open(f"/proc/{wire.pid}/task/{wire.pid}/children", encoding="ascii") as children:
        [server] = [int(pid) for pid in children.read().split()] or [wire.pid]
    return server


def peak_bytes(pid: int) -> int:
    """The most resident memory that a process ever had."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        [kibibytes] = [line.split()[1] for line in status if line.startswith("VmHWM:")]
    return int(kibibytes) * KIB


# ---- bytes as they were written


@pytest.mark.parametrize(
    "data",
    [b"abc", b"a\n\nb\n\n\n", b"a\r\nb\r\n", b"\r\n\r\n", b"\n", b"\0\n\0", b"half a line\nand half"],
    ids=repr,
)
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_no_byte_is_invented_and_none_is_left_out(wire: WireClient, data: bytes, stream: str) -> None:
    descriptor = {"stdout": 1, "stderr": 2}[stream]
    source = f"import os; os.write({descriptor}, bytes.fromhex({data.hex()!r}))"
    session = finished(wire, python(source))
    assert wire.collect_output(session, stream) == data
    read = {"sessionId": session, "stream": stream, "fromOffset": 0}
    assert decode_data(wire.request("session/read", read)) == data


def test_a_line_end_that_comes_in_two_reads_is_still_the_same_line_end(wire: WireClient, gate: MakeGate) -> None:
    held, data = gate(), b"a\r\n\r\n\n\rb"
    session = wire.spawn(child("bytewise", data.hex(), held.path))["sessionId"]
    for length in range(1, len(data) + 1):
        held.open_and_release()
        assert wire.wait_output(session, "stdout", length) == data[:length]
    wire.wait_closed(session)


def test_a_progress_bar_is_seen_while_it_moves(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    script = "for n in 10 20 30; do printf '\\r%s%%' $n; read _ < $1; done"
    session = wire.spawn(shell(script, held.path))["sessionId"]
    shown = b""
    for percent in (10, 20, 30):
        shown += b"\r%d%%" % percent
        assert wire.wait_output(session, "stdout", len(shown)) == shown
        held.open_and_release()
    wire.wait_closed(session)


def test_a_prompt_is_seen_and_answered_while_the_child_waits(wire: WireClient) -> None:
    session = wire.spawn(shell("printf 'Password: '; read word; printf 'got %s' \"$word\""))["sessionId"]
    assert wire.wait_output(session, "stdout", 10) == b"Password: "
    wire.request("session/write", {"sessionId": session, "data": "sesame\n"})
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == b"Password: got sesame"


def test_notifications_are_as_large_as_what_there_is_and_not_as_a_line(wire: WireClient) -> None:
    session = finished(wire, child("spew", "stdout", 8 * MIB))
    lines = pattern(8 * MIB).count(b"\n")
    assert lines > 300_000
    assert len(wire.delivered(session, "stdout")) < lines / 50


def test_a_line_longer_than_a_notification_comes_in_several(wire: WireClient) -> None:
    session = finished(wire, shell("printf '%0150000d\\n' 0"))
    lengths = [output["length"] for output in wire.delivered(session, "stdout")]
    assert sum(lengths) == 150_001
    assert len(lengths) >= 3
    assert max(lengths) <= 64 * KIB


# ---- the ring


def test_each_stream_of_a_session_retains_a_mebibyte_of_its_own_and_counts_the_rest(wire: WireClient) -> None:
    size = 3_177_500
    session = finished(wire, shell("head -c $1 /dev/zero; head -c $1 /dev/zero >&2", size), attach=[])
    info = info_of(wire, session)
    for stream in ("stdout", "stderr"):
        told = info[stream]
        assert (told["startOffset"], told["endOffset"], told["missedBytes"]) == (size - MIB, size, size - MIB)


def test_bytes_that_were_delivered_are_never_told_as_missed(wire: WireClient, gate: MakeGate) -> None:
    held, size = gate(), 3 * MIB
    argv = shell('"$@"; read _ < "$0"; printf more', *child("spew", "stdout", size))
    argv[3] = held.path  # $0: what the script waits at.
    session = wire.spawn(argv)["sessionId"]
    wire.wait_output(session, "stdout", size)
    told = info_of(wire, session)["stdout"]
    assert (told["startOffset"], told["missedBytes"]) == (size - MIB, 0)
    offset = wire.request("session/detach", {"sessionId": session, "stream": "stdout"})["offset"]
    assert offset == size
    answer = attach(wire, session, fromOffset=offset)
    assert (answer["offset"], answer["missedBytes"]) == (size, 0)
    held.open_and_release()
    wire.wait_closed(session)
    assert all("missedBytes" not in output for output in wire.delivered(session, "stdout"))
    assert wire.collect_output(session, "stdout") == pattern(size) + b"more"


@linux_only
@pytest.mark.parametrize("program", ["yes a line of a log that nobody wants to see", "cat /dev/zero"])
def test_a_long_output_costs_no_more_than_its_ring_and_is_there_before_it_ends(
    wire: WireClient, gate: MakeGate, program: str
) -> None:
    server, report, held, size = server_of(wire), gate(), gate(), 128 * MIB
    finished(wire, ["true"])
    before = resident_bytes(server)
    script = f"{program} | head -c $1; echo > $2; read _ < $3"
    session = wire.spawn(shell(script, size, report.path, held.path), attach=[])["sessionId"]
    report.wait()
    last = {"sessionId": session, "stream": "stdout", "fromOffset": size - 1, "waitMs": 30_000}
    answer = wire.request("session/read", last)
    assert (answer["length"], answer["nextOffset"], answer["ended"]) == (1, size, False)
    assert peak_bytes(server) - before < SLACK_BYTES
    held.open_and_release()
    wire.wait_closed(session)
    assert peak_bytes(server) - before < SLACK_BYTES


@linux_only
@pytest.mark.parametrize("overflow", ["block", "dropOldest"])
def test_a_client_that_reads_slowly_costs_no_memory(wire: WireClient, overflow: str) -> None:
    server, size = server_of(wire), 64 * MIB
    finished(wire, ["true"])
    before = resident_bytes(server)
    with wire.not_reading():
        params = {"argv": child("spew", "stdout", size), "overflow": overflow}
        spawned = wire.start("session/spawn", params)
    for _ in range(100):
        wire.read_some(4 * KIB)
    session = wire.result(spawned)["sessionId"]
    wire.wait_closed(session)
    assert peak_bytes(server) - before < SLACK_BYTES
    assert info_of(wire, session)["stdout"]["endOffset"] == size


# ---- attachments


def test_an_attach_is_refused_for_the_session_then_the_stream_then_the_slot_then_the_offset(wire: WireClient) -> None:
    wrong: Message = {"sessionId": "pipe-none", "stream": "stderr", "fromOffset": 1}
    refusal(wire, "SessionNotFound", "session/attach", wrong)
    wrong["sessionId"] = wire.spawn(["cat"], mergeStderr=True)["sessionId"]
    refusal(wire, "StreamUnavailable", "session/attach", wrong)
    refusal(wire, "StreamUnavailable", "session/attach", {**wrong, "steal": True})
    wrong["stream"] = "stdout"
    refusal(wire, "AlreadyAttached", "session/attach", wrong)
    refusal(wire, "OffsetOutOfRange", "session/attach", {**wrong, "steal": True})
    assert info_of(wire, wrong["sessionId"])["stdout"]["attached"] is True


def test_a_refused_second_attachment_leaves_the_first_its_output(wire: WireClient) -> None:
    info = wire.spawn(["cat"])
    session = info["sessionId"]
    refusal(wire, "AlreadyAttached", "session/attach", {"sessionId": session, "stream": "stdout"})
    wire.request("session/write", {"sessionId": session, "data": "still mine", "close": True})
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == b"still mine"
    ended = wire.wait_notification("session/detached", sessionId=session, stream="stdout")
    assert (ended["attachmentId"], ended["reason"]) == (info["stdout"]["attachmentId"], "ended")


def test_each_thief_keeps_what_it_has_stolen(wire: WireClient) -> None:
    info = wire.spawn(["cat"])
    session, holder, expected = info["sessionId"], info["stdout"]["attachmentId"], b""
    for number in range(20):
        answer = attach(wire, session, steal=True, fromOffset=len(expected))
        stolen = wire.wait_notification("session/detached", sessionId=session, stream="stdout")
        assert (stolen["attachmentId"], stolen["reason"], stolen["offset"]) == (holder, "stolen", len(expected))
        holder = answer["attachmentId"]
        expected += b"%d\n" % number
        wire.request("session/write", {"sessionId": session, "data": f"{number}\n"})
        assert wire.wait_output(session, "stdout", len(expected)) == expected
        told = info_of(wire, session)["stdout"]
        assert (told["attached"], told["attachmentId"]) == (True, holder)


def test_an_attachment_behind_the_end_of_its_stream_is_told_so_while_the_child_lives(
    wire: WireClient, gate: MakeGate
) -> None:
    report, held = gate(), gate()
    session = wire.spawn(child("closer", "1", report.path, held.path), attach=[])["sessionId"]
    report.wait()
    read = {"sessionId": session, "stream": "stdout", "fromOffset": 0, "waitMs": 30_000}
    assert wire.request("session/read", read)["ended"] is True
    for _ in range(3):
        answer = attach(wire, session)
        told = wire.wait_notification("session/detached", sessionId=session, stream="stdout")
        assert (told["attachmentId"], told["reason"], told["offset"]) == (answer["attachmentId"], "ended", 0)
    assert info_of(wire, session)["state"] == "running"
    held.open_and_release()
    wire.wait_closed(session)


@linux_only
@pytest.mark.parametrize("first", ["the request", "the exit"])
def test_an_attachment_in_the_moment_of_the_exit_gets_everything_and_its_end(
    wire: WireClient, gate: MakeGate, first: str
) -> None:
    held = gate()
    server = [wire.pid, *descendants(wire.pid)]
    for _ in range(20):
        info = wire.spawn(shell("read _ < $1; printf farewell", held.path), attach=[])
        session, request = info["sessionId"], wire.next_id()
        attaching: Message = {"sessionId": session, "stream": "stdout"}
        with WatchedProcess(info["pid"]) as watched, frozen(server):
            # The server finds the output, the exit and the request together.
            if first == "the request":
                wire.start("session/attach", attaching, request)
            held.open_and_release()
            watched.wait_gone()
            if first == "the exit":
                wire.start("session/attach", attaching, request)
        attachment = wire.result(request)["attachmentId"]
        ended = wire.wait_notification("session/detached", attachmentId=attachment)
        assert (ended["reason"], ended["offset"]) == ("ended", len("farewell"))
        assert wire.collect_output(session, "stdout") == b"farewell"
        assert wire.wait_exited(session)["exitCode"] == 0


# ---- sessions and their processes


def test_a_session_is_known_to_the_request_right_behind_its_spawn(wire: WireClient) -> None:
    spawn, listing = wire.next_id(), wire.next_id()
    wire.send_all(
        [
            {"jsonrpc": "2.0", "id": spawn, "method": "session/spawn", "params": {"argv": ["cat"]}},
            {"jsonrpc": "2.0", "id": listing, "method": "session/list"},
        ]
    )
    spawned, sessions = wire.result(spawn), wire.result(listing)["sessions"]
    assert [each["sessionId"] for each in sessions] == [spawned["sessionId"]]
    assert (sessions[0]["pid"], sessions[0]["createdAt"]) == (spawned["pid"], spawned["createdAt"])


def test_a_child_runs_at_the_priority_of_whoever_started_the_server(wire: WireClient) -> None:
    session = finished(wire, python("import os; print(os.getpriority(os.PRIO_PROCESS, 0))"))
    assert int(wire.collect_output(session, "stdout")) == os.getpriority(os.PRIO_PROCESS, 0)


@linux_only
def test_a_kill_reaches_a_grandchild_that_is_as_stubborn_as_its_leader(wire: WireClient) -> None:
    script = "trap '' TERM; sleep 1000 & echo $!; while :; do wait; done"
    for grace in (0, 200):
        session = wire.spawn(shell(script))["sessionId"]
        with WatchedProcess(int(first_line(wire, session))) as grandchild:
            wire.request("session/terminate", {"sessionId": session, "graceMs": grace})
            exited = wire.wait_exited(session)
            assert (exited["signal"], exited["outcome"]) == ("SIGKILL", "hardKilled")
            grandchild.wait_gone()
        wire.wait_closed(session)


def test_a_grace_of_zero_kills_at_once_when_all_are_terminated_too(wire: WireClient) -> None:
    sessions = [wire.spawn(child("farewell", 100, 0))["sessionId"] for _ in range(2)]
    for session in sessions:
        wire.wait_output(session, "stdout", len("ready\n"))
    assert wire.request("session/terminateAll", {"graceMs": 0}) == {"terminated": 2}
    for session in sessions:
        exited = wire.wait_exited(session)
        assert (exited["signal"], exited["outcome"]) == ("SIGKILL", "hardKilled")
        wire.wait_closed(session)
        assert wire.collect_output(session, "stdout") == b"ready\n"


@pytest.mark.parametrize("where", ["connection", "spawn", "terminate", "terminateAll"])
def test_no_grace_is_longer_than_the_limit_wherever_it_is_asked_for(start_wire: StartWire, where: str) -> None:
    endless = {"graceMs": 10**9}
    wire = start_wire("--max-grace-ms=200", options=endless if where == "connection" else {"graceMs": 0})
    session = wire.spawn(child("stubborn"), **(endless if where == "spawn" else {}))["sessionId"]
    wire.wait_output(session, "stdout", len("ready\n"))
    method = "session/terminateAll" if where == "terminateAll" else "session/terminate"
    params: Message = {} if method == "session/terminateAll" else {"sessionId": session}
    wire.request(method, {**params, **(endless if where in method else {})})
    exited = wire.wait_exited(session)
    assert exited["outcome"] == "hardKilled"
    assert exited["durationMs"] >= 200, "it had its grace"


@linux_only
def test_a_server_that_is_killed_under_its_guard_leaves_nothing_running(start_wire: StartWire) -> None:
    wire = start_wire()
    server = server_of(wire)
    stubborn = wire.spawn(child("stubborn"))["sessionId"]
    wire.wait_output(stubborn, "stdout", len("ready\n"))
    escaped = wire.spawn(shell("setsid sleep 1000 & echo $!; wait"))["sessionId"]
    first_line(wire, escaped)
    with Family(wire.pid) as family:
        assert len(family) >= 5
        os.kill(server, signal.SIGKILL)
        assert wire.wait_exit() == 128 + signal.SIGKILL
        family.wait_gone()


# ---- the server itself


@linux_only
def test_sessions_add_no_thread_and_a_server_at_rest_sleeps_without_a_timeout(wire: WireClient) -> None:
    server = server_of(wire)
    for _ in range(50):
        wire.spawn(["cat"])
    wire.start("session/wait", {"sessionId": wire.spawn(["cat"])["sessionId"]}, id="endless")
    wire.fence()
    for pid in (wire.pid, server):
        assert len(os.listdir(f"/proc/{pid}/task")) == 1
    _wait_for(lambda: _sleeps_for_ever(server), "the server always sleeps with a timeout")
    assert wire.request("session/terminateAll", {}) == {"terminated": 51}
    assert wire.result("endless")["exit"]["signal"] == "SIGTERM"


def _sleeps_for_ever(pid: int) -> bool:
    with open(f"/proc/{pid}/syscall", encoding="ascii") as call:
        number, *arguments = call.read().split()
    if not number.isdigit():
        return False  # It runs.
    position = TIMEOUT_ARGUMENTS[platform.machine()].get(int(number))
    return position is not None and int(arguments[position], 16) & 0xFFFFFFFF == 0xFFFFFFFF


def _wait_for(condition: Callable[[], bool], failure: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, failure
        os.sched_yield()


def test_requests_and_answers_of_more_than_four_mebibytes_are_ordinary(wire: WireClient) -> None:
    held = wire.spawn(["cat"], attach=[])["sessionId"]
    written = {"sessionId": held, "data": "x" * (6 * MIB), "close": True}
    assert wire.request("session/write", written) == {"bytesWritten": 6 * MIB}
    for _ in range(60):
        wire.spawn(["true", "y" * 100_000], attach=[])
    sessions = wire.request("session/list", {})["sessions"]
    assert len(sessions) == 61
    assert sum(len(each["argv"][-1]) + len(each["command"]) for each in sessions) > 8 * MIB
