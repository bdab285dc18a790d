"""Everything at once: each limit is reached, and the sum of them holds."""

from __future__ import annotations

import sys

import pytest

from tests.soak.memory import Gauge, bound, mib, worst
from tests.soak.tallying_client import TallyingClient, frame
from tests.soak.worst_requests import frame_of, most_memory
from tests.support.dose import dose
from tests.support.ledger import Ledger
from tests.support.programs import shell

pytestmark = [pytest.mark.attack, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]

KIB, MIB = 1 << 10, 1 << 20
SESSIONS = 8
ARGUMENT_CHARACTERS = 30_000
"""Of each session; one byte each, and the beginning of them once more in its command."""
SMALL = {
    "max-sessions": SESSIONS,
    "default-backlog-bytes": 256 * KIB,
    "max-backlog-bytes": 256 * KIB,
    "max-total-backlog-bytes": 2 * MIB,
    "max-exited-backlog-bytes": MIB,
    "max-tombstones": 4,
    "max-stdin-bytes": 256 * KIB,
    "max-total-stdin-bytes": MIB,
    "max-argument-bytes": 256 * KIB,
    "max-message-values": 20_000,
    "max-outbound-bytes": MIB,
    "max-frame-bytes": 512 * KIB,
    "max-read-bytes": 64 * KIB,
    "max-pending-requests": 64,
    "max-patterns": 8,
    "max-label-characters": KIB,
    # The client does not read while it brings all of this about, which takes its time on a busy machine.
    "flush-timeout-ms": 60_000,
}


def test_the_formula_holds_where_every_limit_is_reached_at_once(ledger: Ledger) -> None:
    rounds = dose(short=1, ci=2, long=50)
    with TallyingClient(*(f"--{name}={value}" for name, value in SMALL.items())) as client:
        gauge = Gauge(client.server_pid)
        client.wait_closed(client.spawn(["true"]))
        allowed = bound(gauge.reset(), client.limits, worst(client.limits))
        for _ in range(rounds):
            for _ in range(10):
                client.wait_closed(client.spawn(shell("yes | head -c 200000"), pattern="y", attach=[]))
            flood = shell("yes full >&2 & exec yes full", "é" * ARGUMENT_CHARACTERS)
            floods = [client.spawn(flood, pattern="full", overflow="dropOldest", graceMs=0) for _ in range(SESSIONS)]
            refusals = set[str]()
            with client.not_reading():
                writes = [
                    client.start("session/write", {"sessionId": session, "data": "x" * 200_000}) for session in floods
                ]
                for number, session in enumerate(floods):
                    # Of as many states as the engine keeps, and more.
                    pattern = {"pattern": f"(?:[ful]?){{32}}[ful]{{32}}{number}", "timeoutMs": 60_000}
                    client.start("session/waitFor", {"sessionId": session, "stream": "stdout", **pattern})
                for session in floods * 6:
                    params = {"sessionId": session, "until": "closed"}
                    client.start("session/wait", params)
                client.post_uncounted(frame_of(most_memory(512 * KIB, client.limits["maxMessageValues"])), 1)
                info = frame(
                    {"jsonrpc": "2.0", "id": "-", "method": "session/info", "params": {"sessionId": floods[0]}}
                )
                # More answers than the server keeps unread, so it leaves a part of these in the pipe and before it.
                client.press_uncounted(info * 1000, 1000)
            client.wait_for_uncounted()
            assert len(client.request("session/list")["sessions"]) > SESSIONS
            client.request("session/terminateAll", {"graceMs": 0})
            for session, write in zip(floods, writes, strict=True):
                client.wait_closed(session)
                refusals.add(client.answer(write)["error"]["data"]["kind"])
                for stream in ("stdout", "stderr"):
                    tally = client.tallies[session, stream]
                    assert tally.delivered_bytes + tally.missed_bytes == tally.end
            assert refusals == {"StdinClosed", "StdinFull"}
        highest = gauge.highest()
        client.finish()
    ledger.enter(
        "every limit reached at once",
        tried=rounds * SESSIONS,
        measured=f"resident {mib(highest)}, bound {mib(allowed)}",
    )
    assert highest <= allowed
