"""Many sessions: at once, and one after the other; what has come and gone leaves nothing."""

from __future__ import annotations

import sys

import pytest

from tests.soak.company import Company
from tests.soak.memory import Gauge, Load, bound, mib
from tests.soak.tallying_client import TallyingClient
from tests.support.dose import dose
from tests.support.ledger import Ledger
from tests.support.processes import descendants, process_state
from tests.support.programs import shell

pytestmark = [pytest.mark.attack, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]

KIB, MIB = 1 << 10, 1 << 20


def test_a_thousand_sessions_at_once_are_idle_at_little_cost_and_all_echo(ledger: Ledger) -> None:
    count, rounds = dose(short=100, ci=150, long=1000), dose(short=2, ci=2, long=50)
    with TallyingClient() as client:
        gauge = Gauge(client.server_pid)
        client.wait_closed(client.spawn(["true"]))
        base, descriptors = gauge.reset(), gauge.descriptors()
        company = Company(client, count)
        idle = gauge.now()
        company.talk(rounds)
        highest, opened = gauge.highest(), gauge.descriptors() - descriptors
        # What was echoed is all that the rings were filled with.
        load = Load(sessions=count + 1, ring_bytes=count * (rounds + 1) * 32)
        allowed = bound(base, client.limits, load)
        client.request("session/terminateAll", {"graceMs": 0})
        for session in company.sessions:
            client.wait_closed(session)
        client.finish()
    ledger.enter(
        "sessions at once",
        tried=count,
        measured=f"{(idle - base) / count / KIB:.1f} KiB each; resident {mib(highest)}, bound {mib(allowed)}; "
        f"{company.figures()}",
    )
    assert opened <= 4 * count
    assert highest <= allowed


def test_sessions_that_come_and_go_leave_no_memory_no_descriptor_and_no_zombie(ledger: Ledger) -> None:
    count, kept, burst = dose(short=300, ci=500, long=100_000), 20, 10
    # As many tombstones as there are when the warming up is over, so that from then on nothing may grow.
    with TallyingClient(f"--max-exited-sessions={kept}", "--max-tombstones=40") as client:
        company, gauge = Company(client), Gauge(client.server_pid)

        def come_and_go(sessions: int) -> int:
            """The most memory within the second half."""
            for number in range(sessions // burst):
                if number == sessions // burst // 2:
                    gauge.reset()
                spawns = [client.start("session/spawn", {"argv": ["echo", "gone"]}) for _ in range(burst)]
                for session in [client.result(spawned)["sessionId"] for spawned in spawns]:
                    client.wait_closed(session)
                    client.forget(session)
                if number % 50 == 0:
                    company.talk(1)
            return gauge.highest()

        before, descriptors = come_and_go(100), gauge.descriptors()
        after = come_and_go(count)
        leaked = gauge.descriptors() - descriptors
        zombies = [pid for pid in descendants(client.process.pid) if process_state(pid) == "Z"]
        listed = len(client.request("session/list")["sessions"])
        client.finish()
    ledger.enter(
        "sessions one after the other",
        tried=count,
        leaked=leaked + len(zombies),
        measured=f"{(after - before) / KIB:.0f} KiB more resident after {count:,}; {company.figures()}",
    )
    assert listed == kept + len(company.sessions)
    assert after - before <= MIB


def test_sessions_with_the_longest_arguments_leave_none_of_them_behind(ledger: Ledger) -> None:
    count, kept, arguments = dose(short=60, ci=80, long=2000), 5, ["x" * 120_000] * 8
    with TallyingClient(f"--max-exited-sessions={kept}") as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        base = gauge.reset()
        for _ in range(count):
            session = client.spawn(["true", *arguments])
            client.wait_closed(session)
            client.forget(session)
        highest = gauge.highest()
        argument_bytes = sum(map(len, arguments))
        # The answer to a spawn tells the arguments, and the request did.
        load = Load(
            sessions=kept + 3,
            argument_bytes=(kept + 1) * argument_bytes,
            answer_bytes=argument_bytes,
            request_bytes=argument_bytes,
            amplification=5,
            lists=False,
        )
        allowed = bound(base, client.limits, load)
        company.talk(1)
        client.finish()
    ledger.enter("sessions with long arguments", tried=count, measured=f"resident {mib(highest)}, bound {mib(allowed)}")
    assert highest <= allowed


@pytest.mark.parametrize("by", ["count", "bytes"])
def test_closed_sessions_are_kept_up_to_the_limit_and_the_oldest_go_first(by: str, ledger: Ledger) -> None:
    count, kept, size = dose(short=40, ci=60, long=2000), 10, 200_000
    limit = kept * (size + 2000)
    option = "--max-exited-sessions=10" if by == "count" else f"--max-exited-backlog-bytes={limit}"
    with TallyingClient(option) as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        base = gauge.reset()
        sessions = []
        for _ in range(count):
            sessions.append(client.spawn(shell("yes kept | head -c $1", size), pattern="kept", attach=[]))
            client.wait_closed(sessions[-1])
        listed = [each["sessionId"] for each in client.request("session/list")["sessions"]]
        newest = client.request("session/read", {"sessionId": sessions[-1], "stream": "stdout", "fromOffset": 0})
        highest = gauge.highest()
        closed = {**client.limits, "maxExitedBacklogBytes": limit}
        allowed = bound(base, closed, Load(sessions=kept + 3, ring_bytes=3 * size, keeps_closed=True))
        company.talk(1)
        client.finish()
    ledger.enter(
        f"closed sessions kept by {by}", tried=count, measured=f"resident {mib(highest)}, bound {mib(allowed)}"
    )
    assert [each for each in listed if each not in company.sessions] == sessions[-kept:]
    assert newest["data"].startswith("kept\nkept\n")
    assert highest <= allowed
