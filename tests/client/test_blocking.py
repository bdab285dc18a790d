"""pipe_rpc/client/blocking.py, with the real server."""

import os
import signal
import sys

import pytest

from pipe_rpc.client import (
    ClientError,
    DeadlineExceededError,
    PipeRpc,
    RpcError,
    ServerEndedError,
)
from pipe_rpc.errors import ErrorCode
from pipe_rpc.protocol.types import ClosedParams, DetachedParams, ExitedParams, OutputParams, SessionInfo
from tests.support.bare_server import Family
from tests.support.fixture_types import MakeGate
from tests.support.processes import descendants
from tests.support.programs import child, python, shell


def test_a_session_from_spawn_to_close_in_order(rpc: PipeRpc) -> None:
    info = rpc.spawn(shell("read line; echo got $line; exit 3"))
    assert isinstance(info, SessionInfo)
    assert info.originator == "pipe_rpc.client"
    assert rpc.write(info.session_id, "it\n").bytes_written == 3
    events = list(rpc.events(info.session_id))
    output = [event for event in events if isinstance(event, OutputParams)]
    assert "".join(event.data for event in output) == "got it\n"
    assert [type(event) for event in events[len(output) :]].count(DetachedParams) == 2
    *_, exited, closed = [event for event in events if not isinstance(event, DetachedParams)]
    assert isinstance(exited, ExitedParams)
    assert exited.exit_code == 3
    assert isinstance(closed, ClosedParams)


def test_the_end_of_the_block_ends_everything() -> None:
    with PipeRpc() as rpc:
        rpc.spawn(child("stubborn"), grace_ms=1)
        rpc.spawn(["/bin/cat"])
        family = Family(rpc._process.pid)
        assert len(family) >= 3
    assert family.survivors() == []
    family.close()


def test_an_error_within_the_block_ends_everything_too_and_is_raised() -> None:
    families: list[Family] = []

    def use_and_fail() -> None:
        with PipeRpc() as rpc:
            rpc.spawn(["/bin/cat"])
            families.append(Family(rpc._process.pid))
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        use_and_fail()
    (family,) = families
    assert family.survivors() == []
    family.close()


def test_close_tells_the_exit_status_once() -> None:
    rpc = PipeRpc()
    assert rpc.close() == 0
    assert rpc.close() == 0


def test_the_answer_to_initialize_is_kept(rpc: PipeRpc) -> None:
    assert rpc.capabilities["protocolVersion"] == 1
    assert rpc.capabilities["limits"]["maxSessions"] > 0


def test_options_go_to_initialize() -> None:
    with PipeRpc(client_name="me", originator="you", encoding="base64", grace_ms=5) as rpc:
        info = rpc.spawn(["/bin/echo", "x"])
        assert info.originator == "you"
        output = next(event for event in rpc.events(info.session_id) if isinstance(event, OutputParams))
        assert (output.encoding, output.data) == ("base64", "eAo=")


def test_wrong_options_are_told_and_nothing_is_left_running() -> None:
    with pytest.raises(RpcError, match=r"params\.initializationOptions\.encoding"):
        PipeRpc(encoding="latin-1")


def test_a_refusal_has_code_kind_message_and_data(rpc: PipeRpc) -> None:
    with pytest.raises(RpcError) as caught:
        rpc.info("pipe-none")
    error = caught.value
    assert isinstance(error, ClientError)
    assert error.code is ErrorCode.SESSION_NOT_FOUND
    assert error.kind == "SessionNotFound"
    assert error.data["sessionId"] == "pipe-none"
    assert str(error) == error.message
    with pytest.raises(RpcError) as caught:
        rpc.spawn(["true"], misspelt=1)
    assert caught.value.data["problems"][0]["path"] == "params.misspelt"
    with pytest.raises(RpcError) as caught:
        rpc.request("no/such/method")
    assert caught.value.code is ErrorCode.METHOD_NOT_FOUND


