"""`session/terminate`, `session/terminateAll`, `session/signal`, `timeoutMs` and shutdown: how sessions are ended."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.support.fixture_types import MakeGate, StartWire
from tests.support.processes import WatchedProcess, descendants, frozen, wait_state
from tests.support.programs import child, python, shell
from tests.support.refusals import problems, refusal
from tests.support.wire_client import Message, WireClient

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def ready(wire: WireClient, argv: list[str], **params: object) -> str:
    """Spawn a child that says when it is ready, and wait until it has."""
    session: str = wire.spawn(argv, **params)["sessionId"]
    wire.wait_output(session, "stdout", len("ready\n"))
    return session


def terminate(wire: WireClient, session: str, **params: object) -> None:
    """`session/terminate`, waited for; the answer is checked by the oracle."""
    assert wire.request("session/terminate", {"sessionId": session, **params}) == {}


def ending(exited: Message) -> tuple[object, ...]:
    """What matters about an exit here."""
    return tuple(exited[name] for name in ("exitCode", "signal", "outcome", "reason"))


@contextmanager
def watched_family(wire: WireClient, session: str) -> Iterator[list[WatchedProcess]]:
    """The children whose process ids the session's program has written in its first line."""
    while b"\n" not in wire.collect_output(session, "stdout"):
        wire.wait_output(session, "stdout", len(wire.collect_output(session, "stdout")) + 1)
    pids = [int(word) for word in wire.collect_output(session, "stdout").split(b"\n")[0].split()]
    with ExitStack() as stack:
        yield [stack.enter_context(WatchedProcess(pid)) for pid in pids]


# ---- softly, then hard


def test_a_child_that_obeys_ends_softly(wire: WireClient) -> None:
    session = wire.spawn(["cat"])["sessionId"]
    terminate(wire, session)
    assert ending(wire.wait_exited(session)) == (None, "SIGTERM", "softExit", "request")


def test_a_child_that_handles_sigterm_ends_softly_with_its_own_code(wire: WireClient) -> None:
    session = ready(wire, child("farewell", 0, 3))
    terminate(wire, session)
    assert ending(wire.wait_exited(session)) == (3, None, "softExit", "request")


def test_what_a_child_writes_as_its_farewell_is_delivered_before_its_exit(wire: WireClient) -> None:
    session = ready(wire, child("farewell", 200 * 1024, 0))
    terminate(wire, session, graceMs=20_000)
    exited = wire.wait_exited(session)
    assert ending(exited) == (0, None, "softExit", "request")
    assert wire.collect_output(session, "stdout") == b"ready\n" + b"x" * (200 * 1024)


def test_a_stubborn_child_is_killed_when_its_grace_is_over(wire: WireClient) -> None:
    session = ready(wire, child("stubborn"))
    begun = time.monotonic()
    terminate(wire, session, graceMs=300)
    assert ending(wire.wait_exited(session)) == (None, "SIGKILL", "hardKilled", "request")
    assert 0.3 <= time.monotonic() - begun < 10


def test_terminate_is_answered_at_once_and_the_session_says_that_it_is_ending(wire: WireClient) -> None:
    session = ready(wire, child("stubborn"))
    terminate(wire, session, graceMs=60_000)
    info = wire.request("session/info", {"sessionId": session})
    assert (info["state"], info["exit"]) == ("terminating", None)
    assert not wire.queued("session/exited")
    terminate(wire, session, graceMs=0)
    wire.wait_closed(session)
    assert wire.request("session/info", {"sessionId": session})["state"] == "exited"


def test_a_session_that_is_being_killed_says_so(wire: WireClient) -> None:
    session = ready(wire, child("stubborn"))
    killing, asking = wire.next_id(), wire.next_id()
    wire.send_all(
        [
            {
                "jsonrpc": "2.0",
                "id": killing,
                "method": "session/terminate",
                "params": {"sessionId": session, "graceMs": 0},
            },
            {"jsonrpc": "2.0", "id": asking, "method": "session/info", "params": {"sessionId": session}},
        ]
    )
    assert wire.result(killing) == {}
    assert wire.result(asking)["state"] in ("killing", "exited")  # It may be over before anybody can ask.
    wire.wait_closed(session)


