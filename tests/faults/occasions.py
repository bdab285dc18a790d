"""What is going on when a call fails, and what the contract says of it: one function for each occasion.

Each gets a server, and ``inject``, which lets the call in question fail; it returns when the fault has done its harm
and what it may have harmed has been looked at. That everybody else is unharmed is looked at by the test.
"""

import errno
import os
import resource
import signal
import subprocess
from collections.abc import Callable
from typing import Any, Protocol

import pytest

from pipe_rpc.child import process_group
from tests.faults.injection import Fault
from tests.faults.served import Served
from tests.support.leaks import open_descriptors, own_descendants, process_exists
from tests.support.programs import python, shell

MANY_BYTES = 300_000
"""More than any pipe between the parties holds."""


class Inject(Protocol):
    """Lets the call fail."""

    number: str
    """The name of the errno."""

    def __call__(self, *, at: int = 1, times: int = 1, when: Callable[..., bool] = ...) -> Fault:
        """See Faults.inject."""


Occasion = Callable[[Served, Inject], None]


# ---------------------------------------------------------------------------------------------------------- spawning


def spawn_is_refused(at: int = 1, **params: Any) -> Occasion:
    """The spawn fails at the stage "fork", leaves nothing behind, and the next one works."""

    def occasion(served: Served, inject: Inject) -> None:
        before = open_descriptors(), own_descendants(), resource.getrlimit(resource.RLIMIT_NOFILE)
        fault = inject(at=at)
        error = served.refusal("session/spawn", {"argv": ["cat"], **params})
        assert fault.happened == 1
        assert (error["code"], error["data"]["kind"]) == (1002, "SpawnFailed")
        assert (error["data"]["stage"], error["data"]["path"]) == ("fork", None)
        assert error["data"]["errno"] == inject.number
        assert (open_descriptors(), own_descendants(), resource.getrlimit(resource.RLIMIT_NOFILE)) == before
        session = served.spawn(*shell("echo out; exit 3"))
        assert served.wait_exited(session)["exitCode"] == 3
        assert served.output(session) == b"out\n"

    occasion.__name__ = f"spawn is refused at call {at}"
    return occasion


def spawn_is_survived(at: int = 1, times: int = 1) -> Occasion:
    """The session is started, heard and written to as if nothing had happened."""

    def occasion(served: Served, inject: Inject) -> None:
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        fault = inject(at=at, times=times)
        session = served.spawn(*shell('read line; echo "got $line"; echo err >&2; exit 3'))
        assert fault.happened
        served.write(session, b"word\n")
        assert served.wait_exited(session)["exitCode"] == 3
        served.wait_closed(session)
        assert (served.output(session), served.output(session, "stderr")) == (b"got word\n", b"err\n")
        served.wait_closed(served.spawn("true"))
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == limit

    occasion.__name__ = f"spawn is survived at call {at}, {times} times"
    return occasion


# ------------------------------------------------------------------------------------------------------------ output


def output_comes_all_the_same(served: Served, inject: Inject) -> None:
    """Reading a child fails some times: every byte comes, once."""
    fault = inject(times=3)
    session = served.spawn(*shell(f"head -c {MANY_BYTES} /dev/zero; exit 3"))
    assert served.wait_exited(session)["exitCode"] == 3
    served.wait_closed(session)
    assert served.output(session) == bytes(MANY_BYTES)
    assert fault.happened == 3


def exit_does_not_overtake_output(served: Served, inject: Inject) -> None:
    """Reading fails just when the exit is seen: what the child wrote comes first all the same."""
    session = served.spawn(*shell("read _; echo last; exit 3"))
    pid = served.request("session/info", {"sessionId": session})["pid"]
    served.write(session, b"\n")
    served.turn()  # The child has its line now, and nobody has heard of it since.
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # Output and exit are found in the same turn.
    fault = inject(times=4)
    served.wait_exited(session)
    assert fault.happened == 4
    assert served.output(session) == b"last\n"
    told = [each["method"] for each in served.heard if each.get("params", {}).get("sessionId") == session]
    assert told.index("session/output") < told.index("session/exited")


def stream_ends_alone(served: Served, inject: Inject) -> None:
    """The stream ends, at the offset where it was; its session goes on, and exits as ever."""
    session = served.spawn(*shell("echo first; read _; echo second; echo err >&2; read _; exit 3"))
    served.wait_output(session, b"first\n")
    inject(at=1)
    served.write(session, b"\n")
    served.until(lambda: bool(served.notifications("detached", session)), "the end of a stream")
    [detached] = served.notifications("detached", session)
    assert detached["reason"] == "ended"
    assert detached["offset"] == len(served.output(session, detached["stream"]))
    served.check_bystander()
    served.write(session, b"\n")
    assert served.wait_exited(session)["exitCode"] == 3
    served.wait_closed(session)


