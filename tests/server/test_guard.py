"""pipe_rpc/server/guard.py: however the server, its guard or both are ended, nothing is left running, and no zombie."""

import contextlib
import errno
import faulthandler
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, NoReturn

import pytest

from pipe_rpc.child import prctl
from pipe_rpc.server import guard
from pipe_rpc.server.guard import FORWARDED, stand_guard
from tests.child.isolation import isolated
from tests.support.available import unavailable
from tests.support.bare_server import read_to_end
from tests.support.cgroups import directories_of, servers_home
from tests.support.dose import dose
from tests.support.fixture_types import MakeGate, StartWire
from tests.support.leaks import own_descendants
from tests.support.ledger import Ledger
from tests.support.processes import WatchedProcess, descendants, process_state, wait_state
from tests.support.programs import child, python, shell
from tests.support.server_command import SERVER
from tests.support.trace import DEADLINE_S
from tests.support.wire_client import WireClient

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers"),
    pytest.mark.needs("prctl", "proc"),
]

BOTH_KILLED = dose(short=1, ci=2, long=50)
BOMBS = dose(short=1, ci=2, long=50)
SIGNALS = dose(short=1000, ci=2_000, long=100_000)

SOON_S = 1.0
"""How long what a killed server leaves behind may live on."""


def children_of(pid: int) -> list[int]:
    """The children of a process of one thread."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(each) for each in file.read().split()]


def server_of(wire: WireClient) -> int:
    """The server, whose guard is the process that the client has started."""
    [pid] = children_of(wire.pid)
    return pid


class Household(NamedTuple):
    """A server with a session whose children have left its group in every way."""

    wire: WireClient
    server: int
    session: str
    pids: dict[str, int]


class Watch:
    """Every process of a household, watched from now on, and who there was before."""

    def __init__(self, wire: WireClient, before: list[int]) -> None:
        self._before = before
        self._guard = wire.pid
        self._watched = [WatchedProcess(pid) for pid in descendants(wire.pid)]

    @property
    def pids(self) -> set[int]:
        """Those that are watched."""
        return {each.pid for each in self._watched}

    def living(self) -> list[int]:
        """Those that have not ended."""
        return [each.pid for each in self._watched if not each.is_gone()]

    def left(self) -> list[int]:
        """Whatever there is now that was not there before, zombies included; the guard itself is its parent's."""
        return [pid for pid in own_descendants() if pid not in self._before and pid != self._guard]

    def close(self) -> None:
        """Watch no more."""
        for each in self._watched:
            each.close()


@pytest.fixture
def before() -> list[int]:
    """The processes that there were before the test."""
    return own_descendants()


def directories(server: int) -> set[str]:
    """The control groups that there are of a server."""
    cgroup_home = servers_home()
    return set() if cgroup_home is None else directories_of(cgroup_home, server)


def household(wire: WireClient, *, guarded: bool = True) -> Household:
    """Start a session of escapees, and wait until all of them have escaped."""
    session = wire.spawn(child("escapees"), graceMs=DEADLINE_S * 1000)["sessionId"]
    wire.wait_until(lambda: wire.collect_output(session, "stdout").count(b"\n") == 7, "what every escapee tells")
    lines = [line.split() for line in wire.collect_output(session, "stdout").decode().splitlines()]
    pids = {line[0]: int(line[1]) for line in lines if len(line) == 2}
    assert sorted(pids) == ["daemon", "job", "member", "session", "stopped", "stubborn"]
    wait_state(pids["stopped"], "T")
    return Household(wire, server_of(wire) if guarded else wire.pid, session, pids)


@contextmanager
def watching(home: Household, before: list[int]) -> Iterator[Watch]:
    """Watch the household for the length of a block, in which the server ends and leaves no directory."""
    watch = Watch(home.wire, before)
    try:
        assert {home.server, *home.pids.values()} - {home.wire.pid} <= watch.pids
        assert set(watch.living()) == watch.pids
        assert bool(directories(home.server)) == (servers_home() is not None)
        yield watch
        assert directories(home.server) == set()
    finally:
        watch.close()


def reap_server(home: Household) -> int:
    """Wait for a server whose guard has gone: it comes to this process, a subreaper. Returns its exit status."""
    with contextlib.closing(WatchedProcess(home.server)) as server:
        server.wait_gone()
    return os.waitstatus_to_exitcode(os.waitpid(home.server, 0)[1])


# ---- the end of the server by SIGKILL