def test_the_methods_are_those_of_the_wire(rpc: PipeRpc) -> None:
    info = rpc.spawn(child("stubborn"), attach=[], originator="job")
    session_id = info.session_id
    assert rpc.read(session_id, "stdout", wait_ms=30_000).data == "ready\n"
    attachment = rpc.attach(session_id, "stdout", from_offset=2)
    assert (attachment.offset, attachment.missed_bytes) == (2, 0)
    event = rpc.next_event()
    assert isinstance(event, OutputParams)
    assert event.data == "ady\n"
    assert rpc.detach(session_id, "stdout").offset == 6
    rpc.signal(session_id, "SIGINT")
    assert [each.session_id for each in rpc.list(originator="job")] == [session_id]
    assert rpc.list(originator="other") == []
    assert rpc.wait(session_id, timeout_ms=0) is None
    assert rpc.terminate_all(originator="job", grace_ms=3_600_000) == 1
    assert rpc.info(session_id).state == "terminating"
    rpc.terminate(session_id, grace_ms=0)
    exited = rpc.wait(session_id, until="closed")
    assert exited is not None
    assert (exited.signal, exited.outcome, exited.reason) == ("SIGKILL", "hardKilled", "request")
    assert rpc.purge(originator="job") == 1
    other = rpc.spawn(["/bin/cat"])
    rpc.remove(other.session_id, force=True)
    assert rpc.list() == []


def test_events_of_two_sessions_are_kept_apart_and_in_order(rpc: PipeRpc) -> None:
    first = rpc.spawn(["/bin/echo", "one"])
    second = rpc.spawn(["/bin/echo", "two"])
    rpc.wait(second.session_id, until="closed")
    rpc.wait(first.session_id, until="closed")
    for info, word in ((second, "two\n"), (first, "one\n")):
        events = list(rpc.events(info.session_id))
        assert "".join(event.data for event in events if isinstance(event, OutputParams)) == word
        assert {event.session_id for event in events} == {info.session_id}
        assert isinstance(events[-1], ClosedParams)


def test_a_deadline_is_told_and_a_late_answer_is_dropped(rpc: PipeRpc, gate: MakeGate) -> None:
    waiting = gate()
    info = rpc.spawn(shell("read _ < $1", waiting.path))
    with pytest.raises(DeadlineExceededError):
        rpc.wait(info.session_id, timeout_s=0.01)
    waiting.open_and_release()
    assert any(isinstance(event, ClosedParams) for event in rpc.events(info.session_id))
    assert len(rpc.list()) == 1, "the late answer is not taken for this one"
    assert rpc._answers == {}
    assert rpc._abandoned == set()


def test_an_event_that_does_not_come_in_time_is_told(rpc: PipeRpc) -> None:
    with pytest.raises(DeadlineExceededError):
        rpc.next_event(timeout_s=0.01)
    info = rpc.spawn(["/bin/cat"])
    with pytest.raises(DeadlineExceededError):
        next(rpc.events(info.session_id, timeout_s=0.01))


def test_a_server_that_is_killed_is_told_and_close_is_no_error() -> None:
    rpc = PipeRpc()
    info = rpc.spawn(["/bin/cat"])
    family = Family(rpc._process.pid)
    server, *_ = descendants(rpc._process.pid)
    os.kill(server, signal.SIGKILL)
    with pytest.raises(ServerEndedError):
        rpc.wait(info.session_id)
    with pytest.raises(ServerEndedError):
        rpc.list()
    assert rpc.close() != 0
    family.wait_gone()
    family.close()


@pytest.mark.parametrize("script", ["", "import sys; sys.exit(3)", "print('no frame', flush=True)"])
def test_what_is_no_server_is_told_and_not_waited_for(script: str) -> None:
    with pytest.raises(Exception, match=r"ended|is no field"):
        PipeRpc([sys.executable, "-c", script])


def test_a_large_write_and_its_echo_cross(rpc: PipeRpc) -> None:
    data = "0123456789abcdef" * 65536
    info = rpc.spawn(["/bin/cat"])
    assert rpc.write(info.session_id, data, close=True).bytes_written == len(data)
    came = "".join(event.data for event in rpc.events(info.session_id) if isinstance(event, OutputParams))
    assert came == data


def test_what_children_print_at_the_same_time_is_not_mixed(rpc: PipeRpc) -> None:
    infos = [rpc.spawn(python("import sys; print(sys.argv[1] * 1000)", number)) for number in range(5)]
    for number, info in enumerate(infos):
        came = "".join(event.data for event in rpc.events(info.session_id) if isinstance(event, OutputParams))
        assert came == str(number) * 1000 + "\n"
