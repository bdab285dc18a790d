"""pipe_rpc/cli/run.py: a command through an endpoint is like the command itself."""

import fcntl
import hashlib
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.cli.command import PIPE_RPC, Terminal, call, run, started
from tests.support.available import unavailable
from tests.support.bare_server import Family, read_line, read_some, read_to_end
from tests.support.fixture_types import MakeGate
from tests.support.processes import descendants, resident_bytes, wait_until_alone
from tests.support.programs import child, python, shell
from tests.support.trace import DEADLINE_S

EVERY_BYTE = bytes(range(256))
MEBIBYTE = 1 << 20


# --------------------------------------------------------------------------------------------------------------- bytes


def test_every_byte_passes_from_stdout_unchanged() -> None:
    ended = run(*child("every_byte", 8 * MEBIBYTE // 256))
    assert ended.returncode == 0
    assert hashlib.sha256(ended.stdout).digest() == hashlib.sha256(EVERY_BYTE * (8 * MEBIBYTE // 256)).digest()
    assert ended.stderr == b""


def test_every_byte_passes_from_stderr_unchanged_and_apart() -> None:
    script = "import os; os.write(2, bytes(range(256)) * 16); os.write(1, b'out')"
    ended = run(*python(script))
    assert ended.stderr == EVERY_BYTE * 16
    assert ended.stdout == b"out"


@pytest.mark.parametrize("size", [0, 1, 255, 65536, 65537, 8 * MEBIBYTE])
def test_every_byte_passes_to_stdin_unchanged(size: int) -> None:
    data = (EVERY_BYTE * (size // 256 + 1))[:size]
    ended = run("/bin/cat", input=data)
    assert ended.returncode == 0
    assert ended.stdout == data


def test_text_and_halves_of_characters_pass_unchanged() -> None:
    data = ("é€😀" * 50_000).encode()[1:-1]
    assert run("/bin/cat", input=data).stdout == data


def test_a_command_that_does_not_read_its_stdin_is_no_failure() -> None:
    ended = run("/bin/true", input=b"x" * MEBIBYTE)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


def test_a_command_that_reads_a_little_of_its_stdin_is_no_failure() -> None:
    ended = run("head", "-c", "5", input=b"y" * MEBIBYTE)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"yyyyy", b"")


def test_stdin_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(EVERY_BYTE * 1000)
    with path.open("rb") as file:
        assert run("/bin/cat", stdin=file).stdout == EVERY_BYTE * 1000


def test_stdout_may_be_a_file_that_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "output"
    path.write_bytes(b"before\n")
    with path.open("ab") as file:
        run("/bin/echo", "after", stdout=file, stderr=subprocess.PIPE, capture_output=False)
    assert path.read_bytes() == b"before\nafter\n"


def test_what_both_streams_say_to_one_place_keeps_its_order() -> None:
    script = "for i in $(seq 200); do echo out$i; echo err$i >&2; done"
    ended = run(*shell(script), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, capture_output=False)
    assert ended.stdout.decode().split() == [word for i in range(1, 201) for word in (f"out{i}", f"err{i}")]


def test_git_log_with_a_statistic_is_as_it_is(tmp_path: Path) -> None:
    git = shutil.which("git")
    if git is None:
        unavailable("there is no git")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "HOME": str(tmp_path)}
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run([git, "init", "-q", str(tmp_path)], check=True, env=environment)
    for number in range(3):
        (tmp_path / f"file{number}").write_text("line\n" * 50)
        subprocess.run([git, "-C", tmp_path, "add", "."], check=True, env=environment)
        message = f"Change {number} é"
        subprocess.run([git, "-C", tmp_path, *identity, "commit", "-qm", message], check=True, env=environment)
    command = [git, "-C", str(tmp_path), "log", "--stat"]
    direct = subprocess.run(command, capture_output=True, check=True, env=environment)
    ended = run(*command, env=environment)
    assert (ended.stdout, ended.stderr, ended.returncode) == (direct.stdout, direct.stderr, 0)
    assert ended.stdout.count(b"commit ") == 3


# -------------------------------------------------------------------------------------------------------------- status


@pytest.mark.parametrize("status", [0, 1, 2, 42, 125, 126, 127, 128, 255])
def test_the_status_is_that_of_the_command(status: int) -> None:
    assert run(*shell(f"exit {status}")).returncode == status


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGSEGV", "SIGINT", "SIGPIPE", "SIGUSR1"])
def test_after_a_signal_it_is_128_and_the_signal(tmp_path: Path, name: str) -> None:
    number = signal.Signals[name]
    ended = run(*shell("ulimit -c 0; kill -$1 $$; sleep 60", number.value), cwd=tmp_path)
    assert ended.returncode == 128 + number


def test_a_command_that_there_is_not_is_127_with_a_word() -> None:
    ended = run("no-such-command-anywhere")
    assert ended.returncode == 127
    assert ended.stdout == b""
    assert ended.stderr.startswith(
        b"pipe-rpc run: The program 'no-such-command-anywhere' cannot be executed: No such file"
    )
    assert ended.stderr.count(b"\n") == 1


def test_a_command_that_cannot_be_executed_is_126_with_a_word(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("no program")
    for command in (str(plain), str(tmp_path)):
        ended = run(command)
        assert ended.returncode == 126, command
        assert ended.stderr.startswith(b"pipe-rpc run: ")
        assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["run"], "name a command behind --"),
        (["run", "--"], "name a command behind --"),
        (["run", "--timeout", "soon", "--", "true"], "'soon' is not a number of seconds"),
        (["run", "--timeout", "-1", "--", "true"], "number of seconds"),
        (["run", "--timeout", "0", "--", "true"], "--timeout"),
        (["run", "--timeout", "nan", "--", "true"], "number of seconds"),
        (["run", "--timeout", "inf", "--", "true"], "number of seconds"),
        (["run", "--grace", "1e999", "--", "true"], "number of seconds"),
        (["run", "--tarce", "--", "true"], "--tarce"),
    ],
)
def test_wrong_options_are_status_2_with_a_word(arguments: list[str], word: str) -> None:
    ended = call(*arguments)
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert word in ended.stderr.decode().splitlines()[-1]


def test_options_of_the_command_are_its_own() -> None:
    assert run("/bin/echo", "--trace", "--help", "--").stdout == b"--trace --help --\n"
    assert call("run", "/bin/echo", "-n", "--trace").stdout == b"--trace"


# ------------------------------------------------------------------------------------------------------------- the end


def test_a_time_limit_terminates_softly_and_says_so() -> None:
    ended = call("run", "--timeout", "0.2", "--", "/bin/sleep", "60")
    assert ended.returncode == 128 + signal.SIGTERM
    assert re.fullmatch(rb"pipe-rpc run: the time was up after \d+\.\d s\n", ended.stderr)


def test_after_the_grace_it_is_killed() -> None:
    ended = call("run", "--timeout", "0.2", "--grace", "0.1", "--", *child("stubborn"))
    assert ended.returncode == 128 + signal.SIGKILL
    assert ended.stdout == b"ready\n"


def test_what_a_command_says_when_it_is_asked_to_end_is_heard() -> None:
    ended = call("run", "--timeout", "0.5", "--", *child("farewell", 100_000, 5))
    assert ended.returncode == 5
    assert ended.stdout == b"ready\n" + b"x" * 100_000


def test_ctrl_c_reaches_the_command_and_not_more() -> None:
    script = "trap 'echo interrupted; exit 7' INT; echo ready; while :; do sleep 0.05; done"
    with started("run", "--", *shell(script)) as process:
        assert process.stdout is not None
        assert read_line(process.stdout.fileno()) == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert read_to_end(process.stdout.fileno()) == b"interrupted\n"
        assert process.wait(DEADLINE_S) == 7


def test_a_command_may_survive_ctrl_c() -> None:
    with started("run", "--", *child("stubborn")) as process:
        assert process.stdout is not None
        assert read_line(process.stdout.fileno()) == b"ready\n"
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGQUIT)
        assert process.wait(DEADLINE_S) == 128 + signal.SIGQUIT


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_it_ends_the_command_softly(number: signal.Signals) -> None:
    with started("run", "--", *child("farewell", 10, 3)) as process:
        assert process.stdout is not None
        assert read_line(process.stdout.fileno()) == b"ready\n"
        process.send_signal(number)
        assert read_to_end(process.stdout.fileno()) == b"x" * 10
        assert process.wait(DEADLINE_S) == 3


def test_when_it_is_killed_nothing_is_left_running() -> None:
    with started("run", "--", *child("stubborn")) as process:
        assert process.stdout is not None
        assert read_line(process.stdout.fileno()) == b"ready\n"
        with Family(process.pid) as family:
            assert len(family) >= 3
            process.kill()
            family.wait_gone()


def test_processes_that_the_command_leaves_behind_are_ended_too() -> None:
    ended = run(*shell("sleep 300 & echo $!"))
    assert ended.returncode == 0
    assert ended.stdout.strip().isdigit()


@pytest.mark.parametrize("lines", [1, 1000])
def test_a_reader_that_goes_away_ends_the_command(lines: int) -> None:
    script = f"{' '.join(PIPE_RPC)} run -- yes | head -n {lines} | sort | uniq -c"
    ended = subprocess.run(["/bin/sh", "-c", script], capture_output=True, timeout=DEADLINE_S, check=False)
    assert ended.stdout.split() == [str(lines).encode(), b"y"]
    assert b"Traceback" not in ended.stderr


def test_a_reader_that_goes_away_while_nothing_more_fits_ends_the_command() -> None:
    with started("run", "--", "yes") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        read_some(process.stdout.fileno())
        wait_for_full(process.stdout.fileno())
        process.stdout.close()
        assert process.wait(DEADLINE_S) == 128 + signal.SIGTERM
        assert b"Traceback" not in read_to_end(process.stderr.fileno())


# --------------------------------------------------------------------------------------------------------- slow readers


def wait_for_full(reader: int) -> None:
    """Return when a pipe whose reader we are has no more room."""
    import struct
    import time

    size = fcntl.fcntl(reader, fcntl.F_GETPIPE_SZ)
    deadline = time.monotonic() + DEADLINE_S
    while struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, b"\0" * 4))[0] < size - 4096:
        assert time.monotonic() < deadline, "the pipe never gets full"
        os.sched_yield()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of memory")
