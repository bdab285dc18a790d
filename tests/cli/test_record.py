"""pipe_rpc/cli/record.py: a conversation gets into a file, and nobody in it notices."""

import contextlib
import json
import os
import pathlib
import signal
import stat
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from pipe_rpc.conversation.recording import ClientEnd, ClientLine, ServerEnd, read_recording
from tests.cli.command import PIPE_RPC, call, started
from tests.cli.test_run import wait_for_full
from tests.support.bare_server import Family, read_to_end
from tests.support.frames import encode_frame
from tests.support.processes import descendants
from tests.support.programs import python, shell
from tests.support.trace import DEADLINE_S

INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": None, "capabilities": {}}}
SHUTDOWN = {"jsonrpc": "2.0", "id": 2, "method": "shutdown"}
EXIT = {"jsonrpc": "2.0", "method": "exit"}
ECHO_BYTES = "import os\nwhile data := os.read(0, 65536): os.write(1, data)"


@contextlib.contextmanager
def proxy(*arguments: str, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    with started("record", "--proxy", *arguments, **options) as process:
        yield process


def talk(path: pathlib.Path, *server: str, said: bytes) -> subprocess.CompletedProcess[bytes]:
    return call("record", "--proxy", "--output", str(path), *server, input=said)


# -------------------------------------------------------------------------------------------------------- of a command


def test_a_command_runs_as_it_would_and_its_conversation_can_be_replayed(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "recorded.jsonl"
    ended = call("record", "--output", str(path), "--", *shell("cat; echo err >&2; exit 3"), input=b"in\n")
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, b"in\n", b"err\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    recording = read_recording(path.read_bytes())
    assert recording.description.startswith("/bin/sh -c 'cat; echo err")
    assert isinstance(recording.lines[-1], ServerEnd)
    replayed = call("replay", str(path))
    assert replayed.returncode == 0, replayed.stdout


def test_without_a_name_the_file_gets_one_which_is_told(tmp_path: pathlib.Path) -> None:
    ended = call("record", "--", *shell("echo out"), cwd=tmp_path)
    assert ended.stdout == b"out\n"
    (path,) = tmp_path.iterdir()
    assert ended.stderr.decode() == f"pipe-rpc record: recording into {path.name}\n"
    assert path.name.startswith("pipe-rpc-")
    assert read_recording(path.read_bytes()).lines


@pytest.mark.parametrize(
    "arguments", [(), ("--",), ("--stdio", "--", "true"), ("--nonsense",), ("true",), ("--output", "", "--", "true")]
)
def test_a_bad_command_line_is_status_2(arguments: tuple[str, ...]) -> None:
    ended = call("record", *arguments)
    assert ended.returncode == 2
    assert b"usage: pipe-rpc record" in ended.stderr


@pytest.mark.parametrize("arguments", [("--", "echo", "never"), ("--proxy", "--", "echo", "never")])
def test_a_file_that_cannot_be_made_is_told_and_nothing_is_heard(
    tmp_path: pathlib.Path, arguments: tuple[str, ...]
) -> None:
    for path, why in ((tmp_path, b"no regular file"), (tmp_path / "missing" / "x", b"No such file")):
        ended = call("record", "--output", str(path), *arguments)
        assert ended.returncode == 125
        assert ended.stdout == b""
        assert why in ended.stderr


# --------------------------------------------------------------------------------------------------------- of a client


def test_a_client_hears_what_it_would_and_the_conversation_can_be_replayed(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "recorded.jsonl"
    frames = b"".join(map(encode_frame, (INITIALIZE, SHUTDOWN, EXIT)))
    ended = talk(path, said=frames)
    direct = subprocess.run(PIPE_RPC, input=frames, capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, direct.stdout, b"")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = read_recording(path.read_bytes()).lines
    assert [line.message for line in lines if isinstance(line, ClientLine)] == [INITIALIZE, SHUTDOWN, EXIT]
    assert call("replay", str(path)).returncode == 0


@pytest.mark.parametrize("said", [b"", b"no frame at all", b"Content-Length: 4\r\n\r\n{no}" * 3, os.urandom(300_000)])
def test_every_byte_passes_whatever_it_means(tmp_path: pathlib.Path, said: bytes) -> None:
    path = tmp_path / "recorded.jsonl"
    ended = talk(path, "--", *python(ECHO_BYTES), said=said)
    assert ended.stdout == said
    assert ended.returncode == 0
    for line in path.read_bytes().splitlines():
        json.loads(line)


def test_a_client_that_reads_slowly_holds_the_server_up_and_gets_all(tmp_path: pathlib.Path) -> None:
    script = "import os\nfor _ in range(64): os.write(1, b'x' * 65536)"
    with proxy("--output", str(tmp_path / "r"), "--", *python(script)) as process:
        assert process.stdout is not None
        assert len(read_to_end(process.stdout.fileno())) == 64 * 65536
        assert process.wait(DEADLINE_S) == 0


def test_what_is_no_json_is_told_without_a_word_of_it_and_cannot_be_played(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "recorded.jsonl"
    talk(path, said=encode_frame(INITIALIZE) + b"Content-Length: 10\r\n\r\n{secret:1}" + encode_frame(SHUTDOWN))
    text = path.read_text()
    assert "The client sent 10 bytes that are no JSON." in text
    assert "secret" not in text
    talk(path, said=encode_frame(INITIALIZE) + b"secret words\r\n\r\n")
    assert "does not speak in frames" in path.read_text()
    assert "secret" not in path.read_text()
    replayed = call("replay", str(path))
    assert replayed.returncode == 2
    assert ": a part of the conversation was not recorded" in replayed.stderr.decode()


@pytest.mark.parametrize("levels", [190, 500, 900])
def test_a_message_passes_however_deep_it_nests(tmp_path: pathlib.Path, levels: int) -> None:
    path = tmp_path / "recorded.jsonl"
    deep: list[Any] = []
    for _ in range(levels):
        deep = [deep]
    frames = b"".join(map(encode_frame, (INITIALIZE, {**SHUTDOWN, "id": 3, "params": deep}, SHUTDOWN, EXIT)))
    ended = talk(path, said=frames)
    direct = subprocess.run(PIPE_RPC, input=frames, capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (direct.returncode, direct.stdout, b"")
    assert ("nests deeper than 200 levels" in path.read_text()) is (levels > 200)
    assert call("replay", str(path)).returncode == (2 if levels > 200 else 0)


def test_ids_that_can_be_none_are_recorded_and_replayed(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "recorded.jsonl"
    odd = [{"jsonrpc": "2.0", "id": wrong, "method": "session/list"} for wrong in ([1], {"a": 1}, 1.5)]
    talk(path, said=b"".join(map(encode_frame, (INITIALIZE, *odd, SHUTDOWN, EXIT))))
    replayed = call("replay", str(path))
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr


def test_values_of_the_environment_are_not_in_the_file(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "recorded.jsonl"
    params = {"argv": ["/bin/cat"], "env": {"TOKEN": "hunter2"}, "sessionId": "mine"}
    spawn = {"jsonrpc": "2.0", "id": 3, "method": "session/run", "params": params}
    ended = talk(path, said=b"".join(map(encode_frame, (INITIALIZE, spawn, SHUTDOWN, EXIT))))
    assert ended.returncode == 0
    assert "hunter2" not in path.read_text()
    assert '"env": {"TOKEN": "${env:TOKEN}"}' in path.read_text()


def test_the_end_of_the_client_is_passed_on_and_the_status_comes_back(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "recorded.jsonl"
    assert talk(path, said=encode_frame(INITIALIZE)).returncode == 1
    kinds = [type(line) for line in read_recording(path.read_bytes()).lines]
    assert ClientEnd in kinds
    assert kinds[-1] is ServerEnd
    assert talk(path, "--", *shell("cat >/dev/null; exit 42"), said=b"").returncode == 42
    assert talk(path, "--", *shell("kill -KILL $$"), said=b"").returncode == 128 + signal.SIGKILL


def test_a_server_that_ends_by_itself_ends_the_proxy_though_the_client_says_nothing(tmp_path: pathlib.Path) -> None:
    with proxy("--output", str(tmp_path / "r"), "--", *shell("echo last words; exit 7")) as process:
        assert process.stdout is not None
        assert read_to_end(process.stdout.fileno()) == b"last words\n"
        assert process.wait(DEADLINE_S) == 7


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_is_passed_on(tmp_path: pathlib.Path, number: signal.Signals) -> None:
    script = f"trap 'echo told; exit 5' {number.name[3:]}; echo ready; while :; do read line; done"
    with proxy("--output", str(tmp_path / "r"), "--", *shell(script)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert read_to_end(process.stdout.fileno()) == b"told\n"
        assert process.wait(DEADLINE_S) == 5


def test_a_server_of_ours_hears_of_a_client_that_reads_no_more(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "r"
    with proxy("--output", str(path)) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.close()
        process.stdin.write(encode_frame(INITIALIZE))
        assert process.wait(DEADLINE_S) != 0
    assert "The client reads no more." in path.read_text()


@pytest.mark.parametrize("insists", [True, False])
def test_a_client_that_stays_and_reads_nothing_holds_the_end_up_for_a_while_and_not_for_ever(
    tmp_path: pathlib.Path, insists: bool
) -> None:
    # As much as two pipes hold, and more: some of it stays here.
    script = f"import os; os.write(1, b'x' * {1 << 20})"
    with proxy("--output", str(tmp_path / "r"), "--", *python(script)) as process:
        assert process.stdout is not None
        wait_for_full(process.stdout.fileno())
        with Family(process.pid) as family:
            os.kill(descendants(process.pid)[0], signal.SIGKILL)
            while insists and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                os.sched_yield()
            # Insisting goes on while the interpreter ends, where nothing is left to hear it.
            assert process.wait(DEADLINE_S) in (128 + signal.SIGKILL, -signal.SIGTERM if insists else None)
            family.wait_gone()


def test_what_stock_clients_put_behind_the_command_goes_to_the_server(tmp_path: pathlib.Path) -> None:
    arguments = ("--output", str(tmp_path / "r"), "--stdio", "--clientProcessId=999999999")
    with proxy(*arguments) as process:
        assert process.wait(DEADLINE_S) == 1, "the server sees that there is no such process"


def test_a_server_that_cannot_be_started_is_status_125(tmp_path: pathlib.Path) -> None:
    ended = call("record", "--proxy", "--output", str(tmp_path / "r"), "--", "/nonexistent/server")
    assert ended.returncode == 125
    assert ended.stderr == b"pipe-rpc record: /nonexistent/server cannot be started: No such file or directory\n"
    assert not (tmp_path / "r").exists()
