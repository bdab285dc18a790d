"""From initialize to the last process: protocol section 2, over the real wire.

The autouse leak check of this suite proves for every test here that nothing is left running. Where the contract says
*when* nothing is left (before the answer to shutdown, before the server's own end), a `Family` is asked at that moment.
"""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.bare_server import Family
from tests.support.fixture_types import MakeGate, StartWire
from tests.support.frames import encode_frame
from tests.support.processes import WatchedProcess, descendants, wait_state
from tests.support.programs import python, shell
from tests.support.server_command import SERVER
from tests.support.trace import DEADLINE_S, Message
from tests.support.wire_client import WireClient, WireError

METHODS = {
    "initialize",
    "shutdown",
    "session/spawn",
    "session/attach",
    "session/detach",
    "session/read",
    "session/write",
    "session/signal",
    "session/terminate",
    "session/terminateAll",
    "session/wait",
    "session/info",
    "session/list",
    "session/remove",
    "session/purge",
}
NOTIFICATIONS = {"session/output", "session/detached", "session/exited", "session/closed"}

NEVER = 10**6
"""A grace in milliseconds that no test outlives."""

POLITE = python(
    "import os, signal, sys\n"
    "def bye(*_):\n"
    "    os.write(1, b'bye\\n')\n"
    "    sys.exit(3)\n"
    "signal.signal(signal.SIGTERM, bye)\n"
    "os.write(1, b'ready\\n')\n"
    "while True: signal.pause()\n"
)
"""Says ready; at SIGTERM says bye and exits 3."""

STUBBORN = python(
    "import os, signal\n"
    "signal.signal(signal.SIGTERM, lambda *_: os.write(1, b'no\\n'))\n"
    "os.write(1, b'ready\\n')\n"
    "while True: signal.pause()\n"
)
"""Says ready; at SIGTERM says no and stays."""

FAMILY = shell("sleep 1000 & sleep 1000 & echo ready; wait")
"""Says ready; has two children of its own in its group."""


def send_later(wire: WireClient, number: signal.Signals) -> None:
    """Send a second signal; what comes within 20 ms of the first counts as its echo, so here the time is the point."""
    select.select([], [], [], 0.1)
    wire.process.send_signal(number)


def spawn_ready(wire: WireClient, argv: list[str], **params: Any) -> str:
    """Spawn a child that says ready once it is, and return its session id."""
    session: str = wire.spawn(argv, **params)["sessionId"]
    wire.wait_output(session, "stdout", len("ready\n"))
    return session


def initialize_params(**members: Any) -> Message:
    return {"processId": None, "capabilities": {}, **members}


def refusal(wire: WireClient, method: str, params: Any = None) -> WireError:
    with pytest.raises(WireError) as refused:
        wire.request(method, params)
    return refused.value


# --------------------------------------------------------------------------------------------------- initialize


def test_initialize_answers_who_the_server_is_and_what_it_can(start_wire: StartWire) -> None:
    wire = start_wire(initialize=False)
    result = wire.request("initialize", initialize_params())

    told = subprocess.run([*SERVER, "--version"], capture_output=True, text=True, timeout=DEADLINE_S, check=True)
    assert set(result) == {"serverInfo", "capabilities"}
    assert result["serverInfo"] == {"name": "pipe-rpc", "version": told.stdout.split()[-1]}
    can = result["capabilities"]["experimental"]["pipeRpc"]
    assert set(can) >= {"protocolVersion", "methods", "notifications", "limits"}
    assert can["protocolVersion"] == 1
    assert set(can["methods"]) >= METHODS
    assert set(can["notifications"]) >= NOTIFICATIONS
    assert len(set(can["methods"])) == len(can["methods"])
    assert can["limits"] != {}
    assert {type(limit) for limit in can["limits"].values()} <= {int, float}
    wire.request("shutdown")
    wire.notify("exit")
    assert wire.wait_exit() == 0


