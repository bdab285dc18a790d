"""Memory, processes, disk and pipes that run out under a running server: it refuses what it cannot do, and lives."""

import os
import pathlib
import resource
import socket
import sys
import time

import pytest

from tests.support.bare_server import read_messages, server_on
from tests.support.dose import dose
from tests.support.fixture_types import StartWire
from tests.support.frames import decode_frames, encode_frame
from tests.support.ledger import Ledger
from tests.support.other_user import as_user
from tests.support.programs import shell
from tests.support.server_command import SERVER
from tests.support.trace import DEADLINE_S
from tests.support.wire_client import WireClient

pytestmark = pytest.mark.attack
linux = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc, and limits a process that runs")

MIB = 1 << 20


# ------------------------------------------------------------------------------------------------------------- memory


def _address_space(pid: int) -> int:
    """The bytes that a process has mapped (proc(5))."""
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()


@linux
@pytest.mark.parametrize("spare", [64 * 1024, 256 * 1024, MIB, 4 * MIB, 16 * MIB][:: dose(short=2, ci=1, long=1)])
def test_what_needs_more_memory_than_there_is_is_refused(spare: int, start_wire: StartWire, ledger: Ledger) -> None:
    wire = start_wire("--no-guard", "--default-grace-ms", "300")
    bystander = wire.spawn(["cat"])["sessionId"]
    source = wire.spawn(shell(f"head -c {4 * MIB} /dev/zero; read _"), attach=[], backlogBytes=8 * MIB)["sessionId"]
    _echo(wire, bystander)
    _wait_retained(wire, source, 4 * MIB)
    wire.request("session/read", {"sessionId": source, "stream": "stdout", "fromOffset": 0, "encoding": "base64"})
    everything = resource.prlimit(wire.pid, resource.RLIMIT_AS)
    resource.prlimit(wire.pid, resource.RLIMIT_AS, (_address_space(wire.pid) + spare, everything[1]))
    reading = {"sessionId": source, "stream": "stdout", "fromOffset": 0, "maxBytes": MIB}
    refused = 0
    for _ in range(20):
        answers = [
            wire.answer(wire.start("session/spawn", {"argv": ["true"], "backlogBytes": 64 * MIB})),
            wire.answer(wire.start("session/read", {**reading, "encoding": "base64"})),
            wire.answer(wire.start("session/read", {**reading, "encoding": "utf-8"})),
        ]
        for answer in answers:
            if "error" in answer:
                refused += 1
                error = answer["error"]
                assert error["code"] in (1002, -32603), error
                assert "Traceback" not in str(error)
                if error["code"] == 1002:
                    assert (error["data"]["stage"], error["data"]["errno"]) == ("fork", "ENOMEM")
    resource.prlimit(wire.pid, resource.RLIMIT_AS, everything)
    assert refused >= 10, "there was memory for nearly all of it"
    _echo(wire, bystander)
    answer = wire.request("session/read", {**reading, "encoding": "base64"})
    assert (answer["length"], answer["missedBytes"]) == (MIB, 0)
    wire.wait_closed(wire.spawn(["true"])["sessionId"])
    ledger.enter("requests without memory for them", tried=refused)


def _wait_retained(wire: WireClient, session: str, number: int) -> None:
    """Wait until so many bytes are in the ring, which has grown to hold them."""
    deadline = time.monotonic() + DEADLINE_S
    while wire.request("session/info", {"sessionId": session})["stdout"]["endOffset"] < number:
        assert time.monotonic() < deadline, "the output does not come"


def _echo(wire: WireClient, session: str) -> None:
    before = len(wire.collect_output(session, "stdout"))
    assert wire.request("session/write", {"sessionId": session, "data": "x\n"}) == {"bytesWritten": 2}
    wire.wait_output(session, "stdout", before + 2)


# ---------------------------------------------------------------------------------------------------------- processes

PROCESSES = 12
SOMEBODY = 54_000 + os.getpid() % 1000
"""A user that nobody is: the processes of one are counted together."""


@linux
def test_a_user_without_room_for_another_process_is_refused_one(start_wire: StartWire, ledger: Ledger) -> None:
    def few_processes() -> None:
        resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES, PROCESSES))

    command = [*as_user(SOMEBODY), *SERVER, "--default-grace-ms", "300"]
    wire = start_wire(popen={"args": command, "preexec_fn": few_processes})
    for _ in range(3):
        sessions: list[str] = []
        while "error" not in (answer := wire.answer(wire.start("session/spawn", {"argv": ["cat"]}))):
            sessions.append(answer["result"]["sessionId"])
            assert len(sessions) <= PROCESSES
        data = answer["error"]["data"]
        assert (data["kind"], data["stage"], data["errno"]) == ("SpawnFailed", "fork", "EAGAIN")
        assert sessions
        for session in sessions:
            _echo(wire, session)
        for session in sessions:
            wire.request("session/terminate", {"sessionId": session, "graceMs": 0})
            wire.wait_closed(session)
    ledger.enter("spawns without room for a process", tried=3)


