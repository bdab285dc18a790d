"""`session/exited` and `session/closed`: never before the last byte, never waiting for a grandchild, each once."""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

import pytest

from tests.support.dose import dose
from tests.support.fixture_types import MakeGate
from tests.support.gates import Gate
from tests.support.ledger import Ledger
from tests.support.processes import WatchedProcess, descendants, frozen, process_state
from tests.support.programs import child, python, shell
from tests.support.wire_client import Message, WireClient

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="Linux system calls")

RUNS = dose(short=200, ci=200, long=5_000)
"""How often the races are run. The continuous integration asks for more."""

AT_ONCE = 8

WRITE_AND_EXIT = 'printf "%0${1}d" 0; printf "%0${1}d" 0 >&2; exit $2'
"""Builtins of the shell only: no further process, and the exit is as near to the last write as can be."""


def named(wire: WireClient, session: str) -> list[str]:
    """The methods of the notifications that have named the session, in order of arrival."""
    return [
        entry.message["method"]
        for entry in wire.trace
        if entry.direction == "in"
        and not isinstance(entry.message, bytes)
        and entry.message.get("params", {}).get("sessionId") == session
    ]


# ---- order


@pytest.mark.parametrize("size", [1, 4096, 65_536, 300_000])
@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.attack
@pytest.mark.timeout(900)
def test_the_exit_never_overtakes_the_output(wire: WireClient, size: int, merged: bool, ledger: Ledger) -> None:
    expected = {"stdout": 2 * size} if merged else {"stdout": size, "stderr": size}
    started: list[int | str] = []
    for run in range(RUNS // 8):
        params = {"argv": shell(WRITE_AND_EXIT, size, run % 256), "mergeStderr": merged}
        started.append(wire.start("session/spawn", params))
        if len(started) == AT_ONCE or run == RUNS // 8 - 1:
            first = run + 1 - len(started)
            sessions = [wire.result(request)["sessionId"] for request in started]
            for number, session in enumerate(sessions, start=first):
                _check_run(wire, session, expected, number % 256)
            started = []
    ledger.enter("exits right behind the last write", tried=RUNS // 8)


def _check_run(wire: WireClient, session: str, expected: dict[str, int], code: int) -> None:
    received = dict.fromkeys(expected, 0)
    exited: Message | None = None
    while True:
        message = wire.wait_for_session(session)
        params = message["params"]
        match message["method"]:
            case "session/output":
                assert exited is None, "output after session/exited"
                received[params["stream"]] += params["length"]
            case "session/exited":
                assert exited is None, "session/exited twice"
                exited = params
                assert received == expected, "session/exited before the last byte"
            case "session/closed":
                break
    assert exited is not None, "session/closed without session/exited"
    assert (exited["exitCode"], exited["streamsOpen"]) == (code, [])


def test_children_that_all_exit_at_once_are_all_told(wire: WireClient, gate: MakeGate) -> None:
    held, count = gate(), 60
    sessions = [wire.spawn(shell("read _ < $1; echo last; exit 6", held.path))["sessionId"] for _ in range(count)]
    held.open_and_release(count)
    for session in sessions:
        exited = wire.wait_exited(session)
        assert (exited["exitCode"], exited["streamsOpen"]) == (6, [])
        wire.wait_closed(session)
        assert wire.collect_output(session, "stdout") == b"last\n"
        assert named(wire, session)[-2:] == ["session/exited", "session/closed"] or (
            named(wire, session)[-1] == "session/closed"
        )


def _exit_unseen(wire: WireClient, held: Gate, argv: list[str], **params: object) -> tuple[str, Message]:
    """Let a child that waits at a gate write and exit while the server is frozen: it finds all of that together."""
    server = [wire.pid, *descendants(wire.pid)]
    info = wire.spawn(argv, **params)
    with WatchedProcess(info["pid"]) as watched, frozen(server):
        held.open_and_release()
        watched.wait_gone()
    session: str = info["sessionId"]
    return session, wire.wait_exited(session)


@linux_only
@pytest.mark.parametrize("size", [1, 4096, 60_000])
def test_output_and_exit_that_are_found_together_are_told_in_order(wire: WireClient, gate: MakeGate, size: int) -> None:
    held = gate()
    for code in range(10):
        script = 'read _ < "$1"; printf "%0${2}d" 0; printf "%0${2}d" 0 >&2; exit $3'
        session, exited = _exit_unseen(wire, held, shell(script, held.path, size, code))
        for stream in ("stdout", "stderr"):
            assert wire.collect_output(session, stream) == b"0" * size
        assert (exited["exitCode"], exited["streamsOpen"]) == (code, [])


@linux_only
@pytest.mark.parametrize("ring", [{}, {"backlogBytes": 4096}, {"backlogBytes": 4 << 20}], ids=repr)
def test_a_full_enlarged_pipe_is_delivered_before_the_exit(wire: WireClient, gate: MakeGate, ring: Message) -> None:
    held = gate()
    session, exited = _exit_unseen(wire, held, child("full_pipe", 1 << 20, held.path), **ring)
    written = int(wire.collect_output(session, "stderr"))
    assert written >= 65_536
    assert wire.collect_output(session, "stdout") == b"f" * written
    assert (exited["exitCode"], exited["streamsOpen"]) == (0, [])


@linux_only
def test_the_last_words_of_the_leader_are_found_behind_those_of_a_grandchild(wire: WireClient, gate: MakeGate) -> None:
    held, first, end = gate(), gate(), gate()
    script = """
        (read _ < "$1"; printf "%050000d" 0; echo > "$2"; read _ < "$3") &
        read _ < "$2"; echo MARK; exit 9
    """
    session, exited = _exit_unseen(wire, held, shell(script, held.path, first.path, end.path))
    assert wire.collect_output(session, "stdout") == b"0" * 50_000 + b"MARK\n"
    assert exited["exitCode"] == 9
    assert sorted(exited["streamsOpen"]) == ["stderr", "stdout"]
    end.open_and_release()
    wire.wait_closed(session)


def test_exited_and_closed_come_though_nobody_is_attached(wire: WireClient) -> None:
    session = wire.spawn(shell("echo out; echo err >&2; exit 2"), attach=[])["sessionId"]
    assert wire.wait_exited(session)["exitCode"] == 2
    wire.wait_closed(session)
    assert named(wire, session) == ["session/exited", "session/closed"]


def test_a_client_that_does_not_read_delays_the_exit_and_loses_nothing(wire: WireClient, gate: MakeGate) -> None:
    end, size = gate(), 900_000
    argv = shell('printf "%0${1}d" 0; echo > $2', size, end.path)
    with wire.not_reading():
        # The ring holds all of it, so that the child can end while the client does not read.
        request = wire.start("session/spawn", {"argv": argv, "overflow": "dropOldest"})
        end.wait()
    session = wire.result(request)["sessionId"]
    received = 0
    while (message := wire.wait_for_session(session))["method"] != "session/exited":
        received += message["params"].get("length", 0)
    assert received == size
    assert message["params"]["streamsOpen"] == []


def test_closed_is_the_last_that_is_heard_of_a_session(wire: WireClient) -> None:
    session = wire.spawn(shell("echo out; echo err >&2"))["sessionId"]
    wire.wait_closed(session)
    wire.fence()
    methods = named(wire, session)
    assert methods[-1] == "session/closed"
    assert sorted(methods) == [
        "session/closed",
        "session/detached",
        "session/detached",
        "session/exited",
        "session/output",
        "session/output",
    ]


# ---- grandchildren


@pytest.mark.parametrize("held_streams", [["stdout"], ["stderr"], ["stdout", "stderr"]])
def test_exited_waits_for_no_grandchild_and_says_what_it_holds(
    wire: WireClient, gate: MakeGate, held_streams: list[str]
) -> None:
    held = gate()
    session = wire.spawn(child("orphan", "+".join(held_streams), held.path))["sessionId"]
    exited = wire.wait_exited(session)
    assert exited["exitCode"] == 7
    assert sorted(exited["streamsOpen"]) == sorted(held_streams)
    assert wire.collect_output(session, "stdout").endswith(b"\n")  # The leader's own line came first.
    for stream in ("stdout", "stderr"):
        info = wire.request("session/info", {"sessionId": session})
        assert info[stream]["ended"] is (stream not in held_streams)
    assert not wire.queued("session/closed", sessionId=session)
    assert wire.request("session/wait", {"sessionId": session, "until": "closed", "timeoutMs": 50}) == {"exit": None}
    held.open_and_release()
    wire.wait_closed(session)
    for stream in held_streams:
        assert wire.collect_output(session, stream).endswith(b"late\n")
    methods = named(wire, session)
    assert methods.index("session/exited") < len(methods) - 1 - methods[::-1].index("session/output")
    assert methods[-1] == "session/closed"


def test_a_grandchild_that_holds_nothing_is_not_waited_for(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(child("orphan", "nothing", held.path))["sessionId"]
    assert wire.wait_exited(session)["streamsOpen"] == []
    wire.wait_closed(session)
    held.open_and_release()


def test_a_grandchild_that_floods_the_pipe_does_not_delay_the_exit(wire: WireClient) -> None:
    for _ in range(10):
        session = wire.spawn(shell("yes & echo leader >&2; exit 8"))["sessionId"]
        exited = wire.wait_exited(session)
        assert (exited["exitCode"], wire.collect_output(session, "stderr")) == (8, b"leader\n")
        assert "stdout" in exited["streamsOpen"]
        wire.request("session/terminate", {"sessionId": session, "graceMs": 0})
        wire.wait_closed(session)


def test_what_the_leader_wrote_comes_before_the_exit_though_a_grandchild_writes_too(wire: WireClient) -> None:
    for _ in range(10):
        session = wire.spawn(shell("yes flood & echo MARK; exit 0"))["sessionId"]
        wire.wait_exited(session)
        assert b"MARK\n" in wire.collect_output(session, "stdout")
        wire.request("session/terminate", {"sessionId": session, "graceMs": 0})
        wire.wait_closed(session)


@linux_only
def test_a_process_whose_first_thread_has_ended_has_not_exited(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(child("leaderless", held.path))["sessionId"]
    wire.wait_output(session, "stdout", len("leaving\n"))
    assert wire.request("session/wait", {"sessionId": session, "timeoutMs": 200}) == {"exit": None}
    assert wire.request("session/info", {"sessionId": session})["state"] == "running"
    held.open_and_release()
    assert wire.wait_exited(session)["exitCode"] == 5
    assert wire.collect_output(session, "stdout") == b"leaving\nlate\n"


# ---- what is told about it


@pytest.mark.parametrize("code", [0, 1, 2, 42, 126, 127, 128, 137, 143, 255])
def test_an_exit_code_is_told_as_it_is(wire: WireClient, code: int) -> None:
    exited = wire.wait_exited(wire.spawn(shell("exit $1", code))["sessionId"])
    assert (exited["exitCode"], exited["signal"], exited["coreDumped"]) == (code, None, False)
    assert (exited["outcome"], exited["reason"]) == ("naturalExit", None)


@pytest.mark.parametrize("name", ["HUP", "INT", "KILL", "PIPE", "ALRM", "TERM", "USR1", "USR2"])
def test_a_signal_is_told_by_its_name(wire: WireClient, name: str) -> None:
    exited = wire.wait_exited(wire.spawn(shell("kill -$1 $$", name))["sessionId"])
    assert (exited["exitCode"], exited["signal"], exited["coreDumped"]) == (None, f"SIG{name}", False)
    assert (exited["outcome"], exited["reason"]) == ("naturalExit", None)


@pytest.mark.parametrize("limit", [0, 1 << 24])
def test_a_core_dump_is_told_as_the_kernel_tells_it(wire: WireClient, tmp_path: Path, limit: int) -> None:
    if limit and resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY:
        pytest.skip("core dumps are forbidden here")
    source = f"import os, resource\nresource.setrlimit(resource.RLIMIT_CORE, ({limit}, {limit}))\nos.abort()"
    argv = python(source)
    # The same program as our own child says what the kernel here does about core dumps.
    control = shell('cd "$1" && shift && exec "$@"', tmp_path, *argv)
    pid = os.posix_spawn(control[0], control, os.environ)
    dumped = os.WCOREDUMP(os.waitpid(pid, 0)[1])
    exited = wire.wait_exited(wire.spawn(argv, cwd=str(tmp_path))["sessionId"])
    assert (exited["exitCode"], exited["signal"], exited["coreDumped"]) == (None, "SIGABRT", dumped)


def test_the_usage_of_time_and_memory_is_that_of_the_child(wire: WireClient) -> None:
    usage = wire.wait_exited(wire.spawn(child("spender", 300, 64))["sessionId"])["usage"]
    assert 250 <= usage["userMs"] + usage["systemMs"] < 5000
    assert (64 << 20) <= usage["maxRssBytes"] < (256 << 20)
    idle = wire.wait_exited(wire.spawn(["true"])["sessionId"])["usage"]
    assert idle["userMs"] + idle["systemMs"] < 200
    assert 0 < idle["maxRssBytes"] < (64 << 20)


def test_the_duration_is_the_time_between_spawn_and_exit(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    begun, begun_wall = time.monotonic(), time.time()
    info = wire.spawn(shell("read _ < $1", held.path))
    session = info["sessionId"]
    assert wire.request("session/wait", {"sessionId": session, "timeoutMs": 300}) == {"exit": None}
    held.open_and_release()
    exited = wire.wait_exited(session)
    elapsed_ms = (time.monotonic() - begun) * 1000
    assert 300 <= exited["durationMs"] <= elapsed_ms
    assert begun_wall + 0.25 <= exited["exitedAt"] <= time.time()
    assert exited["exitedAt"] - info["createdAt"] == pytest.approx(exited["durationMs"] / 1000, abs=0.2)


def test_information_wait_and_notification_tell_the_same_exit(wire: WireClient) -> None:
    session = wire.spawn(shell("exit 3"))["sessionId"]
    exited = wire.wait_exited(session)
    told = {name: value for name, value in exited.items() if name not in ("sessionId", "streamsOpen")}
    assert wire.request("session/info", {"sessionId": session})["exit"] == told
    assert wire.request("session/wait", {"sessionId": session}) == {"exit": told}
    wire.wait_closed(session)
    assert wire.request("session/list", {})["sessions"][0]["exit"] == told


@linux_only
def test_children_that_come_and_go_leave_no_zombie_and_no_descriptor(wire: WireClient) -> None:
    def come_and_go() -> list[int]:
        sessions = [wire.spawn(["true"], attach=[])["sessionId"] for _ in range(100)]
        for session in sessions:
            wire.wait_closed(session)
        wire.request("session/purge")
        family = [wire.pid, *descendants(wire.pid)]
        assert "Z" not in [process_state(pid) for pid in family]
        return [len(os.listdir(f"/proc/{pid}/fd")) for pid in family]

    first = come_and_go()
    assert come_and_go() == first, "as many descriptors, and as many processes"