def test_every_method_that_is_advertised_is_known(start_wire: StartWire) -> None:
    wire = start_wire(initialize=False)
    result = wire.request("initialize", initialize_params())
    for method in result["capabilities"]["experimental"]["pipeRpc"]["methods"]:
        if method not in ("initialize", "shutdown"):
            wire.start(method, {}, id=method)
            answer = wire.answer(method)
            assert answer.get("error", {}).get("code") != -32601, method


@pytest.mark.parametrize(
    "params",
    [
        {"processId": None, "capabilities": None},
        {"processId": None},
        {"capabilities": {}},
        {},
        {"processId": None, "capabilities": {}, "clientInfo": None, "initializationOptions": None},
        {"processId": None, "capabilities": {}, "rootPath": None, "rootUri": None, "workspaceFolders": None},
        {"processId": None, "capabilities": {"experimental": [1, {"x": None}], "noSuch": True}, "noSuch": [1]},
        {"processId": None, "capabilities": {}, "trace": "verbose", "locale": "de", "workDoneToken": 1},
        {"processId": None, "capabilities": {}, "clientInfo": {"name": "editor", "version": None, "extra": 1}},
        {"processId": None, "capabilities": {}, "initializationOptions": {"noSuch": 1, "settings": {"a": None}}},
    ],
    ids=lambda params: ",".join(params) or "nothing",
)
def test_initialize_is_lenient_about_everything_that_is_not_its_own(start_wire: StartWire, params: Message) -> None:
    wire = start_wire(initialize=False)

    assert wire.request("initialize", params)["serverInfo"]["name"] == "pipe-rpc"
    wire.notify("initialized", {})
    assert wire.request("session/list") == {"sessions": []}


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"processId": "1234"}, "params.processId"),
        ({"processId": 1.5}, "params.processId"),
        ({"processId": True}, "params.processId"),
        ({"processId": 0}, "params.processId"),
        ({"processId": -1}, "params.processId"),
        ({"initializationOptions": {"graceMs": "soon"}}, "params.initializationOptions.graceMs"),
        ({"initializationOptions": {"graceMs": -1}}, "params.initializationOptions.graceMs"),
        ({"initializationOptions": {"encoding": "latin-1"}}, "params.initializationOptions.encoding"),
        ({"initializationOptions": {"originator": 1}}, "params.initializationOptions.originator"),
    ],
)
def test_initialize_refuses_a_wrong_value_of_its_own_and_may_be_tried_again(
    start_wire: StartWire, params: Message, path: str
) -> None:
    wire = start_wire(initialize=False)
    error = refusal(wire, "initialize", initialize_params(**params))

    assert error.code == -32602
    assert [problem["path"] for problem in error.data["problems"]] == [path]
    assert refusal(wire, "session/list").code == -32002
    assert wire.request("initialize", initialize_params())["serverInfo"]["name"] == "pipe-rpc"
    assert wire.request("session/list") == {"sessions": []}


def test_the_client_s_name_is_the_default_originator_and_the_option_goes_before_it(start_wire: StartWire) -> None:
    named = start_wire(initialize=False)
    named.request("initialize", initialize_params(clientInfo={"name": "some editor"}))
    optioned = start_wire(initialize=False)
    options = {"originator": "agent 7"}
    optioned.request("initialize", initialize_params(clientInfo={"name": "some editor"}, initializationOptions=options))

    assert named.spawn(["true"])["originator"] == "some editor"
    assert optioned.spawn(["true"])["originator"] == "agent 7"
    assert optioned.spawn(["true"], originator="its own")["originator"] == "its own"
    for wire in (named, optioned):
        wire.request("shutdown")
        wire.notify("exit")
        assert wire.wait_exit() == 0