def test_when_the_server_is_killed_nothing_is_left_and_soon(start_wire: StartWire, before: list[int]) -> None:
    home = household(start_wire())
    with watching(home, before) as watch:
        killed_at = time.monotonic()
        os.kill(home.server, signal.SIGKILL)
        assert home.wire.wait_exit() == 128 + signal.SIGKILL
        took_s = time.monotonic() - killed_at
        assert watch.living() == []
        assert watch.left() == []
        assert took_s < SOON_S


def test_when_the_server_is_killed_the_client_sees_it_though_the_guard_has_done_nothing_yet(
    start_wire: StartWire, before: list[int]
) -> None:
    home = household(start_wire())
    with watching(home, before) as watch:
        os.kill(home.wire.pid, signal.SIGSTOP)
        wait_state(home.wire.pid, "T")
        os.kill(home.server, signal.SIGKILL)
        read_to_end(home.wire._stdout_fd)
        # The kernel closes the files of a process that ends one by one.
        reader = select.poll()
        reader.register(home.wire._stdin_fd, 0)
        assert reader.poll(DEADLINE_S * 1000), "somebody else still reads what the client writes"
        with pytest.raises(BrokenPipeError):
            os.write(home.wire._stdin_fd, b"x")
        assert watch.left() != []
        os.kill(home.wire.pid, signal.SIGCONT)
        assert home.wire.wait_exit() == 128 + signal.SIGKILL
        assert watch.left() == []