def test_a_grace_of_zero_kills_without_a_sigterm(wire: WireClient) -> None:
    session = ready(wire, child("farewell", 100, 0))
    terminate(wire, session, graceMs=0)
    assert ending(wire.wait_exited(session)) == (None, "SIGKILL", "hardKilled", "request")
    assert wire.collect_output(session, "stdout") == b"ready\n"


@pytest.mark.parametrize("where", ["terminate", "spawn", "connection"])
def test_the_grace_comes_from_the_request_the_spawn_or_the_connection(start_wire: StartWire, where: str) -> None:
    wire = start_wire(options={"graceMs": 200 if where == "connection" else 60_000})
    spawn = {"spawn": {"graceMs": 200}, "terminate": {"graceMs": 60_000}}.get(where, {})
    session = ready(wire, child("stubborn"), **spawn)
    begun = time.monotonic()
    terminate(wire, session, **({"graceMs": 200} if where == "terminate" else {}))
    assert wire.wait_exited(session)["outcome"] == "hardKilled"
    assert 0.2 <= time.monotonic() - begun < 20


def test_the_default_grace_is_two_seconds(wire: WireClient) -> None:
    session = ready(wire, child("stubborn"))
    begun = time.monotonic()
    terminate(wire, session)
    wire.wait_exited(session)
    assert 2.0 <= time.monotonic() - begun < 10


@linux_only
def test_a_stopped_child_is_woken_to_obey(wire: WireClient) -> None:
    source = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: os._exit(3))\n"
        "os.write(1, b'ready\\n')\n"
        "os.kill(os.getpid(), signal.SIGSTOP)\n"
        "while True: signal.pause()\n"
    )
    info = wire.spawn(python(source))
    wait_state(info["pid"], "T")
    terminate(wire, info["sessionId"], graceMs=60_000)
    assert ending(wire.wait_exited(info["sessionId"])) == (3, None, "softExit", "request")


def test_a_request_to_end_right_after_the_spawn_is_carried_out(wire: WireClient) -> None:
    for _ in range(50):
        session = wire.spawn(["cat"])["sessionId"]
        terminate(wire, session)
        assert ending(wire.wait_exited(session)) == (None, "SIGTERM", "softExit", "request")


# ---- twice, late, and to whom


def test_a_second_shorter_grace_holds(wire: WireClient) -> None:
    session = ready(wire, child("stubborn"))
    begun = time.monotonic()
    terminate(wire, session, graceMs=60_000)
    terminate(wire, session, graceMs=200)
    assert ending(wire.wait_exited(session)) == (None, "SIGKILL", "hardKilled", "request")
    assert 0.2 <= time.monotonic() - begun < 20


def test_a_second_longer_grace_changes_nothing(wire: WireClient) -> None:
    session = ready(wire, child("stubborn"))
    begun = time.monotonic()
    terminate(wire, session, graceMs=200)
    terminate(wire, session, graceMs=60_000)
    assert ending(wire.wait_exited(session)) == (None, "SIGKILL", "hardKilled", "request")
    assert 0.2 <= time.monotonic() - begun < 20


def test_terminating_twice_in_one_breath_exits_once(wire: WireClient) -> None:
    session = ready(wire, child("farewell", 10, 0))
    requests = [wire.next_id() for _ in range(10)]
    wire.send_all(
        {"jsonrpc": "2.0", "id": request, "method": "session/terminate", "params": {"sessionId": session}}
        for request in requests
    )
    assert [wire.result(request) for request in requests] == [{}] * 10
    wire.wait_exited(session)
    wire.wait_closed(session)
    assert not wire.queued("session/exited")


def test_terminating_an_exited_session_changes_nothing_about_it(wire: WireClient) -> None:
    session = wire.spawn(shell("exit 9"))["sessionId"]
    assert ending(wire.wait_exited(session)) == (9, None, "naturalExit", None)
    wire.wait_closed(session)
    terminate(wire, session)
    terminate(wire, session, graceMs=0)
    assert ending(wire.request("session/info", {"sessionId": session})["exit"]) == (9, None, "naturalExit", None)


def test_the_whole_group_is_told_to_end(wire: WireClient) -> None:
    session = wire.spawn(child("family", 3))["sessionId"]
    with watched_family(wire, session) as family:
        terminate(wire, session, graceMs=60_000)
        for member in family:
            member.wait_gone()
    assert ending(wire.wait_exited(session)) == (None, "SIGTERM", "softExit", "request")
    wire.wait_closed(session)


