"""`session/spawn`: what is asked for is what runs, and what cannot run leaves nothing behind."""

from __future__ import annotations

import fcntl
import json
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.fixture_types import MakeGate, StartWire
from tests.support.processes import descendants
from tests.support.programs import child, python, shell
from tests.support.refusals import is_sentence, refusal
from tests.support.trace import DEADLINE_S, Message
from tests.support.wire_client import WireClient

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def output_of(wire: WireClient, argv: list[str], stream: str = "stdout", **params: Any) -> str:
    """All that a short child writes to a stream."""
    session = wire.spawn(argv, **params)["sessionId"]
    wire.wait_closed(session)
    return wire.collect_output(session, stream).decode()


def surroundings(wire: WireClient, *arguments: str, **params: Any) -> dict[str, Any]:
    """What a child was born with."""
    found: dict[str, Any] = json.loads(output_of(wire, child("surroundings", *arguments), **params))
    return found


# ---- the answer


def test_the_answer_describes_the_new_session_exactly(wire: WireClient) -> None:
    before = time.time()
    info = wire.spawn(["sh", "-c", "read _", "a b"])
    after = time.time()
    stream = {"startOffset": 0, "endOffset": 0, "missedBytes": 0, "attached": True, "ended": False}
    ids = [info[name]["attachmentId"] for name in ("stdout", "stderr")]
    assert info == {
        "sessionId": info["sessionId"],
        "pid": info["pid"],
        "state": "running",
        "command": "sh -c 'read _' 'a b'",
        "argv": ["sh", "-c", "read _", "a b"],
        "cwd": os.getcwd(),
        "originator": "wire-client",
        "createdAt": info["createdAt"],
        "mergeStderr": False,
        "containment": info["containment"],  # test_containment tells which
        "stdin": {"open": True, "pendingBytes": 0},
        "stdout": {**stream, "attachmentId": ids[0]},
        "stderr": {**stream, "attachmentId": ids[1]},
        "exit": None,
        "usage": None,
    }
    assert ids[0] != ids[1]
    assert before <= info["createdAt"] <= after
    os.kill(info["pid"], 0)


def test_the_pid_is_that_of_the_child_itself(wire: WireClient) -> None:
    session = wire.spawn(child("surroundings"))
    wire.wait_closed(session["sessionId"])
    assert json.loads(wire.collect_output(session["sessionId"], "stdout"))["pid"] == session["pid"]


def test_a_session_id_tells_the_time_and_a_counter_from_one(wire: WireClient) -> None:
    before = time.time_ns()
    ids = [wire.spawn(["true"])["sessionId"] for _ in range(3)]
    after = time.time_ns()
    for counter, session in enumerate(ids, start=1):
        matched = re.fullmatch(r"pipe-([0-9a-f]{16})-([0-9a-f]{8})", session)
        assert matched, session
        assert before <= int(matched[1], 16) <= after
        assert int(matched[2], 16) == counter


def test_a_session_id_is_never_used_again_after_removal(wire: WireClient) -> None:
    seen = set()
    for _ in range(5):
        session = wire.spawn(["true"])["sessionId"]
        wire.wait_closed(session)
        wire.request("session/remove", {"sessionId": session})
        seen.add(session)
    assert len(seen) == 5
    assert int(wire.spawn(["true"])["sessionId"][-8:], 16) == 6


def test_a_spawn_that_fails_takes_no_session_id(wire: WireClient) -> None:
    wire.spawn(["true"])
    refusal(wire, "SpawnFailed", "session/spawn", {"argv": ["/no/such/program"]})
    assert wire.spawn(["true"])["sessionId"].endswith("-00000002")


def test_the_answer_precedes_every_notification_of_the_session_in_a_burst(wire: WireClient) -> None:
    requests = [wire.next_id() for _ in range(50)]
    wire.send_all(
        {
            "jsonrpc": "2.0",
            "id": request,
            "method": "session/spawn",
            "params": {"argv": shell("echo out; echo err >&2")},
        }
        for request in requests
    )
    sessions = [wire.result(request)["sessionId"] for request in requests]
    for session in sessions:
        wire.wait_closed(session)
        assert wire.collect_output(session, "stdout") == b"out\n"
        assert wire.collect_output(session, "stderr") == b"err\n"
    # The oracle has the order of every message; here is the one line that matters most.
    first_named: dict[str, str] = {}
    for entry in wire.trace:
        if entry.direction == "in" and not isinstance(entry.message, bytes):
            named = entry.message.get("params", entry.message.get("result"))
            if isinstance(named, dict) and "sessionId" in named:
                first_named.setdefault(named["sessionId"], "answer" if "result" in entry.message else "notification")
    assert first_named == dict.fromkeys(sessions, "answer")


