"""The same from outside: calls of a server in the middle of a conversation fail in the kernel's stead.

Whatever fails, each request is answered, with its result or with an error of the contract; what ends is one stream or
one session at most, or where the server's own pipes fail the server in order; and afterwards everything works.
"""

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.strace import failing
from tests.support.bare_server import Family
from tests.support.dose import dose
from tests.support.fixture_types import StartWire
from tests.support.ledger import Ledger
from tests.support.programs import shell
from tests.support.systems import SYSTEM
from tests.support.wire_client import WireClient

pytestmark = [
    pytest.mark.attack,
    pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's"),
    pytest.mark.skipif(SYSTEM != "own", reason="a poorer system makes other calls"),
]

ONCE = ("1", "2", "3", "4", "5", "6", "7", "8")
"""Which of the calls fails."""
AGAIN_AND_AGAIN = ("1+2", "2+2", "2+3", *ONCE)
"""Every second or third one, so that each is made in the end; then single ones."""
ALWAYS = ("1+", "1+2", *ONCE)
POSITIONS = dose(short=1, ci=1, long=3)

FORKS = "/^v?fork$,clone,clone3"
"""CPython takes clone where vfork fails."""

SURVIVED = [
    ("readv", "EINTR", AGAIN_AND_AGAIN),
    ("readv", "EAGAIN", AGAIN_AND_AGAIN),
    ("readv", "ENOMEM", AGAIN_AND_AGAIN),
    ("readv", "EIO", ONCE),
    ("readv", "EMFILE", ("1",)),  # Of a child's pipe; later ones may be of the pipe that tells of signals.
    ("writev", "EAGAIN", AGAIN_AND_AGAIN),
    ("writev", "ENOMEM", AGAIN_AND_AGAIN),
    ("writev", "EINTR", AGAIN_AND_AGAIN),
    ("writev", "EPIPE", ONCE),
    ("writev", "ENOSPC", ONCE),
    ("preadv2", "EINTR", AGAIN_AND_AGAIN),
    ("preadv2", "EAGAIN", AGAIN_AND_AGAIN),
    ("preadv2", "ENOMEM", AGAIN_AND_AGAIN),
    ("pwritev2", "EINTR", AGAIN_AND_AGAIN),
    ("pwritev2", "EAGAIN", AGAIN_AND_AGAIN),
    ("pwritev2", "ENOBUFS", AGAIN_AND_AGAIN),
    ("epoll_ctl", "ENOSPC", ALWAYS),
    ("epoll_ctl", "ENOMEM", ALWAYS),
    ("epoll_wait", "EINTR", AGAIN_AND_AGAIN),
    ("pipe2", "EMFILE", ALWAYS),
    ("pipe2", "ENFILE", ALWAYS),
    ("openat", "EMFILE", ALWAYS),
    ("openat", "ENFILE", ALWAYS),
    ("openat", "ENOMEM", ALWAYS),
    ("openat", "EINTR", AGAIN_AND_AGAIN),
    ("newfstatat", "EIO", ALWAYS),
    ("ioctl", "ENOMEM", ALWAYS),
    ("read", "EIO", ALWAYS),
    ("read", "ENOMEM", ALWAYS),
    ("read", "EINTR", AGAIN_AND_AGAIN),
    ("write", "EIO", ALWAYS),
    ("pidfd_open", "EMFILE", ALWAYS),
    ("pidfd_open", "ENOMEM", ALWAYS),
    ("pidfd_send_signal", "EPERM", ONCE),
    ("pidfd_send_signal", "EAGAIN", ONCE),
    ("wait4", "EINTR", AGAIN_AND_AGAIN),
    ("wait4", "ENOMEM", AGAIN_AND_AGAIN),
    ("waitid", "EINTR", AGAIN_AND_AGAIN),
    ("waitid", "ENOMEM", ALWAYS),
    ("getsid", "EPERM", ALWAYS),
    ("prlimit64", "EPERM", ALWAYS),
    ("prlimit64", "EINVAL", ALWAYS),
    ("getcwd", "ENOENT", ALWAYS),
    ("getcwd", "EACCES", ALWAYS),
    (FORKS, "EAGAIN", ALWAYS),
    (FORKS, "ENOMEM", ALWAYS),
    ("mmap", "ENOMEM", ONCE),
]
ENDS = [
    ("preadv2", "EIO"),
    ("preadv2", "ECONNRESET"),
    ("pwritev2", "EPIPE"),
    ("pwritev2", "ENOSPC"),
    ("epoll_wait", "ENOMEM"),
    ("wait4", "ECHILD"),
]

SHORT = 10
"""So many rows of the matrix are tried where time is short, spread over all of it."""