def test_the_connection_s_encoding_and_grace_are_the_defaults_of_its_sessions(start_wire: StartWire) -> None:
    wire = start_wire(options={"encoding": "base64", "graceMs": 0})
    plain = spawn_ready(wire, STUBBORN)
    wire.request("session/terminate", {"sessionId": plain})

    exited = wire.wait_exited(plain)
    assert (exited["signal"], exited["outcome"]) == ("SIGKILL", "hardKilled")
    assert {params["encoding"] for params in wire.delivered(plain, "stdout")} == {"base64"}
    assert wire.collect_output(plain, "stdout") == b"ready\n"


# ------------------------------------------------------------------------------------------------------ processId


def client_process() -> subprocess.Popen[bytes]:
    """A process that lives until its stdin is closed."""
    return subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)


@pytest.mark.needs("zombies")
def test_the_end_of_process_id_ends_the_server_in_order(start_wire: StartWire) -> None:
    with client_process() as client:
        wire = start_wire(initialize=False)
        wire.request("initialize", initialize_params(processId=client.pid))
        session = spawn_ready(wire, POLITE)
        with Family(wire.pid) as family:
            assert client.stdin is not None
            client.stdin.close()

            exited = wire.wait_exited(session)
            assert (exited["exitCode"], exited["outcome"], exited["reason"]) == (3, "softExit", "shutdown")
            wire.wait_closed(session)
            assert wire.collect_output(session, "stdout") == b"ready\nbye\n"
            assert wire.wait_exit() == 1
            assert family.survivors() == []


@pytest.mark.needs("zombies")
def test_a_process_id_that_nobody_has_reaped_yet_counts_as_ended(start_wire: StartWire) -> None:
    with subprocess.Popen(["true"]) as zombie:
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        wire = start_wire(initialize=False)
        wire.start("initialize", initialize_params(processId=zombie.pid), id=1)

        assert wire.answer(1)["result"]["serverInfo"]["name"] == "pipe-rpc"
        assert wire.wait_exit() == 1


def test_a_process_id_that_has_gone_ends_the_server_in_order(start_wire: StartWire) -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    wire = start_wire(initialize=False)
    wire.start("initialize", initialize_params(processId=gone.pid), id=1)

    assert wire.answer(1)["result"]["serverInfo"]["name"] == "pipe-rpc"
    assert wire.wait_exit() == 1


@pytest.mark.needs("zombies")
def test_the_end_of_process_id_after_shutdown_is_status_0(start_wire: StartWire) -> None:
    with client_process() as client:
        wire = start_wire(initialize=False)
        wire.request("initialize", initialize_params(processId=client.pid))
        wire.request("shutdown")
        assert client.stdin is not None
        client.stdin.close()

        assert wire.wait_exit() == 0


# ------------------------------------------------------------------------------------------------------- shutdown


def test_shutdown_answers_when_no_process_of_any_session_is_left(start_wire: StartWire) -> None:
    wire = start_wire()
    polite = spawn_ready(wire, POLITE)
    stubborn = spawn_ready(wire, STUBBORN, graceMs=100)
    family = spawn_ready(wire, FAMILY)
    silent = wire.spawn(["cat"], attach=[])["sessionId"]
    pids = [info["pid"] for info in wire.request("session/list")["sessions"]]
    everyone = [member for pid in pids for member in (pid, *descendants(pid))]
    assert len(everyone) == 6
    watched = [WatchedProcess(pid) for pid in everyone]
    try:
        assert wire.request("shutdown") is None
        assert [process.pid for process in watched if not process.is_gone()] == []
    finally:
        for process in watched:
            process.close()

    ends = {session: wire.wait_exited(session) for session in (polite, stubborn, family, silent)}
    assert {end["reason"] for end in ends.values()} == {"shutdown"}
    assert (ends[polite]["exitCode"], ends[polite]["outcome"]) == (3, "softExit")
    assert (ends[stubborn]["signal"], ends[stubborn]["outcome"]) == ("SIGKILL", "hardKilled")
    assert (ends[family]["signal"], ends[family]["outcome"]) == ("SIGTERM", "softExit")
    assert (ends[silent]["signal"], ends[silent]["outcome"]) == ("SIGTERM", "softExit")
    for session in ends:
        wire.wait_closed(session)
    assert wire.collect_output(polite, "stdout") == b"ready\nbye\n"
    assert wire.collect_output(stubborn, "stdout") == b"ready\nno\n"
    wire.notify("exit")
    assert wire.wait_exit() == 0