# ---- what runs


def test_argv_reaches_the_program_without_a_shell(wire: WireClient) -> None:
    arguments = ["$HOME", "*", "a  b", "", "'", "\\", "; echo no", "é😀", "\n"]
    assert surroundings(wire, *arguments)["arguments"] == arguments


def test_the_program_is_looked_up_in_the_path_of_the_child(wire: WireClient, tmp_path: Path) -> None:
    program = tmp_path / "only-here"
    program.write_text("#!/bin/sh\necho found\n")
    program.chmod(0o755)
    assert output_of(wire, ["only-here"], env={"PATH": f"/nowhere:{tmp_path}"}) == "found\n"
    refusal(wire, "SpawnFailed", "session/spawn", {"argv": ["only-here"]})


def test_a_program_with_a_slash_is_relative_to_the_directory_of_the_child(wire: WireClient, tmp_path: Path) -> None:
    program = tmp_path / "here.sh"
    program.write_text("#!/bin/sh\necho here\n")
    program.chmod(0o755)
    assert output_of(wire, ["./here.sh"], cwd=str(tmp_path)) == "here\n"


def test_cwd_is_where_the_child_runs_and_what_its_information_says(wire: WireClient, tmp_path: Path) -> None:
    directory = tmp_path / "a directory é"
    directory.mkdir()
    info = wire.spawn(["pwd", "-P"], cwd=str(directory))
    wire.wait_closed(info["sessionId"])
    assert info["cwd"] == str(directory)
    assert wire.collect_output(info["sessionId"], "stdout").decode() == f"{directory.resolve()}\n"


def test_without_cwd_the_child_runs_where_the_server_does(start_wire: StartWire, tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    wire = start_wire(cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(root)})
    assert output_of(wire, ["pwd", "-P"]) == f"{tmp_path.resolve()}\n"


def test_env_is_laid_over_the_inherited_environment_and_null_removes(start_wire: StartWire) -> None:
    wire = start_wire(env={**os.environ, "KEPT": "kept", "CHANGED": "old", "REMOVED": "here"})
    found = surroundings(wire, env={"CHANGED": "new=é", "REMOVED": None, "ABSENT": None, "ADDED": ""})["environment"]
    assert (found["KEPT"], found["CHANGED"], found["ADDED"]) == ("kept", "new=é", "")
    assert "REMOVED" not in found
    assert "ABSENT" not in found


def test_without_inheriting_the_environment_is_exactly_env(wire: WireClient) -> None:
    text = output_of(wire, ["/usr/bin/env"], inheritEnv=False, env={"A": "1", "B": "two words", "C": None})
    assert sorted(text.splitlines()) == ["A=1", "B=two words"]


def test_an_empty_environment_can_be_asked_for(wire: WireClient) -> None:
    assert output_of(wire, ["/usr/bin/env"], inheritEnv=False) == ""


def test_the_server_adds_nothing_to_the_inherited_environment(start_wire: StartWire) -> None:
    environment = {**os.environ, "MARK": "x"}
    wire = start_wire(env=environment)
    assert surroundings(wire)["environment"].items() - {("LC_CTYPE", "C.UTF-8")} == (
        environment.items() - {("LC_CTYPE", "C.UTF-8")}
    )


@pytest.mark.parametrize("name", ["jsonrpc", "id", "method", "keys", "items", "class", "from", "_x", "a.b", "a-b"])
def test_a_name_in_env_may_be_any_word(wire: WireClient, name: str) -> None:
    assert output_of(wire, ["/usr/bin/env"], inheritEnv=False, env={name: "2.0"}) == f"{name}=2.0\n"


