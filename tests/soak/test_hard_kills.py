"""Whatever ends the server, at whatever moment: nothing is left, no process and no zombie, and soon.

The client here is no WireClient: it says its words and hears nothing out, since it is the end that counts. What a
killed server or guard leaves comes to the test process, a subreaper, so that nothing can hide.
"""

import contextlib
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from tests.support.cgroups import directories_of, servers_home
from tests.support.dose import LONG, dose
from tests.support.frames import encode_frame
from tests.support.leaks import own_descendants
from tests.support.ledger import Ledger
from tests.support.processes import WatchedProcess
from tests.support.programs import child, shell
from tests.support.server_command import SERVER
from tests.support.trace import DEADLINE_S

pytestmark = [
    pytest.mark.attack,
    pytest.mark.timed,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers"),
]

GRACE_S = 0.3
SOON_S = 1.0
"""How long what a killed server leaves may live on; any other end has a grace before that."""
DISTURBANCE_S = 0.0 if LONG else 5.0
"""What the tests that run at the same time may add."""

MOMENTS = ("start-up", "escapes", "storm", "flood", "shutdown")
HARD = ("the server is killed", "the guard is killed", "the group is killed")
SOFT = ("the end of input", "a closed stdout", "SIGHUP", "SIGINT", "SIGTERM", "the end of the client's process")

STUBBORN = shell("trap '' TERM; while :; do sleep 1000; done")

POPULATION: dict[str, list[list[str]]] = {
    "start-up": [["/bin/cat"]],
    "escapes": [child("escapees"), ["/bin/cat"], shell("sleep 1000 & wait"), ["/bin/true"]],
    "storm": [["/bin/true"], ["/bin/cat"], shell("sleep 1000 & sleep 1000 & wait"), ["/no/such/program"]] * 50,
    "flood": [["yes"], ["yes", "x" * 500], shell("yes & yes >&2"), ["/bin/cat"]],
    "shutdown": [STUBBORN, child("escapees"), ["yes"], ["/bin/cat"]],
}
LONGEST_LIFE_S = {"start-up": 0.08, "escapes": 0.5, "storm": 0.5, "flood": 0.4, "shutdown": GRACE_S + 0.1}
"""The moment of the end: until so long after the start, or after what is said at the moment itself."""


class Endpoint(NamedTuple):
    """A server as its client has started it, and a process that passes for the client's."""

    guard: subprocess.Popen[bytes]
    client: subprocess.Popen[bytes]

    @property
    def stdin_fd(self) -> int:
        """Where the client writes."""
        assert self.guard.stdin is not None
        return self.guard.stdin.fileno()

    @property
    def stdout_fd(self) -> int:
        """Where the client reads."""
        assert self.guard.stdout is not None
        return self.guard.stdout.fileno()


class Result(NamedTuple):
    """What was left, processes and control groups, and after how long there was nothing."""

    left: int
    took_s: float


@pytest.fixture
def before() -> list[int]:
    """The processes that there were before the test."""
    return own_descendants()


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """A server that nobody has spoken to."""
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(["sleep", "1000"]) as client:
        arguments = [f"--default-grace-ms={GRACE_S * 1000:.0f}", f"--clientProcessId={client.pid}"]
        popen: dict[str, Any] = {"stdin": pipe, "stdout": pipe, "stderr": null, "start_new_session": True}
        try:
            with subprocess.Popen([*SERVER, *arguments], **popen) as guard:
                yield Endpoint(guard, client)
        finally:
            client.kill()


def say(server: Endpoint, *messages: tuple[str, Any]) -> None:
    """Send messages; one that ends in "?" by name is a request."""
    frames = b""
    for number, (method, params) in enumerate(messages):
        message = {"jsonrpc": "2.0", "method": method.rstrip("?"), "params": params}
        if method.endswith("?"):
            message["id"] = f"{method} {number}"
        frames += encode_frame(message)
    with contextlib.suppress(BrokenPipeError):
        os.write(server.stdin_fd, frames)


def hear(server: Endpoint, until: float) -> None:
    """Read what the server says until a moment, or until it says nothing more."""
    poller = select.poll()
    poller.register(server.stdout_fd, select.POLLIN)
    while (left_s := until - time.monotonic()) > 0:
        if poller.poll(left_s * 1000) and not os.read(server.stdout_fd, 1 << 16):
            return


def live(server: Endpoint, moment: str, chance: random.Random) -> None:
    """Come to a random point of such a moment."""
    begun = time.monotonic()
    say(server, ("initialize?", {"processId": None, "capabilities": {}}))
    say(server, *[("session/spawn?", {"argv": argv}) for argv in POPULATION[moment]])
    if moment != "start-up":
        poller = select.poll()
        poller.register(server.stdout_fd, select.POLLIN)
        assert poller.poll(DEADLINE_S * 1000), "the server does not start"
        begun = time.monotonic()
    if moment == "shutdown":
        hear(server, begun + 0.1)
        say(server, ("shutdown?", None))
        begun = time.monotonic()
    hear(server, begun + chance.uniform(0.0, LONGEST_LIFE_S[moment]))


