"""Occasions of control groups: of being born in one, of what is told of it, and of its end.

See occasions.py.
"""

from tests.faults.occasions import Inject, Occasion
from tests.faults.served import Served
from tests.support.leaks import own_descendants, process_exists
from tests.support.programs import shell

LEAVING = shell("setsid sh -c 'echo $$; exec sleep 1000 >&- 2>&-' & read _; exit 3")


def session_does_without(served: Served, inject: Inject) -> None:
    """The session has no control group, and says so; nothing of one is left, and the next one has its own."""
    directories = served.directories()
    fault = inject()
    spawned = served.request("session/spawn", {"argv": shell("read _; exit 3")})
    assert (fault.happened, spawned["containment"]) == (1, "subreaper")
    assert served.directories() == directories
    served.write(spawned["sessionId"], b"\n")
    exited = served.wait_exited(spawned["sessionId"])
    assert (exited["exitCode"], exited["processesLeft"]) == (3, None)
    assert served.request("session/spawn", {"argv": ["true"]})["containment"] == "cgroup"


def exit_is_told_and_what_is_left_not_guessed(*told: bool | None) -> Occasion:
    """The exit of a child that leaves somebody behind is told; whether it does is so, or is not known."""

    def occasion(served: Served, inject: Inject) -> None:
        session, escapee = _with_an_escapee(served)
        fault = inject(times=20)
        served.write(session, b"\n")
        exited = served.wait_exited(session)
        assert fault.happened
        assert exited["exitCode"] == 3
        assert exited["processesLeft"] in told
        served.wait_closed(session)
        served.request("session/remove", {"sessionId": session})
        assert process_exists(escapee), "what a session leaves lives on until it is terminated"
        _ends_with_the_server(served, escapee)

    occasion.__name__ = f"exit is told and left is {' or '.join(map(str, told))}"
    return occasion


def kill_is_refused_and_tried_again(served: Served, inject: Inject) -> None:
    """session/terminate answers SignalFailed with the errno, and everything is killed all the same, if a bit later."""
    session, escapee = _with_an_escapee(served)
    fault = inject(times=2)
    error = served.refusal("session/terminate", {"sessionId": session, "graceMs": 0})
    assert (error["data"]["kind"], error["data"]["errno"]) == ("SignalFailed", inject.number)
    assert served.wait_exited(session)["outcome"] == "hardKilled"
    served.until(lambda: not process_exists(escapee), "the end of who left the group")
    assert fault.happened == 2
    served.wait_closed(session)


def kill_at_the_deadline_is_tried_again(served: Served, inject: Inject) -> None:
    """Nobody asks for the kill at the deadline a second time, so that it is tried until it works."""
    session, escapee = _with_an_escapee(served)
    fault = inject(times=3)
    served.request("session/terminate", {"sessionId": session, "graceMs": 20})
    served.until(lambda: not process_exists(escapee), "the end of who left the group")
    assert fault.happened == 3
    served.wait_closed(session)


def directory_is_removed_later(served: Served, inject: Inject) -> None:
    """A session ends as ever, and its directory goes with the server at the latest."""
    directories = served.directories()
    fault = inject(times=4)
    session = served.spawn(*shell("exit 3"))
    assert served.wait_exited(session)["exitCode"] == 3
    served.wait_closed(session)
    served.request("session/remove", {"sessionId": session})
    assert fault.happened
    served.check_bystander()
    assert len(served.directories() - directories) <= 1
    served.finish()
    assert served.directories() == set()


def nothing_is_left_at_the_end(served: Served, inject: Inject) -> None:
    """The server ends as ever, with what left its group, and with every directory."""
    _, escapee = _with_an_escapee(served)
    fault = inject(times=2)
    _ends_with_the_server(served, escapee)
    assert fault.happened


def _with_an_escapee(served: Served) -> tuple[str, int]:
    """A session that waits for a line, and who has left its group."""
    session = served.spawn(*LEAVING)
    served.until(lambda: served.output(session).endswith(b"\n"), "the escapee")
    return session, int(served.output(session))


def _ends_with_the_server(served: Served, escapee: int) -> None:
    served.finish()
    assert not process_exists(escapee)
    assert own_descendants() == served.before_descendants
    assert served.directories() == set()