def test_the_originator_comes_from_the_client_name_the_options_or_the_spawn(start_wire: StartWire) -> None:
    by_name, by_option = start_wire(), start_wire(options={"originator": "from options"})
    assert by_name.spawn(["true"])["originator"] == "wire-client"
    assert by_option.spawn(["true"])["originator"] == "from options"
    assert by_option.spawn(["true"], originator="from spawn")["originator"] == "from spawn"


@pytest.mark.parametrize("argv", [["true"], ["true", "a b", "$x", "it's", ""], ["true", "é", "a\nb", "~", "*"]])
def test_the_command_defaults_to_argv_quoted_as_a_shell_would(wire: WireClient, argv: list[str]) -> None:
    command = wire.spawn(argv)["command"]
    assert shlex.split(command) == argv
    assert command == shlex.join(argv)


def test_the_command_is_what_the_spawn_says(wire: WireClient) -> None:
    info = wire.spawn(["true", "x"], command="Build é")
    assert info["command"] == "Build é"
    assert info["argv"] == ["true", "x"]


# ---- its streams


def test_merged_stderr_is_truly_interleaved_with_stdout(wire: WireClient) -> None:
    info = wire.spawn(child("both_streams", 1000), mergeStderr=True)
    assert info["mergeStderr"] is True
    assert info["stderr"] is None
    wire.wait_closed(info["sessionId"])
    expected = "".join(f"{number}\n" for number in range(1000))
    assert wire.collect_output(info["sessionId"], "stdout").decode() == expected


def test_unmerged_streams_are_two_streams(wire: WireClient) -> None:
    session = wire.spawn(child("both_streams", 1000))["sessionId"]
    wire.wait_closed(session)
    for first, stream in enumerate(("stdout", "stderr")):
        expected = "".join(f"{number}\n" for number in range(first, 1000, 2))
        assert wire.collect_output(session, stream).decode() == expected


def test_a_null_stdin_is_at_its_end_at_once(wire: WireClient) -> None:
    info = wire.spawn(["cat"], stdin="null")
    assert info["stdin"] == {"open": False, "pendingBytes": 0}
    assert wire.wait_exited(info["sessionId"])["exitCode"] == 0
    session = wire.spawn(child("stubborn"), stdin="null", graceMs=0)["sessionId"]
    error = refusal(wire, "StdinClosed", "session/write", {"sessionId": session, "data": "x"})
    assert error.data["bytesWritten"] == 0


@pytest.mark.parametrize("attach", [[], ["stdout"], ["stderr"], ["stdout", "stderr"], ["stderr", "stdout"]])
def test_attach_names_the_streams_that_are_delivered(wire: WireClient, attach: list[str]) -> None:
    info = wire.spawn(shell("echo out; echo err >&2"), attach=attach)
    assert [stream for stream in ("stdout", "stderr") if info[stream]["attached"]] == sorted(attach, reverse=True)
    session = info["sessionId"]
    wire.wait_exited(session)
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == (b"out\n" if "stdout" in attach else b"")
    assert wire.collect_output(session, "stderr") == (b"err\n" if "stderr" in attach else b"")


def test_attaching_a_merged_stderr_at_spawn_is_refused(wire: WireClient) -> None:
    refusal(wire, "StreamUnavailable", "session/spawn", {"argv": ["true"], "mergeStderr": True, "attach": ["stderr"]})
    assert wire.request("session/list", {}) == {"sessions": []}


def test_the_encoding_defaults_to_that_of_the_connection(start_wire: StartWire) -> None:
    plain, chosen = start_wire(), start_wire(options={"encoding": "base64"})
    for wire, asked, expected in (
        (plain, None, ("utf-8", "héllo")),
        (plain, "base64", ("base64", "aMOpbGxv")),
        (chosen, None, ("base64", "aMOpbGxv")),
        (chosen, "utf-8", ("utf-8", "héllo")),
        (chosen, "auto", ("utf-8", "héllo")),
    ):
        params = {} if asked is None else {"encoding": asked}
        session = wire.spawn(["printf", "héllo"], **params)["sessionId"]
        wire.wait_closed(session)
        (output,) = wire.delivered(session, "stdout")
        assert (output["encoding"], output["data"], output["length"]) == (*expected, 6)


# ---- what the child is given


