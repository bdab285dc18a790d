"""What a server does to its surroundings: nothing. Descriptors, terminals, files, logs, the processor."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.available import unavailable
from tests.support.bare_server import Family, read_line, read_messages, read_to_end, server_on
from tests.support.fixture_types import StartWire
from tests.support.frames import encode_frame
from tests.support.processes import descendants, process_state
from tests.support.programs import shell
from tests.support.server_command import SERVER
from tests.support.systems import lacking
from tests.support.trace import DEADLINE_S
from tests.support.wire_client import WireClient, WireError

CANARY = "canary-7f3a9c"
"""Stands in an environment value or in stdin data, and must stand nowhere else."""

INITIALIZE = encode_frame(
    {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"processId": None, "capabilities": {}}}
)
SPAWN = encode_frame({"jsonrpc": "2.0", "id": 1, "method": "session/spawn", "params": {"argv": ["true"], "attach": []}})
LEAVE = encode_frame({"jsonrpc": "2.0", "id": 2, "method": "shutdown"}) + encode_frame(
    {"jsonrpc": "2.0", "method": "exit"}
)


# --------------------------------------------------------------------------------------------- shared descriptions

Ends = tuple[int, int, int, int]
"""Our end of stdin, the server's, our end of stdout, the server's."""


def pipes() -> Ends:
    their_in, our_in = os.pipe()
    our_out, their_out = os.pipe()
    return our_in, their_in, our_out, their_out


def two_sockets() -> Ends:
    our_in, their_in = socket.socketpair()
    our_out, their_out = socket.socketpair()
    return our_in.detach(), their_in.detach(), our_out.detach(), their_out.detach()


@pytest.fixture(params=["pipes", "two sockets", "one socket"])
def ends(request: pytest.FixtureRequest) -> Iterator[Ends]:
    """Descriptors for a server's stdio. The test keeps the server's ends open, as a parent's shell would."""
    match request.param:
        case "pipes":
            made = pipes()
        case "two sockets":
            made = two_sockets()
        case _:
            ours, theirs = (end.detach() for end in socket.socketpair())
            made = ours, theirs, os.dup(ours), os.dup(theirs)
    yield made
    for descriptor in made:
        os.close(descriptor)


def flags(*descriptors: int) -> list[int]:
    """The flags of the open file descriptions, which every process that holds one shares."""
    return [fcntl.fcntl(descriptor, fcntl.F_GETFL) for descriptor in descriptors]


@pytest.mark.parametrize("non_blocking", [False, True], ids=["blocking", "non-blocking"])
def test_the_flags_of_inherited_descriptors_are_left_as_found(ends: Ends, non_blocking: bool) -> None:
    our_in, their_in, our_out, their_out = ends
    for descriptor in (their_in, their_out):
        os.set_blocking(descriptor, not non_blocking)
    found = flags(their_in, their_out)

    with server_on(their_in, their_out) as server:
        os.write(our_in, INITIALIZE + SPAWN)
        read_messages(our_out, 4)
        assert lacking("nowait") or flags(their_in, their_out) == found, "while it runs"
        os.write(our_in, LEAVE)
        assert [message["id"] for message in read_messages(our_out, 1)] == [2]
        assert server.wait(DEADLINE_S) == 0
    assert flags(their_in, their_out) == found, "after its end"


@pytest.mark.needs("nowait")
def test_the_flags_of_inherited_descriptors_are_left_as_found_by_a_server_that_is_killed(ends: Ends) -> None:
    our_in, their_in, our_out, their_out = ends
    found = flags(their_in, their_out)

    with server_on(their_in, their_out) as server:
        os.write(our_in, INITIALIZE + SPAWN)
        read_messages(our_out, 4)
        with Family(server.pid) as family:
            server.kill()
            server.wait(DEADLINE_S)
            family.wait_gone()
    assert flags(their_in, their_out) == found


@pytest.mark.needs("nowait")
def test_a_slow_reader_of_a_shared_stdout_does_not_change_its_flags_either() -> None:
    our_in, their_in, our_out, their_out = pipes()
    try:
        found = flags(their_in, their_out)
        with server_on(their_in, their_out) as server:
            flood = encode_frame({"jsonrpc": "2.0", "id": 1, "method": "session/spawn", "params": {"argv": ["yes"]}})
            os.write(our_in, INITIALIZE + flood)
            wait_until_full(their_out)
            assert flags(their_in, their_out) == found
            os.close(our_in)
            our_in = -1
            os.close(their_out)
            their_out = -1
            read_to_end(our_out)
            assert server.wait(DEADLINE_S) == 1
    finally:
        for descriptor in (our_in, their_in, our_out, their_out):
            if descriptor >= 0:
                os.close(descriptor)


