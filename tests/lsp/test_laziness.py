"""The language server floor comes when it is called, and brings neither thread nor event loop."""

import json
import os
import subprocess
import sys

import pytest

from tests.support.fixture_types import StartWire
from tests.support.processes import descendants
from tests.support.wire_client import WireClient

HEAVY = ("lsprotocol", "pygls", "asyncio", "cattrs.preconf", "rich")


def server_pid(wire: WireClient) -> int:
    """The process that serves: its guard's first child."""
    first, *_ = descendants(wire.pid)
    return first


def imported(wire: WireClient) -> set[str]:
    """The modules that the server has imported so far, as -X importtime tells them."""
    return {line.rpartition("|")[2].strip() for line in wire.stderr_text().splitlines() if "import time:" in line}


@pytest.fixture
def timed(start_wire: StartWire) -> WireClient:
    """A server that tells each import."""
    return start_wire(popen={"args": [sys.executable, "-X", "importtime", "-m", "pipe_rpc"]})


def test_nothing_of_it_is_imported_before_its_first_service(timed: WireClient) -> None:
    info = timed.spawn(["/bin/echo", "hello"])
    timed.wait_closed(info["sessionId"])
    timed.request("session/list")
    names = imported(timed)
    assert "pipe_rpc.server.app" in names
    for heavy in HEAVY:
        assert not {name for name in names if name.split(".")[0] == heavy or name == heavy}, heavy
    timed.request("workspace/executeCommand", {"command": "pipe-rpc.list"})
    names = imported(timed)
    assert {"lsprotocol.types", "pygls.lsp.server", "pipe_rpc.lsp.services"} <= names


def test_the_first_answer_needs_neither_the_handlers_nor_cattrs(timed: WireClient) -> None:
    assert not {"cattrs", "pipe_rpc.server.handlers", "orjson"} & imported(timed)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of threads")
def test_the_server_has_one_thread_and_starts_no_other() -> None:
    with WireClient() as wire:
        wire.initialize()
        pid = server_pid(wire)
        assert os.listdir(f"/proc/{pid}/task") == [str(pid)]
        info = wire.request("workspace/executeCommand", {"command": "pipe-rpc.run", "arguments": ["echo hello"]})
        wire.wait_closed(info["sessionId"])
        wire.notify("window/workDoneProgress/cancel", {"token": "x"})
        wire.fence()
        assert os.listdir(f"/proc/{pid}/task") == [str(pid)]


def test_no_event_loop_exists_behind_it() -> None:
    script = """
import asyncio, json, sys, threading
made = []
real = asyncio.new_event_loop
asyncio.new_event_loop = lambda: made.append(1) or real()
from pipe_rpc.loop.loop import Loop
from pipe_rpc.limits import Limits
from pipe_rpc.lsp.services import LanguageServices
from pipe_rpc.session.searches import Searches
from pipe_rpc.protocol.envelope import Request
sent = []
loop = Loop()
services = LanguageServices(loop, None, Searches(Limits()), Limits(), send=sent.append,
                            call_method=lambda m, p: {"sessions": []}, client_shows_progress=False,
                            default_matchers=None, has_room=lambda: True, on_failure=lambda what, error: None)
services.receive_request(Request(1, "workspace/executeCommand", {"command": "pipe-rpc.list"}))
try:
    asyncio.get_running_loop()
    running = True
except RuntimeError:
    running = False
policy = asyncio.get_event_loop_policy()
print(json.dumps({"made": made, "running": running, "threads": threading.active_count(),
                  "set": getattr(policy._local, "_loop", None) is not None, "sent": [json.loads(s) for s in sent]}))
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    found = json.loads(ended.stdout)
    assert found["sent"] == [{"id": 1, "jsonrpc": "2.0", "result": {"sessions": []}}]
    assert (found["made"], found["running"], found["set"], found["threads"]) == ([], False, False, 1)
