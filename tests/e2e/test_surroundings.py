"""Odd surroundings: whatever environment, limits and directory a server is started with, it converses and is silent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fixture_types import StartWire
from tests.support.programs import shell
from tests.support.server_command import SERVER
from tests.support.systems import SYSTEM
from tests.support.trace import DEADLINE_S
from tests.support.wire_client import WireClient

TEXT = "größer € 😀\n"


def converse(wire: WireClient) -> None:
    """A conversation that touches every part: text beyond ASCII, a failure, a termination, the floor lsp."""
    echo = wire.spawn(["/bin/cat"])["sessionId"]
    size = len(TEXT.encode())
    assert wire.request("session/write", {"sessionId": echo, "data": TEXT, "close": True}) == {"bytesWritten": size}
    assert wire.wait_exited(echo)["exitCode"] == 0
    wire.wait_closed(echo)
    assert wire.collect_output(echo, "stdout") == TEXT.encode()
    lines = wire.spawn(shell("echo err >&2; exit 3"), mergeStderr=True)["sessionId"]
    assert wire.wait_exited(lines)["exitCode"] == 3
    wire.start("session/spawn", {"argv": ["/no/such/program"]}, id="missing")
    assert wire.answer("missing")["error"]["data"]["stage"] == "exec"
    stays = wire.spawn(["/bin/cat"])["sessionId"]
    wire.request("session/terminate", {"sessionId": stays})
    assert wire.wait_exited(stays)["outcome"] == "softExit"
    wire.start("workspace/executeCommand", {"command": "pipe-rpc.list"}, id="late imports")
    assert "result" in wire.answer("late imports")
    assert wire.request("session/purge") == {"purged": 3}
    wire.finish()
    assert wire.stderr_text() == ""


VARIABLES: dict[str, dict[str, str | None]] = {
    "an empty PATH": {"PATH": ""},
    "no PATH": {"PATH": None},
    "no HOME": {"HOME": None},
    "a HOME that is not there": {"HOME": "/no/such/home"},
    "a TMPDIR that is not there": {"TMPDIR": "/no/such/directory"},
    "LANG=C": {"LANG": "C", "LC_ALL": None},
    "LC_ALL=POSIX": {"LC_ALL": "POSIX"},
    "a locale that is not there": {"LC_ALL": "xx_YY.UTF-8", "LANG": "xx_YY.UTF-8"},
    "ASCII and no other text": {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "PYTHONIOENCODING=utf-16": {"PYTHONIOENCODING": "utf-16"},
    "PYTHONWARNINGS=error": {"PYTHONWARNINGS": "error"},
    "PYTHONDEVMODE=1": {"PYTHONDEVMODE": "1"},
    "both, as a developer's machine may have": {"PYTHONDEVMODE": "1", "PYTHONWARNINGS": "error"},
    "PYTHONHASHSEED=0": {"PYTHONHASHSEED": "0"},
    "PYTHONOPTIMIZE=2": {"PYTHONOPTIMIZE": "2"},
    "PYTHONUNBUFFERED=1": {"PYTHONUNBUFFERED": "1"},
    "PYTHONDONTWRITEBYTECODE=1": {"PYTHONDONTWRITEBYTECODE": "1"},
    "nothing at all": dict.fromkeys(os.environ),
}


def environment(changes: dict[str, str | None]) -> dict[str, str]:
    """The environment of this process with some names set and some removed."""
    merged = {**os.environ, **changes}
    return {name: value for name, value in merged.items() if value is not None}


@pytest.mark.parametrize("changes", VARIABLES.values(), ids=VARIABLES.keys())
def test_no_variable_of_the_environment_disturbs_a_conversation(
    start_wire: StartWire, changes: dict[str, str | None]
) -> None:
    converse(start_wire(env=environment(changes)))


SETTINGS = {
    "nohup": 'exec nohup "$@"',
    "ignored signals": "trap '' HUP INT TERM CHLD PIPE; exec \"$@\"",
    "64 descriptors": 'ulimit -n 64; exec "$@"',
    "no file may grow": 'ulimit -f 0; exec "$@"',
    "an address space of 400 MB": 'ulimit -v 400000; exec "$@"',
    "no core dumps": 'ulimit -c 0; exec "$@"',
    "umask 0777": 'umask 0777; exec "$@"',
    "a working directory that was removed": 'mkdir gone; cd gone; rmdir ../gone; exec "$@"',
    "a working directory that nobody can write to": 'cd /proc; exec "$@"',
    "no stderr": 'exec "$@" 2>&-',
    "a full disk for stderr": 'exec "$@" 2>/dev/full',
}


@pytest.mark.parametrize("script", SETTINGS.values(), ids=SETTINGS.keys())
def test_no_setting_of_a_shell_disturbs_a_conversation(start_wire: StartWire, tmp_path: Path, script: str) -> None:
    converse(start_wire(cwd=tmp_path, popen={"args": shell(script, *SERVER)}))


@pytest.mark.skipif(SYSTEM != "own", reason="the options are put into the command of the own system")
@pytest.mark.parametrize("options", [["-I"], ["-P"], ["-s", "-E"], ["-OO"], ["-B"], ["-X", "dev", "-W", "error"]])
def test_no_option_of_python_disturbs_a_conversation(start_wire: StartWire, options: list[str]) -> None:
    converse(start_wire(popen={"args": [sys.executable, *options, "-m", "pipe_rpc"]}))


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"]], ids=" ".join)
def test_what_is_told_of_options_and_limits_needs_no_docstrings(arguments: list[str]) -> None:
    told = [
        subprocess.run(
            [*SERVER, *arguments],
            env=environment({"PYTHONOPTIMIZE": level}),
            capture_output=True,
            timeout=DEADLINE_S,
            check=True,
        ).stdout
        for level in ("0", "2")
    ]
    assert told[0] == told[1] != b""


def test_with_few_descriptors_sessions_are_refused_in_words_and_the_others_live(
    start_wire: StartWire, tmp_path: Path
) -> None:
    wire = start_wire(cwd=tmp_path, popen={"args": shell('ulimit -n 64; exec "$@"', *SERVER)})
    living = []
    while "error" not in (answer := wire.answer(wire.start("session/spawn", {"argv": ["/bin/cat"]}))):
        living.append(answer["result"]["sessionId"])
    assert answer["error"]["data"]["kind"] in {"LimitExceeded", "SpawnFailed"}
    assert len(living) > 5
    for session in living:
        wire.request("session/write", {"sessionId": session, "data": TEXT, "close": True})
        wire.wait_closed(session)
        assert wire.collect_output(session, "stdout") == TEXT.encode()
    converse_again = wire.spawn(["/bin/cat"])["sessionId"]
    wire.request("session/write", {"sessionId": converse_again, "close": True})
    wire.wait_closed(converse_again)