def test_shutdown_of_an_idle_server_answers_null_with_and_without_params(start_wire: StartWire) -> None:
    request: Message = {"id": 1, "jsonrpc": "2.0", "method": "shutdown"}
    empty: list[Message] = [{}, {"params": {}}, {"params": None}]
    for params in empty:  # The last is what pygls' own client sends.
        wire = start_wire()
        wire.send({**request, **params})
        assert wire.answer(1) == {"jsonrpc": "2.0", "id": 1, "result": None}
        wire.notify("exit")
        assert wire.wait_exit() == 0


@pytest.mark.parametrize(
    "method", ["session/list", "session/spawn", "shutdown", "initialize", "no/such", "workspace/executeCommand"]
)
def test_every_request_after_shutdown_is_refused(start_wire: StartWire, method: str) -> None:
    wire = start_wire()
    wire.request("shutdown")

    assert refusal(wire, method, {}).code == -32600
    assert refusal(wire, method).code == -32600
    wire.notify("no/such")
    wire.notify("session/spawn", {"argv": ["true"]})
    wire.notify("$/cancelRequest", {"id": 1})
    wire.notify("exit")
    assert wire.wait_exit() == 0


def test_a_request_while_shutdown_is_under_way_is_refused_at_once(start_wire: StartWire) -> None:
    wire = start_wire()
    session = spawn_ready(wire, STUBBORN, graceMs=NEVER)
    wire.start("shutdown", id="shutdown")

    error = refusal(wire, "session/info", {"sessionId": session})
    assert error.code == -32600
    assert refusal(wire, "shutdown").code == -32600
    wire.wait_output(session, "stdout", len("ready\nno\n"))  # Its grace is under way, and its output still comes.
    wire.process.send_signal(signal.SIGTERM)
    send_later(wire, signal.SIGINT)
    assert wire.wait_exit() == 0


def test_pending_requests_are_answered_while_shutdown_is_under_way(start_wire: StartWire) -> None:
    wire = start_wire()
    session = spawn_ready(wire, POLITE)
    wire.start("session/wait", {"sessionId": session}, id="exited")
    wire.start("session/wait", {"sessionId": session, "until": "closed"}, id="closed")
    assert wire.request("shutdown") is None

    for request_id in ("exited", "closed"):
        assert wire.answer(request_id)["result"]["exit"]["exitCode"] == 3
    wire.notify("exit")
    assert wire.wait_exit() == 0


def test_shutdown_and_exit_sent_together_are_both_obeyed(start_wire: StartWire) -> None:
    wire = start_wire()
    spawn_ready(wire, POLITE)
    with Family(wire.pid) as family:
        wire.send_all([{"jsonrpc": "2.0", "id": 1, "method": "shutdown"}, {"jsonrpc": "2.0", "method": "exit"}])

        assert wire.answer(1) == {"jsonrpc": "2.0", "id": 1, "result": None}
        assert wire.wait_exit() == 0
        assert family.survivors() == []


# ----------------------------------------------------------------------------------------------------------- exit


@pytest.mark.parametrize("params", [None, {}, []], ids=["no params", "an empty object", "an empty list"])
@pytest.mark.parametrize(("shutdown", "status"), [(True, 0), (False, 1)], ids=["after shutdown", "without shutdown"])
def test_exit_leaves_nothing_running(start_wire: StartWire, shutdown: bool, status: int, params: Any) -> None:
    wire = start_wire()
    spawn_ready(wire, FAMILY)
    spawn_ready(wire, POLITE)
    with Family(wire.pid) as family:
        assert len(family) >= 5
        if shutdown:
            wire.request("shutdown")
        wire.notify("exit", params)

        assert wire.wait_exit() == status
        assert family.survivors() == []


