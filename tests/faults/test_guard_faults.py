"""Calls of the guard that fail while it cleans up behind a killed server: it asks again, and nothing is left.

By strace, since the guard is a process of its own; see test_strace.py.
"""

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.faults.strace import failing
from tests.support.cgroups import directories_of, servers_home
from tests.support.dose import dose
from tests.support.fixture_types import StartWire
from tests.support.leaks import own_descendants
from tests.support.ledger import Ledger
from tests.support.programs import shell
from tests.support.systems import SYSTEM

pytestmark = [
    pytest.mark.attack,
    pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's, and so is the guard"),
    pytest.mark.skipif(SYSTEM != "own", reason="a poorer system makes other calls"),
]

OF_ANY_GUARD = [("openat", "ENFILE"), ("read", "ENOMEM")]
OF_CGROUPS = [("write", "ENOMEM"), ("rmdir", "ENOMEM")]
"""Made only where there are control groups to be killed and removed."""
HOW_OFTEN = (9, 1, 2, 3, 5, 20)[: dose(short=1, ci=2, long=6)]
"""So many calls in a row fail."""

CASES: list[tuple[list[str], str, str]] = [([], *each) for each in OF_ANY_GUARD + OF_CGROUPS] + [
    (["--no-cgroup"], *each) for each in OF_ANY_GUARD
]


@pytest.mark.parametrize(("arguments", "calls", "error"), CASES)
def test_a_guard_that_the_system_refuses_for_a_while_leaves_nothing_all_the_same(
    arguments: list[str], calls: str, error: str, start_wire: StartWire, tmp_path: Path, ledger: Ledger
) -> None:
    home = None if arguments else servers_home()
    if home is None and (calls, error) in OF_CGROUPS:
        pytest.skip("no control group can be made here: that takes cgroup v2, Linux 5.14 and the right to write to it")
    injected = 0
    for times in HOW_OFTEN:
        before = own_descendants()
        wire = start_wire(*arguments)
        session = wire.spawn(shell("setsid sleep 1000 <&- >&- 2>&- & sleep 1000 & echo ready; wait"))["sessionId"]
        wire.wait_output(session, "stdout", len("ready\n"))
        [server] = [pid for pid in own_descendants() if _parent(pid) == wire.pid]
        with failing(wire.pid, calls, error, f"1..{times}", tmp_path) as traced:
            os.kill(server, signal.SIGKILL)
            assert wire.wait_exit() == 128 + signal.SIGKILL
        assert [pid for pid in own_descendants() if pid not in before] == []
        assert home is None or directories_of(home, server) == set()
        injected += traced.injected
    assert injected, "no call has failed"
    ledger.enter("system-call faults of a guard", tried=injected)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