def test_what_is_left_of_the_group_is_killed_at_the_deadline(wire: WireClient) -> None:
    session = wire.spawn(child("family", 3, "ignore"))["sessionId"]
    with watched_family(wire, session) as family:
        begun = time.monotonic()
        terminate(wire, session, graceMs=500)
        # The leader obeys: it has ended softly, whatever its children do.
        exited = wire.wait_exited(session)
        assert ending(exited) == (None, "SIGTERM", "softExit", "request")
        assert sorted(exited["streamsOpen"]) == ["stderr", "stdout"]
        for member in family:
            member.wait_gone()
        assert 0.5 <= time.monotonic() - begun < 20
    wire.wait_closed(session)
    assert ending(wire.request("session/info", {"sessionId": session})["exit"])[2] == "softExit"


@pytest.mark.parametrize("grace", [{}, {"graceMs": 0}, {"graceMs": 60_000}])
def test_after_the_exit_terminate_kills_what_is_left_of_the_group(
    wire: WireClient, gate: MakeGate, grace: Message
) -> None:
    held = gate()
    session = wire.spawn(child("orphan", "stdout+stderr", held.path))["sessionId"]
    exited = wire.wait_exited(session)
    assert ending(exited) == (7, None, "naturalExit", None)
    with watched_family(wire, session) as family:
        terminate(wire, session, **grace)
        for member in family:
            member.wait_gone()
    wire.wait_closed(session)
    assert b"late" not in wire.collect_output(session, "stdout")
    assert ending(wire.request("session/info", {"sessionId": session})["exit"]) == (7, None, "naturalExit", None)