STOPPED_TRACER = """
import ctypes, os, signal, sys
PTRACE_SEIZE = 0x4206  # include/uapi/linux/ptrace.h
libc = ctypes.CDLL(None, use_errno=True)
print(libc.ptrace(PTRACE_SEIZE, int(sys.argv[1]), 0, 0), flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""
"""Holds back the end of a process from whoever is to reap it (ptrace(2)), and does nothing about it."""


def _must_trace(told: bytes) -> None:
    if told.strip() != b"0":
        unavailable("one process may not trace another here")


def test_one_whose_end_is_held_back_by_a_tracer_that_is_stopped_saves_no_other(
    start_wire: StartWire, before: list[int]
) -> None:
    wire = start_wire("--no-cgroup")
    server = server_of(wire)
    traced = wire.spawn(["/bin/sleep", "1000"])["pid"]
    tracer = wire.spawn(python(STOPPED_TRACER, traced))
    wire.wait_output(tracer["sessionId"], "stdout", 2)
    _must_trace(wire.collect_output(tracer["sessionId"], "stdout"))
    wait_state(tracer["pid"], "T")
    wire.spawn(["/bin/sleep", "1000"])
    os.kill(server, signal.SIGKILL)
    assert wire.wait_exit() == 128 + signal.SIGKILL
    assert [pid for pid in own_descendants() if pid not in before] == []


def test_one_that_has_ended_and_that_a_stranger_holds_does_not_keep_the_guard(
    start_wire: StartWire, before: list[int]
) -> None:
    wire = start_wire("--no-cgroup")
    server = server_of(wire)
    traced, other = wire.spawn(["/bin/sleep", "1000"])["pid"], wire.spawn(["/bin/sleep", "1000"])["pid"]
    with subprocess.Popen(python(STOPPED_TRACER, traced), stdout=subprocess.PIPE) as tracer:
        try:
            assert tracer.stdout is not None
            _must_trace(tracer.stdout.readline())
            wait_state(tracer.pid, "T")
            os.kill(server, signal.SIGKILL)
            assert wire.wait_exit() == 128 + signal.SIGKILL
            assert (process_state(traced), process_state(other)) == ("Z", "")
        finally:
            tracer.kill()
    os.waitpid(traced, 0)  # It has come to this process, a subreaper.
    assert [pid for pid in own_descendants() if pid not in before] == []


# ---- the end of the guard


def _judge_orderly_end(home: Household, exited: dict[str, object]) -> None:
    told = home.wire.wait_exited(home.session)
    assert {name: told[name] for name in exited} == exited
    home.wire.wait_closed(home.session)


@pytest.mark.parametrize("whole_group", [False, True], ids=["the guard alone", "its process group"])
def test_when_the_guard_is_killed_the_server_ends_in_order(
    start_wire: StartWire, before: list[int], whole_group: bool
) -> None:
    home = household(start_wire(popen={"start_new_session": True}))
    assert os.getpgid(home.server) != home.wire.pid
    with watching(home, before) as watch:
        if whole_group:
            os.killpg(home.wire.pid, signal.SIGKILL)
        else:
            os.kill(home.wire.pid, signal.SIGKILL)
        assert home.wire.wait_exit() == -signal.SIGKILL
        _judge_orderly_end(home, {"outcome": "softExit", "reason": "shutdown", "signal": "SIGTERM"})
        assert reap_server(home) == 1
        assert watch.living() == []
        assert watch.left() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_guard_ends_the_server_in_order(
    start_wire: StartWire, before: list[int], number: signal.Signals
) -> None:
    home = household(start_wire())
    with watching(home, before) as watch:
        os.kill(home.wire.pid, number)
        assert home.wire.wait_exit() == 1
        _judge_orderly_end(home, {"outcome": "softExit", "reason": "shutdown", "signal": "SIGTERM"})
        assert watch.living() == []
        assert watch.left() == []


# ---- what left its group ends with the server, whatever ends that


def _finish(home: Household) -> int:
    home.wire.finish()
    return 0


def _exit(home: Household) -> int:
    home.wire.notify("exit")
    return 1


def _close_stdin(home: Household) -> int:
    home.wire.close_stdin()
    return 1


def _close_stdout(home: Household) -> int:
    home.wire.close_stdout()
    home.wire.start("session/list")
    return 1


def _signal_the_server(home: Household) -> int:
    os.kill(home.server, signal.SIGTERM)
    return 1


def _break_the_frames(home: Household) -> int:
    home.wire.send_raw(b"no header\r\n\r\n")
    return 1


ENDS = [_finish, _exit, _close_stdin, _close_stdout, _signal_the_server, _break_the_frames]


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "unguarded"])
@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__.strip("_"))
def test_what_left_its_group_ends_with_the_server(
    start_wire: StartWire, before: list[int], end: Callable[[Household], int], guarded: bool
) -> None:
    home = household(start_wire(*([] if guarded else ["--no-guard"])), guarded=guarded)
    with watching(home, before) as watch:
        status = end(home)
        assert home.wire.wait_exit() == status
        assert watch.living() == []
        assert watch.left() == []


# ---- what ends with its session


@pytest.mark.parametrize(("grace_ms", "outcome"), [(0, "hardKilled"), (50, "softExit")])
def test_jobs_of_a_shell_with_job_control_end_with_their_session(wire: WireClient, grace_ms: int, outcome: str) -> None:
    """They have groups of their own, which the signals to the shell's group do not reach."""
    if shutil.which("bash") is None:
        unavailable("there is no bash")
    job = "(trap '' TERM HUP; echo $BASHPID; exec sleep 1000 >&- 2>&-) &"
    session = wire.spawn(["bash", "-c", f"set -m; {job} {job} wait"])["sessionId"]
    wire.wait_until(lambda: wire.collect_output(session, "stdout").count(b"\n") == 2, "both jobs")
    jobs = [int(pid) for pid in wire.collect_output(session, "stdout").split()]
    shell_pid = wire.request("session/info", {"sessionId": session})["pid"]
    assert {os.getsid(pid) for pid in jobs} == {shell_pid}
    assert shell_pid not in {os.getpgid(pid) for pid in jobs}
    with contextlib.ExitStack() as stack:
        watched = [stack.enter_context(WatchedProcess(pid)) for pid in jobs]
        wire.request("session/terminate", {"sessionId": session, "graceMs": grace_ms})
        assert wire.wait_exited(session)["outcome"] == outcome
        for each in watched:
            each.wait_gone()
    wire.wait_closed(session)


def test_without_control_groups_a_daemon_outlives_its_session_but_not_the_server(start_wire: StartWire) -> None:
    wire = start_wire("--no-cgroup")
    home = household(wire)
    other = wire.spawn(["/bin/cat"])["sessionId"]
    with contextlib.closing(WatchedProcess(home.pids["daemon"])) as daemon:
        wire.request("session/terminate", {"sessionId": home.session, "graceMs": 0})
        wire.wait_closed(home.session)
        wire.fence()
        assert not daemon.is_gone()
        assert wire.request("session/info", {"sessionId": other})["state"] == "running"
        wire.finish()
        assert daemon.is_gone()