def wait_until_full(pipe: int) -> None:
    """Return when nothing more fits into this pipe."""
    poller = select.poll()
    poller.register(pipe, select.POLLOUT)
    deadline = time.monotonic() + DEADLINE_S
    while poller.poll(0):
        assert time.monotonic() < deadline, "the server writes too little to fill its stdout"
        os.sched_yield()


# ---------------------------------------------------------------------------------------------------- terminals


CONTROL_D = b"\x04"
"""How a person at a terminal says that there is no more input."""


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """A pseudo-terminal: the side of the person, and the side of the program."""
    person, program = pty.openpty()
    yield person, program
    os.close(person)
    os.close(program)


def test_a_terminal_on_stdin_gets_a_friendly_word_on_stderr_and_no_frame(terminal: tuple[int, int]) -> None:
    person, program = terminal
    found_flags, found_modes = flags(program), termios.tcgetattr(program)
    with server_on(program, program) as server:
        assert server.stderr is not None
        word = read_line(server.stderr.fileno())
        assert b"pipe-rpc" in word
        assert b"Traceback" not in word
        assert flags(program) == found_flags
        os.write(person, CONTROL_D)
        assert server.wait(DEADLINE_S) == 1
    assert (flags(program), termios.tcgetattr(program)) == (found_flags, found_modes)
    assert not select.select([person], [], [], 0)[0], "something was written to the terminal"


def test_a_terminal_on_stderr_is_left_as_found(terminal: tuple[int, int]) -> None:
    person, program = terminal
    found_flags, found_modes = flags(program), termios.tcgetattr(program)
    with WireClient(popen={"stderr": program}) as wire:
        wire.initialize()
        wire.wait_closed(wire.spawn(["true"])["sessionId"])
        wire.notify("session/list", {})  # A request without an id is worth a line of the log.
        assert b"session/list came without an id" in read_line(person)
        assert flags(program) == found_flags
        wire.finish()
    assert (flags(program), termios.tcgetattr(program)) == (found_flags, found_modes)


