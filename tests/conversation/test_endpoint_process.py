"""pipe_rpc/conversation/endpoint_process.py: any program in the server's place."""

import os
import signal
import sys
import time

import pytest

from pipe_rpc.conversation import endpoint_process
from pipe_rpc.conversation.endpoint_process import DEFAULT_COMMAND, EndpointProcess
from pipe_rpc.conversation.errors import DeadlineExceededError, ServerEndedError
from tests.support.programs import child


def test_bytes_go_in_and_come_out() -> None:
    process = EndpointProcess(["/bin/cat"])
    process.write(b"x" * 50_000)
    read = b""
    while len(read) < 50_000:
        read += process.read(time.monotonic() + 30)
    assert read == b"x" * 50_000
    assert process.close() == 0


def test_a_deadline_that_has_passed_still_takes_what_is_there() -> None:
    process = EndpointProcess(["/bin/cat"])
    with pytest.raises(DeadlineExceededError):
        process.read(time.monotonic() - 1)
    process.write(b"x")
    assert process.read(None) == b"x"
    process.close()


def test_the_end_is_told_to_readers_and_writers() -> None:
    process = EndpointProcess(["/bin/true"])
    with pytest.raises(ServerEndedError):
        process.read(None)
    with pytest.raises(ServerEndedError):
        process.write(b"x" * 1_000_000)
    assert process.close() == 0


def test_a_server_that_does_not_go_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_process, "_LAST_CALL_S", 0.01)
    process = EndpointProcess(child("stubborn"))
    assert process.read(None) == b"ready\n"
    assert process.close() == -signal.SIGKILL


def test_ctrl_c_in_a_terminal_does_not_reach_the_server() -> None:
    process = EndpointProcess(["/bin/cat"])
    assert os.getsid(process.pid) == process.pid != os.getsid(0)
    process.close()


def test_modules_of_the_current_directory_do_not_pass_for_ours() -> None:
    assert DEFAULT_COMMAND[0] == sys.executable
    assert "-P" in DEFAULT_COMMAND


def test_a_program_that_there_is_not_is_told() -> None:
    with pytest.raises(FileNotFoundError):
        EndpointProcess(["/nonexistent/server"])
