"""`pipe-rpc run` with several commands on a terminal, as a person sees it."""

import os
import re
import signal
import subprocess
import sys
import termios
import time

import pytest

from tests.cli.screen import Screen
from tests.cli.test_run_several import several, told
from tests.support.bare_server import Family, read_to_end
from tests.support.fixture_types import MakeGate
from tests.support.processes import descendants, resident_bytes, wait_state
from tests.support.programs import child, python, shell
from tests.support.trace import DEADLINE_S

HEADER = r"command +state +time +CPU +memory +last line"
COLOURS = re.compile(rb"\x1b\[[0-9;]*m")
MEBIBYTE = 1 << 20
FLOOD = "flood " * 12
"""Emulators take their time for each line."""


def table(lines: list[str]) -> list[str]:
    """The rows of the table, without its header; there is one table at most, and nothing below it."""
    headers = [number for number, line in enumerate(lines) if re.fullmatch(HEADER, line)]
    assert len(headers) <= 1, lines
    return lines[headers[0] + 1 :] if headers else []


def row(lines: list[str], pattern: str) -> bool:
    """Whether the table has such a row."""
    return any(re.match(pattern, each) for each in table(lines))


def test_a_table_shows_how_each_command_is_doing_below_what_they_write(gate: MakeGate) -> None:
    opened = gate()
    first = ["web:", *shell(f"echo began; printf '10%%\\r20%%'; read _ < {opened.path}; exit 3")]
    commands = several(first, ["good:", "seq", "2"], ["later:", "true"])
    with Screen("run", "--jobs", "1", *commands) as screen:
        found = termios.tcgetattr(screen.theirs)
        lines = screen.until(lambda lines: row(lines, r"web +running +\d s .*20%$"))
        assert lines[0] == "web   | began"
        assert [re.split(r" {2,}", each)[:2] for each in table(lines)[1:]] == [
            ["good", "waiting"],
            ["later", "waiting"],
        ]
        opened.open_and_release()
        lines = screen.until(lambda lines: lines and lines[-1].startswith("pipe-rpc run: 3 commands"))
        assert termios.tcgetattr(screen.theirs) == found
        assert screen.until_over() == 3
        assert screen.cursor == (0, True)
    assert lines[:4] == ["web   | began", "web   | 20%", "good  | 1", "good  | 2"]
    assert lines[4:7] == ["pipe-rpc run: the last lines of web:", "web   | began", "web   | 20%"]
    assert told("\n".join(lines).encode())[1:] == [
        "web: exit 3 after T",
        "good: exit 0 after T",
        "later: exit 0 after T",
        "3 commands in T: 2 succeeded, 1 failed",
    ]
    assert b"\x1b[?25l" not in screen.raw


def test_it_tells_what_they_use() -> None:
    with Screen("run", *several(["busy:", *python("while True: pass")], ["idle:", "sleep", "60"])) as screen:
        screen.until(lambda lines: row(lines, r"busy +running +\d+ s +[1-9]\d*% +\d+ MiB"))
        screen.until(lambda lines: row(lines, r"idle +running +\d+ s +0% +\d+ [KM]iB"))
        screen.process.send_signal(signal.SIGTERM)
        assert screen.until_over() == 128 + signal.SIGTERM


def test_it_fits_into_a_window_of_another_size() -> None:
    say = shell("echo; echo; echo; printf '%0100d' 7; sleep 60")
    with Screen("run", *several(["a:", *say], ["b:", *say])) as screen:
        screen.until(lambda lines: row(lines, r"b +running.*0…$"))
        for columns, rows in ((50, 12), (120, 40), (66, 6)):
            screen.resize(columns, rows)

            def fits(lines: list[str], columns: int = columns) -> bool:
                return [len(each) for each in table(lines)[:2]] == [columns] * 2 or columns == 120

            lines = screen.until(fits)
            assert sum(bool(re.fullmatch(HEADER, line)) for line in lines) == 1
        screen.process.send_signal(signal.SIGTERM)
        screen.until_over()


def test_where_there_is_no_room_for_all_the_others_are_counted() -> None:
    with Screen("run", *several(*[["sleep", "60"]] * 30), size=(60, 10)) as screen:
        lines = screen.until(lambda lines: row(lines, r"… and 27 more: 27 running$"))
        assert len(table(lines)) == 4
        screen.process.send_signal(signal.SIGTERM)
        screen.until_over()