def test_a_child_has_exactly_its_three_descriptors(start_wire: StartWire) -> None:
    planted = os.open(os.devnull, os.O_RDONLY)
    try:
        wire = start_wire(popen={"pass_fds": [planted]})
    finally:
        os.close(planted)
    for _ in range(5):
        wire.spawn(child("stubborn"), graceMs=0)
    assert surroundings(wire)["descriptors"] == [0, 1, 2]
    assert surroundings(wire, mergeStderr=True, stdin="null")["descriptors"] == [0, 1, 2]


@linux_only
def test_a_child_has_default_signals_whatever_the_server_inherited(start_wire: StartWire) -> None:
    def inherit_badly() -> None:
        for name in ("SIGHUP", "SIGINT", "SIGCHLD", "SIGUSR1", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGQUIT"):
            signal.signal(signal.Signals[name], signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR2, signal.SIGCHLD})

    wire = start_wire(popen={"preexec_fn": inherit_badly})
    # grep changes no disposition of its own, unlike Python.
    text = output_of(wire, ["grep", "-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status"])
    masks = {line.split(":")[0]: int(line.split()[1], 16) for line in text.splitlines()}
    assert masks == {"SigBlk": 0, "SigIgn": 0, "SigCgt": masks["SigCgt"]}


def test_an_inherited_ignored_sigchld_hides_no_exit_code(start_wire: StartWire) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    wire = start_wire(popen={"preexec_fn": ignore})
    assert wire.wait_exited(wire.spawn(shell("exit 42"))["sessionId"])["exitCode"] == 42


def test_a_child_leads_its_own_group_and_has_no_terminal(wire: WireClient) -> None:
    found = surroundings(wire)
    assert found["group"] == found["pid"]
    assert found["hasTerminal"] is False
    assert found["session"] != os.getsid(0)


def test_a_child_does_not_get_the_terminal_of_the_server(start_wire: StartWire) -> None:
    master, slave = os.openpty()

    def take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    try:
        wire = start_wire(popen={"preexec_fn": take_terminal})
        assert surroundings(wire)["hasTerminal"] is False
        wire.finish()
    finally:
        os.close(slave)
        os.close(master)


def test_a_child_has_the_original_resource_limits(start_wire: StartWire) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    def lower() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))

    wire = start_wire(popen={"preexec_fn": lower})
    assert surroundings(wire)["openFiles"] == [200, hard]


def test_a_child_dies_of_sigpipe_like_any_other(wire: WireClient) -> None:
    session = wire.spawn(shell("kill -PIPE $$"))["sessionId"]
    assert wire.wait_exited(session)["signal"] == "SIGPIPE"


# ---- what cannot run


def _not_executable(directory: Path) -> Message:
    path = directory / "plain"
    path.write_text("text")
    return {"argv": [str(path)]}


def _no_format(directory: Path) -> Message:
    path = directory / "no-format"
    path.write_text("echo never\n")
    path.chmod(0o755)
    return {"argv": [str(path)]}


def _bad_interpreter(directory: Path) -> Message:
    path = directory / "bad-interpreter"
    path.write_text("#!/no/such/interpreter\n")
    path.chmod(0o755)
    return {"argv": [str(path)]}


def _file_as_directory(directory: Path) -> Message:
    path = directory / "file"
    path.write_text("")
    return {"argv": ["true"], "cwd": str(path)}


def _loop_of_links(directory: Path) -> Message:
    path = directory / "loop"
    path.symlink_to(path)
    return {"argv": [str(path)]}


SPAWN_FAILURES: dict[str, tuple[Callable[[Path], Message], str, str]] = {
    "a missing program in PATH": (lambda _: {"argv": ["no-such-program-anywhere"]}, "ENOENT", "exec"),
    "a missing program by path": (lambda _: {"argv": ["/no/such/program"]}, "ENOENT", "exec"),
    "a file that is not executable": (_not_executable, "EACCES", "exec"),
    "a directory as the program": (lambda path: {"argv": [str(path)]}, "EACCES", "exec"),
    "a script without an interpreter line": (_no_format, "ENOEXEC", "exec"),
    "a script with a missing interpreter": (_bad_interpreter, "ENOENT", "exec"),
    "a loop of links": (_loop_of_links, "ELOOP", "exec"),
    "a name that is too long": (lambda _: {"argv": ["/" + "n" * 300]}, "ENAMETOOLONG", "exec"),
    "an argument that is too long": (lambda _: {"argv": ["true", "a" * 200_000]}, "E2BIG", "exec"),
    "a missing directory": (lambda _: {"argv": ["true"], "cwd": "/no/such/directory"}, "ENOENT", "chdir"),
    "a file as the directory": (_file_as_directory, "ENOTDIR", "chdir"),
}