# ---------------------------------------------------------------------------------------------------------------- log

LARGEST_FILE = 4096


@linux
def test_a_log_on_a_full_disk_is_lost_and_nothing_else(start_wire: StartWire, ledger: Ledger) -> None:
    wire = start_wire("--log-file", "/dev/full", "--log-level", "debug")
    session = wire.spawn(["cat"])["sessionId"]
    lines = dose(short=200, ci=400, long=100_000)
    for _ in range(lines):
        wire.send({"method": "no such thing"})
    wire.fence()
    _echo(wire, session)
    ledger.enter("log lines to a full disk", tried=lines)


def test_a_log_that_may_not_grow_is_lost_and_nothing_else(
    start_wire: StartWire, tmp_path: pathlib.Path, ledger: Ledger
) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))

    log = tmp_path / "log"
    wire = start_wire(
        *("--log-file", str(log), "--log-level", "debug"),
        popen={"preexec_fn": small_files},
        # Python would keep the first 4 KiB of what it compiles, and every later server would end with an error.
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    session = wire.spawn(["cat"])["sessionId"]
    for _ in range(LARGEST_FILE // 10):
        wire.send({"method": "no such thing"})
    wire.fence()
    _echo(wire, session)
    assert log.stat().st_size == LARGEST_FILE
    ledger.enter("log lines beyond the largest file", tried=LARGEST_FILE // 10)


def test_a_stderr_that_nobody_reads_stops_nobody(ledger: Ledger) -> None:
    reader, writer = os.pipe()
    lines = dose(short=5000, ci=8_000, long=200_000)
    with WireClient("--log-level", "debug", popen={"stderr": writer}) as wire:
        os.close(writer)
        wire.initialize()
        session = wire.spawn(["cat"])["sessionId"]
        for _ in range(lines // 100):
            wire.send_all([{"method": "no such thing"}] * 100)
        wire.fence()
        _echo(wire, session)
        wire.finish()
    logged = os.read(reader, MIB)
    os.close(reader)
    assert 4096 <= len(logged) < lines * 20, "the pipe was filled, and what did not fit was dropped"
    ledger.enter("log lines that nobody reads", tried=lines)


# -------------------------------------------------------------------------------------------------------------- pipes


def test_frames_are_whole_however_small_the_pieces_in_which_they_are_sent_and_read(ledger: Ledger) -> None:
    data = bytes(range(256)) * dose(short=20, ci=40, long=4000)
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            end.setsockopt(socket.SOL_SOCKET, option, 1)  # The kernel makes it as small as it may be.
    with ours, server_on(theirs.fileno(), theirs.fileno()) as server:
        theirs.close()
        requests = [
            ("initialize", {"processId": None, "capabilities": {}, "initializationOptions": {"encoding": "base64"}}),
            ("session/spawn", {"argv": ["cat"]}),
        ]
        for number, (method, params) in enumerate(requests, 1):
            for byte in encode_frame({"jsonrpc": "2.0", "id": number, "method": method, "params": params}):
                ours.sendall(bytes([byte]))
        session = read_messages(ours.fileno(), 2)[1]["result"]["sessionId"]
        echo = {"sessionId": session, "data": data.decode("latin-1"), "close": True}
        for message in (
            {"jsonrpc": "2.0", "id": 3, "method": "session/write", "params": echo},
            {"jsonrpc": "2.0", "id": 4, "method": "session/wait", "params": {"sessionId": session, "until": "closed"}},
        ):
            ours.sendall(encode_frame(message))
        read = bytearray()
        while not any(message.get("id") == 4 for message in decode_frames(bytes(read), partial=True)):
            piece = b""
            while piece != b"}":
                piece = ours.recv(1)
                assert piece
                read += piece
        messages = decode_frames(bytes(read), partial=True)
        ours.shutdown(socket.SHUT_WR)
        while ours.recv(MIB):
            pass
        assert server.wait() == 1
    assert {"jsonrpc": "2.0", "id": 3, "result": {"bytesWritten": len(data.decode("latin-1").encode())}} in messages
    ledger.enter("bytes read one by one", tried=len(read))
