"""A server with too few descriptors, of every number: it says so, or serves what it can, and harms nobody."""

import resource
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.support.dose import dose
from tests.support.fixture_types import StartWire
from tests.support.ledger import Ledger
from tests.support.server_command import SERVER
from tests.support.trace import DEADLINE_S
from tests.support.wire_client import WireClient

pytestmark = [
    pytest.mark.attack,
    pytest.mark.skipif(sys.platform != "linux", reason="how many descriptors a start takes is Linux's"),
]

TOO_FEW = 6
"""With so few Python itself starts, and no server."""
ENOUGH = 24
"""With so many every server starts."""
BEYOND = 40
"""So many more are tried."""


def _limited(number: int) -> Callable[[], None]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, number))

    return limit


def test_a_server_that_has_too_few_descriptors_to_start_says_so(ledger: Ledger) -> None:
    started = 0
    for number in range(TOO_FEW, ENOUGH + 1, dose(short=3, ci=2, long=1)):
        for options in ([], ["--no-guard"]):
            ended = subprocess.run(
                [*SERVER, *options],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=DEADLINE_S,
                preexec_fn=_limited(number),
            )
            assert ended.returncode == 1  # without shutdown
            assert ended.stdout == ""
            if ended.stderr:
                assert ended.stderr.startswith("pipe-rpc: the system has no room to start it: Too many open files.")
                assert not started, f"with fewer than {number} one has started"
            else:
                started += 1
    assert started
    ledger.enter("descriptor limits swept: starts", tried=started)


@pytest.mark.parametrize("number", range(ENOUGH, ENOUGH + BEYOND + 1, dose(short=10, ci=6, long=1)))
def test_a_server_with_few_descriptors_serves_what_it_can(number: int, start_wire: StartWire, ledger: Ledger) -> None:
    wire = start_wire("--default-grace-ms", "300", popen={"preexec_fn": _limited(number)})
    refused = 0
    for _ in range(3):
        sessions: list[str] = []
        while (session := _spawn_or_be_refused(wire)) is not None:
            sessions.append(session)
            assert len(sessions) < number
        refused += 1
        for session in sessions:
            assert wire.request("session/write", {"sessionId": session, "data": "alive\n"}) == {"bytesWritten": 6}
            wire.wait_output(session, "stdout", 6)
        for session in sessions:
            wire.request("session/terminate", {"sessionId": session, "graceMs": 0})
            wire.wait_closed(session)
    if number >= ENOUGH + 4:
        assert wire.spawn(["true"])["state"] == "running"
    ledger.enter("descriptor limits swept: sessions until refused", tried=refused)


def _spawn_or_be_refused(wire: WireClient) -> str | None:
    """The id of a session that echoes, or None where the server has no room for one and says which kind."""
    answer = wire.answer(wire.start("session/spawn", {"argv": ["cat"]}))
    if "error" not in answer:
        session: str = answer["result"]["sessionId"]
        return session
    data = answer["error"]["data"]
    if data["kind"] == "SpawnFailed":
        assert (data["errno"], data["stage"]) == ("EMFILE", "fork")
    else:
        assert data["kind"] == "LimitExceeded"
        assert data["limit"] == "maxSessions"
    return None