def children_of(pid: int) -> list[int]:
    """The children of a process of one thread."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(each) for each in file.read().split()]


def end(server: Endpoint, how: str) -> None:
    """Let it end."""
    assert server.guard.stdin is not None
    assert server.guard.stdout is not None
    match how:
        case "the server is killed":
            for pid in children_of(server.guard.pid) or [server.guard.pid]:
                os.kill(pid, signal.SIGKILL)
        case "the guard is killed":
            server.guard.kill()
        case "the group is killed":
            os.killpg(server.guard.pid, signal.SIGKILL)
        case "the end of input":
            server.guard.stdin.close()
        case "a closed stdout":
            server.guard.stdout.close()
        case "the end of the client's process":
            server.client.kill()
            server.client.wait()
        case name:
            server.guard.send_signal(signal.Signals[name])


def wait_for_nothing(server: Endpoint, servers: list[int], before: list[int]) -> Result:
    """Wait until the server has ended, and say what it left behind and how long that took.

    A server whose guard was killed comes to this process, as what it leaves would. Which process is the server is not
    known where the guard was about to fork.
    """
    begun = time.monotonic()
    assert server.guard.stdout is not None
    if not server.guard.stdout.closed:
        # The server closes its stdout as one of the last things that it does.
        hear(server, begun + DEADLINE_S)
    server.guard.wait(DEADLINE_S)
    server.client.kill()
    server.client.wait()
    left = _added(before)
    for pid in [pid for pid in left if pid in servers] if servers else left[:1]:
        with contextlib.closing(WatchedProcess(pid)) as watched:
            watched.wait_gone()
        os.waitpid(pid, 0)
    took_s = time.monotonic() - begun
    return Result(len(_added(before)) + _directories(server, servers), took_s)


def _directories(server: Endpoint, servers: list[int]) -> int:
    """How many control groups there are of the server, which is a child of its guard, or the only process."""
    home = servers_home()
    return 0 if home is None else sum(len(directories_of(home, pid)) for pid in (server.guard.pid, *servers))


def _added(before: list[int]) -> list[int]:
    return [pid for pid in own_descendants() if pid not in before]


def attack(how: str, moment: str, seed: int, before: list[int]) -> Result:
    """End a server at a random moment."""
    chance = random.Random(f"{how} {moment} {seed}")
    try:
        with endpoint() as server:
            live(server, moment, chance)
            servers = children_of(server.guard.pid)
            end(server, how)
            return wait_for_nothing(server, servers, before)
    except BaseException as error:
        error.add_note(f"the moment was {moment}, the seed {seed}")
        raise


def enter(ledger: Ledger, what: str, how: str, results: list[Result], within_s: float) -> None:
    """Note what came of it, and fail where something was left or came too late."""
    longest_s = max(result.took_s for result in results)
    leaked = sum(result.left for result in results)
    ledger.enter(what, tried=len(results), leaked=leaked, measured=f"{how}: {longest_s:.2f} s at most")
    assert longest_s <= within_s + DISTURBANCE_S, f"{how}: {longest_s} s until nothing was left"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("how", HARD)
def test_whatever_is_killed_at_whatever_moment_nothing_is_left(how: str, before: list[int], ledger: Ledger) -> None:
    runs = dose(short=1, ci=2, long=67)
    results = [attack(how, moment, seed, before) for seed in range(runs) for moment in MOMENTS]
    within_s = SOON_S if how == "the server is killed" else GRACE_S + SOON_S
    enter(ledger, "hard kills at random moments", how, results, within_s)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("how", SOFT)
def test_whatever_else_ends_the_server_at_whatever_moment_nothing_is_left(
    how: str, before: list[int], ledger: Ledger
) -> None:
    first = SOFT.index(how)  # So that one run of each sees different moments.
    results = [
        attack(how, MOMENTS[(first + seed) % len(MOMENTS)], seed, before)
        for seed in range(dose(short=1, ci=2, long=30))
    ]
    enter(ledger, "ends of other kinds at random moments", how, results, GRACE_S + SOON_S)


@pytest.mark.timeout(900)
def test_a_server_that_is_killed_while_it_starts_leaves_nothing(before: list[int], ledger: Ledger) -> None:
    """In steps of a fraction of a millisecond, on both sides of the fork of the guard."""
    steps = dose(short=12, ci=24, long=300)
    results = []
    for step in range(steps):
        how = HARD[step % len(HARD)]
        with endpoint() as server:
            hear(server, time.monotonic() + step / steps * LONGEST_LIFE_S["start-up"])
            servers = children_of(server.guard.pid)
            end(server, how)
            results.append(wait_for_nothing(server, servers, before))
    enter(ledger, "hard kills during the start", "start-up", results, GRACE_S + SOON_S)
