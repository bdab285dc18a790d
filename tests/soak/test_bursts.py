"""Many ends at once: every child is told of, with all that it wrote, on systems with pidfds and without."""

import os
import sys
import time
from pathlib import Path

import pytest

from tests.support.dose import dose
from tests.support.fixture_types import MakeGate, StartWire
from tests.support.gates import Gate
from tests.support.ledger import Ledger
from tests.support.processes import frozen, process_state
from tests.support.programs import shell
from tests.support.server_command import SERVER
from tests.support.trace import DEADLINE_S
from tests.support.wire_client import WireClient

pytestmark = [pytest.mark.attack, pytest.mark.skipif(sys.platform != "linux", reason="descendants are read from /proc")]

ON_SYSTEM = str(Path(__file__).parent.parent / "support" / "on_system.py")
SYSTEMS = {"pidfd": SERVER, "SIGCHLD": [sys.executable, ON_SYSTEM, "pidfd,epoll"]}

CHILDREN = dose(short=100, ci=1000, long=1000)
STORMS = dose(short=1, ci=1, long=20)
ORPHANS = dose(short=200, ci=300, long=10_000)
SPAWNED_AT_ONCE = 50


def spawn_all(wire: WireClient, argv: list[str], count: int) -> list[str]:
    """Spawn so many, some at a time."""
    sessions: list[str] = []
    while len(sessions) < count:
        size = min(SPAWNED_AT_ONCE, count - len(sessions))
        started = [wire.start("session/spawn", {"argv": argv, "mergeStderr": True}) for _ in range(size)]
        sessions += [wire.result(request)["sessionId"] for request in started]
    return sessions


def ends(wire: WireClient, sessions: list[str]) -> dict[str, tuple[object, int]]:
    """Hear of the end of all of them: the exit code of each, and how much it wrote."""
    sizes = dict.fromkeys(sessions, 0)
    codes: dict[str, object] = {}
    missing = set(sessions)
    while missing:
        message = wire.receive()
        params = message.get("params", {})
        match message.get("method"):
            case "session/output":
                sizes[params["sessionId"]] += params["length"]
            case "session/exited":
                codes[params["sessionId"]] = params["exitCode"]
            case "session/closed":
                missing.discard(params["sessionId"])
    return {session: (codes[session], sizes[session]) for session in sessions}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("seen", ["as they come", "all together"])
def test_a_thousand_children_that_end_at_once_are_all_told_to_the_byte(
    start_wire: StartWire, gate: MakeGate, system: str, seen: str, ledger: Ledger
) -> None:
    lost = 0
    longest_s = 0.0
    for _ in range(STORMS):
        held = gate()
        wire = start_wire(popen={"args": [*SYSTEMS[system], f"--max-sessions={CHILDREN}"]})
        sessions = spawn_all(wire, shell('read _ < "$1"; printf "%0100d" 0; exit 6', held.path), CHILDREN)
        begun = time.monotonic()
        if seen == "all together":
            server = [wire.pid, *_children(wire.pid)]
            with frozen(server):
                _let_go(held, CHILDREN)
                _wait_for_zombies(server[-1], CHILDREN)
                begun = time.monotonic()
        else:
            _let_go(held, CHILDREN)
        lost += sum(end != (6, 100) for end in ends(wire, sessions).values())
        longest_s = max(longest_s, time.monotonic() - begun)
        wire.finish()
        wire.trace.clear()
    ledger.enter(
        "children that end at once",
        tried=CHILDREN * STORMS,
        lost=lost,
        measured=f"{CHILDREN:,} told in {longest_s:.2f} s ({system}, {seen})",
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_storm_of_orphans_leaves_no_zombie(start_wire: StartWire, system: str, ledger: Ledger) -> None:
    """Each of them has lost its parent, so it comes to the server, and ends at about the same time."""
    wire = start_wire(popen={"args": SYSTEMS[system]})
    script = 'i=0; while [ $i -lt "$1" ]; do (true &); i=$((i+1)); done; echo done; exec cat'
    info = wire.spawn(shell(script, ORPHANS))
    [server] = _children(wire.pid)
    wire.wait_output(info["sessionId"], "stdout", len("done\n"))
    deadline = time.monotonic() + DEADLINE_S
    while (left := set(_children(server)) - {info["pid"]}) and time.monotonic() < deadline:
        wire.fence()
    assert wire.request("session/info", {"sessionId": info["sessionId"]})["state"] == "running"
    ledger.enter("orphans that end at once", tried=ORPHANS, leaked=len(left), measured=system)


def _let_go(held: Gate, count: int) -> None:
    for _ in range(0, count, 1000):
        held.open_and_release(min(count, 1000))


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(each) for each in file.read().split()]


def _wait_for_zombies(pid: int, count: int) -> None:
    """Return when so many children of a process have ended and wait to be reaped."""
    deadline = time.monotonic() + DEADLINE_S
    while sum(process_state(each) == "Z" for each in _children(pid)) < count:
        assert time.monotonic() < deadline, "they do not all end"
        os.sched_yield()