def exit_is_told_without_a_count(served: Served, inject: Inject) -> None:
    """The system does not tell how many bytes wait in the pipes when the child ends: they come all the same."""
    inject(times=2)
    session = served.spawn(*shell("echo out; echo err >&2; exit 3"))
    assert served.wait_exited(session)["exitCode"] == 3
    served.wait_closed(session)
    assert (served.output(session), served.output(session, "stderr")) == (b"out\n", b"err\n")


def slow_client_gets_everything(served: Served, inject: Inject) -> None:
    """The client reads nothing for a while: streams are paused and go on, and room is waited for."""
    fault = inject(times=4)
    served.reads = False
    spawn = {"argv": shell(f"head -c {MANY_BYTES} /dev/zero; exit 3"), "backlogBytes": 4096}
    request = served.start("session/spawn", spawn)
    for _ in range(30):
        served.turn()
    served.reads = True
    session = served.answer(request)["result"]["sessionId"]
    served.wait_closed(session)
    assert served.output(session) == bytes(MANY_BYTES)
    assert fault.happened


# ------------------------------------------------------------------------------------------------------------- stdin

READS_LATE = """
import sys
print("up", end="", flush=True)
sys.exit(len(sys.stdin.buffer.read()) != int(sys.argv[1]))
"""


def write_is_finished(served: Served, inject: Inject) -> None:
    """Writing to a child fails some times: every byte arrives."""
    session = served.spawn(*python(READS_LATE, MANY_BYTES))
    served.wait_output(session, b"up")
    fault = inject(times=3)
    assert served.answer(served.write(session, bytes(MANY_BYTES)))["result"] == {"bytesWritten": MANY_BYTES}
    assert fault.happened == 3
    served.request("session/write", {"sessionId": session, "close": True})
    assert served.wait_exited(session)["exitCode"] == 0


def stdin_ends_alone(served: Served, inject: Inject) -> None:
    """The write is answered StdinClosed, with what had entered; the child sees the end of its input."""
    session = served.spawn("cat")
    fault = inject()
    error = served.answer(served.write(session, b"lost"))["error"]
    assert fault.happened == 1
    assert (error["code"], error["data"]["kind"], error["data"]["bytesWritten"]) == (1006, "StdinClosed", 0)
    assert served.wait_exited(session)["exitCode"] == 0


# ----------------------------------------------------------------------------------------------------- client's pipes


def conversation_goes_on(served: Served, inject: Inject) -> None:
    """A pipe of the client fails some times: no request and no message is lost."""
    fault = inject(times=3, when=lambda fd, *_: fd in (served.wires.stdin.fd, served.wires.stdout.fd))
    session = served.spawn(*shell(f"head -c {MANY_BYTES} /dev/zero"))
    served.wait_closed(session)
    assert served.output(session) == bytes(MANY_BYTES)
    assert fault.happened == 3


def server_ends_in_order(served: Served, inject: Inject) -> None:
    """What fails is the server's own: it ends with status 1, and leaves nothing running."""
    inject(when=lambda fd=None, *_: fd in (None, served.wires.stdin.fd, served.wires.stdout.fd) or not _is_int(fd))
    served.wires.send({"jsonrpc": "2.0", "id": "last", "method": "session/list", "params": {}})
    assert served.run_to_end() == 1
    assert own_descendants() == served.before_descendants


def _is_int(value: object) -> bool:
    return isinstance(value, int)


# -------------------------------------------------------------------------------------------------------------- ends


def signal_is_refused(served: Served, inject: Inject) -> None:
    """session/signal answers SignalFailed with the errno; the child lives on."""
    session = served.spawn("cat")
    fault = inject(when=lambda _pid, number, *_: number == signal.SIGUSR1)
    error = served.refusal("session/signal", {"sessionId": session, "signal": "SIGUSR1"})
    assert fault.happened == 1
    assert (error["code"], error["data"]["kind"], error["data"]["errno"]) == (1011, "SignalFailed", inject.number)
    served.request("session/signal", {"sessionId": session, "signal": "SIGUSR1"})
    assert served.wait_exited(session)["signal"] == "SIGUSR1"


def termination_is_refused_and_the_deadline_holds(served: Served, inject: Inject) -> None:
    """session/terminate answers SignalFailed with the errno; SIGKILL is sent at the deadline all the same."""
    session = served.spawn("cat")
    fault = inject(when=lambda _pid, number, *_: number == signal.SIGTERM)
    error = served.refusal("session/terminate", {"sessionId": session, "graceMs": 20})
    assert fault.happened == 1
    assert (error["data"]["kind"], error["data"]["errno"]) == ("SignalFailed", inject.number)
    assert served.wait_exited(session)["outcome"] == "hardKilled"


