"""Occasions at the end of things: of a child, of what it left behind, and of the client's process.

See occasions.py.
"""

import errno
import os
import signal
import subprocess

import pytest

from pipe_rpc.child import process_group
from pipe_rpc.child.cgroup import Cgroup
from tests.faults.occasions import Inject
from tests.faults.served import Served
from tests.support.leaks import own_descendants, process_exists
from tests.support.programs import shell

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


def kill_is_refused_and_tried_again(served: Served, inject: Inject) -> None:
    """session/terminate answers SignalFailed with the errno; the child is killed all the same, if a bit later."""
    session = served.spawn(*shell("exec <&-; trap '' TERM; while :; do sleep 1000; done"))
    fault = inject(times=2, when=lambda _pid, number, *_: number == signal.SIGKILL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cgroup, "kill", lambda _: None)  # It would be killed by that already.
        error = served.refusal("session/terminate", {"sessionId": session, "graceMs": 0})
        assert (error["data"]["kind"], error["data"]["errno"]) == ("SignalFailed", inject.number)
        assert served.wait_exited(session)["outcome"] == "hardKilled"
    assert fault.happened == 2
    served.wait_closed(session)


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
    # Started here, so that no control group of a session ends it first; it is heard once it has left.
    subprocess.check_output(shell("setsid sh -c 'echo left; exec sleep 1000 >/dev/null 2>&1' &"))
    fault = inject(times=5)
    served.finish()
    assert fault.happened
    assert own_descendants() == served.before_descendants


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
