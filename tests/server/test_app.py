"""pipe_rpc/server/app.py: the whole server in a process of its own, and what it leaves behind."""

import os
import signal
import sys

import pytest

from pipe_rpc.child.cgroup_tree import CgroupTree
from pipe_rpc.limits import Limits
from pipe_rpc.loop.descriptor import SharedDescriptor
from pipe_rpc.server.app import Server, Settings
from pipe_rpc.server.client_watch import ClientWatch
from pipe_rpc.server.log import Log, LogLevel
from pipe_rpc.server.stdio import Stdio
from pipe_rpc.session.registry import SessionRegistry
from tests.child.isolation import isolated
from tests.support.bare_server import Family
from tests.support.fixture_types import StartWire
from tests.support.leaks import open_descriptors
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


FIRST_STEPS = [(SessionRegistry, "end_all"), (CgroupTree, "close"), (ClientWatch, "close")]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how a process's children fare")
@pytest.mark.parametrize(("part", "name"), FIRST_STEPS, ids=[part.__name__ for part, _ in FIRST_STEPS])
def test_a_step_of_the_end_that_fails_keeps_none_of_the_others_from_being_taken(part: type, name: str) -> None:
    def work() -> None:
        before = open_descriptors()
        stdin, client_writes = os.pipe()
        client_reads, stdout = os.pipe()
        log_reader, log_writer = os.pipe()
        log = Log(SharedDescriptor(log_writer), LogLevel.ERROR)
        server = Server(Stdio(SharedDescriptor(stdin), SharedDescriptor(stdout)), Settings(Limits(), None), log)
        real = getattr(part, name)

        def fail(*arguments: object, **options: object) -> None:
            real(*arguments, **options)
            if options.get("kill", True):
                raise RuntimeError("a bug of ours")

        os.close(client_writes)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(part, name, fail)
            with pytest.raises(RuntimeError, match="a bug of ours"):
                server.run()
        log.close()
        for fd in (client_reads, log_reader):
            os.close(fd)
        assert open_descriptors() == before

    isolated(work)
