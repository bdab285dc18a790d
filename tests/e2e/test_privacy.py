"""What is given to a session stays with it: canaries in env, argv and stdin, hostile links, files and text.

A canary may come back to the client that gave it where the contract says so (SessionInfo, output, the progress of a
job), and in `pipe-rpc run --trace`, which shows the conversation to whoever asked for it. It stands nowhere else.
"""

from __future__ import annotations

import functools
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.available import unavailable
from tests.support.fixture_types import MakeGate, StartWire
from tests.support.frames import encode_frame
from tests.support.programs import shell
from tests.support.server_command import SERVER
from tests.support.trace import DEADLINE_S, Message
from tests.support.wire_client import WireClient

ENV, ARGV, STDIN = "canary-env-5b1e", "canary-argv-9c02", "canary-stdin-e77d"
CANARIES = (ENV, ARGV, STDIN)
OWN = {**os.environ, "PIPE_RPC_CANARY": ENV}
"""The server's own environment has the canary too: every session inherits it."""


def found_in(text: str) -> list[str]:
    """The canaries that stand in it, or parts of them that would be enough to recognise them by."""
    return [canary for canary in CANARIES if canary in text or canary[:12] in text]


# ---------------------------------------------------------------------------------------- no log, no error, no trace


def provoke(wire: WireClient) -> list[Message]:
    """Bring the canaries wherever something could go wrong with them; return every error that was answered."""
    env, argv = {"TOKEN": ENV}, ["cat", ARGV]
    sleeper: str = wire.spawn(shell("exec cat", ARGV), env=env)["sessionId"]
    over: str = wire.spawn(["true", ARGV], env=env)["sessionId"]
    wire.wait_closed(over)
    wrong: list[tuple[str, object]] = [
        ("session/spawn", {"argv": ["/no/such/program", ARGV], "env": env}),
        ("session/spawn", {"argv": ["/etc/passwd", ARGV], "env": env}),
        ("session/spawn", {"argv": argv, "env": env, "cwd": "/no/such/directory"}),
        ("session/spawn", {"argv": ["true", ARGV * 20_000], "env": env}),
        ("session/spawn", {"argv": ["true"], "env": {"TOKEN": ENV * 20_000}}),
        ("session/spawn", {"argv": ["true", f"{ARGV}\0"], "env": {"TOKEN": f"{ENV}\0"}}),
        ("session/spawn", {"argv": ["true", [ARGV]], "env": {"TOKEN": [ENV]}}),
        ("session/spawn", {"argv": ARGV, "env": ENV}),
        ("session/spawn", {"argv": argv, "env": env, "timeoutMs": -1}),
        ("session/spawn", {"argv": argv, "env": env, "backlogBytes": 1}),
        ("session/spawn", {"argv": argv, "env": env, "mergeStderr": True, "attach": ["stderr"]}),
        ("session/spawn", [argv, env]),
        ("session/write", {"sessionId": over, "data": STDIN}),
        ("session/write", {"sessionId": "none", "data": STDIN}),
        ("session/write", {"sessionId": sleeper, "data": STDIN * 600_000}),
        ("session/write", {"sessionId": sleeper, "data": STDIN, "encoding": "base64"}),
        ("session/write", {"sessionId": sleeper, "data": STDIN, "encoding": "latin-1"}),
        ("session/write", {"sessionId": sleeper, "data": {"bytes": STDIN}}),
        ("session/write", {"sessionId": sleeper, "data": STDIN, "close": STDIN}),
        ("session/write", [sleeper, STDIN]),
        ("session/attach", {"sessionId": sleeper, "stream": "stdout"}),
        ("session/attach", {"sessionId": over, "stream": "stdout", "fromOffset": 10**6}),
        ("session/signal", {"sessionId": over, "signal": "SIGTERM"}),
        ("session/remove", {"sessionId": sleeper}),
        ("workspace/executeCommand", {"command": "pipe-rpc.run", "arguments": [{"argv": argv, "env": ENV}]}),
        ("workspace/executeCommand", {"command": "pipe-rpc.run", "arguments": [["/no/such/program", ARGV]]}),
        ("workspace/executeCommand", {"command": "pipe-rpc.terminate", "arguments": [{"token": ENV}]}),
        ("no/such/method", {"argv": argv, "env": env, "data": STDIN}),
        ("initialize", {"processId": None, "capabilities": {}, "clientInfo": {"name": ARGV, "version": ENV}}),
    ]
    errors = [wire.answer(wire.start(method, params))["error"] for method, params in wrong]
    for method, params in wrong[:20]:
        wire.notify(method, params)  # Executed by nobody, and a reason for a line in the log.
    wire.send_all([request(9001, sleeper), request(9001, sleeper)])  # The second id is in flight.
    wire.notify("$/cancelRequest", {"id": 9001, "data": STDIN})
    errors += [wire.answer(9001)["error"] for _ in range(2)]
    halves = f'{{"argv":["true","{ARGV}\\ud800"],"env":{{"TOKEN":"{ENV}\\ud800"}}}}'  # Of surrogate pairs.
    body = f'{{"jsonrpc":"2.0","id":9002,"method":"session/spawn","params":{halves}}}'
    wire.send_raw(b"Content-Length: %d\r\n\r\n%b" % (len(body), body.encode()))
    errors.append(wire.answer(9002)["error"])
    for body in (f'{{"data":"{STDIN}"', f'[{{"data":"{STDIN}"}}]', f'{{"jsonrpc":"2.0","id":["{STDIN}"]}}'):
        wire.send_raw(b"Content-Length: %d\r\n\r\n%b" % (len(body), body.encode()))
        errors.append(wire.receive_answer_to(-1)["error"])
    wire.request("session/remove", {"sessionId": sleeper, "force": True})
    return errors