@pytest.mark.parametrize("size", [(1, 1), (5, 2), (0, 0)])
def test_a_window_of_no_use_harms_nobody(size: tuple[int, int]) -> None:
    with Screen("run", *several(["echo", "x"], ["false"]), size=(80, 24)) as screen:
        termios.tcsetwinsize(screen.theirs, (size[1], size[0]))
        assert screen.until_over() == 1
        assert b"2 commands in" in screen.raw
        assert b"Traceback" not in screen.raw


def test_controls_of_commands_do_not_reach_the_terminal_but_colours_do() -> None:
    hostile = "\\033[2J\\033[?25l\\033[?1049h\\033]0;title\\007\\033[31mred\\n"
    with Screen("run", *several(["a:", "printf", hostile], ["b:", "true"])) as screen:
        assert screen.until_over() == 0
    assert b"\x1b[31mred\x1b[0m\r" in screen.raw
    for control in (b"\x1b[2J", b"\x1b[?", b"\x1b]"):
        assert control not in screen.raw


def test_quiet_shows_the_table_and_at_the_end_what_failed(gate: MakeGate) -> None:
    opened = gate()
    bad = shell(f"echo wrong; read _ < {opened.path}; exit 1")
    with Screen("run", "--quiet", *several(["bad:", *bad], ["good:", "echo", "fine"])) as screen:
        lines = screen.until(lambda lines: row(lines, "good +exit 0 .*fine") and row(lines, "bad +running .*wrong"))
        assert len(lines) == 3
        opened.open_and_release()
        lines = screen.until(lambda lines: lines and lines[-1].startswith("pipe-rpc run: 2 commands"))
        assert lines[:2] == ["pipe-rpc run: the last lines of bad:", "bad  | wrong"]
        assert not any("fine" in line for line in lines)
        assert screen.until_over() == 1


@pytest.mark.parametrize(("option", "term"), [("--plain", "xterm"), ("--color=never", "dumb"), ("--color=never", "")])
def test_a_terminal_that_can_only_print_gets_plain_lines(option: str, term: str) -> None:
    with Screen("run", option, "--color=never", *several(["a:", "echo", "x"], ["b:", "true"]), term=term) as screen:
        assert screen.until_over() == 0
    assert screen.raw.startswith(b"a | x\r\npipe-rpc run: a: exit 0 after ")
    assert b"\x1b" not in screen.raw


def test_where_stderr_goes_elsewhere_the_table_stays() -> None:
    script = shell("echo out; echo err >&2; exit 2")
    with Screen("run", *several(["a:", *script], ["b:", "true"]), stderr=subprocess.PIPE) as screen:
        assert screen.until_over() == 2
        assert screen.process.stderr is not None
        stderr = read_to_end(screen.process.stderr.fileno())
        screen.process.stderr.close()
    assert screen.lines[0] == "a | out"
    assert [re.split(r" {2,}", each)[:2] for each in table(screen.lines)] == [["a", "exit 2"], ["b", "exit 0"]]
    assert COLOURS.sub(b"", stderr).startswith(b"a | err\npipe-rpc run: the last lines of a:\n")
    assert told(stderr)[-1] == "2 commands in T: 1 succeeded, 1 failed"


def test_ctrl_c_on_the_keyboard_interrupts_then_terminates_then_kills() -> None:
    deaf = """
import os, signal
def heard(number, frame):
    os.write(1, b"heard %d\\n" % number)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, heard)
os.write(1, b"ready\\n")
while True:
    signal.pause()
"""
    with Screen("run", "--grace", "300", *several(["a:", *python(deaf)], ["b:", *python(deaf)])) as screen:
        screen.until(lambda lines: row(lines, "a +running .*ready") and row(lines, "b +running .*ready"))
        screen.type(b"\x03")
        screen.until(lambda lines: row(lines, "a +ending .*heard 2") and row(lines, "b +ending .*heard 2"))
        screen.type(b"\x03")
        screen.until(lambda lines: row(lines, "a +ending .*heard 15") and row(lines, "b +ending .*heard 15"))
        screen.type(b"\x03")
        assert screen.until_over() == 130
        assert screen.cursor == (0, True)
    assert told("\n".join(screen.lines).encode())[-1] == "2 commands in T: 2 failed"
    assert table(screen.lines) == []


