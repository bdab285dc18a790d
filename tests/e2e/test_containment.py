"""What holds a session's processes together: told by the server, and attacked by every way of leaving."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.support.available import unavailable
from tests.support.cgroups import directories_of, servers_home
from tests.support.dose import dose
from tests.support.fixture_types import StartWire
from tests.support.ledger import Ledger
from tests.support.other_user import as_user
from tests.support.processes import WatchedProcess
from tests.support.programs import child, shell
from tests.support.server_command import SERVER
from tests.support.systems import lacking
from tests.support.trace import DEADLINE_S
from tests.support.wire_client import Message, WireClient

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers and control groups")

ADOPTS = sys.platform == "linux" and not (lacking("prctl") or lacking("proc"))
WITHOUT_CGROUP = "subreaper" if ADOPTS else "group"
NOBODY = 65534
BOMBS = dose(short=2, ci=3, long=50)
CHAINS = 20


@pytest.fixture
def home() -> str:
    """Where servers make their control groups; skips where they cannot."""
    found = servers_home()
    if found is None:
        pytest.skip("no control group can be made here: that takes cgroup v2, Linux 5.14 and the right to write to it")
    return found


def best() -> str:
    """The best that a server can do here."""
    return WITHOUT_CGROUP if servers_home() is None else "cgroup"


def told(wire: WireClient) -> Message:
    """What the server says of itself."""
    answer: Message = wire.initialize()["capabilities"]["experimental"]["pipeRpc"]
    return answer


@contextmanager
def escapees(wire: WireClient) -> Iterator[tuple[str, dict[str, WatchedProcess]]]:
    """A session whose children have left its process group in every way, and all of these, watched."""
    session = wire.spawn(child("escapees"))["sessionId"]
    wire.wait_until(lambda: wire.collect_output(session, "stdout").count(b"\n") == 7, "what every escapee tells")
    lines = [line.split() for line in wire.collect_output(session, "stdout").decode().splitlines()]
    with ExitStack() as stack:
        yield session, {way: stack.enter_context(WatchedProcess(int(pid))) for way, pid in filter(_is_pair, lines)}


def _is_pair(words: list[str]) -> bool:
    return len(words) == 2


# ---- told, never guessed


@pytest.mark.parametrize(
    ("arguments", "guarded", "may_have_cgroups"),
    [
        ([], True, True),
        (["--no-guard"], False, True),
        (["--no-cgroup"], True, False),
        (["--no-cgroup", "--no-guard"], False, False),
    ],
    ids=["as it is", "unguarded", "without cgroups", "with neither"],
)
def test_the_server_tells_what_holds_its_sessions_together(
    start_wire: StartWire, arguments: list[str], guarded: bool, may_have_cgroups: bool
) -> None:
    wire = start_wire(*arguments, initialize=False)
    expected = best() if may_have_cgroups else WITHOUT_CGROUP
    answer = told(wire)
    assert (answer["containment"], answer["guard"]) == (expected, guarded and sys.platform == "linux")
    session = wire.spawn(["true"])
    assert session["containment"] == expected
    left = wire.wait_exited(session["sessionId"])["processesLeft"]
    assert left == (False if expected == "cgroup" else None)
    assert wire.request("session/info", {"sessionId": session["sessionId"]})["containment"] == expected
    wire.wait_closed(session["sessionId"])
    wire.finish()


@linux_only
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_server_without_rights_to_its_control_group_does_without_and_says_so(start_wire: StartWire) -> None:
    _does_without(start_wire(initialize=False, popen={"args": [*as_user(NOBODY), *SERVER], "cwd": "/"}))


@linux_only
def test_a_server_in_a_read_only_file_system_of_control_groups_does_without_and_says_so(
    start_wire: StartWire, home: str
) -> None:
    """As in most containers; the mount is seen by this server alone (mount_namespaces(7))."""
    if shutil.which("unshare") is None:
        unavailable("there is no unshare")
    script = 'mount -o remount,bind,ro "$1" && shift && exec "$@"'
    mount_point = _mount_point(home)
    wire = start_wire(initialize=False, popen={"args": ["unshare", "--mount", *shell(script, mount_point, *SERVER)]})
    _does_without(wire)


def _mount_point(path: str) -> str:
    while not os.path.ismount(path):
        path = os.path.dirname(path)
    return path


def _does_without(wire: WireClient) -> None:
    assert told(wire)["containment"] == "subreaper"
    session = wire.spawn(shell("setsid sleep 1000 <&- >&- 2>&- & exit 3"))
    assert session["containment"] == "subreaper"
    assert wire.wait_exited(session["sessionId"])["processesLeft"] is None
    wire.wait_closed(session["sessionId"])
    wire.finish()  # The process that is left ends with the server, as the check for leaks sees.


def test_what_was_left_at_the_exit_is_told(wire: WireClient, home: str) -> None:
    alone = wire.wait_exited(wire.spawn(["true"])["sessionId"])
    leaving = wire.spawn(shell("setsid sleep 1000 <&- >&- 2>&- & exit 3"))["sessionId"]
    assert (alone["processesLeft"], wire.wait_exited(leaving)["processesLeft"]) == (False, True)
    info = wire.request("session/info", {"sessionId": leaving})
    assert info["exit"]["processesLeft"] is True, "it is what was so then"
    assert wire.request("session/wait", {"sessionId": leaving})["exit"]["processesLeft"] is True


# ---- whoever leaves


@pytest.mark.attack
@pytest.mark.parametrize(("grace_ms", "outcome"), [(0, "hardKilled"), (100, "softExit")])
def test_at_the_deadline_everything_is_killed_wherever_it_went(
    wire: WireClient, home: str, grace_ms: int, outcome: str, ledger: Ledger
) -> None:
    with escapees(wire) as (session, family):
        assert sorted(family) == ["daemon", "job", "member", "session", "stopped", "stubborn"]
        wire.request("session/terminate", {"sessionId": session, "graceMs": grace_ms})
        assert wire.wait_exited(session)["outcome"] == outcome
        for process in family.values():
            process.wait_gone()
    wire.wait_closed(session)
    ledger.enter("processes that left their group in every way, at the deadline", tried=len(family))


@pytest.mark.attack
def test_who_wipes_its_environment_and_leaves_is_killed_too(wire: WireClient, home: str, ledger: Ledger) -> None:
    script = "setsid env -i /bin/sh -c '(trap \"\" TERM HUP; echo $$; exec sleep 1000 >&- 2>&-) & wait' & wait"
    session = wire.spawn(shell(script))["sessionId"]
    wire.wait_until(lambda: wire.collect_output(session, "stdout").endswith(b"\n"), "the escapee")
    with WatchedProcess(int(wire.collect_output(session, "stdout"))) as escapee:
        wire.request("session/terminate", {"sessionId": session, "graceMs": 50})
        escapee.wait_gone()
    wire.wait_closed(session)
    ledger.enter("processes that left their group in every way, at the deadline", tried=1)


@pytest.mark.attack
@pytest.mark.parametrize("grace_ms", [0, 50])
def test_a_fork_bomb_is_killed_to_the_last_process(wire: WireClient, home: str, grace_ms: int, ledger: Ledger) -> None:
    """All of its processes hold its streams, so the close is told when the last of them is gone."""
    for _ in range(BOMBS):
        session = wire.spawn(child("bomb", CHAINS, 100_000))["sessionId"]
        wire.wait_output(session, "stdout", len("ready\n"))
        wire.request("session/terminate", {"sessionId": session, "graceMs": grace_ms})
        wire.wait_closed(session)
    ledger.enter("fork bombs of 20 chains, terminated", tried=BOMBS)


def test_what_a_session_leaves_at_its_natural_end_lives_on_until_it_is_terminated(wire: WireClient, home: str) -> None:
    other = wire.spawn(["/bin/cat"])["sessionId"]
    with escapees(wire) as (session, family):
        leader = wire.request("session/info", {"sessionId": session})["pid"]
        os.kill(leader, signal.SIGINT)
        exited = wire.wait_exited(session)
        assert (exited["outcome"], exited["processesLeft"]) == ("naturalExit", True)
        wire.fence()
        assert not any(process.is_gone() for process in family.values())
        wire.request("session/terminate", {"sessionId": session})
        for process in family.values():
            process.wait_gone()
    assert wire.request("session/info", {"sessionId": other})["state"] == "running"


def test_a_signal_goes_to_the_group_alone(wire: WireClient) -> None:
    with escapees(wire) as (session, family):
        wire.request("session/signal", {"sessionId": session, "signal": "SIGKILL"})
        family["member"].wait_gone()
        wire.wait_exited(session)
        wire.fence()
        assert not any(family[way].is_gone() for way in ("job", "session", "daemon", "stubborn", "stopped"))


@linux_only
def test_without_control_groups_a_daemon_ends_with_the_server(start_wire: StartWire) -> None:
    wire = start_wire("--no-cgroup")
    with escapees(wire) as (session, family):
        wire.request("session/terminate", {"sessionId": session, "graceMs": 0})
        family["member"].wait_gone()
        wire.wait_closed(session)
        wire.fence()
        assert not family["daemon"].is_gone()
        wire.finish()
        assert all(process.is_gone() for process in family.values())


def test_a_session_that_is_removed_by_force_takes_all_of_it_along(wire: WireClient, home: str) -> None:
    with escapees(wire) as (session, family):
        wire.request("session/remove", {"sessionId": session, "force": True})
        for process in family.values():
            process.wait_gone()


# ---- nothing stays in the file system


def test_each_session_has_a_directory_while_anything_of_it_lives(start_wire: StartWire, home: str) -> None:
    wire = start_wire("--no-guard")
    assert len(directories_of(home, wire.pid)) == 1
    session = wire.spawn(shell("setsid sleep 1000 <&- >&- 2>&- & exit 3"))["sessionId"]
    assert len(directories_of(home, wire.pid)) == 2
    wire.wait_closed(session)
    wire.request("session/remove", {"sessionId": session})
    assert len(directories_of(home, wire.pid)) == 2, "what is left is still held"
    for _ in range(3):
        wire.wait_closed(wire.spawn(["true"])["sessionId"])
    assert len(directories_of(home, wire.pid)) == 2
    wire.finish()
    assert directories_of(home, wire.pid) == set()


def test_a_server_within_a_session_has_its_control_groups_below(start_wire: StartWire, home: str) -> None:
    wire = start_wire("--no-guard")
    inner = [*SERVER[:1], "-m", "pipe_rpc", "run", "--", *shell("grep ^0:: /proc/self/cgroup; exit 4")]
    session = wire.spawn(inner)["sessionId"]
    assert wire.wait_exited(session)["exitCode"] == 4
    wire.wait_closed(session)
    own = wire.collect_output(session, "stdout").decode()
    assert own.count("/pipe-rpc-") == 2
    wire.finish()
    assert directories_of(home, wire.pid) == set()


def test_a_server_that_is_killed_within_a_session_leaves_nothing_once_that_is_terminated(
    start_wire: StartWire, home: str
) -> None:
    wire = start_wire("--no-guard")
    inner = [*SERVER[:1], "-m", "pipe_rpc", "run", "--", *shell("echo $$; setsid sleep 1000 <&- >&- 2>&- & wait")]
    session = wire.spawn(inner)["sessionId"]
    wire.wait_until(lambda: wire.collect_output(session, "stdout").endswith(b"\n"), "the inner child")
    with WatchedProcess(int(wire.collect_output(session, "stdout"))) as innermost:
        wire.request("session/terminate", {"sessionId": session, "graceMs": 0})
        innermost.wait_gone()
    wire.wait_closed(session)
    _settle(wire, home)
    wire.finish()
    assert directories_of(home, wire.pid) == set()


def _settle(wire: WireClient, home: str) -> None:
    """Ask again and again until no directory but the server's own is left: nothing is told when one can be removed."""
    deadline = time.monotonic() + DEADLINE_S
    while len(left := directories_of(home, wire.pid)) != 1:
        assert time.monotonic() < deadline, left
        wire.request("session/purge")