def test_an_orphan_that_ends_while_the_server_lives_leaves_no_zombie(wire: WireClient) -> None:
    home = household(wire)
    os.kill(home.pids["stubborn"], signal.SIGKILL)
    deadline = time.monotonic() + DEADLINE_S
    while process_state(home.pids["stubborn"]):
        assert time.monotonic() < deadline, "the server does not reap what it has adopted"
        wire.fence()
    assert wire.request("session/info", {"sessionId": home.session})["state"] == "running"


# ---- what is not the server's is left alone


@contextmanager
def server_with_a_sibling(start_wire: StartWire, gate: MakeGate, *arguments: str) -> Iterator[tuple[WireClient, int]]:
    """A server that had a child before it was one, as under sh -c 'sleep 1000 & exec pipe-rpc'; ends the child."""
    told = gate()
    script = 'out=$1; shift; sleep 1000 <&- >&- 2>&- & echo $! > "$out"; exec "$@"'
    wire = start_wire(popen={"args": shell(script, told.path, *SERVER, *arguments)})
    sibling = int(told.wait_line())
    try:
        assert sibling in children_of(wire.pid)
        yield wire, sibling
    finally:
        os.kill(sibling, signal.SIGKILL)
        os.waitpid(sibling, 0)


@pytest.mark.parametrize(
    ("arguments", "end"),
    [
        ([], "in order"),
        ([], "the server is killed"),
        ([], "the guard is killed"),
        (["--no-guard"], "in order"),
        (["--no-guard"], "the server is killed"),
    ],
)
def test_children_from_before_are_not_touched(
    start_wire: StartWire, gate: MakeGate, arguments: list[str], end: str
) -> None:
    with server_with_a_sibling(start_wire, gate, *arguments) as (wire, sibling):
        wire.wait_exited(wire.spawn(["/bin/true"])["sessionId"])
        servers = [pid for pid in children_of(wire.pid) if pid != sibling and not arguments]
        match end:
            case "in order":
                wire.finish()
            case "the server is killed":
                for pid in servers or [wire.pid]:
                    os.kill(pid, signal.SIGKILL)
                wire.wait_exit()
            case _:
                os.kill(wire.pid, signal.SIGKILL)
                wire.wait_exit()
                for pid in servers:
                    with contextlib.closing(WatchedProcess(pid)) as server:
                        server.wait_gone()
                    os.waitpid(pid, 0)
        assert process_state(sibling) == "S"


@pytest.mark.parametrize("arguments", [[], ["--no-guard"]], ids=["guarded", "unguarded"])
def test_who_descends_from_a_child_from_before_is_not_touched_when_it_becomes_an_orphan(
    start_wire: StartWire, gate: MakeGate, before: list[int], arguments: list[str]
) -> None:
    """As under sh -c '(sleep 1000 & …) & exec pipe-rpc', where the subshell ends behind the exec."""
    told, may_end = gate(), gate()
    script = (
        'out=$1; go=$2; shift 2; (sleep 1000 <&- >&- 2>&- & echo $! > "$out"; read _ < "$go") <&- >&- 2>&- & exec "$@"'
    )
    wire = start_wire(popen={"args": shell(script, told.path, may_end.path, *SERVER, *arguments)})
    orphan = int(told.wait_line())
    try:
        may_end.release()
        deadline = time.monotonic() + DEADLINE_S
        while orphan not in children_of(wire.pid):
            assert time.monotonic() < deadline, "it does not come to the process that the client has started"
            os.sched_yield()
        with contextlib.closing(WatchedProcess(orphan)) as watched:
            wire.finish()
            assert not watched.is_gone()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(orphan, signal.SIGKILL)
        for pid in own_descendants():  # the orphan, and the subshell, which nobody else will reap
            if pid not in before and pid != wire.pid:
                os.waitpid(pid, 0)


def test_the_guard_holds_none_of_the_protocol_s_pipes(start_wire: StartWire) -> None:
    wire = start_wire()
    pipes = {os.readlink(f"/proc/self/fd/{fd}") for fd in (wire._stdin_fd, wire._stdout_fd)}
    assert len(pipes) == 2
    assert pipes <= _open_files(server_of(wire))
    deadline = time.monotonic() + DEADLINE_S
    while pipes & _open_files(wire.pid):  # It lets go of them while the server starts.
        assert time.monotonic() < deadline, "the guard keeps the pipes"
        os.sched_yield()


