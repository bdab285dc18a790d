"""Children that do their worst: what they say is delivered to the byte, the others live, and nothing is left."""

from __future__ import annotations

import contextlib
import hashlib
import sys
import time
from collections.abc import Callable

import pytest

from tests.soak.company import Company
from tests.soak.memory import Gauge, Load, bound, mib
from tests.soak.tallying_client import Pattern, TallyingClient
from tests.support.cgroups import servers_home
from tests.support.dose import dose
from tests.support.fixture_types import MakeGate
from tests.support.ledger import Ledger
from tests.support.processes import WatchedProcess, cpu_seconds, descendants
from tests.support.programs import child, python, shell
from tests.support.trace import DEADLINE_S

pytestmark = [pytest.mark.attack, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]

MIB = 1 << 20
STDIN_BYTES = 8 * MIB
FORKER = """
import os, signal, sys
os.write(1, b"ready\\n")
for number in range(int(sys.argv[1])):
    if os.fork() == 0:
        if number % 3 == 0:
            os.setsid()
        os.write(2, b".")
        while True:
            signal.pause()
while True:
    signal.pause()
"""
HOLDER = """
import os, signal
if os.fork() == 0:
    os.write(2, b".")
    while True:
        signal.pause()
os._exit(0)
"""


def rings(client: TallyingClient, sessions: int) -> int:
    return 2 * sessions * client.limits["defaultBacklogBytes"]


