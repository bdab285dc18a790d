"""Many sessions of a user who is not root: the system gives the pipes of one who has many of them little room."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.soak.tallying_client import Pattern, TallyingClient
from tests.support.available import unavailable
from tests.support.dose import dose
from tests.support.ledger import Ledger
from tests.support.programs import python

pytestmark = [pytest.mark.attack, pytest.mark.skipif(sys.platform != "linux", reason="the bound is Linux's (pipe(7))")]

SESSIONS = 400
SOMEBODY = 54_321
"""A user that nobody else is: the pipes of one are counted together."""
KIB = 1 << 10
FULL, SMALL = 16 * os.sysconf("SC_PAGESIZE"), 2 * os.sysconf("SC_PAGESIZE")
"""What a pipe holds as long as its user has few of them, and beyond (pipe(7), pipe-user-pages-soft)."""
LINE = "what every session echoes, " + "x" * 36
ECHOED = f"{LINE}\n" * (64 * KIB // (len(LINE) + 1))

GROWS = """
import fcntl
try:
    fcntl.fcntl(0, fcntl.F_SETPIPE_SZ, 1 << 20)
except OSError as error:
    print(error.errno)
"""


def as_somebody() -> list[str]:
    """How to start a server as that user.

    This Python and its packages may stand where only root looks, so the user may read what root may; none of the
    capabilities that exempt from the bound on pipes is among those (capabilities(7), DAC_READ_SEARCH).
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None or os.geteuid() != 0:
        unavailable("this test needs root and setpriv")
    capability = ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]
    return [setpriv, f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups", *capability]


def check_bound() -> None:
    """That so many sessions, of three pipes each, are more than the system gives pipes of full size."""
    bound = int(Path("/proc/sys/fs/pipe-user-pages-soft").read_text(encoding="ascii"))
    if not 0 < bound * os.sysconf("SC_PAGESIZE") < 3 * SESSIONS * FULL:
        unavailable(f"a user may have {bound} pages in pipes here before these become small")


def capacities(pid: int) -> list[int]:
    """What each of the three pipes of a child holds."""
    found = []
    for number, mode in enumerate([os.O_WRONLY, os.O_RDONLY, os.O_RDONLY]):
        fd = os.open(f"/proc/{pid}/fd/{number}", mode | os.O_NONBLOCK | os.O_CLOEXEC)
        found.append(fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ))
        os.close(fd)
    return found


def hear_out(client: TallyingClient, source: str) -> str:
    """What a program says from its start to its end, while others are talking."""
    told: list[tuple[str, str]] = []
    client.on_output = lambda params: told.append((params["sessionId"], params["data"]))
    session = client.spawn(python(source))
    client.wait_closed(session)
    client.on_output = lambda params: None
    return "".join(data for talker, data in told if talker == session)


def test_sessions_whose_pipes_are_small_echo_as_exactly_as_any(ledger: Ledger) -> None:
    check_bound()
    rounds = dose(short=1, ci=1, long=20)
    with TallyingClient(prefix=as_somebody()) as client:
        assert Path(f"/proc/{client.server_pid}").stat().st_uid == SOMEBODY
        sessions = [client.request("session/spawn", {"argv": ["cat"]}) for _ in range(SESSIONS)]
        sizes = [capacities(each["pid"]) for each in sessions]
        small = sizes.count([SMALL] * 3)
        for session in [each["sessionId"] for each in sessions]:
            client.tallies[session, "stdout"].pattern = Pattern(f"{LINE}\n".encode())
        for _ in range(rounds):
            params = [{"sessionId": each["sessionId"], "data": ECHOED} for each in sessions]
            writes = [client.start("session/write", each) for each in params]
            for write in writes:
                assert client.result(write) == {"bytesWritten": len(ECHOED)}
        told = hear_out(client, GROWS)
        lost = 0
        for each in sessions:
            client.request("session/write", {"sessionId": each["sessionId"], "close": True})
            client.wait_closed(each["sessionId"])
            assert client.exited[each["sessionId"]]["exitCode"] == 0
            lost += rounds * len(ECHOED) - client.tallies[each["sessionId"], "stdout"].delivered_bytes
        client.finish()
    ledger.enter(
        f"sessions of one user at once that each echo {rounds} times 64 KiB",
        tried=SESSIONS,
        lost=lost,
        measured=f"{small} of them with three pipes of {SMALL // KIB} KiB",
    )
    assert sizes[0] == [FULL] * 3
    assert small > 0, "no session has come to the small pipes"
    assert told == f"{errno.EPERM}\n", "a pipe of such a user cannot be made larger, and nobody needs it"
