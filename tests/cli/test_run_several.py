"""`pipe-rpc run` with several commands, its output in pipes: whole lines, exact bytes, and how it ends."""

import os
import re
import select
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import PIPE_RPC, call, started
from tests.cli.test_run import wait_for_full
from tests.support.bare_server import Family, read_line, read_some, read_to_end
from tests.support.fixture_types import MakeGate
from tests.support.processes import descendants, resident_bytes, wait_state, wait_until_alone
from tests.support.programs import child, python, shell
from tests.support.trace import DEADLINE_S

MEBIBYTE = 1 << 20
DURATION = rb"\d+\.\d s"


@pytest.fixture(autouse=True)
def without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names are plain, but where a test is about their colours."""
    monkeypatch.setenv("NO_COLOR", "1")


def several(*commands: list[str]) -> list[str]:
    """The words behind `run` for some commands."""
    return [word for command in commands for word in ("--", *command)]


def run_several(*commands: list[str], options: Sequence[str] = (), **others: Any) -> subprocess.CompletedProcess[bytes]:
    return call("run", *options, *several(*commands), **others)


def told(stderr: bytes) -> list[str]:
    """Our own lines, without the durations."""
    lines = [line for line in stderr.split(b"\n") if line.startswith(b"pipe-rpc run: ")]
    return [re.sub(DURATION, b"T", line.removeprefix(b"pipe-rpc run: ")).decode() for line in lines]


# --------------------------------------------------------------------------------------------------------------- bytes


def test_each_line_has_the_name_of_its_command_and_goes_to_its_stream() -> None:
    ended = run_several(["web:", *shell("echo one; echo two >&2; echo three")], ["seq", "2"])
    assert ended.returncode == 0
    assert sorted(ended.stdout.splitlines(keepends=True)) == [
        b"seq | 1\n",
        b"seq | 2\n",
        b"web | one\n",
        b"web | three\n",
    ]
    assert ended.stderr.startswith(b"web | two\n")
    assert told(ended.stderr) == ["web: exit 0 after T", "seq: exit 0 after T", "2 commands in T: 2 succeeded"]


def test_bytes_of_lines_are_unchanged_whatever_they_are() -> None:
    every_byte = bytes(range(256))
    script = "import os; os.write(1, bytes(range(256)) + b'\\r\\n\\x1b[31mred\\n\\n\\xff' + bytes(1))"
    ended = run_several(["a:", *python(script)], ["b:", "true"])
    lines = [every_byte[:10], every_byte[11:] + b"\r", b"\x1b[31mred", b"", b"\xff\0"]
    assert ended.stdout == b"".join(b"a | " + line + b"\n" for line in lines)


def test_names_are_as_wide_as_the_widest() -> None:
    ended = run_several(["a:", "echo", "x"], ["longer:", "echo", "x"])
    assert sorted(ended.stdout.splitlines()) == [b"a      | x", b"longer | x"]


def test_a_line_without_an_end_gets_one_when_its_command_ends(gate: MakeGate) -> None:
    said, opened = gate(), gate()
    first = shell(f"printf part; echo > {said.path}; read _ < {opened.path}")
    with started("run", *several(["a:", *first], ["b:", *shell("printf 'p'; printf 'q'")])) as process:
        assert process.stdout is not None
        said.wait()
        assert read_line(process.stdout.fileno()) == b"b | pq\n"
        opened.open_and_release()
        assert read_to_end(process.stdout.fileno()) == b"a | part\n"
        assert process.wait(DEADLINE_S) == 0


def test_lines_of_two_commands_are_never_mixed() -> None:
    script = "import os\nfor n in range(2000):\n  os.write(1, b'%s' % (b'{0}' * (n % 97)))\n  os.write(1, b'\\n')"
    commands = [[f"{letter}:", *python(script.replace("{0}", letter))] for letter in "ab"]
    lines = run_several(*commands).stdout.splitlines()
    for letter in (b"a", b"b"):
        own = [line for line in lines if line.startswith(letter + b" | ")]
        assert own == [letter + b" | " + letter * (number % 97) for number in range(2000)]
    assert len(lines) == 4000


def test_a_line_that_never_ends_is_cut_and_goes_on() -> None:
    ended = run_several(["a:", *shell("head -c 200000 /dev/zero | tr '\\0' x")], ["b:", "true"])
    assert ended.stdout.split(b"\n") == [b"a | " + b"x" * 65536] * 3 + [b"a | " + b"x" * (200_000 - 3 * 65536), b""]


def test_what_both_streams_say_to_one_place_keeps_its_order() -> None:
    script = "for i in $(seq 50); do echo out$i; echo err$i >&2; done"
    together: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "capture_output": False}
    ended = run_several(["a:", *shell(script)], ["b:", "true"], **together)
    own = [line.removeprefix("a | ") for line in ended.stdout.decode().splitlines() if line.startswith("a | ")]
    assert own == [word for i in range(1, 51) for word in (f"out{i}", f"err{i}")]
    assert told(ended.stdout)[-1] == "2 commands in T: 2 succeeded"


def test_no_command_reads_our_stdin() -> None:
    ended = run_several(["a:", "cat"], ["b:", "cat"], input=b"typed\n")
    assert (ended.returncode, ended.stdout) == (0, b"")


@pytest.mark.parametrize(
    ("options", "environment", "is_coloured"),
    [
        ([], {"TERM": "xterm"}, True),
        ([], {"TERM": "xterm", "NO_COLOR": "1"}, False),
        ([], {"TERM": "dumb"}, False),
        ([], {}, False),
        (["--color", "always"], {}, True),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color=never"], {"CLICOLOR_FORCE": "1"}, False),
    ],
)
def test_names_in_a_pipe_are_coloured_unless_nobody_wants_that(
    options: list[str], environment: dict[str, str], is_coloured: bool
) -> None:
    without = {name: value for name, value in os.environ.items() if "COLOR" not in name and name != "TERM"}
    coloured = ["a:", "printf", "\\033[31mred\\033[0m\\n"]
    ended = run_several(coloured, ["b:", "true"], options=options, env={**without, **environment})
    prefix = b"\x1b[0;36ma | \x1b[0m" if is_coloured else b"a | "
    assert ended.stdout == prefix + b"\x1b[31mred\x1b[0m\n"


def test_names_in_a_file_are_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    with open(tmp_path / "log", "wb") as log:
        run_several(["a:", "echo", "x"], ["b:", "true"], capture_output=False, stdout=log, stderr=subprocess.DEVNULL)
    assert (tmp_path / "log").read_bytes() == b"a | x\n"


# -------------------------------------------------------------------------------------------------------- what is given


def test_a_file_has_a_command_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "jobs"
    path.write_text("# two\n\nweb: echo 'a  b' $HOME ; true # no shell\necho c\n")
    ended = call("run", "--file", str(path), "--", "echo", "d", "--", "echo", "--")
    assert sorted(ended.stdout.splitlines()) == [
        b"echo   | c",
        b"echo-2 | d",
        b"echo-3 | --",
        b"web    | a  b $HOME ; true",
    ]
    assert told(ended.stderr)[-1] == "4 commands in T: 4 succeeded"


def test_the_commands_of_stdin_are_side_by_side_even_if_there_is_one() -> None:
    ended = call("run", "--file", "-", input=b"echo x\n")
    assert (ended.returncode, ended.stdout) == (0, b"echo | x\n")


@pytest.mark.parametrize(
    ("arguments", "given", "words"),
    [
        (["--file", "/nonexistent/jobs"], b"", "/nonexistent/jobs: No such file or directory"),
        (["--file", "/"], b"", "/: Is a directory"),
        (["--file", "-"], b"true\necho 'x\n", "stdin:2: a quotation mark is not closed"),
        (["--file", "-"], b"", "stdin: there is no command in it"),
        (["--file", "-"], b"a: true\na: true", "stdin:2: the name a is taken by stdin:1"),
        (["--", "true", "--", "--", "true"], b"", "command 2 is empty"),
        (["--jobs", "0", "--", "true"], b"", "'0' is not a whole number above 0"),
    ],
)
def test_what_is_no_list_of_commands_is_status_2_with_a_word(arguments: list[str], given: bytes, words: str) -> None:
    ended = call("run", *arguments, input=given)
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert words in ended.stderr.decode().splitlines()[-1]


def test_where_a_program_is_missing_nothing_is_started(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    ended = run_several(["touch", str(ran)], ["no-such-program", "x"])
    assert (ended.returncode, ended.stdout) == (127, b"")
    assert ended.stderr.decode() == (
        "pipe-rpc run: command 2: the program 'no-such-program' is not found, so nothing was started; "
        "--one keeps a -- inside a command\n"
    )
    (tmp_path / "jobs").write_text(f"touch {shlex.quote(str(ran))}\n\n./jobs\n")
    ended = call("run", "--file", "jobs", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (126, b"")
    assert ended.stderr == b"pipe-rpc run: jobs:3: the program './jobs' is not executable, so nothing was started\n"
    assert not ran.exists()


def test_one_command_may_hold_a_separator_where_that_is_said() -> None:
    assert call("run", "--one", "--", "echo", "a", "--", "b").stdout == b"a -- b\n"
    assert call("run", "--one", "--", "/bin/cat", "--", "-", input=b"stdin").stdout == b"stdin"


# -------------------------------------------------------------------------------------------------------------- status


def test_the_status_is_that_of_the_first_that_failed(gate: MakeGate) -> None:
    opened = gate()
    first = shell(f"trap 'echo > {opened.path}' EXIT; exit 5")
    ended = run_several(["late:", *shell(f"read _ < {opened.path}; sleep 0.2; exit 3")], first)
    assert ended.returncode == 5
    assert told(ended.stderr) == ["late: exit 3 after T", "sh: exit 5 after T", "2 commands in T: 2 failed"]


def test_one_that_cannot_be_started_after_all_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    odd = tmp_path / "odd"
    odd.write_text("#!/nonexistent/interpreter\n")
    odd.chmod(0o755)
    ended = run_several([str(odd)], ["b:", "echo", "x"])
    assert (ended.returncode, ended.stdout) == (127, b"b   | x\n")
    assert told(ended.stderr)[0].startswith("odd: ")
    assert told(ended.stderr)[1:] == [
        "odd: exit 127, it could not be started",
        "b: exit 0 after T",
        "2 commands in T: 1 succeeded, 1 failed",
    ]


def test_the_time_limit_and_the_grace_hold_for_each() -> None:
    commands = (["soft:", "sleep", "60"], ["hard:", *child("stubborn")], ["quick:", "true"])
    ended = run_several(*commands, options=("--timeout", "0.5", "--grace", "0.1"))
    assert ended.returncode == 128 + signal.SIGTERM
    assert told(ended.stderr) == [
        "soft: SIGTERM after T, its time was up",
        "hard: SIGKILL after T, its time was up, killed after its grace",
        "quick: exit 0 after T",
        "3 commands in T: 1 succeeded, 2 failed",
    ]


def test_fail_fast_terminates_the_others_and_starts_no_more() -> None:
    commands = (["server:", "sleep", "60"], ["test:", *shell("exit 4")], ["later:", "true"])
    ended = run_several(*commands, options=("--fail-fast", "--jobs", "2"))
    assert ended.returncode == 4
    assert told(ended.stderr) == [
        "server: SIGTERM after T, terminated since test failed",
        "test: exit 4 after T",
        "later: not started",
        "3 commands in T: 2 failed, 1 not started",
    ]


def test_no_more_run_at_once_than_allowed(tmp_path: Path) -> None:
    alone = shell('mkdir "$1" && rmdir "$1"', str(tmp_path / "lock"))
    busy = shell('mkdir "$1" && sleep 0.1 && rmdir "$1"', str(tmp_path / "lock"))
    ended = run_several(busy, busy, alone, busy, options=("--jobs", "1"))
    assert (ended.returncode, told(ended.stderr)[-1]) == (0, "4 commands in T: 4 succeeded")


def test_quiet_shows_only_the_last_lines_of_what_failed() -> None:
    ended = run_several(["good:", "seq", "5"], ["bad:", *shell("seq 100; exit 1")], options=("--quiet",))
    assert ended.stdout == b""
    lines = ended.stderr.decode().splitlines()
    assert lines[:11] == ["pipe-rpc run: the last lines of bad:", *(f"bad  | {number}" for number in range(91, 101))]
    assert told(ended.stderr)[1:] == [
        "good: exit 0 after T",
        "bad: exit 1 after T",
        "2 commands in T: 1 succeeded, 1 failed",
    ]


def test_the_trace_tells_of_all_of_them() -> None:
    ended = run_several(["echo", "x"], ["echo", "y"], options=("--trace",))
    words = re.findall(r"s ([←→]) (?:#\d+ )?(\S+)", ended.stderr.decode())
    assert words.count(("→", "session/spawn")) == words.count(("←", "session/exited")) == 2


# ---------------------------------------------------------------------------------------------------------- the ending


def ready(process: subprocess.Popen[bytes], count: int) -> None:
    """Wait until so many commands have said so."""
    assert process.stdout is not None
    assert all(line.endswith(b"ready\n") for line in next_lines(process.stdout.fileno(), count))


def next_lines(fd: int, count: int) -> list[bytes]:
    """So many lines, and nothing of what follows them."""
    read = bytearray()
    while read.count(b"\n") < count:
        (poller := select.poll()).register(fd, select.POLLIN)
        assert poller.poll(DEADLINE_S * 1000), f"nothing came behind {bytes(read)!r}"
        read += os.read(fd, 1)
    return bytes(read).splitlines(keepends=True)


def test_ctrl_c_reaches_all_commands_and_ends_with_130() -> None:
    willing = shell("trap 'echo interrupted; exit 0' INT; echo ready; while :; do sleep 0.05; done")
    waiting = ["later:", "true"]
    with started("run", "--jobs", "2", *several(["a:", *willing], ["b:", *willing], waiting)) as process:
        ready(process, 2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 130
    assert sorted(out.splitlines()) == [b"a     | interrupted", b"b     | interrupted"]
    assert told(err) == [
        "a: exit 0 after T, interrupted by SIGINT",
        "b: exit 0 after T, interrupted by SIGINT",
        "later: not started",
        "3 commands in T: 2 succeeded, 1 not started",
    ]


DEAF = """
import os, signal
def heard(number, frame):
    os.write(1, b"SIGINT\\n" if number == signal.SIGINT else b"SIGTERM\\n")
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, heard)
os.write(1, b"ready\\n")
while True:
    signal.pause()