def wait_for(client: TallyingClient, condition: Callable[[], bool]) -> None:
    """Spawn until it holds: the server lets go of groups that have ended when it needs the room."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "something is left"
        session = client.spawn(["true"])
        client.wait_closed(session)
        client.request("session/remove", {"sessionId": session})


def test_a_child_that_writes_byte_by_byte_is_delivered_to_the_byte(ledger: Ledger) -> None:
    size = dose(short=5000, ci=10_000, long=1_000_000)
    with TallyingClient() as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        base = gauge.reset()
        source = "import os, sys\nfor n in range(int(sys.argv[1])): os.write(1, b'0123456789\\n'[n % 11 : n % 11 + 1])"
        session = client.spawn(python(source, size), pattern="0123456789")
        company.talk(10)
        client.wait_closed(session)
        highest, tally = gauge.highest(), client.tallies[session, "stdout"]
        allowed = bound(base, client.limits, Load(sessions=3, ring_bytes=rings(client, 3)))
        client.finish()
    ledger.enter(
        "a child that writes byte by byte",
        tried=size,
        lost=size - tally.delivered_bytes,
        measured=f"resident {mib(highest)}, bound {mib(allowed)}",
    )
    assert highest <= allowed


def test_a_line_that_never_ends_is_delivered_in_pieces(ledger: Ledger) -> None:
    size = dose(short=16, ci=32, long=1024) * MIB
    with TallyingClient() as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        base = gauge.reset()
        session = client.spawn(shell("head -c $1 /dev/zero", size), encoding="base64")
        client.tallies[session, "stdout"].pattern = Pattern(bytes(1 << 10))
        company.talk(10)
        client.wait_closed(session)
        highest, tally = gauge.highest(), client.tallies[session, "stdout"]
        allowed = bound(base, client.limits, Load(sessions=3, ring_bytes=rings(client, 3)))
        client.finish()
    ledger.enter(
        "a line without an end",
        tried=size // MIB,
        lost=size - tally.delivered_bytes,
        measured=f"resident {mib(highest)}, bound {mib(allowed)}",
    )
    assert highest <= allowed


def test_children_that_do_not_read_hold_what_was_written_and_then_read_it_whole(gate: MakeGate, ledger: Ledger) -> None:
    count, piece = dose(short=2, ci=4, long=40), "stdin that waits " * 10_000
    # Each session may have what one may have: with less for all of them the last ones would be refused before.
    with TallyingClient(f"--max-total-stdin-bytes={count * STDIN_BYTES}", f"--max-stdin-bytes={STDIN_BYTES}") as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        base, held = gauge.reset(), [gate() for _ in range(count)]
        sessions = [client.spawn(child("slow_reader", each.path)) for each in held]
        accepted: dict[str, list[int]] = {}
        refused = 0
        for session in sessions:
            accepted[session] = []
            info = {"stdin": {"pendingBytes": 0}}
            while info["stdin"]["pendingBytes"] + len(piece) <= client.limits["maxStdinBytes"]:
                accepted[session].append(client.start("session/write", {"sessionId": session, "data": piece}))
                info = client.request("session/info", {"sessionId": session})
            answer = client.answer(client.start("session/write", {"sessionId": session, "data": piece}))
            refused += answer["error"]["data"]["kind"] == "StdinFull"
            company.talk(1)
        company.talk(10)
        highest = gauge.highest()
        load = Load(
            sessions=count + 2,
            ring_bytes=rings(client, 2),
            stdin_bytes=count * client.limits["maxStdinBytes"],
            request_bytes=2 * len(piece),
            amplification=5,
        )
        allowed = bound(base, client.limits, load)
        lost = 0
        for each, session in zip(held, sessions, strict=True):
            told: list[str] = []
            client.on_output = lambda params, told=told: told.append(params["data"])  # type: ignore[misc]
            each.open_and_release()
            for request in accepted[session]:
                assert client.result(request) == {"bytesWritten": len(piece)}
            client.request("session/write", {"sessionId": session, "close": True})
            client.wait_closed(session)
            whole = piece.encode() * len(accepted[session])
            lost += "".join(told) != f"{len(whole)} {hashlib.sha256(whole).hexdigest()}\n"
        client.finish()
    ledger.enter(
        "children that do not read their stdin",
        tried=sum(map(len, accepted.values())),
        lost=lost,
        measured=f"resident {mib(highest)}, bound {mib(allowed)}",
    )
    assert refused == count
    assert highest <= allowed


def test_a_child_that_forks_and_forks_ends_with_all_that_it_forked(ledger: Ledger) -> None:
    forks, rounds = dose(short=48, ci=98, long=900), dose(short=1, ci=1, long=5)
    # Without control groups those that lead a kernel session of their own live on, and end with the server.
    escaping = forks // 3 if servers_home() is None else 0
    with TallyingClient() as client, contextlib.ExitStack() as watches:
        company, gauge = Company(client), Gauge(client.server_pid)
        before, descriptors = set(descendants(client.process.pid)), gauge.descriptors()
        for number in range(rounds):
            session = client.spawn(python(FORKER, forks))
            tally = client.tallies[session, "stderr"]
            while tally.end < forks:
                company.talk(1)
            forked = set(descendants(client.process.pid)) - before
            assert len(forked) == forks + 1 + number * escaping
            client.request("session/terminate", {"sessionId": session, "graceMs": 0})
            client.wait_until(lambda session=session: session in client.exited, "an exit")  # type: ignore[misc]
            client.request("session/remove", {"sessionId": session})
            company.talk(5)
        wait_for(client, lambda: len(set(descendants(client.process.pid)) - before) == rounds * escaping)
        wait_for(client, lambda: gauge.descriptors() == descriptors)
        escaped = [watches.enter_context(WatchedProcess(pid)) for pid in set(descendants(client.process.pid)) - before]
        client.finish()
        left = sum(not process.is_gone() for process in escaped)
    ledger.enter("a child that forks and forks", tried=rounds * forks, leaked=left, measured=company.figures())


def test_pipes_that_are_held_for_ever_delay_no_exit_and_leave_nothing_once_removed(ledger: Ledger) -> None:
    count = dose(short=20, ci=40, long=900)
    with TallyingClient() as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        base, descriptors = gauge.reset(), gauge.descriptors()
        sessions = [client.spawn(python(HOLDER)) for _ in range(count)]
        for session in sessions:
            client.wait_until(lambda session=session: session in client.exited, "an exit")  # type: ignore[misc]
            assert client.exited[session]["streamsOpen"] == ["stdout", "stderr"]
        company.talk(5)
        highest = gauge.highest()
        allowed = bound(base, client.limits, Load(sessions=count + 2, ring_bytes=rings(client, 2)))
        for session in sessions:
            client.request("session/terminate", {"sessionId": session})
            client.wait_closed(session)
            client.request("session/remove", {"sessionId": session})
        wait_for(client, lambda: gauge.descriptors() == descriptors)
        client.finish()
    ledger.enter(
        "pipes that are held for ever",
        tried=count,
        measured=f"resident {mib(highest)}, bound {mib(allowed)}; {company.figures()}",
    )
    assert highest <= allowed


def test_children_that_close_their_streams_and_live_on_cost_nothing(gate: MakeGate, ledger: Ledger) -> None:
    count, reports, held = dose(short=20, ci=40, long=900), gate(), gate()
    with TallyingClient() as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        base = gauge.reset()
        sessions = []
        for _ in range(count):
            sessions.append(client.spawn(child("closer", "0+1+2", reports.path, held.path)))
            reports.wait_line()
        for session in sessions:
            tally = client.tallies[session, "stderr"]
            client.wait_until(lambda tally=tally: tally.ended == 0, "the end of a stream")  # type: ignore[misc]
        company.talk(5)
        before = cpu_seconds(client.server_pid)
        asked = {"sessionId": sessions[0], "timeoutMs": 500}
        assert client.request("session/wait", asked) == {"exit": None}
        spent_s = cpu_seconds(client.server_pid) - before
        highest = gauge.highest()
        allowed = bound(base, client.limits, Load(sessions=count + 2, ring_bytes=rings(client, 2)))
        held.open_and_release(len(sessions))
        for session in sessions:
            client.wait_closed(session)
        client.finish()
    ledger.enter(
        "children that close their streams and live on",
        tried=count,
        measured=f"{spent_s:.2f} s of processor time in half a second of rest; resident {mib(highest)}",
    )
    assert highest <= allowed
    assert spent_s < 0.1