def test_a_slow_reader_loses_nothing_and_costs_no_memory(gate: MakeGate) -> None:
    size = 32 * MEBIBYTE
    opened = gate()
    done = gate()
    begin = shell('echo; read _ < "$0"; exec "$@"', *child("spew", "stdout", size, done.path))
    begin[3] = opened.path
    with started("run", "--", *begin) as process:
        assert process.stdout is not None
        reader = process.stdout.fileno()
        assert read_line(reader) == b"\n"
        before = [resident_bytes(pid) for pid in (process.pid, *descendants(process.pid)[:2])]
        opened.open_and_release()
        wait_for_full(reader)
        poller = select.poll()
        poller.register(done._fd, select.POLLIN)
        assert not poller.poll(1500), "the command could write all of it though nobody reads"
        digest = hashlib.sha256()
        total = 0
        highest = list(before)
        while data := os.read(reader, 16_384):
            digest.update(data)
            total += len(data)
            if total % (MEBIBYTE // 2) < 16_384 and total < size // 2:
                now = [resident_bytes(pid) for pid in (process.pid, *descendants(process.pid)[:2])]
                highest = [max(pair) for pair in zip(highest, now, strict=True)]
        assert process.wait(DEADLINE_S) == 0
    from tests.children.spew import pattern

    assert total == size
    assert digest.digest() == hashlib.sha256(pattern(size)).digest()
    assert sum(highest) - sum(before) < 8 * MEBIBYTE


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of the endpoint")
@pytest.mark.parametrize("size", [65_537, 100_000, 130_000])
@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_who_reads_only_when_all_others_have_ended_gets_every_byte(name: str, size: int) -> None:
    redirected = "" if name == "stdout" else " >&2"
    with started("run", "--", *shell(f"head -c {size} /dev/zero{redirected}; exit 3")) as process:
        stream = getattr(process, name)
        wait_for_full(stream.fileno())
        wait_until_alone(process.pid)
        assert len(read_to_end(stream.fileno())) == size
        assert process.wait(DEADLINE_S) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of the endpoint")
def test_ctrl_c_ends_the_wait_for_a_reader_and_shows_in_the_status() -> None:
    with started("run", "--", *shell("head -c 100000 /dev/zero")) as process:
        assert process.stdout is not None
        wait_for_full(process.stdout.fileno())
        wait_until_alone(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE_S) == 128 + signal.SIGINT


def test_a_command_that_does_not_read_costs_no_memory(gate: MakeGate) -> None:
    opened = gate()
    data = EVERY_BYTE * (16 * MEBIBYTE // 256)
    with started("run", "--", *child("slow_reader", opened.path)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        os.set_blocking(process.stdin.fileno(), False)
        sent = 0
        for _ in range(2000):
            try:
                sent += os.write(process.stdin.fileno(), data[sent : sent + 65536])
            except BlockingIOError:
                os.sched_yield()
        assert sent < 4 * MEBIBYTE, "what nobody reads is not taken in"
        opened.open_and_release()
        os.set_blocking(process.stdin.fileno(), True)
        _write_all(process.stdin.fileno(), data[sent:])
        process.stdin.close()
        assert read_to_end(process.stdout.fileno()).split() == [
            str(len(data)).encode(),
            hashlib.sha256(data).hexdigest().encode(),
        ]


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


# --------------------------------------------------------------------------------------------------------------- trace


def test_the_trace_is_a_line_for_each_message_on_stderr() -> None:
    ended = call("run", "--trace", "--", "/bin/echo", "hello")
    assert (ended.returncode, ended.stdout) == (0, b"hello\n")
    lines = ended.stderr.decode().splitlines()
    assert all(re.match(r" *\d+\.\d{3} s [←→] ", line) for line in lines), lines
    words = [re.sub(r"^ *\d+\.\d{3} s ([←→]) (#\d+ )?(\S+).*$", r"\1\3", line) for line in lines]
    assert words[0] == "→initialize"
    for word in (
        "→exit",
        "→session/spawn",
        "←session/spawn",
        "←session/output",
        "←session/exited",
        "→shutdown",
        "←shutdown",
    ):
        assert words.count(word) == 1, word
    assert words.index("←session/spawn") < words.index("←session/output") < words.index("←session/exited")
    (output,) = [line for line in lines if "session/output" in line]
    assert '"data": "hello\\n"' in output


def test_bytes_that_are_no_text_do_not_disturb_the_trace() -> None:
    ended = call("run", "--trace", "--", *child("every_byte", 10))
    assert ended.stdout == EVERY_BYTE * 10
    ended.stderr.decode()
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", ended.stderr)


# -------------------------------------------------------------------------------------------------- closed descriptors


@pytest.mark.parametrize("fd", [0, 2])
def test_a_closed_descriptor_is_no_traceback(fd: int) -> None:
    ended = run(*shell("cat; echo out; echo err >&2; exit 3"), preexec_fn=lambda: os.close(fd))
    assert b"Traceback" not in ended.stderr
    assert ended.returncode == 3
    assert ended.stdout == b"out\n"
    assert ended.stderr == (b"" if fd == 2 else b"err\n")


def test_a_closed_stdout_is_told_before_anything_is_run(tmp_path: Path) -> None:
    ended = run("touch", str(tmp_path / "ran"), preexec_fn=lambda: os.close(1))
    assert ended.returncode == 125
    assert b"stdout is closed" in ended.stderr
    assert ended.stderr.count(b"\n") == 1
    assert not (tmp_path / "ran").exists()


def test_the_flags_of_shared_descriptors_are_left_as_found() -> None:
    their_in, our_in = os.pipe()
    our_out, their_out = os.pipe()
    found = [fcntl.fcntl(fd, fcntl.F_GETFL) for fd in (their_in, their_out)]
    with started("run", "--", "/bin/cat", stdin=their_in, stdout=their_out, stderr=their_out) as process:
        os.write(our_in, b"x")
        assert read_some(our_out) == b"x"
        assert [fcntl.fcntl(fd, fcntl.F_GETFL) for fd in (their_in, their_out)] == found
        os.close(our_in)
        assert process.wait(DEADLINE_S) == 0
    assert [fcntl.fcntl(fd, fcntl.F_GETFL) for fd in (their_in, their_out)] == found
    for fd in (their_in, our_out, their_out):
        os.close(fd)


# ---------------------------------------------------------------------------------------------------------- a terminal


def test_an_interactive_python_answers_through_it() -> None:
    with Terminal("run", "--", sys.executable, "-i", "-q", "-I", "-S") as terminal:
        found = termios.tcgetattr(terminal.theirs)
        flags = fcntl.fcntl(terminal.theirs, fcntl.F_GETFL)
        terminal.wait_for(b">>> ")
        terminal.type(b"6 * 7\n")
        terminal.wait_for(b"6 * 7\r\n")  # the terminal's own echo
        terminal.wait_for(b"42\r\n>>> ")
        assert termios.tcgetattr(terminal.theirs) == found
        terminal.type(b"import sys; print('to stderr', file=sys.stderr)\n")
        terminal.wait_for(b"to stderr\r\n>>> ")
        terminal.type(b"\x04")
        assert terminal.process.wait(DEADLINE_S) == 0
        assert termios.tcgetattr(terminal.theirs) == found
        assert fcntl.fcntl(terminal.theirs, fcntl.F_GETFL) == flags


def test_ctrl_c_on_the_keyboard_reaches_the_command() -> None:
    with Terminal(
        "run", "--", *shell("trap 'echo interrupted; exit 7' INT; echo ready; while :; do sleep 0.05; done")
    ) as terminal:
        terminal.wait_for(b"ready\r\n")
        terminal.type(b"\x03")
        terminal.wait_for(b"interrupted\r\n")
        assert terminal.process.wait(DEADLINE_S) == 7


def test_a_terminal_that_hangs_up_ends_the_command() -> None:
    with Terminal("run", "--", "/bin/cat") as terminal:
        terminal.type(b"word\n")
        terminal.wait_for(b"word\r\nword\r\n")
        os.close(terminal.theirs)
        os.close(terminal.screen)
        terminal.screen, terminal.theirs = os.open(os.devnull, os.O_RDWR), os.open(os.devnull, os.O_RDWR)
        terminal.process.wait(DEADLINE_S)
