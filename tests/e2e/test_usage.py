"""`usage` of `session/info` and `session/list`: what sessions that run use, for who asks."""

from __future__ import annotations

import sys

import pytest

from tests.support.cgroups import servers_home
from tests.support.fixture_types import StartWire
from tests.support.programs import python, shell
from tests.support.systems import lacking
from tests.support.wire_client import Message, WireClient

KNOWN = sys.platform == "darwin" or not lacking("proc")
"""Whether a server of this run can look."""
MEMORY = 16 << 20
SOURCE = f"""
import os, sys, time
kept = bytearray({MEMORY})
end = time.process_time() + 0.1
while time.process_time() < end: pass
if os.fork() == 0:
    sys.stdin.read(); os._exit(0)
print("ready", flush=True)
sys.stdin.read()
"""


def usage_of(wire: WireClient, session: str) -> Message | None:
    found: Message | None = wire.request("session/info", {"sessionId": session, "usage": True})["usage"]
    return found


@pytest.mark.parametrize("options", [[], ["--no-cgroup"]], ids=["best", "without cgroup"])
def test_what_a_session_uses_is_told_to_who_asks_and_while_it_runs(start_wire: StartWire, options: list[str]) -> None:
    wire = start_wire(*options)
    info = wire.spawn(python(SOURCE))
    session = info["sessionId"]
    assert info["usage"] is None
    wire.wait_output(session, "stdout", 6)
    usage = usage_of(wire, session)
    if KNOWN:
        assert usage is not None
        assert usage["processes"] == 2
        assert 80 <= usage["userMs"] + usage["systemMs"] < 5000
        assert MEMORY <= usage["rssBytes"] < 16 * MEMORY
    else:
        assert usage is None
    listed = {each["sessionId"]: each["usage"] for each in wire.request("session/list", {"usage": True})["sessions"]}
    assert (listed[session] is not None) == KNOWN
    for params in ({"sessionId": session}, {"sessionId": session, "usage": False}):
        assert wire.request("session/info", params)["usage"] is None
    assert wire.request("session/list")["sessions"][0]["usage"] is None
    wire.request("session/write", {"sessionId": session, "close": True})
    wire.wait_closed(session)
    assert usage_of(wire, session) is None


@pytest.mark.skipif(servers_home() is None, reason="no control group can be made here")
def test_with_a_control_group_what_has_left_every_other_hold_counts(wire: WireClient) -> None:
    session = wire.spawn(shell("(setsid sleep 1000 &) ; echo ready; read _"))["sessionId"]
    wire.wait_output(session, "stdout", 6)
    usage = usage_of(wire, session)
    assert usage is not None
    assert usage["processes"] == 2
    wire.request("session/terminate", {"sessionId": session, "graceMs": 0})
    wire.wait_closed(session)


def test_processes_that_end_while_they_are_looked_at_break_nothing(wire: WireClient) -> None:
    session = wire.spawn(shell("while :; do true & wait; done"), attach=[])["sessionId"]
    for _ in range(200):
        usage = usage_of(wire, session)
        assert usage is None or usage["processes"] >= 0
    wire.request("session/terminate", {"sessionId": session, "graceMs": 0})
    for _ in range(20):
        usage_of(wire, session)
    wire.wait_closed(session)