def _chosen(rows: list[Any]) -> list[Any]:
    return rows[:: dose(short=max(1, len(rows) // SHORT), ci=1, long=1)]


@pytest.mark.parametrize(("calls", "error", "positions"), _chosen(SURVIVED))
def test_a_server_survives_a_call_that_fails(
    calls: str, error: str, positions: tuple[str, ...], start_wire: StartWire, tmp_path: Path, ledger: Ledger
) -> None:
    wire = start_wire("--no-guard", "--default-grace-ms", "300")
    bystanders = [wire.spawn(["cat"])["sessionId"] for _ in range(2)]
    _converse(wire, LEAVES_NOBODY)  # Whatever is imported at its first use is there now.
    injected = 0
    for when in positions[:POSITIONS]:
        with failing(wire.pid, calls, error, when, tmp_path) as traced:
            _converse(wire)
        injected += traced.injected
        _check_everything_works(wire, bystanders)
    assert "Traceback" not in str(wire.trace)
    ledger.enter("system-call faults by strace", tried=injected)


@pytest.mark.parametrize(("calls", "error"), _chosen(ENDS))
def test_a_server_whose_own_pipes_or_sleep_fail_ends_in_order(
    calls: str, error: str, start_wire: StartWire, tmp_path: Path, ledger: Ledger
) -> None:
    wire = start_wire("--no-guard", "--default-grace-ms", "300")
    wire.spawn(["cat"])
    _converse(wire, LEAVES_NOBODY)
    with Family(wire.pid) as family, failing(wire.pid, calls, error, "1", tmp_path) as traced:
        wire.start("session/spawn", {"argv": ["true"]})
        assert wire.wait_exit() == 1
        family.wait_gone()
    ledger.enter("system-call faults by strace", tried=traced.injected)


@pytest.mark.parametrize("error", ["ENFILE", "ENOMEM"])
def test_a_first_output_and_a_first_exit_are_told_in_a_system_that_opens_no_file(
    error: str, start_wire: StartWire, tmp_path: Path, ledger: Ledger
) -> None:
    wire = start_wire("--no-guard", "--default-grace-ms", "300")
    session = wire.spawn(["cat"])["sessionId"]
    with failing(wire.pid, "openat", error, "1+", tmp_path) as traced:
        wire.request("session/write", {"sessionId": session, "data": "wörd\n"})
        assert wire.wait_output(session, "stdout", 6) == "wörd\n".encode()
        wire.request("session/write", {"sessionId": session, "close": True})
        assert wire.wait_exited(session)["exitCode"] == 0
        wire.wait_closed(session)
    ledger.enter("system-call faults by strace", tried=traced.injected)


@pytest.mark.parametrize("error", ["ENFILE", "ENOMEM"])
def test_a_first_request_in_a_system_that_opens_no_file_is_refused_and_the_next_one_works(
    error: str, start_wire: StartWire, tmp_path: Path, ledger: Ledger
) -> None:
    wire = start_wire("--no-guard", "--default-grace-ms", "300")
    requests: tuple[tuple[str, dict[str, Any]], ...] = (
        ("session/list", {}),
        ("session/spawn", {"argv": ["true"]}),
        ("workspace/executeCommand", {"command": "pipe-rpc.list"}),
    )
    with failing(wire.pid, "openat", error, "1+", tmp_path) as traced:
        for method, params in requests:
            answer = wire.answer(wire.start(method, params))
            assert answer["error"]["code"] in (-32603, 1002), answer
    for method, params in requests:
        wire.request(method, params)
    ledger.enter("system-call faults by strace", tried=traced.injected)


REFUSALS = {"SpawnFailed", "StdinClosed", "SignalFailed", "AlreadyAttached", "NotAttached"}
"""What a request may answer when the system fails."""


def _ask(wire: WireClient, method: str, params: Any) -> Any:
    """A request, which has its result, or None with an error of the contract."""
    answer = wire.answer(wire.start(method, params))
    if "error" in answer:
        assert answer["error"]["data"]["kind"] in REFUSALS, answer
    return answer.get("result")


LEAVES_AN_ORPHAN = "setsid sh -c 'echo ready; exec sleep 1000' & sleep 1000"
LEAVES_NOBODY = "echo ready; exec sleep 1000"
"""For the conversation before a fault: the end of an orphan might come late, and meet the call that fails."""


def _converse(wire: WireClient, sleeping: str = LEAVES_AN_ORPHAN) -> None:
    """A bit of everything that a server does; the sessions have ended then."""
    lines = "echo out; echo err >&2; read line; echo $line; head -c 100000 /dev/zero; exit 3"
    talker = _ask(wire, "session/spawn", {"argv": shell(lines)})
    sleeper = _ask(wire, "session/spawn", {"argv": shell(sleeping), "attach": []})
    if talker:
        session = talker["sessionId"]
        _ask(wire, "session/write", {"sessionId": session, "data": "word\n"})
        _ask(wire, "session/detach", {"sessionId": session, "stream": "stderr"})
        _ask(wire, "session/attach", {"sessionId": session, "stream": "stderr"})
        _ask(wire, "session/write", {"sessionId": session, "close": True})
    if sleeper:
        session = sleeper["sessionId"]
        # Terminated earlier, it would leave nobody.
        _ask(wire, "session/read", {"sessionId": session, "stream": "stdout", "fromOffset": 0, "waitMs": 5000})
        _ask(wire, "session/signal", {"sessionId": session, "signal": "SIGCONT"})
        _ask(wire, "session/terminate", {"sessionId": session, "graceMs": 200})
    for started in filter(None, (talker, sleeper)):
        _ask(wire, "session/wait", {"sessionId": started["sessionId"]})
        _ask(wire, "session/remove", {"sessionId": started["sessionId"], "force": True})
    _ask(wire, "session/list", {})


def _check_everything_works(wire: WireClient, bystanders: list[str]) -> None:
    """A new session works from end to end, and of the old ones one at most has lost something."""
    session = wire.spawn(shell("read line; echo $line; echo err >&2; exit 3"))["sessionId"]
    wire.request("session/write", {"sessionId": session, "data": "word\n"})
    assert wire.wait_exited(session)["exitCode"] == 3
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == b"word\n"
    assert wire.collect_output(session, "stderr") == b"err\n"
    for bystander in bystanders:
        before = len(wire.collect_output(bystander, "stdout"))
        assert wire.request("session/write", {"sessionId": bystander, "data": "x\n"}) == {"bytesWritten": 2}
        wire.wait_output(bystander, "stdout", before + 2)