@pytest.mark.parametrize("case", SPAWN_FAILURES)
def test_spawn_failed_tells_what_failed_and_where(wire: WireClient, tmp_path: Path, case: str) -> None:
    make, errno_name, stage = SPAWN_FAILURES[case]
    params = make(tmp_path)
    error = refusal(wire, "SpawnFailed", "session/spawn", params)
    assert error.data.keys() == {"kind", "errno", "message", "path", "stage"}
    assert error.data["stage"] == stage
    assert error.data["errno"] == errno_name
    assert error.data["path"] == (params["cwd"] if stage == "chdir" else params["argv"][0])
    assert isinstance(error.data["message"], str)
    assert error.data["message"]
    assert wire.request("session/list", {}) == {"sessions": []}
    assert output_of(wire, ["echo", "still here"]) == "still here\n"


def test_a_missing_program_and_a_missing_directory_tell_themselves_apart(wire: WireClient) -> None:
    program = refusal(wire, "SpawnFailed", "session/spawn", {"argv": ["/no/such/thing"], "cwd": "/"})
    directory = refusal(wire, "SpawnFailed", "session/spawn", {"argv": ["true"], "cwd": "/no/such/thing"})
    both = refusal(wire, "SpawnFailed", "session/spawn", {"argv": ["/no/such/thing"], "cwd": "/no/such/thing"})
    assert [error.data["stage"] for error in (program, directory, both)] == ["exec", "chdir", "chdir"]
    assert program.message != directory.message


@linux_only
def test_spawns_that_fail_leave_no_descriptor_and_no_process(wire: WireClient) -> None:
    def resources() -> tuple[int, int]:
        family = [wire.pid, *descendants(wire.pid)]
        return len(family), sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in family)

    refusal(wire, "SpawnFailed", "session/spawn", {"argv": ["/no/such/program"]})
    wire.fence()
    before = resources()
    for number in range(40):
        params = {"argv": ["/no/such/program"]} if number % 2 else {"argv": ["true"], "cwd": "/no/such/directory"}
        refusal(wire, "SpawnFailed", "session/spawn", params)
    wire.fence()
    assert resources() == before


def test_a_session_above_the_limit_is_refused_until_one_is_closed(start_wire: StartWire) -> None:
    wire = start_wire("--max-sessions=3")
    sessions = [wire.spawn(["cat"])["sessionId"] for _ in range(3)]
    for _ in range(2):
        refusal(wire, "LimitExceeded", "session/spawn", {"argv": ["cat"]})
    assert [info["sessionId"] for info in wire.request("session/list", {})["sessions"]] == sessions
    wire.request("session/write", {"sessionId": sessions[1], "close": True})
    wire.wait_closed(sessions[1])
    assert wire.spawn(["cat"])["sessionId"].endswith("-00000004")
    refusal(wire, "LimitExceeded", "session/spawn", {"argv": ["cat"]})


def test_too_many_sessions_are_refused_and_the_others_live(start_wire: StartWire) -> None:
    def few_descriptors() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    wire = start_wire(popen={"preexec_fn": few_descriptors})
    sessions: list[str] = []
    answer: Message = {}
    for _ in range(64):
        answer = wire.answer(wire.start("session/spawn", {"argv": ["cat"]}))
        if "error" in answer:
            break
        sessions.append(answer["result"]["sessionId"])
    assert len(sessions) >= 4, "64 descriptors are enough for a few sessions"
    assert answer["error"]["data"]["kind"] == "LimitExceeded", answer
    assert is_sentence(answer["error"]["message"])
    for session in sessions:
        assert wire.request("session/write", {"sessionId": session, "data": "alive", "close": True}) == {
            "bytesWritten": 5
        }
    for session in sessions:
        wire.wait_closed(session)
        assert wire.collect_output(session, "stdout") == b"alive"
    assert wire.request("session/purge", {}) == {"purged": len(sessions)}
    assert output_of(wire, ["echo", "room again"]) == "room again\n"