def test_a_session_cannot_reach_the_terminal_of_the_server(terminal: tuple[int, int]) -> None:
    """The server is made the leader of a session whose controlling terminal this is, as a shell's job would be."""
    person, program = terminal
    leader = (
        "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(2, termios.TIOCSCTTY, 0); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    with WireClient(popen={"args": [sys.executable, "-I", "-S", "-c", leader, *SERVER], "stderr": program}) as wire:
        wire.initialize()
        session = wire.spawn(shell("echo stray > /dev/tty || echo none"))["sessionId"]
        wire.wait_closed(session)
        assert wire.collect_output(session, "stdout") == b"none\n"
        wire.finish()
    assert not select.select([person], [], [], 0)[0], "something was written to the terminal"


# ------------------------------------------------------------------------------------------------------- pollution

LOUD = '''
"""Prints in every way there is whenever somebody imports something big, and at exit."""
import atexit, os, sys

NAMES = {"asyncio", "attr", "attrs", "cattr", "cattrs", "lsprotocol", "orjson", "pygls", "selectors"}

def shout(what):
    print("banner: print", what, flush=True)
    sys.__stdout__.write(f"banner: write {what}\\n")
    os.write(1, b"banner: descriptor 1\\n")
    os.system("echo banner: child")

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in NAMES:
            shout(name)
        return None

sys.meta_path.insert(0, Finder)
atexit.register(shout, "exit")
'''


@pytest.mark.needs("own-start")
def test_whatever_a_library_prints_no_byte_of_it_reaches_stdout(start_wire: StartWire, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(LOUD)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    wire = start_wire(env={**os.environ, "PYTHONPATH": path})
    wire.start("workspace/executeCommand", {"command": "pipe-rpc.list"}, id="late imports")
    wire.answer("late imports")
    wire.wait_closed(wire.spawn(["true"])["sessionId"])
    wire.finish()  # The client refuses every byte that is not of a frame.

    for way in ("print", "write", "descriptor 1", "child"):
        assert f"banner: {way}" in wire.stderr_text()


# -------------------------------------------------------------------------------------------------- stderr and logs


@pytest.mark.needs("nowait")
def test_a_stderr_that_nobody_reads_holds_up_nothing() -> None:
    reading, writing = os.pipe()
    try:
        os.set_blocking(writing, False)
        fill(writing)
        os.set_blocking(writing, True)
        with WireClient(popen={"stderr": writing}) as wire:
            wire.initialize()
            for _ in range(200):
                wire.send_raw(b"Content-Length: 1\r\n\r\n{")
                assert wire.receive()["error"]["code"] == -32700
            wire.wait_closed(wire.spawn(shell("echo out"))["sessionId"])
            assert flags(writing)[0] & os.O_NONBLOCK == 0
            wire.finish()
    finally:
        os.close(reading)
        os.close(writing)


def fill(pipe: int) -> None:
    """Fill a non-blocking pipe to the last byte."""
    for size in (1 << 16, 1):
        try:
            while True:
                os.write(pipe, b"x" * size)
        except BlockingIOError:
            continue


def provoke(wire: WireClient) -> list[object]:
    """Bring the canary everywhere where a log line or an error could pick it up; return every error's data."""
    told: list[object] = []

    def refused(method: str, params: object) -> None:
        with pytest.raises(WireError) as error:
            wire.request(method, params)
        told.append((str(error.value), error.value.data))

    env = {"TOKEN": CANARY}
    session = wire.spawn(["cat"], env=env, attach=[])["sessionId"]
    wire.request("session/write", {"sessionId": session, "data": CANARY})
    refused("session/write", {"sessionId": session, "data": [CANARY]})
    refused("session/write", {"sessionId": session, "data": CANARY, "encoding": "base64"})
    refused("session/write", {"sessionId": session, "data": CANARY, "close": "yes"})
    refused("session/write", {"sessionId": "none", "data": CANARY})
    refused("session/spawn", {"argv": ["/no/such/program"], "env": env})
    refused("session/spawn", {"argv": ["true"], "env": {"TOKEN": [CANARY]}})
    refused("session/spawn", {"argv": ["true"], "env": {"TOKEN": CANARY + "\0"}})
    refused("session/spawn", {"argv": ["true"], "env": CANARY})
    refused("session/spawn", {"argv": ["true"], "env": env, "cwd": "/no/such/directory"})
    refused("session/spawn", {"argv": ["true"], "env": env, "noSuch": 1})
    wire.notify("session/write", {"sessionId": session, "data": CANARY})
    wire.notify("session/spawn", {"argv": ["true"], "env": env})
    wire.send_raw(b'Content-Length: %d\r\n\r\n{"data":"%b"' % (len(CANARY) + 10, CANARY.encode()))
    told.append(wire.receive())
    wire.request("session/write", {"sessionId": session, "close": True})
    refused("session/write", {"sessionId": session, "data": CANARY})
    return told


def test_environment_values_and_stdin_data_appear_in_no_log_and_no_error(start_wire: StartWire, tmp_path: Path) -> None:
    log = tmp_path / "pipe-rpc.log"
    wire = start_wire("--log-file", str(log))
    told = provoke(wire)
    wire.finish()

    assert CANARY not in repr(told)
    assert CANARY not in log.read_text()
    assert CANARY not in wire.stderr_text()


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077], ids=oct)
def test_a_log_file_is_for_its_owner_only(start_wire: StartWire, tmp_path: Path, mask: int) -> None:
    log = tmp_path / "pipe-rpc.log"
    wire = start_wire("--log-file", str(log), popen={"umask": mask})
    wire.send_raw(b"Content-Length: 1\r\n\r\n{")
    wire.receive()
    wire.finish()

    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_log_file_is_appended_to(start_wire: StartWire, tmp_path: Path) -> None:
    log = tmp_path / "pipe-rpc.log"
    log.write_text("before\n")
    start_wire("--log-file", str(log)).finish()

    assert log.read_text().startswith("before\n")


def test_a_log_file_is_not_followed_through_a_symlink(tmp_path: Path) -> None:
    target, log = tmp_path / "precious", tmp_path / "pipe-rpc.log"
    target.write_text("precious\n")
    log.symlink_to(target)
    ended = subprocess.run(
        [*SERVER, "--log-file", str(log)],
        input=INITIALIZE + LEAVE,
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )

    assert target.read_text() == "precious\n"
    assert stat.S_IMODE(target.stat().st_mode) != 0o600
    assert log.is_symlink()
    assert str(log) in ended.stderr.decode(), "the person at the other end is told"
    assert b"Traceback" not in ended.stderr


def test_a_log_file_on_a_full_disk_holds_up_nothing(start_wire: StartWire) -> None:
    wire = start_wire("--log-file", "/dev/full")
    wire.send_raw(b"Content-Length: 1\r\n\r\n{")

    assert wire.receive()["error"]["code"] == -32700
    assert wire.request("session/list") == {"sessions": []}