def test_after_the_exit_terminate_kills_a_survivor_that_ignores_sigterm(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(child("orphan", "nothing", held.path, "ignore"))["sessionId"]
    with watched_family(wire, session) as family:
        wire.wait_closed(session)
        assert not any(member.is_gone() for member in family)
        terminate(wire, session, graceMs=100)
        for member in family:
            member.wait_gone()


@pytest.mark.needs("prctl", "proc")
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs a shell with job control")
def test_jobs_of_an_interactive_shell_are_killed_with_it(wire: WireClient) -> None:
    # Each job has a group of its own, in the session of the shell.
    session = wire.spawn(["bash", "-c", "set -m; sleep 1000 & echo $!; wait"])["sessionId"]
    with watched_family(wire, session) as family:
        terminate(wire, session, graceMs=100)
        for member in family:
            member.wait_gone()
    wire.wait_closed(session)


@pytest.mark.needs("prctl", "proc")
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs a shell with job control")
def test_jobs_of_a_shell_that_ends_as_it_is_killed_are_killed_all_the_same(
    start_wire: StartWire, gate: MakeGate
) -> None:
    wire = start_wire("--no-cgroup")
    held = gate()
    script = 'set -m; sleep 1000 <&- >&- 2>&- & echo $!; read _ < "$1"; exit 3'
    info = wire.spawn(["bash", "-c", script, "bash", held.path])
    session = info["sessionId"]
    with watched_family(wire, session) as (job,):
        with frozen([_parent_of(info["pid"])]):
            request = wire.start("session/terminate", {"sessionId": session, "graceMs": 0})
            held.release()
            wait_state(info["pid"], "Z")
        assert wire.result(request) == {}
        assert ending(wire.wait_exited(session)) == (3, None, "softExit", "request")
        job.wait_gone()


def _parent_of(pid: int) -> int:
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        return int(stat.read().rpartition(")")[2].split()[1])


def test_only_the_session_that_was_named_is_ended(wire: WireClient) -> None:
    first, second = wire.spawn(["cat"])["sessionId"], wire.spawn(["cat"])["sessionId"]
    terminate(wire, first)
    wire.wait_closed(first)
    assert wire.request("session/write", {"sessionId": second, "data": "alive", "close": True}) == {"bytesWritten": 5}
    wire.wait_closed(second)
    assert wire.collect_output(second, "stdout") == b"alive"


# ---- all of them


def test_terminate_all_ends_every_session_and_counts_them(wire: WireClient) -> None:
    sessions = [wire.spawn(["cat"])["sessionId"] for _ in range(5)]
    gone = wire.spawn(["true"])["sessionId"]
    wire.wait_closed(gone)
    assert wire.request("session/terminateAll", {}) == {"terminated": 5}
    for session in sessions:
        assert ending(wire.wait_exited(session)) == (None, "SIGTERM", "softExit", "request")
        wire.wait_closed(session)
    assert wire.request("session/terminateAll") == {"terminated": 0}


def test_terminate_all_ends_those_of_one_originator(wire: WireClient) -> None:
    mine = [wire.spawn(["cat"], originator="mine")["sessionId"] for _ in range(2)]
    other = wire.spawn(["cat"], originator="mine too")["sessionId"]
    assert wire.request("session/terminateAll", {"originator": "nobody"}) == {"terminated": 0}
    assert wire.request("session/terminateAll", {"originator": "min"}) == {"terminated": 0}
    assert wire.request("session/terminateAll", {"originator": "mine"}) == {"terminated": 2}
    for session in mine:
        wire.wait_closed(session)
    assert wire.request("session/info", {"sessionId": other})["state"] == "running"
    assert wire.request("session/terminateAll", {"originator": ""}) == {"terminated": 1}
    wire.wait_closed(other)


def test_terminate_all_spares_those_that_are_young(wire: WireClient) -> None:
    old = wire.spawn(["cat"])["sessionId"]
    assert wire.request("session/terminateAll", {"olderThanMs": 3_600_000}) == {"terminated": 0}
    # The server's own clock tells when the first is a second old.
    assert wire.request("session/wait", {"sessionId": old, "timeoutMs": 1500}) == {"exit": None}
    young = wire.spawn(["cat"])["sessionId"]
    assert wire.request("session/terminateAll", {"olderThanMs": 1500}) == {"terminated": 1}
    wire.wait_closed(old)
    assert wire.request("session/info", {"sessionId": young})["state"] == "running"
    assert wire.request("session/terminateAll", {"olderThanMs": 0}) == {"terminated": 1}
    wire.wait_closed(young)


def test_terminate_all_has_a_grace(wire: WireClient) -> None:
    sessions = [ready(wire, child("stubborn"), graceMs=60_000) for _ in range(3)]
    begun = time.monotonic()
    assert wire.request("session/terminateAll", {"graceMs": 200}) == {"terminated": 3}
    for session in sessions:
        assert ending(wire.wait_exited(session)) == (None, "SIGKILL", "hardKilled", "request")
    assert 0.2 <= time.monotonic() - begun < 20


# ---- signals


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL", "SIGINT", "SIGUSR1", "SIGHUP", "SIGQUIT"])
def test_a_signal_is_no_request_to_end(wire: WireClient, name: str) -> None:
    session = wire.spawn(["cat"])["sessionId"]
    assert wire.request("session/signal", {"sessionId": session, "signal": name}) == {}
    assert ending(wire.wait_exited(session)) == (None, name, "naturalExit", None)


def test_a_signal_reaches_the_whole_group(wire: WireClient) -> None:
    session = wire.spawn(child("family", 2))["sessionId"]
    with watched_family(wire, session) as family:
        wire.request("session/signal", {"sessionId": session, "signal": "SIGINT"})
        for member in family:
            member.wait_gone()
    wire.wait_closed(session)


def test_a_signal_can_be_handled(wire: WireClient) -> None:
    session = wire.spawn(shell("trap 'echo caught; exit 4' USR1; echo ready; while :; do read _; done"))["sessionId"]
    wire.wait_output(session, "stdout", 6)
    wire.request("session/signal", {"sessionId": session, "signal": "SIGUSR1"})
    assert ending(wire.wait_exited(session)) == (4, None, "naturalExit", None)
    assert wire.collect_output(session, "stdout") == b"ready\ncaught\n"


@linux_only
def test_a_session_can_be_stopped_and_continued(wire: WireClient) -> None:
    info = wire.spawn(["cat"])
    session = info["sessionId"]
    wire.request("session/signal", {"sessionId": session, "signal": "SIGSTOP"})
    wait_state(info["pid"], "T")
    assert wire.request("session/info", {"sessionId": session})["state"] == "running"
    wire.request("session/write", {"sessionId": session, "data": "x", "close": True})
    wire.request("session/signal", {"sessionId": session, "signal": "SIGCONT"})
    assert ending(wire.wait_exited(session)) == (0, None, "naturalExit", None)


@linux_only
def test_what_a_terminal_would_stop_a_job_with_does_not_stop_a_session(wire: WireClient) -> None:
    """No shell is over it that could continue it, so it does not stop (POSIX, orphaned process group)."""
    info = wire.spawn(["cat"])
    session, written = info["sessionId"], ""
    for name in ("SIGTSTP", "SIGTTIN", "SIGTTOU"):
        wire.request("session/signal", {"sessionId": session, "signal": name})
        wire.request("session/write", {"sessionId": session, "data": f"{name}\n"})
        written += f"{name}\n"
        wire.wait_output(session, "stdout", len(written))  # It may have come before the answer to the write.
    wire.request("session/write", {"sessionId": session, "close": True})
    assert ending(wire.wait_exited(session)) == (0, None, "naturalExit", None)
    assert wire.collect_output(session, "stdout") == b"SIGTSTP\nSIGTTIN\nSIGTTOU\n"


@pytest.mark.needs("prctl", "proc")
@linux_only
def test_a_server_that_was_stopped_beyond_a_deadline_takes_nothing_that_happened_meanwhile_amiss(
    wire: WireClient, gate: MakeGate
) -> None:
    held, begin, later = gate(), gate(), gate()
    script = "trap 'read _ < $1; exit 3' TERM; echo ready; while :; do sleep 0.01; done"
    wire.spawn(shell("read _ < $1; sleep 1; echo > $2", begin.path, later.path), attach=[])
    soft, hard = ready(wire, shell(script, held.path)), ready(wire, child("stubborn"))
    pids = {info["sessionId"]: info["pid"] for info in wire.request("session/list")["sessions"]}
    server = [wire.pid, *descendants(wire.pid)][:2]
    for session in (soft, hard):
        terminate(wire, session, graceMs=900)
    with WatchedProcess(pids[soft]) as watched, frozen(server):
        begin.open_and_release()
        later.wait()  # The deadline is over.
        held.open_and_release()
        watched.wait_gone()
    assert ending(wire.wait_exited(soft)) == (3, None, "softExit", "request")
    assert ending(wire.wait_exited(hard)) == (None, "SIGKILL", "hardKilled", "request")


def test_a_death_by_a_strangers_signal_is_natural(wire: WireClient) -> None:
    info = wire.spawn(["cat"])
    os.kill(info["pid"], signal.SIGKILL)
    assert ending(wire.wait_exited(info["sessionId"])) == (None, "SIGKILL", "naturalExit", None)


@pytest.mark.parametrize("name", ["SIGFOO", "", "0", "9", "-1", "SIG_DFL", "SIG_BLOCK", "ITIMER_REAL", "kill"])
def test_what_is_no_signal_name_is_a_wrong_parameter(wire: WireClient, name: str) -> None:
    session = wire.spawn(["cat"], graceMs=0)["sessionId"]
    found = problems(wire, "session/signal", {"sessionId": session, "signal": name})
    assert found.keys() == {"params.signal"}
    assert wire.request("session/info", {"sessionId": session})["state"] == "running"


def test_there_is_nothing_left_to_signal_after_the_exit(wire: WireClient) -> None:
    session = wire.spawn(["true"])["sessionId"]
    wire.wait_closed(session)
    refusal(wire, "SignalFailed", "session/signal", {"sessionId": session, "signal": "SIGTERM"})


# ---- limits of time


def test_a_time_limit_ends_a_child_softly(wire: WireClient) -> None:
    session = wire.spawn(["cat"], timeoutMs=200)["sessionId"]
    exited = wire.wait_exited(session)
    assert ending(exited) == (None, "SIGTERM", "softExit", "timeout")
    assert 200 <= exited["durationMs"] < 10_000


def test_a_time_limit_ends_a_stubborn_child_hard_after_its_grace(wire: WireClient) -> None:
    session = wire.spawn(child("stubborn"), timeoutMs=1000, graceMs=200)["sessionId"]
    exited = wire.wait_exited(session)
    assert ending(exited) == (None, "SIGKILL", "hardKilled", "timeout")
    assert 1200 <= exited["durationMs"] < 15_000


def test_a_time_limit_that_is_not_reached_changes_nothing(wire: WireClient) -> None:
    session = wire.spawn(shell("exit 5"), timeoutMs=60_000)["sessionId"]
    assert ending(wire.wait_exited(session)) == (5, None, "naturalExit", None)


def test_a_time_limit_may_be_a_fraction_or_very_long(wire: WireClient) -> None:
    short = wire.spawn(["cat"], timeoutMs=0.5)["sessionId"]
    assert ending(wire.wait_exited(short)) == (None, "SIGTERM", "softExit", "timeout")
    long = wire.spawn(["true"], timeoutMs=1e300)["sessionId"]
    assert ending(wire.wait_exited(long)) == (0, None, "naturalExit", None)


def test_a_request_before_the_time_limit_is_the_reason(wire: WireClient) -> None:
    session = ready(wire, child("stubborn"), timeoutMs=3000)
    terminate(wire, session, graceMs=100)
    assert ending(wire.wait_exited(session)) == (None, "SIGKILL", "hardKilled", "request")


# ---- shutdown


def test_shutdown_ends_every_session_and_says_so(start_wire: StartWire) -> None:
    wire = start_wire(options={"graceMs": 500})
    soft = wire.spawn(["cat"])["sessionId"]
    hard = ready(wire, child("stubborn"))
    natural = wire.spawn(["true"])["sessionId"]
    wire.wait_closed(natural)
    begun = time.monotonic()
    assert wire.request("shutdown") is None
    assert time.monotonic() - begun >= 0.5
    assert ending(wire.wait_exited(soft)) == (None, "SIGTERM", "softExit", "shutdown")
    assert ending(wire.wait_exited(hard)) == (None, "SIGKILL", "hardKilled", "shutdown")
    for session in (soft, hard):
        wire.wait_closed(session)
    wire.notify("exit")
    assert wire.wait_exit() == 0


@linux_only
def test_a_zombie_in_the_group_is_no_process_that_shutdown_waits_for(start_wire: StartWire, gate: MakeGate) -> None:
    # Whoever adopts the orphan may be slow to reap it, as the first process of a container is.
    wire, held = start_wire(options={"graceMs": 20_000}), gate()
    session = wire.spawn(child("orphan", "stdout", held.path))["sessionId"]
    wire.wait_exited(session)
    with watched_family(wire, session) as family:
        held.open_and_release()
        for member in family:
            member.wait_gone()
    wire.wait_closed(session)
    begun = time.monotonic()
    assert wire.request("shutdown") is None
    assert time.monotonic() - begun < 10
    wire.notify("exit")
    assert wire.wait_exit() == 0


def test_each_session_has_its_own_grace_at_shutdown(start_wire: StartWire) -> None:
    wire = start_wire(options={"graceMs": 60_000})
    session = ready(wire, child("stubborn"), graceMs=200)
    begun = time.monotonic()
    assert wire.request("shutdown") is None
    assert 0.2 <= time.monotonic() - begun < 20
    assert ending(wire.wait_exited(session)) == (None, "SIGKILL", "hardKilled", "shutdown")
    wire.notify("exit")
    assert wire.wait_exit() == 0


WORKER = """if True:
    import signal
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGALRM])
    print("ready", flush=True)
    signal.sigwait([signal.SIGTERM])
    signal.alarm(1)  # its work, longer than the default grace
    asked = 1 + (signal.sigwait([signal.SIGTERM, signal.SIGALRM]) == signal.SIGTERM)
    print("asked", asked, flush=True)
"""


def test_a_worker_that_its_session_does_not_wait_for_has_the_grace_of_its_session_at_shutdown(
    start_wire: StartWire, gate: MakeGate
) -> None:
    wire = start_wire("--no-cgroup", "--default-grace-ms", "100")
    held = gate()
    script = '("$@" &) && trap "" TERM && read _ < "$0"'
    session = wire.spawn(["/bin/sh", "-c", script, held.path, *python(WORKER)], graceMs=60_000)["sessionId"]
    wire.wait_output(session, "stdout", len("ready\n"))
    shutdown = wire.start("shutdown")
    wire.wait_output(session, "stdout", len("ready\nasked 1\n"))
    held.release()
    assert wire.result(shutdown) is None
    assert wire.collect_output(session, "stdout") == b"ready\nasked 1\n"
    wire.notify("exit")
    assert wire.wait_exit() == 0