def termination_is_survived(served: Served, inject: Inject) -> None:
    """The session ends softly as asked, and is told so."""
    session = served.spawn("cat")
    fault = inject()
    served.request("session/terminate", {"sessionId": session})
    exited = served.wait_exited(session)
    assert (exited["signal"], exited["outcome"]) == ("SIGTERM", "softExit")
    served.wait_closed(session)
    assert fault.happened


def exit_is_told(served: Served, inject: Inject) -> None:
    """A child ends by itself, and is told so though the system was of little help."""
    fault = inject(times=3)
    session = served.spawn(*shell("exit 3"))
    assert served.wait_exited(session)["exitCode"] == 3
    served.wait_closed(session)
    served.until(lambda: bool(fault.happened), "the fault")


def orphan_is_reaped(served: Served, inject: Inject) -> None:
    """A process that lost its parent ends, and is no zombie, if a little later."""
    session = served.spawn(*shell("setsid sleep 1000 >/dev/null 2>&1 & echo $!"))
    served.wait_closed(session)
    orphan = int(served.output(session))
    fault = inject(times=2)
    os.kill(orphan, signal.SIGKILL)
    served.until(lambda: bool(fault.happened) and not process_exists(orphan), "the end of the orphan")


def shutdown_leaves_nothing(served: Served, inject: Inject) -> None:
    """Everything ends, a process that left its group among it, with status 0."""
    session = served.spawn(*shell("setsid sleep 1000 >/dev/null 2>&1 & echo $!"))
    served.wait_exited(session)
    fault = inject(times=5)
    served.finish()
    assert fault.happened
    assert own_descendants() == served.before_descendants


# ---------------------------------------------------------------------------------------------------------------- log


def log_line_is_dropped(served: Served, inject: Inject) -> None:
    """The line is dropped and counted, and nothing else happens."""
    served.log_text()
    fault = inject(when=lambda fd, *_: fd == served.log_fd)
    served.wires.send([])
    served.until(lambda: bool(fault.happened), "the line that is dropped")
    assert served.log_text() == ""
    served.wires.send([])
    served.until(lambda: "(1 lines dropped) malformed" in served.log_text(), "the next line")


def server_ends_when_somebody_else_reaps(served: Served, inject: Inject) -> None:
    """A child's status that is not ours to have is a fault of our own: the server ends in order, with status 1."""
    session = served.spawn(*shell("read _"))
    inject()
    served.write(session, b"\n")
    assert served.run_to_end() == 1
    assert served.notifications("closed", session)
    assert own_descendants() == served.before_descendants


def signal_is_sent_by_number(served: Served, inject: Inject) -> None:
    """Where there is no descriptor to ask the kernel with, the group is signalled by its number."""
    session = served.spawn("cat")
    process_group._kernel_signals_groups.cache_clear()
    fault = inject()
    served.request("session/terminate", {"sessionId": session})
    assert served.wait_exited(session)["signal"] == "SIGTERM"
    assert fault.happened == 1


def group_is_signalled_by_number(served: Served, inject: Inject) -> None:
    """The same where the kernel does not signal groups at all, and refuses once."""
    session = served.spawn("cat")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process_group, "_kernel_signals_groups", lambda: False)
        fault = inject(when=lambda _pid, number: number == signal.SIGTERM)
        error = served.refusal("session/terminate", {"sessionId": session, "graceMs": 20})
        assert (error["data"]["kind"], error["data"]["errno"]) == ("SignalFailed", inject.number)
        assert served.wait_exited(session)["outcome"] == "hardKilled"
    assert fault.happened == 1


# ------------------------------------------------------------------------------------------------ the client's process


def client_is_asked_for(served: Served, inject: Inject) -> None:
    """Where no descriptor tells the end of the client's process, it is asked for now and then."""
    fault = inject()
    _end_with_client(served)
    assert fault.happened == 1


def client_is_asked_for_without_help(served: Served, inject: Inject) -> None:
    """The same where asking fails too, for a while."""
    served.faults.inject("os.pidfd_open", errno.EMFILE)
    fault = inject(times=3)
    _end_with_client(served)
    assert fault.happened


def _end_with_client(served: Served) -> None:
    """Watch a process, let it end, and see the server end in order."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as client, pytest.MonkeyPatch.context() as patch:
        patch.setattr(served.server._client_watch, "_poll_s", 0.01)
        with served.faults.in_force():
            served.server._client_watch.watch(client.pid)
        for _ in range(5):
            served.turn()
        served.check_bystander()
        assert client.stdin is not None
        client.stdin.close()
        assert served.run_to_end() == 1
    assert own_descendants() == served.before_descendants