# ------------------------------------------------------------------------------------------------ the working directory

SHADOWED = ["json", "selectors", "signal", "subprocess", "logging", "asyncio", "attr", "attrs", "cattrs", "orjson"]
SHADOWED += ["lsprotocol", "pygls", "typing", "enum", "socket", "sitecustomize", "usercustomize", "pipe_rpc"]


def test_modules_in_the_working_directory_are_not_imported_by_the_console_script(
    start_wire: StartWire, tmp_path: Path
) -> None:
    script = shutil.which("pipe-rpc", path=str(Path(sys.executable).parent))
    if script is None:
        unavailable("the console script is not installed; run: pip install -e .")
    trace = tmp_path / "imported"
    for name in SHADOWED:
        (tmp_path / f"{name}.py").write_text(f"open({str(trace)!r}, 'a').write({name!r})\nraise SystemExit(99)\n")
    wire = start_wire(cwd=tmp_path, popen={"args": [script]})
    wire.wait_closed(wire.spawn(["true"])["sessionId"])
    wire.start("workspace/executeCommand", {"command": "pipe-rpc.list"}, id="late imports")
    wire.answer("late imports")
    wire.finish()

    assert not trace.exists(), trace.read_text()


# -------------------------------------------------------------------------------------------- files and sockets of ours


def test_a_server_makes_no_file_and_listens_to_nobody(start_wire: StartWire, tmp_path: Path) -> None:
    places = {name: str(tmp_path) for name in ("HOME", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_STATE_HOME")}
    wire = start_wire(env={**os.environ, **places}, cwd=tmp_path)
    session = wire.spawn(["cat"])
    wire.start("workspace/executeCommand", {"command": "pipe-rpc.list"}, id="everything is imported")
    wire.answer("everything is imported")

    for pid in (wire.pid, *descendants(wire.pid)):
        opened = [os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd")]
        assert [each for each in opened if each.startswith("socket:")] == [], "nobody can connect to it"
    wire.wait_closed(terminated(wire, session["sessionId"]))
    wire.finish()
    assert os.listdir(tmp_path) == []


def terminated(wire: WireClient, session_id: str) -> str:
    wire.request("session/terminate", {"sessionId": session_id})
    return session_id


# ------------------------------------------------------------------------------------------------------- the processor

IDLE_SESSIONS = 200
QUIET_S = 1.2
"""How long the server is looked at; the first tenth second, in which the look itself disturbs it, does not count."""
DISTURBED_S = 0.1


def test_an_idle_server_makes_no_system_calls(start_wire: StartWire, tmp_path: Path) -> None:
    strace = shutil.which("strace")
    assert strace is not None, "this test needs strace; run: apt-get install strace"
    wire = start_wire()
    sessions = {wire.spawn(["cat"])["pid"] for _ in range(IDLE_SESSIONS)}
    wire.fence()
    servers = [pid for pid in (wire.pid, *descendants(wire.pid)) if pid not in sessions]
    for pid in servers:
        wait_until_asleep(pid)

    calls = tmp_path / "calls"
    watch = [strace, "-f", "-ttt", "-o", str(calls), *(part for pid in servers for part in ("-p", str(pid)))]
    with subprocess.Popen(watch, stderr=subprocess.PIPE) as tracing:
        assert tracing.stderr is not None
        attached = [read_line(tracing.stderr.fileno())]
        while sum(line.count(b"attached") for line in attached) < len(servers):
            attached.append(read_line(tracing.stderr.fileno()))
        begin = time.time()
        with pytest.raises(subprocess.TimeoutExpired):
            tracing.wait(QUIET_S)
        end = time.time()
        tracing.send_signal(signal.SIGINT)
    made = [line for line in calls.read_text().splitlines() if begin + DISTURBED_S < timestamp(line) < end]

    assert made == []
    assert len(wire.request("session/list")["sessions"]) == IDLE_SESSIONS


def timestamp(line: str) -> float:
    """When strace saw this call: the line begins with the process and the time."""
    found = re.match(r"\d+ +(\d+\.\d+) ", line)
    assert found is not None, line
    return float(found[1])


def wait_until_asleep(pid: int) -> None:
    """Return when the process sleeps in a system call."""
    deadline = time.monotonic() + DEADLINE_S
    while process_state(pid) != "S":
        assert time.monotonic() < deadline, f"process {pid} does not come to rest"
        os.sched_yield()