def test_exit_gives_every_session_its_grace_and_tells_its_end(start_wire: StartWire) -> None:
    wire = start_wire()
    session = spawn_ready(wire, POLITE)
    wire.notify("exit")

    exited = wire.wait_exited(session)
    assert (exited["exitCode"], exited["outcome"], exited["reason"]) == (3, "softExit", "shutdown")
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == b"ready\nbye\n"
    assert wire.wait_exit() == 1


def test_exit_kills_what_outlives_its_grace(start_wire: StartWire) -> None:
    wire = start_wire(options={"graceMs": 50})
    session = spawn_ready(wire, STUBBORN)
    wire.notify("exit")

    exited = wire.wait_exited(session)
    assert (exited["signal"], exited["outcome"], exited["reason"]) == ("SIGKILL", "hardKilled", "shutdown")
    assert wire.wait_exit() == 1


def test_exit_before_initialize_is_obeyed(start_wire: StartWire) -> None:
    wire = start_wire(initialize=False)
    wire.notify("exit")

    assert wire.wait_exit() == 1


@pytest.mark.parametrize("method", ["session/spawn", "session/list"])
def test_nothing_after_exit_is_executed(start_wire: StartWire, method: str) -> None:
    wire = start_wire()
    request: Message = {"jsonrpc": "2.0", "id": "late", "method": method}
    if method == "session/spawn":
        request["params"] = {"argv": ["true"]}
    wire.send_all([{"jsonrpc": "2.0", "method": "exit"}, request])

    assert wire.wait_exit() == 1
    received = [entry.message for entry in wire.trace if entry.direction == "in" and isinstance(entry.message, dict)]
    assert [message for message in received if message.get("id") == "late" and "result" in message] == []
    assert [message["method"] for message in received if "method" in message] == []


def test_bytes_behind_exit_change_nothing(start_wire: StartWire) -> None:
    wire = start_wire()
    wire.request("shutdown")
    heard = len(wire.trace)
    wire.send_raw(encode_frame({"jsonrpc": "2.0", "method": "exit"}) + b"\n\n")

    assert wire.wait_exit() == 0
    assert [entry.message for entry in wire.trace[heard:] if entry.direction == "in"] == []


@pytest.mark.needs("prctl", "proc")
@pytest.mark.parametrize("leaving", ["setsid", "env -i setsid"])
def test_a_daemon_of_a_session_does_not_outlive_the_server(start_wire: StartWire, leaving: str) -> None:
    wire = start_wire()
    daemon_script = "echo $$; exec sleep 1000 >/dev/null 2>&1 </dev/null"
    session = wire.spawn(shell(f'{leaving} /bin/sh -c "$1" &', daemon_script), attach=["stdout"])["sessionId"]
    wire.wait_exited(session)
    wire.wait_until(lambda: wire.collect_output(session, "stdout").endswith(b"\n"), "the daemon's process id")
    with WatchedProcess(int(wire.collect_output(session, "stdout"))) as daemon:
        wire.request("shutdown")
        wire.notify("exit")
        assert wire.wait_exit() == 0
        daemon.wait_gone()


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


# ----------------------------------------------------------------------------------- end of input, closed output


def test_the_end_of_input_after_shutdown_is_status_0(start_wire: StartWire) -> None:
    wire = start_wire()
    wire.request("shutdown")
    wire.close_stdin()

    assert wire.wait_exit() == 0


def test_the_end_of_input_ends_every_session_in_order_and_is_status_1(start_wire: StartWire) -> None:
    wire = start_wire()
    session = spawn_ready(wire, POLITE)
    with Family(wire.pid) as family:
        wire.close_stdin()

        assert wire.wait_exited(session)["reason"] == "shutdown"
        wire.wait_closed(session)
        assert wire.collect_output(session, "stdout") == b"ready\nbye\n"
        assert wire.wait_exit() == 1
        assert family.survivors() == []