def request(request_id: int, session: str) -> Message:
    """A request that waits."""
    return {"jsonrpc": "2.0", "id": request_id, "method": "session/wait", "params": {"sessionId": session}}


@pytest.mark.parametrize("where", ["stderr", "a file"])
def test_what_is_given_to_a_session_is_in_no_log_and_no_error_at_any_level(
    start_wire: StartWire, tmp_path: Path, where: str
) -> None:
    log = tmp_path / "pipe-rpc.log"
    options = ["--log-level=debug", *(["--log-file", str(log)] if where == "a file" else [])]
    wire = start_wire(*options, env=OWN)
    errors = provoke(wire)
    wire.finish()

    logged = log.read_text() if where == "a file" else wire.stderr_text()
    assert logged.count("\n") >= 20, "the log has lines in which something could have stood"
    assert found_in(logged) == []
    assert found_in(wire.stderr_text()) == []
    assert [error for error in errors if found_in(repr(error))] == []


BROKEN_SERVER = """
import sys
from pipe_rpc.server import handlers
from pipe_rpc.session.stdin_pipe import StdinPipe

def broken(call, params):
    try:
        raise ValueError(f"inner failure with {params}")
    except ValueError as error:
        raise RuntimeError(f"failed with {params}") from error

def broken_write(self, *arguments, **named):
    self._loop.call_at(self._loop.now, lambda: broken(None, arguments))
    broken(None, arguments)

handlers._HANDLERS["session/wait"] = handlers._HANDLERS["session/list"] = broken
if sys.argv.pop(1) == "callback":
    StdinPipe.write = broken_write
else:
    handlers._HANDLERS["session/spawn"] = handlers._HANDLERS["session/write"] = broken
from pipe_rpc.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
"""A server whose own code fails, with everything that a client sent in the messages of its exceptions."""


def start_broken(start_wire: StartWire, how: str) -> WireClient:
    args = [sys.executable, "-P", "-c", BROKEN_SERVER, how, "--log-level=debug"]
    return start_wire(env=OWN, popen={"args": args})


def test_the_traceback_of_a_failing_handler_has_its_places_and_not_what_was_given_to_it(start_wire: StartWire) -> None:
    wire = start_broken(start_wire, "handler")
    given = {"argv": ["true", ARGV], "env": {"TOKEN": ENV}}
    for method, params in (
        ("session/spawn", given),
        ("session/write", {"sessionId": "none", "data": STDIN}),
        ("session/list", {"originator": ARGV}),
    ):
        error = wire.answer(wire.start(method, params))["error"]
        assert error["code"] == -32603
        assert found_in(repr(error)) == []
        assert "/" not in error["message"], "no path is told"
        assert f"{method} failed: RuntimeError" in wire.stderr_text()
    assert "in broken" in wire.stderr_text(), "the log says where"
    assert found_in(wire.stderr_text()) == []


def test_a_failure_that_ends_the_server_says_where_and_not_what_was_given_to_it(start_wire: StartWire) -> None:
    wire = start_broken(start_wire, "callback")
    session = wire.spawn(["cat", ARGV], env={"TOKEN": ENV})["sessionId"]
    error = wire.answer(wire.start("session/write", {"sessionId": session, "data": STDIN}))["error"]
    assert error["code"] == -32603
    wire.wait_closed(session)
    assert wire.wait_exit() == 1
    assert "a callback failed: RuntimeError" in wire.stderr_text()
    assert found_in(repr(error) + wire.stderr_text()) == []


@pytest.mark.parametrize("trace", [False, True], ids=["plain", "traced"])
@pytest.mark.parametrize("program", ["cat", "/no/such/program"])
def test_run_shows_the_conversation_to_who_asks_for_it_and_nothing_to_others(program: str, trace: bool) -> None:
    command = [program] if program == "cat" else [program, ARGV]
    ended = subprocess.run(
        [sys.executable, "-m", "pipe_rpc", "run", *(["--trace"] if trace else []), "--", *command],
        input=STDIN.encode(),
        env=OWN,
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )
    told = ended.stderr.decode()
    assert ENV not in told, "what a child inherits is not even in the conversation"
    if not trace:
        assert found_in(told) == []
    elif program == "cat":
        assert STDIN in told
    else:
        assert ARGV in told


# ------------------------------------------------------------------------------------------------------- log files

INITIALIZE = encode_frame({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"capabilities": {}}})
LEAVE = encode_frame({"jsonrpc": "2.0", "id": 1, "method": "shutdown"}) + encode_frame(
    {"jsonrpc": "2.0", "method": "exit"}
)


def logging_to(path: Path) -> subprocess.CompletedProcess[bytes]:
    """A whole short conversation with a server that is told to log everything into this file."""
    return subprocess.run(
        [*SERVER, "--log-level=debug", "--log-file", str(path)],
        input=INITIALIZE + LEAVE,
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )


def check_refused(ended: subprocess.CompletedProcess[bytes], path: Path) -> None:
    """The server has not started, and said so to the person at the other end."""
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert str(path) in ended.stderr.decode()
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o666, 0o777, 0o200], ids=oct)
def test_an_old_log_file_of_any_mode_becomes_its_owners_only(tmp_path: Path, mode: int) -> None:
    log = tmp_path / "pipe-rpc.log"
    log.write_text("before\n")
    log.chmod(mode)
    assert logging_to(log).returncode == 0
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert log.read_text().startswith("before\n")
    assert "ending: exit" in log.read_text()


@pytest.mark.parametrize("target", ["a file", "nothing", "a directory", "a device", "another link"])
def test_a_log_file_that_is_a_link_is_refused_whatever_it_leads_to(tmp_path: Path, target: str) -> None:
    log, aim = tmp_path / "pipe-rpc.log", tmp_path / "aim"
    match target:
        case "a file":
            aim.write_text("precious\n")
        case "a directory":
            aim.mkdir()
        case "a device":
            aim = Path(os.devnull)
        case "another link":
            aim.symlink_to(tmp_path / "new")
    log.symlink_to(aim)
    before = sorted(os.listdir(tmp_path))
    check_refused(logging_to(log), log)
    assert sorted(os.listdir(tmp_path)) == before, "nothing was made through it"
    if target == "a file":
        assert aim.read_text() == "precious\n"
        assert stat.S_IMODE(aim.stat().st_mode) & 0o044, "its rights are as they were"


def test_a_log_file_that_is_a_directory_is_refused(tmp_path: Path) -> None:
    before = stat.S_IMODE(tmp_path.stat().st_mode)
    check_refused(logging_to(tmp_path), tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == before


def test_a_log_file_that_is_a_fifo_which_nobody_reads_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    log = tmp_path / "pipe-rpc.log"
    os.mkfifo(log)
    check_refused(logging_to(log), log)


def test_a_fifo_may_be_the_log_while_somebody_reads_it(gate: MakeGate) -> None:
    log = gate()
    assert logging_to(Path(log.path)).returncode == 0
    assert "ending: exit" in log.wait_line()


def test_a_fifo_that_nobody_empties_holds_up_nothing(start_wire: StartWire, gate: MakeGate) -> None:
    log = gate()
    wire = start_wire("--log-level=debug", "--log-file", log.path)
    for number in range(3000):  # Far more lines than a pipe holds.
        wire.notify("session/list", {"number": number})
    assert wire.request("session/list") == {"sessions": []}


# ----------------------------------------------------------------------------------------- the working directory

HOSTILE_MODULES = ["json", "selectors", "subprocess", "orjson", "cattrs", "attrs", "sitecustomize", "usercustomize"]
HOSTILE_MODULES += ["signal", "enum", "typing", "fcntl", "ctypes", "shlex", "argparse", "runpy", "pkgutil", "site"]
HOSTILE_PACKAGES = ["encodings", "pygls", "lsprotocol", "asyncio", "logging", "collections", "importlib"]


@functools.cache
def beyond_us() -> frozenset[str]:
    """What an interpreter without -P takes from the current directory before any line of ours can run.

    It looks for what -m names by means of runpy, and for that where the directory stands first in the path already.
    """
    names = subprocess.run(
        [sys.executable, "-c", "import runpy, sys; print(*sys.modules)"], capture_output=True, check=True, text=True
    )
    return frozenset(names.stdout.split()) - {"encodings", "site", "sitecustomize", "usercustomize"}


class Hostile(NamedTuple):
    """How pipe-rpc is started, where, and the file that an import from there would leave."""

    command: list[str]
    directory: Path
    mark: Path

    def check_harmless(self) -> None:
        assert not self.mark.exists(), self.mark.read_text()


MODULE, CONSOLE_SCRIPT = "the module", "the console script"


def started_as(way: str) -> list[str]:
    """The argv that starts it in this way."""
    if way == MODULE:
        return [sys.executable, "-m", "pipe_rpc"]
    script = shutil.which("pipe-rpc", path=str(Path(sys.executable).parent))
    if script is None:
        unavailable("the console script is not installed; run: pip install -e .")
    return [script]


@pytest.fixture(params=[MODULE, CONSOLE_SCRIPT])
def hostile(request: pytest.FixtureRequest, tmp_path: Path) -> Hostile:
    """A directory in which each module that is imported early or late leaves a mark, and ends whoever imports it."""
    directory = tmp_path / "hostile"
    directory.mkdir()
    source = f"open({str(tmp_path / 'imported')!r}, 'a').write(__name__ + chr(10))\nraise SystemExit(99)\n"
    for name in HOSTILE_MODULES if request.param == CONSOLE_SCRIPT else set(HOSTILE_MODULES) - beyond_us():
        (directory / f"{name}.py").write_text(source)
    for name in HOSTILE_PACKAGES if request.param == CONSOLE_SCRIPT else set(HOSTILE_PACKAGES) - beyond_us():
        (directory / name).mkdir()
        (directory / name / "__init__.py").write_text(source)
    return Hostile(started_as(request.param), directory, tmp_path / "imported")


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "unguarded"])
def test_a_server_in_a_hostile_directory_imports_nothing_from_it_early_or_late(
    start_wire: StartWire, hostile: Hostile, guarded: bool
) -> None:
    args = [*hostile.command, *([] if guarded else ["--no-guard"])]
    wire = start_wire(cwd=hostile.directory, popen={"args": args})
    wire.wait_closed(wire.spawn(["true"])["sessionId"])  # The first spawn, the handlers and the message types.
    command = {"command": "pipe-rpc.list"}
    assert "result" in wire.answer(wire.start("workspace/executeCommand", command))  # The language server.
    wire.send_raw(b"Content-Length: 1\r\n\r\n{")
    assert wire.receive_answer_to(-1)["error"]["code"] == -32700
    wire.finish()
    hostile.check_harmless()


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["run", "--trace", "--", "sh", "-c", "echo out; exit 3"], 3),
        (["run", "--", "/no/such/program"], 127),
        (["schema"], 0),
        (["--help"], 0),
    ],
    ids=["run", "run in vain", "schema", "help"],
)
def test_a_command_in_a_hostile_directory_imports_nothing_from_it(
    hostile: Hostile, arguments: list[str], status: int
) -> None:
    ended = subprocess.run(
        [*hostile.command, *arguments],
        cwd=hostile.directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert ended.returncode == status, ended.stderr.decode()
    hostile.check_harmless()


@pytest.mark.skipif(sys.platform != "linux", reason="there is a guard on Linux only")
def test_a_guard_in_a_hostile_directory_cleans_up_as_anywhere(start_wire: StartWire, hostile: Hostile) -> None:
    wire = start_wire(cwd=hostile.directory, popen={"args": hostile.command})
    child = wire.spawn(["sleep", "1000"])["pid"]
    server = int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1])
    assert server != wire.pid, "the guard is the client's child, and the server the guard's"
    os.kill(server, 9)
    assert wire.wait_exit() == 128 + 9
    assert not Path(f"/proc/{child}").exists()
    hostile.check_harmless()


def test_what_the_environment_tells_interactive_pythons_is_not_run(start_wire: StartWire, tmp_path: Path) -> None:
    startup, mark = tmp_path / "startup.py", tmp_path / "run"
    startup.write_text(f"open({str(mark)!r}, 'w')\n")
    told = {"PYTHONSTARTUP": str(startup), "PYTHONINSPECT": "1", "PYTHONBREAKPOINT": "os.abort"}
    wire = start_wire(env={**os.environ, **told})
    session = wire.spawn(shell('echo "$PYTHONSTARTUP $PYTHONINSPECT $PYTHONBREAKPOINT"'))["sessionId"]
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout").decode() == " ".join(told.values()) + "\n", (
        "children have it as it is"
    )
    wire.finish()
    assert not mark.exists()


# ------------------------------------------------------------------------------------------------ hostile text

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\n\x08\u202e"
"""Sets a title, clears the screen, changes the colour, begins a new line, goes back, and turns the text around."""


def test_no_text_of_a_client_steers_the_terminal_that_shows_the_log(start_wire: StartWire) -> None:
    wire = start_wire("--log-level=debug", options={"originator": ESCAPES})
    labels = {"command": ESCAPES, "originator": ESCAPES}
    session = wire.spawn(["cat", ESCAPES], **labels)["sessionId"]
    for method in (f"no/such{ESCAPES}", f"session/{ESCAPES}", f"$/{ESCAPES}", "session/spawn", "session/wait"):
        wire.notify(method, {"argv": [ESCAPES], "sessionId": ESCAPES, ESCAPES: ESCAPES})
        wire.answer(wire.start(method, {"argv": [f"/{ESCAPES}"], "sessionId": ESCAPES, ESCAPES: ESCAPES}))
    for text in (f'{{"{ESCAPES}":1}}', '{"\\u001b[2J\\r\\n":1,"\\u001b[2J\\r\\n":2}', f'{{"jsonrpc":"{ESCAPES}"}}'):
        body = text.encode()
        wire.send_raw(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        wire.receive_answer_to(-1)
    wire.request("session/remove", {"sessionId": session, "force": True})
    wire.finish()

    logged = wire.stderr_text()
    assert logged.count("\n") >= 4
    assert sorted({character for character in logged if not character.isprintable()}) == ["\n"]
    assert all(" pipe-rpc[" in line for line in logged.splitlines()), "no line was begun by a client"
