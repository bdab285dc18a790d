"""pipe_rpc/server/app.py: the whole server in a process of its own, and what it leaves behind."""

import os
import signal

from tests.support.bare_server import Family
from tests.support.fixture_types import StartWire
from tests.support.processes import cpu_seconds, descendants
from tests.support.programs import child


def test_a_signal_ends_the_server_in_order_with_status_1(start_wire: StartWire) -> None:
    wire = start_wire()
    session_id = wire.spawn(["/bin/cat"])["sessionId"]
    wire.process.send_signal(signal.SIGTERM)
    assert wire.wait_exited(session_id)["reason"] == "shutdown"
    wire.wait_closed(session_id)
    assert wire.wait_exit() == 1


def test_a_second_signal_kills_what_the_first_one_only_asked(start_wire: StartWire) -> None:
    wire = start_wire("--log-level=info", options={"graceMs": 3_600_000})
    session_id = wire.spawn(child("stubborn"))["sessionId"]
    wire.wait_output(session_id, "stdout", len(b"ready\n"))
    with Family(wire.pid) as family:
        wire.process.send_signal(signal.SIGTERM)
        while "ending: SIGTERM" not in wire.stderr_text():
            wire.fence()
        # Long enough that the second is not taken for an echo of the first.
        wire.request("session/wait", {"sessionId": session_id, "timeoutMs": 100})
        assert wire.request("session/info", {"sessionId": session_id})["state"] != "exited"
        wire.process.send_signal(signal.SIGINT)
        assert wire.wait_exited(session_id)["outcome"] == "hardKilled"
        assert wire.wait_exit() == 1
        family.wait_gone()


def test_the_end_of_the_process_on_the_command_line_is_an_end(start_wire: StartWire) -> None:
    reader, writer = os.pipe()
    client = os.fork()
    if client == 0:
        os.close(writer)
        os.read(reader, 1)
        os._exit(0)
    os.close(reader)
    wire = start_wire(f"--clientProcessId={client}", initialize=False)
    wire.request("initialize", {"processId": client, "capabilities": {}})
    os.close(writer)
    assert wire.wait_exit() == 1
    os.waitpid(client, 0)


def test_an_idle_server_uses_no_processor(start_wire: StartWire) -> None:
    wire = start_wire()
    wire.spawn(["/bin/cat"])
    server, *_ = descendants(wire.pid)
    before = cpu_seconds(server)
    (session,) = wire.request("session/list")["sessions"]
    wire.request("session/wait", {"sessionId": session["sessionId"], "timeoutMs": 300})
    assert cpu_seconds(server) - before <= 0.05