def _open_files(pid: int) -> set[str]:
    return {os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd")}


# ---- with and without


def test_sessions_are_children_of_the_server_in_a_kernel_session_of_their_own(wire: WireClient) -> None:
    pid = wire.spawn(["/bin/cat"])["pid"]
    server = server_of(wire)
    assert children_of(server) == [pid]
    assert os.getsid(server) == server
    assert os.getsid(pid) == pid


def test_without_a_guard_the_client_s_child_is_the_server(start_wire: StartWire) -> None:
    wire = start_wire("--no-guard")
    assert children_of(wire.pid) == []
    pid = wire.spawn(["/bin/cat"])["pid"]
    assert children_of(wire.pid) == [pid]
    assert os.getsid(wire.pid) == os.getsid(0)


# ---- both at once, or a race


@pytest.fixture
def cgroup_home() -> str:
    """Where servers make their control groups; skips where they cannot."""
    found = servers_home()
    if found is None:
        pytest.skip("no control group can be made here: that takes cgroup v2, Linux 5.14 and the right to write to it")
    return found


def _kill_both(home: Household) -> None:
    """Kill the guard and the server in one instant: neither can do anything in between."""
    for pid in (home.wire.pid, home.server):
        os.kill(pid, signal.SIGSTOP)
        wait_state(pid, "T")
    for pid in (home.wire.pid, home.server):
        os.kill(pid, signal.SIGKILL)
    assert home.wire.wait_exit() == -signal.SIGKILL
    os.waitpid(home.server, 0)  # It has come to this process, a subreaper.


@pytest.mark.attack
def test_what_both_left_when_they_were_killed_at_once_ends_with_the_next_start(
    start_wire: StartWire, before: list[int], cgroup_home: str, ledger: Ledger
) -> None:
    for _ in range(BOTH_KILLED):
        home = household(start_wire())
        with watching(home, before) as watch:
            _kill_both(home)
            # A server that somebody else starts meanwhile cleans up as well.
            start_wire().finish()
            deadline = time.monotonic() + DEADLINE_S
            while watch.living():
                assert time.monotonic() < deadline, "the next server has not killed what was left"
                os.sched_yield()
            for pid in watch.left():
                if pid in watch.pids:
                    os.waitpid(pid, 0)
            assert watch.left() == []
    ledger.enter("guard and server killed in one instant, then a new start", tried=BOTH_KILLED)


def test_a_server_that_is_started_beside_another_leaves_it_alone(
    start_wire: StartWire, before: list[int], cgroup_home: str
) -> None:
    home = household(start_wire())
    start_wire().finish()
    assert home.wire.request("session/info", {"sessionId": home.session})["state"] == "running"
    assert len(directories(home.server)) == 2


def test_while_a_server_without_its_guard_ends_in_order_no_other_one_disturbs_it(
    start_wire: StartWire, before: list[int], gate: MakeGate
) -> None:
    wire = start_wire()
    server = server_of(wire)
    asked, may_end = gate(), gate()
    script = (
        f"trap 'echo > {asked.path}; read _ < {may_end.path}; exit 7' TERM; echo ready; while :; do sleep 0.1; done"
    )
    session = wire.spawn(shell(script), graceMs=DEADLINE_S * 1000)["sessionId"]
    wire.wait_output(session, "stdout", len("ready\n"))
    os.kill(wire.pid, signal.SIGKILL)
    asked.wait()
    start_wire().finish()
    may_end.release()
    assert wire.wait_exited(session)["exitCode"] == 7, "it had its grace"
    wire.wait_closed(session)
    wire.wait_exit()
    with contextlib.closing(WatchedProcess(server)) as watched:
        watched.wait_gone()
    os.waitpid(server, 0)
    assert directories(server) == set()


@pytest.mark.attack
@pytest.mark.parametrize("guarded", [True, False], ids=["the server is killed", "the server ends"])
def test_a_fork_bomb_does_not_outlive_the_server(
    start_wire: StartWire, before: list[int], cgroup_home: str, guarded: bool, ledger: Ledger
) -> None:
    for _ in range(BOMBS):
        wire = start_wire()
        server = server_of(wire)
        session = wire.spawn(child("bomb", 20, 100_000), graceMs=0)["sessionId"]
        wire.wait_output(session, "stdout", len("ready\n"))
        if guarded:
            os.kill(server, signal.SIGKILL)
            assert wire.wait_exit() == 128 + signal.SIGKILL
        else:
            wire.finish()
        assert [pid for pid in own_descendants() if pid not in before] == []
        assert directories(server) == set()
    ledger.enter("fork bombs of 20 chains, at the end of the server", tried=BOMBS)


# ---- the guard by itself


def _guarded(life: Callable[[int], object], home: str | None = None) -> int:
    """Fork, let the child stand guard over what lives so, and return its wait status. ``life`` gets the guard's pid."""
    pid = os.fork()
    if pid == 0:
        try:
            stand_guard(home)  # returns in the server
            life(os.getppid())
        finally:
            os._exit(0)
    return os.waitpid(pid, 0)[1]


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_the_exit_status_of_the_server_is_the_guard_s(code: int) -> None:
    isolated(lambda: _must_be(_guarded(lambda _: os._exit(code)), code))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_the_end_of_the_server_by_a_signal_is_told_as_a_shell_does(number: signal.Signals) -> None:
    def die(_: int) -> None:
        faulthandler.disable()
        os.kill(os.getpid(), number)

    isolated(lambda: _must_be(_guarded(die), 128 + number))


def _must_be(status: int, code: int) -> None:
    assert os.waitstatus_to_exitcode(status) == code
    assert own_descendants() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_guard_comes_to_the_server_under_a_number_of_its_own(number: signal.Signals) -> None:
    def live(guard: int) -> None:
        os.kill(guard, number)
        os._exit(signal.sigwait(FORWARDED.values()))

    isolated(lambda: _must_be(_guarded(live), FORWARDED[number]))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_that_comes_before_there_is_a_server_comes_to_it(number: signal.Signals) -> None:
    fork = os.fork

    def fork_signalled() -> int:
        os.kill(os.getpid(), number)
        pid = fork()
        while pid == 0 and FORWARDED[number] not in signal.sigpending():
            os.sched_yield()
        return pid

    def work() -> None:
        pid = fork()
        if pid == 0:
            try:
                os.fork = fork_signalled
                stand_guard()
                os._exit(signal.sigwait(FORWARDED.values()))
            finally:
                os._exit(0)
        _must_be(os.waitpid(pid, 0)[1], FORWARDED[number])

    isolated(work)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_every_signal_to_the_guard_comes_to_the_server(number: signal.Signals) -> None:
    """A handler would miss those that come just before the system call that they were to interrupt."""

    def live(guard: int) -> None:
        for _ in range(SIGNALS):
            os.kill(guard, number)
            signal.sigwait(FORWARDED.values())
        os._exit(0)

    isolated(lambda: _must_be(_guarded(live), 0))


def test_a_server_whose_guard_ends_is_sent_sigterm() -> None:
    def work() -> None:
        read_fd, write_fd = os.pipe()

        def live(guard: int) -> None:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
            os.kill(guard, signal.SIGKILL)
            os.write(write_fd, b"%d" % signal.sigwait([signal.SIGTERM]))
            os._exit(0)

        assert os.WTERMSIG(_guarded(live)) == signal.SIGKILL
        assert os.read(read_fd, 32) == b"%d" % signal.SIGTERM

    isolated(work)


def test_a_server_whose_guard_has_ended_already_never_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        read_fd, write_fd = os.pipe()
        real = prctl.signal_when_parent_ends

        def too_late(number: int) -> bool:
            guard = os.getppid()
            os.kill(guard, signal.SIGKILL)
            while os.getppid() == guard:
                os.sched_yield()
            return real(number)

        monkeypatch.setattr(prctl, "signal_when_parent_ends", too_late)
        assert os.WTERMSIG(_guarded(lambda _: os.write(write_fd, b"it lives"))) == signal.SIGKILL
        os.close(write_fd)
        assert os.read(read_fd, 32) == b""
        [server] = own_descendants()
        assert os.waitstatus_to_exitcode(os.waitpid(server, 0)[1]) == 1

    isolated(work)


def test_where_orphans_do_not_come_there_is_no_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        monkeypatch.setattr(prctl, "become_subreaper", lambda: False)
        stand_guard()
        assert own_descendants() == []

    isolated(work)


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOENT])
def test_a_guard_that_cannot_tell_which_directory_is_the_server_s_kills_all_the_same(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> None:
        def refuse(*_: object) -> NoReturn:
            raise OSError(number, os.strerror(number))

        def leave_somebody(_: int) -> None:
            os.posix_spawn("/bin/sleep", ["sleep", "1000"], {})
            os._exit(7)

        monkeypatch.setattr(guard, "server_directory", refuse)
        _must_be(_guarded(leave_somebody, "/nowhere"), 7)

    isolated(work)
