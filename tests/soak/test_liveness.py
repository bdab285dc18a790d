"""Children flood, and the others go on talking."""

from __future__ import annotations

import sys
import time

import pytest

from tests.soak.company import Company, milliseconds, percentile
from tests.soak.memory import Gauge, Load, bound, mib
from tests.soak.tallying_client import TallyingClient
from tests.support.dose import LONG, dose
from tests.support.fixture_types import MakeGate
from tests.support.ledger import Ledger
from tests.support.programs import python, shell

pytestmark = [
    pytest.mark.attack,
    pytest.mark.timed,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

FLOODS = 20
LINE = "0123456789-a-line-of-a-flood-that-is-known-by-heart-byte-by-byte"
ECHO_P99_S = 0.05
USUALLY_BEFORE_BYTES = 512 << 10
"""What of a flood comes before an echo: the pipe, the outbound and a few pieces, not one piece of each session."""
EVER_BEFORE_BYTES = 8 << 20
"""A machine that is busy with other things runs the child late, and the flood meanwhile."""


@pytest.mark.parametrize("overflow", ["block", "dropOldest"])
@pytest.mark.parametrize("encoding", ["utf-8", "base64"])
def test_who_talks_is_heard_among_twenty_that_flood_both_streams(overflow: str, encoding: str, ledger: Ledger) -> None:
    rounds = dose(short=20, ci=30, long=500)
    with TallyingClient() as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        base = gauge.reset()
        flood = shell("yes $1 >&2 & exec yes $1", LINE)
        floods = [
            client.spawn(flood, pattern=LINE, overflow=overflow, encoding=encoding, graceMs=0) for _ in range(FLOODS)
        ]
        company.talk(rounds)
        rings = 2 * (FLOODS + 2) * client.limits["defaultBacklogBytes"]
        allowed = bound(base, client.limits, Load(sessions=FLOODS + 2, ring_bytes=rings))
        highest = gauge.highest()
        client.request("session/terminateAll", {"graceMs": 0})
        for session in floods:
            client.wait_closed(session)
            for stream in ("stdout", "stderr"):
                tally = client.tallies[session, stream]
                assert tally.delivered_bytes + tally.missed_bytes == tally.end
        client.finish()
    ledger.enter(
        f"talking while {FLOODS} sessions flood both streams ({overflow}, {encoding})",
        tried=2 * rounds,
        measured=f"{company.figures()}; resident {mib(highest)}, bound {mib(allowed)}",
    )
    assert highest <= allowed
    assert percentile(company.before_bytes, 50) <= USUALLY_BEFORE_BYTES
    assert max(company.before_bytes) <= EVER_BEFORE_BYTES
    if LONG:
        assert percentile(company.echoes_s, 99) <= ECHO_P99_S


def test_who_talks_is_heard_during_a_burst_of_spawns(gate: MakeGate, ledger: Ledger) -> None:
    spawns, heard = dose(short=60, ci=100, long=1000), gate()
    # Asked past the server, through its gate: what is measured is how long output waits.
    source = "import os, sys\ngate = os.open(sys.argv[1], os.O_RDONLY)\nwhile os.read(gate, 1): os.write(1, b'x')"
    with TallyingClient() as client:
        talker = client.spawn(python(source, heard.path), graceMs=0)
        tally, waits = client.tallies[talker, "stdout"], []
        requests = [client.start("session/spawn", {"argv": ["true"]}) for _ in range(spawns)]
        while len(client.closed) < spawns:
            before, awaited = time.monotonic(), tally.end + 1
            heard.open_and_release()
            client.wait_until(lambda awaited=awaited: tally.end >= awaited, "an echo")  # type: ignore[misc]
            waits.append(time.monotonic() - before)
        sessions = {client.result(request)["sessionId"] for request in requests}
        assert sessions == client.closed
        client.finish()
    ledger.enter(
        f"talking during a burst of {spawns} spawns",
        tried=len(waits),
        measured=f"p50 {milliseconds(waits, 50)}, p99 {milliseconds(waits, 99)}",
    )
    assert len(waits) >= spawns // 20, "the burst kept the others silent"
    if LONG:
        assert percentile(waits, 99) <= ECHO_P99_S