@pytest.mark.parametrize("argv", [["cat"], ["yes"], FAMILY], ids=["silent", "flooding", "a family"])
def test_a_closed_stdout_ends_the_server_though_its_stdin_stays_open(argv: list[str]) -> None:
    with WireClient() as wire:
        wire.initialize()
        wire.spawn(argv)
        with Family(wire.pid) as family:
            wire.close_stdout()

            assert wire.process.wait(DEADLINE_S) == 1
            assert family.survivors() == []


def test_a_closed_stdout_still_gives_sessions_their_grace(gate: MakeGate) -> None:
    caught = gate()
    child = shell(f"trap 'echo caught > {caught.path}; exit' TERM; echo ready; while :; do sleep 0.01; done")
    with WireClient() as wire:
        wire.initialize()
        spawn_ready(wire, child)
        wire.close_stdout()

        assert caught.wait_line() == "caught"
        assert wire.process.wait(DEADLINE_S) == 1


# -------------------------------------------------------------------------------------------------------- signals

ENDING = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


@pytest.mark.parametrize("number", ENDING, ids=lambda number: signal.Signals(number).name)
def test_a_signal_ends_the_server_in_order(start_wire: StartWire, number: signal.Signals) -> None:
    wire = start_wire()
    polite = spawn_ready(wire, POLITE)
    family = spawn_ready(wire, FAMILY)
    wire.start("session/wait", {"sessionId": polite}, id="wait")
    with Family(wire.pid) as everyone:
        wire.process.send_signal(number)

        assert wire.answer("wait")["result"]["exit"]["exitCode"] == 3
        assert (wire.wait_exited(family)["outcome"], wire.wait_exited(polite)["reason"]) == ("softExit", "shutdown")
        wire.wait_closed(polite)
        wire.wait_closed(family)
        assert wire.collect_output(polite, "stdout") == b"ready\nbye\n"
        assert wire.wait_exit() == 1
        assert everyone.survivors() == []


@pytest.mark.parametrize("number", ENDING, ids=lambda number: signal.Signals(number).name)
def test_a_signal_to_the_whole_group_ends_the_server_in_order_too(
    start_wire: StartWire, number: signal.Signals
) -> None:
    wire = start_wire(popen={"start_new_session": True})
    session = spawn_ready(wire, POLITE)
    os.killpg(wire.pid, number)

    assert wire.wait_exited(session)["outcome"] == "softExit"
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == b"ready\nbye\n"
    assert wire.wait_exit() == 1


@pytest.mark.parametrize("number", ENDING, ids=lambda number: signal.Signals(number).name)
def test_a_signal_before_initialize_ends_the_server(number: signal.Signals) -> None:
    with WireClient() as wire:
        wire.start("session/list", id=1)
        wire.answer(1)  # It is up.
        wire.process.send_signal(number)

        assert wire.wait_exit() == 1


def test_a_signal_after_shutdown_is_status_0(start_wire: StartWire) -> None:
    wire = start_wire()
    wire.request("shutdown")
    wire.process.send_signal(signal.SIGTERM)

    assert wire.wait_exit() == 0


@pytest.mark.parametrize("first", ENDING, ids=lambda number: signal.Signals(number).name)
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT], ids=lambda number: signal.Signals(number).name)
def test_a_second_signal_kills_what_is_left_at_once(
    start_wire: StartWire, first: signal.Signals, second: signal.Signals
) -> None:
    wire = start_wire(options={"graceMs": NEVER})
    session = spawn_ready(wire, STUBBORN)
    with Family(wire.pid) as family:
        wire.process.send_signal(first)
        wire.wait_output(session, "stdout", len("ready\nno\n"))
        send_later(wire, second)

        exited = wire.wait_exited(session)
        assert (exited["signal"], exited["outcome"], exited["reason"]) == ("SIGKILL", "hardKilled", "shutdown")
        wire.wait_closed(session)
        assert wire.wait_exit() == 1
        assert family.survivors() == []


