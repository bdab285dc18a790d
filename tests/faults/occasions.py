"""What is going on when a call fails, and what the contract says of it: one function for each occasion.

Each gets a server, and ``inject``, which lets the call in question fail; it returns when the fault has done its harm
and what it may have harmed has been looked at. That everybody else is unharmed is looked at by the test.
"""

import os
import resource
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

from tests.faults.injection import Fault
from tests.faults.served import Served
from tests.support.leaks import open_descriptors, own_descendants
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


def _held() -> Counter[str]:
    """The files that are open, whatever their numbers, and the processes that there are."""
    return Counter(open_descriptors().values()) + Counter(str(pid) for pid in own_descendants())


def spawn_is_refused(at: int = 1, **params: Any) -> Occasion:
    """The spawn fails at the stage "fork", leaves nothing behind, and the next one works."""

    def occasion(served: Served, inject: Inject) -> None:
        before, limit = _held(), resource.getrlimit(resource.RLIMIT_NOFILE)
        fault = inject(at=at)
        error = served.refusal("session/spawn", {"argv": ["cat"], **params})
        assert fault.happened == 1
        assert (error["code"], error["data"]["kind"]) == (1002, "SpawnFailed")
        assert (error["data"]["stage"], error["data"]["path"]) == ("fork", None)
        assert error["data"]["errno"] == inject.number
        assert not _held() - before, "something is left behind"
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == limit
        session = served.spawn(*shell("echo out; exit 3"))
        assert served.wait_exited(session)["exitCode"] == 3
        assert served.output(session) == b"out\n"

    occasion.__name__ = f"spawn is refused at call {at}"
    return occasion


def tee_is_refused(at: int = 1) -> Occasion:
    """A spawn whose output is to go into a file fails, leaves nothing behind, and the next one works."""

    def occasion(served: Served, inject: Inject) -> None:
        before = _held()
        fault = inject(at=at)
        error = served.refusal("session/spawn", {"argv": ["cat"], "tee": {"stdout": {"path": os.devnull}}})
        assert fault.happened == 1
        assert (error["code"], error["data"]["kind"], error["data"]["errno"]) == (1012, "TeeFailed", inject.number)
        assert not _held() - before, "something is left behind"
        served.wait_closed(served.spawn("true"))

    occasion.__name__ = f"tee is refused at call {at}"
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
