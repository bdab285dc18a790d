"""session/waitFor over the real wire: real children, in the pieces in which they write."""

from __future__ import annotations

import sys
import time

import pytest

from tests.support.fixture_types import MakeGate, StartWire
from tests.support.programs import child, python, shell
from tests.support.refusals import INVALID_PARAMS, REQUEST_CANCELLED, check_refusal
from tests.support.trace import DEADLINE_S
from tests.support.wire_client import WireClient

BOMB = "(?:x?){80}x{80}y"
"""2 to the power of 80 ways to go for who backtracks; RE2's automaton has too many states to keep them."""


def wait_for(wire: WireClient, session: str, stream: str = "stdout", **params: object) -> int | str:
    return wire.start("session/waitFor", {"sessionId": session, "stream": stream, **params})


def test_a_server_under_development_is_waited_for(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    script = "printf 'listening on '; read _ < $1; printf '127.0.0.1:80'; read _ < $1; echo 80; exec cat"
    session = wire.spawn(shell(script, held.path))["sessionId"]
    ready = wait_for(wire, session, pattern=r"listening on (?P<host>[\d.]+):(?P<port>\d+)\n")
    wire.wait_output(session, "stdout", len("listening on "))
    held.open_and_release()
    wire.wait_output(session, "stdout", len("listening on 127.0.0.1:80"))
    held.open_and_release()
    result = wire.result(ready)
    assert (result["matched"], result["offset"], result["length"]) == (True, 0, 28)
    assert result["named"] == {"host": "127.0.0.1", "port": "8080"}
    assert wire.request("session/wait", {"sessionId": session, "timeoutMs": 0}) == {"exit": None}


def test_a_prompt_without_a_line_feed_is_found_and_answered(wire: WireClient) -> None:
    session = wire.spawn(shell("printf 'name? '; read name; printf 'hello %s, age? ' $name; read age; echo $age"))[
        "sessionId"
    ]
    first = wire.result(wait_for(wire, session, pattern=r"\? $"))
    wire.request("session/write", {"sessionId": session, "data": "me\n"})
    second = wire.result(wait_for(wire, session, pattern=r"\? $", fromOffset=first["nextOffset"]))
    assert second["offset"] == len("name? hello me, age")
    wire.request("session/write", {"sessionId": session, "data": "7\n"})
    assert wire.result(wait_for(wire, session, literal="7\n"))["matched"]
    wire.wait_closed(session)


def test_a_match_is_found_in_output_that_comes_byte_by_byte(wire: WireClient, gate: MakeGate) -> None:
    held, data = gate(), "größer €5\n".encode()
    session = wire.spawn(child("bytewise", data.hex(), held.path), encoding="base64")["sessionId"]
    wanted = wait_for(wire, session, pattern="(€)5")
    for number in range(1, len(data) + 1):
        held.open_and_release()
        wire.wait_output(session, "stdout", number)
    found = wire.result(wanted)
    assert (found["text"], found["groups"], found["offset"]) == ("€5", ["€"], len("größer ".encode()))
    wire.wait_closed(session)


def test_stderr_is_searched_apart_from_stdout(wire: WireClient) -> None:
    session = wire.spawn(shell("echo here; echo there >&2"))["sessionId"]
    there = wire.result(wait_for(wire, session, "stderr", literal="there"))
    here = wire.result(wait_for(wire, session, "stderr", literal="here\n", fromOffset=2))
    assert (there["offset"], here["matched"], here["reason"]) == (0, False, "exited")
    wire.wait_closed(session)


def test_every_end_says_why(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("echo begun; read _ < $1; exec 1>&-; read _ < $1; echo late >&2; exit 3", held.path))[
        "sessionId"
    ]
    wire.wait_output(session, "stdout", len("begun\n"))
    assert wire.result(wait_for(wire, session, literal="never", timeoutMs=0))["reason"] == "timeout"
    assert wire.result(wait_for(wire, session, literal="never", timeoutMs=30))["reason"] == "timeout"
    assert wire.result(wait_for(wire, session, literal="never", idleMs=30))["reason"] == "idle"
    cancelled = wait_for(wire, session, literal="never")
    wire.notify("$/cancelRequest", {"id": cancelled})
    assert wire.answer(cancelled)["error"]["code"] == REQUEST_CANCELLED
    ended, exited = wait_for(wire, session, literal="never"), wait_for(wire, session, "stderr", literal="never")
    held.open_and_release()
    assert wire.result(ended)["reason"] == "ended"
    held.open_and_release()
    assert wire.result(exited)["reason"] == "exited"
    wire.wait_closed(session)


def test_overwritten_output_is_counted(wire: WireClient) -> None:
    source = "import sys\nfor n in range(2000): print(f'line {n:06}', flush=True)"
    session = wire.spawn(python(source), attach=[], backlogBytes=1024)["sessionId"]
    wire.wait_closed(session)
    found = wire.result(wait_for(wire, session, literal="line 001999", fromOffset=0))
    assert found["missedBytes"] == 2000 * 12 - 1024
    assert found["offset"] == 1999 * 12


def test_a_pattern_bomb_on_a_flood_keeps_nobody_waiting(wire: WireClient) -> None:
    flood = wire.spawn(["yes", "x" * 500], attach=[], graceMs=0)["sessionId"]
    talker = wire.spawn(["cat"])["sessionId"]
    bombs = [wait_for(wire, flood, pattern=f"{BOMB}{number}", timeoutMs=600_000) for number in range(10)]
    slowest = 0.0
    for number in range(1, 31):
        begun = time.monotonic()
        wire.request("session/write", {"sessionId": talker, "data": "x"})
        wire.wait_output(talker, "stdout", number)
        slowest = max(slowest, time.monotonic() - begun)
    assert slowest < DEADLINE_S / 5
    for bomb in bombs:
        wire.notify("$/cancelRequest", {"id": bomb})
    assert {wire.answer(bomb)["error"]["code"] for bomb in bombs} == {REQUEST_CANCELLED}
    wire.request("session/terminate", {"sessionId": flood, "graceMs": 0})
    wire.request("session/write", {"sessionId": talker, "close": True})
    wire.wait_closed(talker)
    wire.wait_closed(flood)


def test_a_bad_pattern_is_told_with_its_place(wire: WireClient) -> None:
    session = wire.spawn(["true"])["sessionId"]
    error = wire.answer(wait_for(wire, session, pattern="port ([0-9]+"))["error"]
    assert error["code"] == INVALID_PARAMS
    assert error["data"]["position"] == 5
    assert error["message"] == "params.pattern: missing ), at character 5 (RE2 syntax)."
    wire.wait_closed(session)


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit(2)")
def test_where_memory_is_limited_a_literal_is_found_and_a_pattern_is_refused(start_wire: StartWire) -> None:
    import resource

    wire = start_wire("--no-guard")
    session = wire.spawn(shell("echo ready; exec cat"))["sessionId"]
    resource.prlimit(wire.pid, resource.RLIMIT_AS, (1 << 40, 1 << 40))
    assert wire.result(wait_for(wire, session, literal="ready"))["matched"]
    error = check_refusal(wire, "LimitExceeded", wait_for(wire, session, pattern="ready"))
    assert error.data["limit"] == "memory"
    wire.request("session/terminate", {"sessionId": session})
    wire.wait_closed(session)