def test_a_child_may_be_gone_before_anybody_looks(wire: WireClient) -> None:
    for _ in range(20):
        session = wire.spawn(["true"], attach=[])["sessionId"]
        assert wire.request("session/wait", {"sessionId": session, "until": "closed"})["exit"]["exitCode"] == 0


def test_a_child_that_has_not_begun_to_read_does_not_delay_the_answer(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(child("slow_reader", held.path))["sessionId"]
    assert wire.request("session/info", {"sessionId": session})["state"] == "running"
    held.open_and_release()
    wire.request("session/write", {"sessionId": session, "close": True})
    assert wire.wait_exited(session)["exitCode"] == 0


def test_python_children_of_one_line_run_too(wire: WireClient) -> None:
    assert output_of(wire, python("print('é')")) == "é\n"


# ---- what the system makes of a spawn


def test_a_program_that_is_still_written_to_cannot_run_and_can_a_moment_later(wire: WireClient, tmp_path: Path) -> None:
    program = tmp_path / "program"
    with program.open("wb") as written:
        written.write(Path("/bin/true").resolve().read_bytes())
        written.flush()
        program.chmod(0o755)
        error = refusal(wire, "SpawnFailed", "session/spawn", {"argv": [str(program)]})
        assert (error.data["errno"], error.data["stage"]) == ("ETXTBSY", "exec")
    session = wire.spawn([str(program)])["sessionId"]
    assert wire.wait_exited(session)["exitCode"] == 0


@pytest.mark.parametrize("mask", [0o027, 0o077])
def test_a_child_has_the_file_mode_mask_of_whoever_started_the_server(start_wire: StartWire, mask: int) -> None:
    wire = start_wire(popen={"umask": mask})
    assert int(output_of(wire, shell("umask")), 8) == mask


@pytest.mark.parametrize(
    "params",
    [
        {"argv": ["true", *(["a"] * 1_000_000)]},
        {"argv": ["true"], "env": {f"N{number}": "v" for number in range(500_000)}},
    ],
    ids=["a million arguments", "half a million names"],
)
def test_more_than_a_program_can_be_given_is_refused_by_the_system(start_wire: StartWire, params: Message) -> None:
    """Where the limits of the server let it pass."""
    wire = start_wire("--max-message-values=2000000", f"--max-argument-bytes={1 << 30}")
    error = refusal(wire, "SpawnFailed", "session/spawn", params)
    assert (error.data["errno"], error.data["stage"]) == ("E2BIG", "exec")
    assert wire.request("session/list", {}) == {"sessions": []}
    assert output_of(wire, ["echo", "still here"]) == "still here\n"


SLOW_S = 0.5


@pytest.mark.needs("prctl", "proc")
@linux_only
def test_a_program_that_the_kernel_is_slow_to_open_holds_up_the_others_and_loses_nothing_of_them(
    wire: WireClient,
) -> None:
    strace = shutil.which("strace")
    assert strace is not None, "this test needs strace; run: apt-get install strace"
    other = wire.spawn(["cat"])["sessionId"]
    server = descendants(wire.pid)[0]
    slowing = [strace, "-f", "-qq", "-o", "/dev/null", "-p", str(server), "-e", "trace=execve"]
    slowing += ["-e", f"inject=execve:delay_enter={SLOW_S * 1e6:.0f}"]
    with subprocess.Popen(slowing, stderr=subprocess.PIPE) as tracing:
        wait_traced(server)
        begun = time.monotonic()
        spawning = wire.start("session/spawn", {"argv": ["true"]})
        wire.request("session/write", {"sessionId": other, "data": "meanwhile", "close": True})
        assert time.monotonic() - begun >= SLOW_S, "vfork(2) suspends the whole server"
        assert wire.wait_exited(wire.result(spawning)["sessionId"])["exitCode"] == 0
        wire.wait_closed(other)
        tracing.send_signal(signal.SIGINT)
    assert wire.collect_output(other, "stdout") == b"meanwhile"


def wait_traced(pid: int) -> None:
    """Return when somebody traces the process."""
    deadline = time.monotonic() + DEADLINE_S
    while "TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text():
        assert time.monotonic() < deadline, f"nobody traces process {pid}"
        os.sched_yield()