@pytest.mark.needs("prctl", "proc")
def test_a_server_that_is_killed_leaves_nothing_running(start_wire: StartWire) -> None:
    wire = start_wire()
    spawn_ready(wire, FAMILY)
    spawn_ready(wire, STUBBORN)
    with Family(wire.pid) as family:
        assert len(family) >= 5
        wire.process.kill()

        assert wire.process.wait(DEADLINE_S) == -signal.SIGKILL
        family.wait_gone()


@pytest.mark.needs("prctl", "proc")
@pytest.mark.parametrize("killed", ["the guard", "the server"])
def test_a_stopped_child_does_not_outlive_a_server_that_is_killed(start_wire: StartWire, killed: str) -> None:
    wire = start_wire()
    info = wire.spawn(["cat"])
    wire.request("session/signal", {"sessionId": info["sessionId"], "signal": "SIGSTOP"})
    wait_state(info["pid"], "T")
    with Family(wire.pid) as family:
        assert len(family) == 3
        os.kill(wire.pid if killed == "the guard" else descendants(wire.pid)[0], signal.SIGKILL)
        wire.wait_exit()
        family.wait_gone()


@pytest.mark.needs("prctl", "proc")
def test_a_whole_group_that_is_killed_leaves_nothing_running(start_wire: StartWire) -> None:
    wire = start_wire(popen={"start_new_session": True})
    spawn_ready(wire, FAMILY)
    with Family(wire.pid) as family:
        os.killpg(wire.pid, signal.SIGKILL)

        assert wire.process.wait(DEADLINE_S) == -signal.SIGKILL
        family.wait_gone()


# --------------------------------------------------------------------------------------- how the server is started


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("serve",),
        ("--stdio",),
        ("serve", "--stdio"),
        ("--stdio", "--clientProcessId={pid}"),
        ("--clientProcessId={pid}", "--stdio"),
        ("serve", "--clientProcessId={pid}"),
    ],
    ids=" ".join,
)
def test_the_server_starts_in_every_way_that_clients_start_it(
    start_wire: StartWire, arguments: tuple[str, ...]
) -> None:
    wire = start_wire(*(argument.format(pid=os.getpid()) for argument in arguments))

    assert wire.request("session/list") == {"sessions": []}


def test_an_unknown_option_is_refused_on_stderr_with_status_2() -> None:
    ended = subprocess.run([*SERVER, "--no-such-option"], capture_output=True, timeout=DEADLINE_S, check=False)

    assert (ended.returncode, ended.stdout) == (2, b"")
    assert b"--no-such-option" in ended.stderr


def test_set_trace_is_accepted_in_every_value(start_wire: StartWire) -> None:
    wire = start_wire()
    for value in ("off", "messages", "verbose", "off"):
        wire.notify("$/setTrace", {"value": value})

    wire.start("session/list", id="next")
    assert wire.receive()["id"] == "next"


# ------------------------------------------------------------------------- descriptors that are missing at the start