"""


def test_ctrl_c_twice_terminates_and_three_times_kills() -> None:
    with started("run", "--grace", "300", *several(["a:", *python(DEAF)], ["b:", *python(DEAF)])) as process:
        assert process.stdout is not None
        ready(process, 2)
        for heard in (b"SIGINT", b"SIGTERM"):
            process.send_signal(signal.SIGINT)
            lines = sorted(next_lines(process.stdout.fileno(), 2))
            assert lines == [b"a | " + heard + b"\n", b"b | " + heard + b"\n"]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 130
    assert told(err)[0] == "a: SIGKILL after T, killed by SIGINT"


def test_a_fourth_ctrl_c_leaves_at_once_without_a_traceback() -> None:
    with started("run", "--grace", "60", *several(child("stubborn"), child("stubborn"))) as process:
        ready(process, 2)
        with Family(process.pid) as family:
            while process.poll() is None:
                process.send_signal(signal.SIGINT)
                os.sched_yield()
            family.wait_gone()
        _, err = process.communicate(timeout=DEADLINE_S)
        assert process.returncode in (130, -signal.SIGINT)  # while the interpreter ends, nothing is left to hear it
    assert b"Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_it_ends_all_commands_softly_and_then_hard(number: signal.Signals) -> None:
    commands = (["soft:", *child("farewell", 10, 3)], ["hard:", *child("stubborn")])
    with started("run", "--grace", "0.3", *several(*commands)) as process:
        ready(process, 2)
        process.send_signal(number)
        out, err = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 128 + number
    assert out == b"soft | xxxxxxxxxx\n"
    assert told(err)[:2] == [
        f"soft: exit 3 after T, terminated by {number.name}",
        f"hard: SIGKILL after T, terminated by {number.name}, killed after its grace",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_right_after_the_start_leaves_nothing_running(number: signal.Signals) -> None:
    with started("run", *several(["sleep", "60"], ["sleep", "60"])) as process:
        with Family(process.pid) as family:
            process.send_signal(number)
            process.communicate(timeout=DEADLINE_S)
            family.wait_gone()
        assert process.returncode in (128 + number, -number)  # before or after it could take it over


def test_when_it_is_killed_nothing_is_left_running() -> None:
    with started("run", *several(child("stubborn"), child("stubborn"))) as process:
        ready(process, 2)
        with Family(process.pid) as family:
            assert len(family) >= 4
            process.kill()
            family.wait_gone()


@pytest.mark.parametrize("lines", [1, 1000])
def test_a_reader_that_goes_away_ends_all_commands(lines: int) -> None:
    script = f"{' '.join(PIPE_RPC)} run -- a: yes -- b: sleep 60 | head -n {lines} | sort | uniq -c"
    ended = subprocess.run(["/bin/sh", "-c", script], capture_output=True, timeout=DEADLINE_S, check=False)
    assert ended.stdout.split() == [str(lines).encode(), b"a", b"|", b"y"]
    assert told(ended.stderr) == [
        "a: SIGTERM after T, terminated since nobody reads the output",
        "b: SIGTERM after T, terminated since nobody reads the output",
        "2 commands in T: 2 failed",
    ]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no disk that is always full")
def test_a_full_disk_ends_all_commands_with_125() -> None:
    with open("/dev/full", "wb") as full:
        ended = run_several(["yes"], ["sleep", "60"], stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert ended.returncode == 125
    assert told(ended.stderr)[0] == "the output cannot be written: No space left on device"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells when it sleeps")
def test_three_interrupts_end_it_even_where_nobody_reads() -> None:
    with started("run", "--grace", "300", *several(["a:", "yes"], ["b:", *child("stubborn")])) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        read_some(process.stdout.fileno())
        wait_for_full(process.stdout.fileno())
        with Family(process.pid) as family:
            for _ in range(3):
                process.send_signal(signal.SIGINT)
                wait_state(process.pid, "S", "Z", "")  # It has dealt with the signal before.
            assert told(read_to_end(process.stderr.fileno()))[-1] == "2 commands in T: 2 failed"
            assert process.wait(DEADLINE_S) == 130
            family.wait_gone()


def test_a_signal_that_ends_it_ends_it_even_where_nobody_reads() -> None:
    with started("run", "--grace", "0", *several(["a:", "yes"], ["b:", "sleep", "60"])) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        read_some(process.stdout.fileno())
        wait_for_full(process.stdout.fileno())
        process.send_signal(signal.SIGTERM)
        assert told(read_to_end(process.stderr.fileno()))[-1] == "2 commands in T: 2 failed"
        assert process.wait(DEADLINE_S) == 128 + signal.SIGTERM


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of memory")
def test_a_flood_that_nobody_reads_costs_no_memory_and_another_command_runs_on(gate: MakeGate) -> None:
    done = gate()
    # No shell: dash, which is told of SIGINT between two commands, waits for the second one to end.
    other = python(f"import time; time.sleep(1); open({str(done.path)!r}, 'w').write('x'); time.sleep(60)")
    commands = (["flood:", "yes"], ["other:", *other])
    with started("run", *several(*commands)) as process:
        assert process.stdout is not None
        read_some(process.stdout.fileno())
        wait_for_full(process.stdout.fileno())
        before = resident_bytes(process.pid)
        done.wait()
        assert resident_bytes(process.pid) < before + 4 * MEBIBYTE
        process.send_signal(signal.SIGINT)
        while read_some(process.stdout.fileno()):
            pass
        assert process.wait(DEADLINE_S) == 130


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of the endpoint")
def test_who_reads_only_when_all_others_have_ended_gets_every_line() -> None:
    with started("run", *several(["a:", "seq", "20000"], ["b:", "true"])) as process:
        assert process.stdout is not None
        wait_for_full(process.stdout.fileno())
        lines = read_to_end(process.stdout.fileno()).splitlines()
        assert lines == [b"a | %d" % number for number in range(1, 20001)]
        assert process.wait(DEADLINE_S) == 0
        wait_until_alone(process.pid)


def test_processes_that_commands_leave_behind_are_ended_too() -> None:
    ended = run_several(["a:", *shell("sleep 300 & echo $!")], ["b:", "true"])
    assert ended.returncode == 0
    assert re.fullmatch(rb"a \| \d+\n", ended.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of the endpoint")
def test_an_endpoint_that_ends_first_is_status_125_with_a_word() -> None:
    with started(
        "run", *several(["a:", *shell("printf part; echo ready >&2; sleep 60")], ["b:", "sleep", "60"])
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert read_line(process.stderr.fileno()) == b"a | ready\n"
        with Family(process.pid) as family:
            os.kill(descendants(descendants(process.pid)[0])[0], signal.SIGKILL)
            assert process.wait(DEADLINE_S) == 125
            family.wait_gone()
        assert read_to_end(process.stdout.fileno()) == b"a | part\n"
        assert told(read_to_end(process.stderr.fileno())) == [
            "the endpoint ended before the commands did",
            "a: unknown, since the endpoint is gone",
            "b: unknown, since the endpoint is gone",
            "2 commands in T: 2 unknown",
        ]