def test_a_flood_leaves_the_table_the_keyboard_and_the_other_command_alive(gate: MakeGate) -> None:
    opened, never = gate(), gate()
    # dash, which is told of SIGINT between two commands, waits for the second one to end, but for its own commands.
    other = ["other:", *shell(f"echo before; read _ < {opened.path}; echo behind; read _ < {never.path}")]
    with Screen("run", *several(["flood:", "yes", FLOOD], other)) as screen:
        screen.until(lambda lines: row(lines, "flood +running .*flood") and row(lines, "other +running .*before"))
        opened.open_and_release()
        screen.until(lambda lines: row(lines, r"other +running +\d+ s +\d+% .*behind"))
        screen.type(b"\x03")
        assert screen.until_over() == 130
        assert told("\n".join(screen.lines).encode())[-1] == "2 commands in T: 2 failed"


def test_few_drawings_are_made_however_often_something_changes(gate: MakeGate) -> None:
    script = "import time\nfor n in range(150):\n  print(n, flush=True)\n  time.sleep(0.01)"
    began = time.monotonic()
    with Screen("run", *several(["a:", *python(script)], ["b:", "true"])) as screen:
        assert screen.until_over() == 0
    assert screen.raw.count(b"\x1b[J") < 8 * (time.monotonic() - began) + 12


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of memory")
def test_a_terminal_that_is_stopped_holds_up_nothing_else_and_costs_no_memory(gate: MakeGate) -> None:
    opened, done = gate(), gate()
    other = ["other:", *shell(f"read _ < {opened.path}; sleep 1; echo > {done.path}; sleep 60")]
    with Screen("run", *several(["flood:", "yes", FLOOD], other)) as screen:
        screen.until(lambda lines: row(lines, "flood +running .*flood"))
        termios.tcflow(screen.theirs, termios.TCOOFF)
        before = resident_bytes(screen.process.pid)
        opened.open_and_release()
        done.wait()
        assert resident_bytes(screen.process.pid) < before + 4 * MEBIBYTE
        with Family(screen.process.pid) as family:
            for _ in range(3):
                screen.process.send_signal(signal.SIGINT)
                wait_state(screen.process.pid, "S", "Z", "")
            assert screen.process.wait(DEADLINE_S) == 130
            family.wait_gone()
        termios.tcflow(screen.theirs, termios.TCOON)


def test_a_terminal_that_goes_on_shows_what_is_so_by_then(gate: MakeGate) -> None:
    opened, done, never = gate(), gate(), gate()
    changes = "for i in $(seq 30); do echo $i; sleep 0.05; done; echo much later"
    other = ["other:", *shell(f"read _ < {opened.path}; {changes}; echo > {done.path}; read _ < {never.path}")]
    with Screen("run", *several(["idle:", "sleep", "60"], other)) as screen:
        screen.until(lambda lines: row(lines, "idle +running"))
        termios.tcflow(screen.theirs, termios.TCOOFF)
        opened.open_and_release()
        done.wait()
        before = len(screen.raw)
        termios.tcflow(screen.theirs, termios.TCOON)
        screen.until(lambda lines: row(lines, "other +running .*much later"))
        assert screen.raw.count(b"\x1b[J", before) <= 4, "it shows what was so meanwhile"
        screen.type(b"\x03")
        assert screen.until_over() == 130


def test_a_terminal_that_hangs_up_ends_all_commands() -> None:
    with Screen("run", *several(["a:", "sleep", "60"], ["b:", *child("stubborn")])) as screen:
        screen.until(lambda lines: row(lines, "b +running .*ready"))
        with Family(screen.process.pid) as family:
            os.close(screen.theirs)
            os.close(screen.screen)
            screen.screen, screen.theirs = os.open(os.devnull, os.O_RDWR), os.open(os.devnull, os.O_RDWR)
            screen.process.wait(DEADLINE_S)
            family.wait_gone()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of the endpoint")
def test_an_endpoint_that_ends_first_takes_the_table_away() -> None:
    with Screen("run", *several(["a:", "sleep", "60"], ["b:", "sleep", "60"])) as screen:
        screen.until(lambda lines: row(lines, "a +running"))
        os.kill(descendants(descendants(screen.process.pid)[0])[0], signal.SIGKILL)
        assert screen.until_over() == 125
    assert screen.lines[0] == "pipe-rpc run: the endpoint ended before the commands did"
    assert table(screen.lines) == []


def test_rich_is_imported_only_where_a_table_is_shown() -> None:
    script = "import sys; from pipe_rpc.cli.main import main; main(sys.argv[1:]); print('rich' in sys.modules)"
    command = [sys.executable, "-c", script, "run", *several(["a:", "true"], ["b:", "true"])]
    assert subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout == b"False\n"
    with Screen(size=(80, 24), program=command) as screen:
        assert screen.until_over() == 0
        assert screen.lines[-1] == "True"