def closed_at_start(*redirections: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """A server started by a shell with such redirections; its other descriptors are pipes."""
    script = f'exec "$@" {" ".join(redirections)}'
    return subprocess.run(
        ["/bin/sh", "-c", script, "sh", *SERVER], input=stdin, capture_output=True, timeout=DEADLINE_S, check=False
    )


def test_a_closed_stderr_disturbs_nothing(start_wire: StartWire) -> None:
    wire = start_wire(popen={"args": ["/bin/sh", "-c", 'exec "$@" 2>&-', "sh", *SERVER]})
    wire.send_raw(b"Content-Length: 1\r\n\r\n{")  # Something to log.
    assert wire.receive()["error"]["code"] == -32700
    session = wire.spawn(shell("echo out; echo err >&2"))["sessionId"]
    wire.wait_closed(session)

    assert wire.collect_output(session, "stdout") == b"out\n"
    assert wire.collect_output(session, "stderr") == b"err\n"


def test_a_closed_stdin_is_the_end_of_input() -> None:
    ended = closed_at_start("<&-")

    assert (ended.returncode, ended.stdout) == (1, b"")
    assert b"Traceback" not in ended.stderr


def test_a_closed_stdout_is_told_on_stderr() -> None:
    ended = closed_at_start(">&-", stdin=b"")

    assert (ended.returncode, ended.stdout) == (1, b"")
    assert ended.stderr != b""
    assert b"Traceback" not in ended.stderr


def test_a_server_without_any_descriptor_ends() -> None:
    ended = closed_at_start("<&-", ">&-", "2>&-")

    assert (ended.returncode, ended.stdout, ended.stderr) == (1, b"", b"")


# -------------------------------------------------------------------------------- what a parent may have left behind

REPORT_SIGNALS = python(
    "import re\n"
    "masks = re.findall(r'(Sig(?:Blk|Ign)):\\s*(\\w+)', open('/proc/self/status').read())\n"
    "print({name: int(mask, 16) & ~(1 << 12 | 1 << 24) for name, mask in masks})\n"
)
"""Prints what it was started with; SIGPIPE and SIGXFSZ are ignored by Python itself."""


def assert_signals_work(wire: WireClient) -> None:
    """Exit statuses are true, SIGTERM reaches children and the server, and children start with clean signals."""
    report = wire.spawn(REPORT_SIGNALS)["sessionId"]
    status = wire.spawn(shell("exit 7"))["sessionId"]
    asleep = wire.spawn(["sleep", "1000"])["sessionId"]
    wire.request("session/terminate", {"sessionId": asleep, "graceMs": NEVER})

    assert wire.wait_exited(status)["exitCode"] == 7
    assert wire.wait_exited(asleep)["signal"] == "SIGTERM"
    wire.wait_closed(report)
    assert wire.collect_output(report, "stdout") == b"{'SigBlk': 0, 'SigIgn': 0}\n"
    wire.wait_closed(asleep)
    wire.wait_closed(status)
    wire.process.send_signal(signal.SIGTERM)
    assert wire.wait_exit() == 1


@pytest.mark.parametrize("ignored", ["CHLD", "TERM", "CHLD TERM HUP INT QUIT USR1 TSTP"])
def test_signals_that_the_parent_ignored_are_harmless(start_wire: StartWire, ignored: str) -> None:
    ignoring = ["/bin/sh", "-c", f"trap '' {ignored}; exec \"$@\"", "sh", *SERVER]

    assert_signals_work(start_wire(popen={"args": ignoring}))


def test_signals_that_the_parent_blocked_are_harmless(start_wire: StartWire) -> None:
    program = (
        "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )

    assert_signals_work(start_wire(popen={"args": [sys.executable, "-I", "-S", "-c", program, *SERVER]}))


def test_children_of_a_parent_are_not_taken_for_sessions(start_wire: StartWire) -> None:
    """A process that was the parent's child before exec became the server is a stranger to it."""
    script = 'sleep 1000 <&- >&- 2>&- & exec "$@"'
    started = ["/bin/sh", "-c", script, "sh", *SERVER]
    wire = start_wire(popen={"args": started})
    session = wire.spawn(shell("exit 7"))["sessionId"]

    assert wire.wait_exited(session)["exitCode"] == 7
    assert len(wire.request("session/list")["sessions"]) == 1
    wire.finish()
    stranger = [pid for pid in descendants(os.getpid()) if command_of(pid) == b"sleep\x001000\x00"]
    assert len(stranger) == 1, "only processes that the server started are ever signalled"
    os.kill(stranger[0], signal.SIGKILL)
    os.waitpid(stranger[0], 0)
