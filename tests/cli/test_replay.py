"""pipe_rpc/cli/replay.py: each kind of difference is found, at its line, and shown."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
from typing import Any

import pytest

from tests.children.crooked_server import FAULTS
from tests.cli.command import PIPE_RPC, call, started
from tests.golden.test_goldens import HERE
from tests.support.fixture_types import MakeGate
from tests.support.programs import CHILDREN, shell
from tests.support.trace import DEADLINE_S

ECHO = HERE / "echo.jsonl"
HEADER = {"recording": 1, "description": "a test"}
HANDSHAKE = [
    {"client": {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}},
    {"server": {"jsonrpc": "2.0", "id": 1, "result": "${object}"}},
]


def line_of(text: str, golden: pathlib.Path = ECHO) -> int:
    """The number of the first line with a text."""
    lines = golden.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def crooked(fault: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    return call("replay", *options, str(ECHO), "--", sys.executable, str(CHILDREN / "crooked_server.py"), fault)


def written(path: pathlib.Path, *lines: Any) -> str:
    """A recording of these lines; a string stands as it is."""
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return str(path)


# --------------------------------------------------------------------------------------------------------- differences

FOUND = {
    "wrong_member": ("session/exited", "the message differs", ['-    "exitCode": 3,', '+    "exitCode": 4,']),
    "extra_member": ("session/exited", "the message differs", ['+    "mood": "fine"']),
    "missing_member": ("session/exited", "the message differs", ['-    "outcome": "naturalExit"']),
    "wrong_output": (
        "session/output",
        "the output differs, in stdout of pipe-",
        ['"and a second line', '"and a wrong  l'],
    ),
    "lost_output": ("session/output", "came before what this line expects", ["session/detached"]),
    "exit_before_output": ("session/output", "came before what this line expects", []),
    "closed_before_exited": ("session/exited", "came before what this line expects", ['+  "method": "session/closed"']),
    "late_answer_to_spawn": ('"running"', "came before what this line expects", ["session/output"]),
    "another_session": ("session/closed", "none of those that are expected now", ["pipe-0000000000000000-00000001"]),
    "extra_notification": ('"id": 3, "result"', "none of those that are expected now", ['"another"']),
    "words_at_the_end": ('"end"', "says more than is expected", ['+  "method": "window/logMessage"']),
    "garbage": ('"running"', "what the server sent is no message", []),
    "no_json": ('"running"', "what the server sent is no message: The body is not JSON", []),
    "no_object": ('"running"', "what is no message", []),
    "other_status": ('"end"', "ended with status 9, and the recording says 0", []),
}


@pytest.mark.parametrize("fault", FOUND)
def test_a_difference_is_found_at_its_line_and_shown(fault: str) -> None:
    where, what, shown = FOUND[fault]
    ended = crooked(fault)
    said = ended.stdout.decode()
    assert ended.returncode == 1, said
    number = line_of(where)
    assert said.startswith(f"{ECHO}:{number}: "), said
    assert what in said.splitlines()[0]
    assert [text for text in shown if text not in said] == []
    assert said.splitlines()[-1] == f"{ECHO}: differs at line {number}"


def test_output_that_comes_twice_is_found_by_its_offset() -> None:
    said = crooked("repeated_output").stdout.decode()
    assert re.search(r"the piece begins at offset 0, and \d+ is the next|more than is expected|none of those", said)
    assert said.endswith(f"differs at line {line_of('session/output')}\n") or "none of those" in said


@pytest.mark.parametrize("fault", ["never_answers", "will_not_end"])
def test_a_server_that_says_nothing_is_given_up_at_the_deadline(fault: str) -> None:
    ended = crooked(fault, "--deadline", "1")
    assert ended.returncode == 1
    assert b"the server said nothing for 1 s while" in ended.stdout
    assert (b"the end of the server was awaited" in ended.stdout) == (fault == "will_not_end")


def test_a_server_that_dies_is_told_apart_with_its_last_words() -> None:
    ended = crooked("dies")
    said = ended.stdout.decode()
    assert ended.returncode == 125
    assert "the server ended while this was awaited" in said
    assert "  | ValueError: a \\x1b[31mbad\\x1b[0m day" in said, "and the terminal is left alone"
    assert said.endswith(f"{ECHO}: the server ended early, at line {line_of('running')}\n")


def test_every_fault_is_tried() -> None:
    assert {*FOUND, "repeated_output", "never_answers", "will_not_end", "dies"} == set(FAULTS)


def test_members_more_can_be_allowed() -> None:
    ended = crooked("extra_member", "--allow-extra")
    assert ended.returncode == 0, ended.stdout
    assert crooked("missing_member", "--allow-extra").returncode == 1


def test_a_server_that_cannot_be_started_is_status_125() -> None:
    ended = call("replay", str(ECHO), "--", "/nonexistent/server")
    assert ended.returncode == 125
    assert (
        ended.stderr
        == b"pipe-rpc replay: /nonexistent/server: the server cannot be started: No such file or directory\n"
    )


# --------------------------------------------------------------------------------------------------------------- files


def test_each_file_has_a_line_and_the_worst_counts(tmp_path: pathlib.Path) -> None:
    wrong = written(tmp_path / "wrong.jsonl", HEADER, *HANDSHAKE, {"end": "server", "status": 5})
    ended = call("replay", str(ECHO), wrong, str(ECHO))
    assert ended.returncode == 1
    summaries = [line for line in ended.stdout.decode().splitlines() if not line.startswith((" ", f"{wrong}:4"))]
    assert [re.sub(r", .*", "", line) for line in summaries] == [
        f"{ECHO}: equal",
        f"{wrong}: differs at line 4",
        f"{ECHO}: equal",
    ]


SPAWN = {"client": {"jsonrpc": "2.0", "id": 2, "method": "session/info", "params": {"sessionId": "${sessionId:1}"}}}
OUTPUT = {"server": {"jsonrpc": "2.0", "method": "session/output", "params": {"data": 3}}}
BAD = {
    "no JSON": ((HEADER, "{"), 2, "it is no JSON"),
    "a list": ((HEADER, "[]"), 2, "it is no JSON object"),
    "not UTF-8": ((HEADER, '{"note": "\udcff"}'), 2, "not UTF-8"),
    "a member twice": ((HEADER, '{"note": 1, "note": 2}'), 2, "twice"),
    "another kind of line": ((HEADER, {"servant": {}}), 2, "it is none of"),
    "a member more": ((HEADER, {"server": {}, "at": 1}), 2, "it is none of"),
    "a status that is true": ((HEADER, {"end": "server", "status": True}), 2, "it is none of"),
    "no header": (({"client": {}},), 1, "the first line is"),
    "a later version": (({"recording": 2},), 1, "its version is 2, and this program reads 1"),
    "nothing said": ((HEADER,), 2, "nothing is said"),
    "empty": (("",), 1, "it is empty"),
    "a name without a value": ((HEADER, *HANDSHAKE, SPAWN), 4, "${sessionId:1} has no value yet"),
    "a wildcard to send": ((HEADER, {"client": {"id": "${any}"}}), 2, "cannot be sent"),
    "an unknown placeholder": (
        (HEADER, {"server": {"id": "${HOME}"}}),
        2,
        "If the text itself is meant, write $${HOME}",
    ),
    "output of nothing": ((HEADER, OUTPUT), 2, "needs offset, length, data and encoding"),
    "a level too many": ((HEADER, {"client": json.loads("[" * 200 + "]" * 200)}), 2, "nests deeper than 200 levels"),
    "half a character": ((HEADER, {"clientBody": "\ud800"}), 2, "half a character"),
    "a part that is missing": ((HEADER, {"unrecorded": "10 bytes"}), 2, "was not recorded"),
    "more behind the end": ((HEADER, {"end": "server", "status": 0}, {"server": {}}), 3, "has ended already"),
    "a client behind its end": ((HEADER, {"end": "client"}, {"client": {}}), 3, "has ended its output"),
}


@pytest.mark.parametrize("lines_number_said", BAD.values(), ids=BAD)
def test_a_bad_file_is_told_with_its_line_and_nothing_is_run(
    tmp_path: pathlib.Path, lines_number_said: tuple[tuple[Any, ...], int, str]
) -> None:
    lines, number, said = lines_number_said
    path = tmp_path / "bad.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_bytes("\n".join(texts).encode(errors="surrogateescape") + b"\n")
    ended = call("replay", str(ECHO), str(path))
    assert ended.returncode == 2
    assert ended.stdout == b""
    told = ended.stderr.decode()
    assert told.startswith(f"pipe-rpc replay: {path}:{number}: ")
    assert said in told
    assert told.count("\n") == 1


def test_what_is_no_file_is_told(tmp_path: pathlib.Path) -> None:
    ended = call("replay", str(tmp_path / "missing"), str(tmp_path))
    assert ended.returncode == 2
    assert b"missing: it cannot be read: No such file or directory" in ended.stderr
    assert b"it cannot be read: Is a directory" in ended.stderr


@pytest.mark.parametrize(
    "arguments", [(), ("--deadline", "0", "x"), ("--deadline", "soon", "x"), ("x", "--"), ("--nonsense", "x")]
)
def test_a_bad_command_line_is_status_2(arguments: tuple[str, ...]) -> None:
    ended = call("replay", *arguments)
    assert ended.returncode == 2
    assert b"usage: pipe-rpc replay" in ended.stderr


# --------------------------------------------------------------------------------------------------- what is filled in


def test_environment_placeholders_are_filled_in_from_ours_or_empty(tmp_path: pathlib.Path) -> None:
    environment = {"GIVEN": "${env:REPLAY_GIVEN}", "NOT_GIVEN": "${env:REPLAY_NOT_GIVEN}"}
    params = {"argv": ["/bin/sh", "-c", 'printf %s "$GIVEN-$NOT_GIVEN"'], "env": environment}
    run = {"client": {"jsonrpc": "2.0", "id": 2, "method": "session/run", "params": params}}
    said = {"head": "value-", "tail": "", "encoding": "utf-8", "omittedBytes": 0, "nextOffset": 6}
    result = {"sessionId": "${sessionId:1}", "running": False, "exit": "${any}", "stdout": said, "stderr": "${any}"}
    told = [
        {"server": {"jsonrpc": "2.0", "method": f"session/{what}", "params": "${object}"}}
        for what in ("exited", "closed")
    ]
    path = written(
        tmp_path / "run.jsonl",
        HEADER,
        *HANDSHAKE,
        run,
        {"server": {"jsonrpc": "2.0", "id": 2, "result": result}},
        *told,
    )
    ended = call("replay", path, env={**os.environ, "REPLAY_GIVEN": "value"})
    assert ended.returncode == 0, ended.stdout


def test_the_client_process_id_is_that_of_who_replays(tmp_path: pathlib.Path) -> None:
    """Any other would make the server end as soon as it looks."""
    initialize = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": "${clientProcessId}"}}
    shutdown = {"jsonrpc": "2.0", "id": 2, "method": "shutdown"}
    path = written(
        tmp_path / "pid.jsonl",
        HEADER,
        {"client": initialize},
        HANDSHAKE[1],
        {"note": "Without an exit: the end of input is enough."},
        {"client": shutdown},
        {"server": {"jsonrpc": "2.0", "id": 2, "result": None}},
    )
    assert call("replay", path).returncode == 0


def test_literal_text_that_looks_like_a_placeholder_is_escaped(tmp_path: pathlib.Path) -> None:
    request = {"jsonrpc": "2.0", "id": "$${any}", "method": "session/info", "params": {"sessionId": "$$${number}"}}
    data = {"kind": "SessionNotFound", "sessionId": "$$${number}"}
    error = {"code": 1001, "message": "${string}", "data": data}
    path = written(
        tmp_path / "escaped.jsonl",
        HEADER,
        *HANDSHAKE,
        {"client": request},
        {"server": {"jsonrpc": "2.0", "id": "$${any}", "error": error}},
    )
    ended = call("replay", path)
    assert ended.returncode == 0, ended.stdout


def test_the_status_of_a_server_that_was_not_asked_to_shut_down_is_1(tmp_path: pathlib.Path) -> None:
    path = written(tmp_path / "gone.jsonl", HEADER, *HANDSHAKE)
    assert call("replay", path).returncode == 0
    path = written(tmp_path / "gone.jsonl", HEADER, *HANDSHAKE, {"end": "server", "status": 0})
    ended = call("replay", path)
    assert ended.returncode == 1
    assert b"ended with status 1, and the recording says 0" in ended.stdout


def test_ctrl_c_ends_it_and_the_server_without_a_word(gate: MakeGate) -> None:
    started_gate = gate()
    server = shell("echo >$1; cat >/dev/null", started_gate.path)
    with started("replay", str(ECHO), "--", *server) as process:
        started_gate.wait()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=DEADLINE_S) == (b"", b"")
        assert process.returncode == 130


def test_replay_needs_no_stdin() -> None:
    script = 'exec "$0" -m pipe_rpc replay "$1" <&-'
    ended = subprocess.run(["sh", "-c", script, PIPE_RPC[0], str(ECHO)], capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_a_server_that_has_ended_ends_it_though_others_hold_its_stdout() -> None:
    with started("replay", str(ECHO), "--", *shell("sleep 60 & echo $! >&2; exit 0")) as process:
        out, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 125
    told = out.decode()
    assert "the server ended early" in told
    (sleeper,) = re.findall(r"\| (\d+)\n", told)
    os.kill(int(sleeper), signal.SIGKILL)


def test_what_the_result_is_does_not_depend_on_who_reads_it(tmp_path: pathlib.Path) -> None:
    wrong = written(tmp_path / "wrong.jsonl", HEADER, *HANDSHAKE, {"end": "server", "status": 5})
    closed = subprocess.run(
        ["sh", "-c", 'exec "$0" -m pipe_rpc replay "$@" >&-', PIPE_RPC[0], str(ECHO)], capture_output=True, check=False
    )
    assert (closed.returncode, closed.stderr) == (0, b"")
    reader, writer = os.pipe()
    os.close(reader)
    unread = call("replay", wrong, str(ECHO), capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (unread.returncode, unread.stderr) == (1, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device")
def test_a_result_that_cannot_be_written_is_status_125() -> None:
    with open("/dev/full", "wb") as full:
        ended = call("replay", str(ECHO), capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert ended.returncode == 125
    assert ended.stderr == b"pipe-rpc replay: the result cannot be written: No space left on device\n"
