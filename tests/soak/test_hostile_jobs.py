"""Jobs whose output is nothing but problems, as long as a line may be, each in a file of its own."""

from __future__ import annotations

import sys

import pytest

from tests.soak.memory import Gauge, Load, bound, mib
from tests.soak.tallying_client import TallyingClient
from tests.support.dose import dose
from tests.support.ledger import Ledger
from tests.support.programs import python

pytestmark = [pytest.mark.attack, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]

# Half of each line is the name of a file, whose every byte takes three in a URI; half is text, four bytes a character.
COMPLAINER = """
import sys
job, count, size = map(int, sys.argv[1:])
for number in range(count):
    name = f"{job:05}{number:05}" + "\N{PILE OF POO}" * (size // 8 - 8)
    text = "\N{PILE OF POO}" * (size // 8 - 8)
    print(f"{name}.c:1:1: error: {text}")
"""
MIB = 1 << 20


def run_job(client: TallyingClient, number: int, count: int) -> str:
    """Start a job that complains so often, and return its session once it has closed."""
    argv = python(COMPLAINER, number, count, client.limits["maxProblemLineBytes"])
    job = {"argv": argv, "cwd": "/", "problemMatcher": "$gcc", "backlogBytes": 4 * MIB}
    started = client.request("workspace/executeCommand", {"command": "pipe-rpc.run", "arguments": [job]})
    session: str = started["sessionId"]
    client.wait_closed(session)
    return session


def test_jobs_full_of_problems_fill_no_more_memory_than_the_limit_allows(ledger: Ledger) -> None:
    most = dose(short=100, ci=200, long=4000)
    each, jobs = most // 4, 6
    with TallyingClient(f"--max-problems={most}", f"--max-job-problems={each}") as client:
        gauge = Gauge(client.server_pid)
        client.request("session/remove", {"sessionId": run_job(client, 0, 1)})
        base = gauge.reset()
        for number in range(jobs):
            run_job(client, 1 + number, each + 10)
        while sum(client.problems.values()) < most:
            client.exchange("the problems, of which a client that is slow gets few at once")
        highest = gauge.highest()
        written = jobs * (each + 10) * client.limits["maxProblemLineBytes"]
        load = Load(sessions=jobs, ring_bytes=written, problems=most)
        allowed = bound(base, client.limits, load)
        client.finish()
    ledger.enter("jobs full of problems", tried=jobs * each, measured=f"resident {mib(highest)}, bound {mib(allowed)}")
    assert highest <= allowed
