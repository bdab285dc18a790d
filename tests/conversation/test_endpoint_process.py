"""pipe_rpc/conversation/endpoint_process.py: any program in the server's place."""

import os
import signal
import sys

import pytest

from pipe_rpc.conversation import endpoint_process
from pipe_rpc.conversation.endpoint_process import DEFAULT_COMMAND, EndpointProcess
from tests.support.bare_server import read_some
from tests.support.programs import child, python


def test_bytes_go_in_and_come_out() -> None:
    process = EndpointProcess(["/bin/cat"])
    os.write(process.stdin_fd, b"x" * 50_000)
    read = b""
    while len(read) < 50_000:
        read += read_some(process.stdout_fd)
    assert read == b"x" * 50_000
    assert process.exit_status() is None
    assert process.close() == 0


def test_the_end_of_input_comes_first_and_force_only_where_it_does_not_help() -> None:
    process = EndpointProcess(["/bin/cat"], hears_stderr=True)
    first, *_ = process.steps_to_the_end(hurry=False)
    first.act()
    assert process.exit_status(30) == 0
    process.close_pipes()


def test_a_server_that_does_not_go_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_process, "_LAST_CALL_S", 0.01)
    monkeypatch.setattr(endpoint_process, "_HURRIED_S", 0.01)
    for end in (EndpointProcess.close, EndpointProcess.end_now):
        process = EndpointProcess(child("stubborn"))
        assert read_some(process.stdout_fd) == b"ready\n"
        assert end(process) == -signal.SIGKILL
        process.close_pipes()


def test_the_place_and_the_environment_are_those_that_were_asked_for() -> None:
    script = "import os; print(os.getcwd(), os.environ['A'])"
    process = EndpointProcess(python(script), cwd="/", env={"A": "1"})
    assert read_some(process.stdout_fd) == b"/ 1\n"
    process.close()


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
