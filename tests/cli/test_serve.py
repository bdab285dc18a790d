"""pipe_rpc/cli/serve.py: options, and first words to people."""

import errno
import os
import pty
import re
import signal
import subprocess
import sys
import tty
from collections.abc import Callable
from pathlib import Path

import pytest

from pipe_rpc import __version__
from pipe_rpc.cli import serve
from pipe_rpc.limits import Limits, option_name, reason
from tests.cli.command import Terminal, call
from tests.support.bare_server import read_messages, server_on
from tests.support.fixture_types import StartWire
from tests.support.frames import decode_frames, encode_frame

INITIALIZE = encode_frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}})
LEAVE = encode_frame({"jsonrpc": "2.0", "id": 2, "method": "shutdown"}) + encode_frame(
    {"jsonrpc": "2.0", "method": "exit"}
)


def test_help_teaches_what_it_is_how_to_try_it_and_every_limit() -> None:
    ended = call("--help")
    assert ended.returncode == 0
    assert ended.stderr == b""
    text = " ".join(ended.stdout.decode().split())
    for word in ("JSON-RPC 2.0", "sessions", "Content-Length", "pipe-rpc run --trace -- echo hello", "pipe-rpc schema"):
        assert word in text
    for name, default in Limits()._asdict().items():
        assert option_name(name) in text
        assert reason(name) in text.replace("- ", "-") or reason(name) in text
        assert f"(default: {default})" in text


def test_the_frame_in_the_help_is_a_frame() -> None:
    text = call("--help").stdout.decode()
    length = int(re.search(r"Content-Length: (\d+)", text)[1])  # type: ignore[index]  # None fails the test as well
    body = re.search(r"^ +(\{.*\})$", text, re.MULTILINE)[1]  # type: ignore[index]  # None fails the test as well
    assert len(body.encode()) == length


def test_version_is_one_line_on_stdout() -> None:
    ended = call("--version")
    assert (ended.returncode, ended.stdout) == (0, f"pipe-rpc {__version__}\n".encode())


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--nonsense"], "--nonsense"),
        (["extra"], "extra"),
        (["serve", "extra"], "extra"),
        (["--max-frame", "5"], "--max-frame"),
        (["--max-frame-bytes"], "--max-frame-bytes"),
        (["--max-frame-bytes", "0"], "above 0"),
        (["--max-frame-bytes", "-1"], "above 0"),
        (["--max-frame-bytes", "1e6"], "whole number"),
        (["--max-frame-bytes", "1_000"], "whole number"),
        (["--max-frame-bytes", "٣"], "whole number"),
        (["--max-frame-bytes", ""], "whole number"),
        (["--clientProcessId=0"], "above 0"),
        (["--clientProcessId=x"], "whole number"),
        (["--log-level", "loud"], "debug"),
    ],
)
def test_a_wrong_option_is_status_2_and_told(arguments: list[str], word: str) -> None:
    ended = call(*arguments)
    assert ended.returncode == 2
    assert ended.stdout == b""
    assert word in ended.stderr.decode().splitlines()[-1]
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "arguments", [[], ["serve"], ["--stdio"], ["serve", "--stdio"], ["--stdio", "--clientProcessId=1"]]
)
def test_every_way_to_start_it_answers(arguments: list[str]) -> None:
    ended = call(*arguments, input=INITIALIZE + LEAVE)
    assert ended.returncode == 0, ended.stderr
    first, second = decode_frames(ended.stdout)
    assert first["result"]["serverInfo"] == {"name": "pipe-rpc", "version": __version__}
    assert second["id"] == 2
    assert ended.stderr == b""


def test_a_limit_on_the_command_line_is_in_force_and_advertised(start_wire: StartWire) -> None:
    wire = start_wire("--max-sessions", "1", "--default-grace-ms=5", initialize=False)
    limits = wire.initialize()["capabilities"]["experimental"]["pipeRpc"]["limits"]
    assert (limits["maxSessions"], limits["defaultGraceMs"]) == (1, 5)
    wire.spawn(["/bin/cat"])
    answer = wire.answer(wire.start("session/spawn", {"argv": ["/bin/cat"]}))
    assert answer["error"]["data"]["kind"] == "LimitExceeded"


def test_a_terminal_on_stdin_gets_a_friendly_word_and_ctrl_d_leaves() -> None:
    with Terminal() as terminal:
        terminal.wait_for(b"pipe-rpc run --trace -- echo hello")
        terminal.wait_for(b"Ctrl-C.")
        terminal.type(b"\x04")
        assert terminal.process.wait(30) == 1


def test_ctrl_c_on_a_terminal_leaves() -> None:
    with Terminal() as terminal:
        terminal.wait_for(b"Ctrl-C.")
        terminal.type(b"\x03")
        # The signal itself where it comes before the server takes its signals over: nothing is there to be ended then.
        assert terminal.process.wait(30) in {1, -signal.SIGINT, 128 + signal.SIGINT}
        assert b"Traceback" not in terminal.rest()


def close_fd(fd: int) -> Callable[[], None]:
    return lambda: os.close(fd)


def test_a_closed_stdout_is_told_on_stderr() -> None:
    ended = call(preexec_fn=close_fd(1))
    assert ended.returncode == 1
    assert b"stdout is closed" in ended.stderr
    assert ended.stderr.count(b"\n") == 1


def test_a_closed_stderr_is_no_matter() -> None:
    ended = call(preexec_fn=close_fd(2), input=INITIALIZE + LEAVE)
    assert ended.returncode == 0
    assert len(decode_frames(ended.stdout)) == 2


def test_a_terminal_on_stdin_is_served_although_there_is_no_stderr_for_a_friendly_word() -> None:
    screen, theirs = pty.openpty()
    tty.setraw(theirs)
    os.write(screen, INITIALIZE + LEAVE)
    ended = call(preexec_fn=close_fd(2), stdin=theirs)
    os.close(theirs)
    os.close(screen)
    assert ended.returncode == 0
    assert len(decode_frames(ended.stdout)) == 2


def test_where_there_is_no_stderr_a_start_without_room_is_status_1_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert serve._no_room(OSError(errno.EMFILE, os.strerror(errno.EMFILE))) == 1


def test_a_closed_stdin_is_the_end_of_input() -> None:
    ended = call(preexec_fn=close_fd(0), stdin=subprocess.DEVNULL)
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert b"Traceback" not in ended.stderr


def test_a_log_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    ended = call("--log-file", str(tmp_path / "missing" / "log"))
    assert ended.returncode == 1
    assert ended.stdout == b""
    assert ended.stderr.endswith(b"No such file or directory. Choose another --log-file.\n")


def test_a_log_file_has_what_the_level_lets_through(tmp_path: Path) -> None:
    log = tmp_path / "log"
    ended = call("--log-file", str(log), "--log-level", "info", input=INITIALIZE + LEAVE)
    assert ended.stderr == b""
    assert "info: ending: exit" in log.read_text()


def test_stdout_may_close_while_it_runs() -> None:
    their_in, our_in = os.pipe()
    our_out, their_out = os.pipe()
    with server_on(their_in, their_out) as server:
        os.close(their_in)
        os.close(their_out)
        os.write(our_in, INITIALIZE)
        read_messages(our_out, 1)
        os.close(our_out)
        assert server.wait(30) == 1
    os.close(our_in)


@pytest.mark.parametrize("option", ["--min-backlog-bytes", "--child-read-bytes"])
def test_a_ring_in_which_a_character_may_not_become_whole_is_refused(option: str) -> None:
    ended = call("serve", f"{option}=7")
    assert ended.returncode == 2
    assert b"must be at least 8" in ended.stderr
