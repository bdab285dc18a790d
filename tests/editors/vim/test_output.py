"""The buffer of a job: what it shows, where it scrolls, and how much it keeps."""

from __future__ import annotations

import time

from tests.editors.vim.conftest import StartVim
from tests.editors.vim.vim import Vim
from tests.support.processes import resident_bytes

USABLE_S = 1.0
"""How long a key, and a stop, may take to act while a job floods."""
ATTEMPTS = 5
"""One of them must be in time: other tests may have the processors for a while."""


def test_colours_are_drawn_and_leave_no_escape_sequence(vim: Vim) -> None:
    vim.run({"argv": ["printf", r"plain \033[31mred\033[0m\n"]})
    assert vim.wait_output("[exit 0").startswith("plain red\n")
    spans = vim.value("prop_list(1, #{bufnr: pipe_rpc#Info(1).buffer})")
    assert [(span["col"], span["length"]) for span in spans] == [(7, 3)]
    red = f"synIDattr(hlID('{spans[0]['type']}'), 'fg', 'cterm')"
    assert vim.value(red) == "1"
    vim.command("set background=light")
    vim.command("colorscheme default")
    assert vim.value(red) == "1"


def test_a_carriage_return_draws_a_progress_bar_over_itself(vim: Vim) -> None:
    vim.run({"argv": ["printf", r"10 percent\r50 percent\r100 percent\ndone\n"]})
    assert vim.wait_output("[exit 0").startswith("100 percent\ndone\n")


def test_programs_are_told_that_colours_are_welcome_unless_the_user_objects(start_vim: StartVim) -> None:
    vim = start_vim()
    vim.run({"shell": "echo $FORCE_COLOR$CLICOLOR_FORCE."})
    vim.wait_output("11.")
    vim.command("let g:pipe_rpc.color = v:false")
    vim.run({"shell": "echo $FORCE_COLOR$CLICOLOR_FORCE."})
    assert vim.wait_output("[exit 0", 2).startswith(".")


def test_the_end_is_followed_while_the_cursor_is_there(vim: Vim) -> None:
    vim.run({"shell": "read line; seq 200; read line", "open": "split"})
    vim.command("2wincmd w")
    vim.command('call pipe_rpc#Write(1, "\\n")')
    vim.wait_output("200")
    vim.wait_for("line('.') == line('$')")
    vim.command("redraw")
    assert vim.value("[line('w$') == line('$'), line('w0')]") == [1, 201 - 12 + 1]
    vim.command("wincmd w")
    vim.command('call pipe_rpc#Write(1, "\\n")')
    vim.wait_output("[exit 0")
    vim.command("redraw")
    assert vim.value("line('w$', win_getid(2)) == line('$', win_getid(2))")


def test_the_cursor_stays_where_the_user_reads(vim: Vim) -> None:
    vim.run({"shell": "seq 200; read line; seq 201 400; read line"})
    vim.wait_output("200")
    vim.command("2wincmd w | 10")
    vim.command("1PipeRpc write go")
    vim.wait_output("400")
    assert vim.value("[line('.'), getline('.')]") == [10, "10"]


def test_no_more_lines_are_kept_than_the_setting_says(start_vim: StartVim) -> None:
    vim = start_vim({"scrollback": 500})
    vim.run({"argv": ["seq", "20000"]})
    vim.wait_output("[exit 0")
    lines = vim.output().split("\n")
    assert len(lines) <= 500
    assert lines[-2] == "20000"


def test_the_log_shows_whole_lines_without_colours(vim: Vim) -> None:
    vim.run({"shell": r"printf '\033[1m%0200d\033[0m\n10%%\r100%%\n' 0"})
    vim.wait_output("[exit 0")
    vim.command("PipeRpc log 1")
    vim.wait_for("&buftype == 'nofile'")
    assert vim.value("getline(1, '$')") == ["0" * 200, "100%"]


def test_a_flood_leaves_the_editor_usable_and_is_stopped_at_once(vim: Vim) -> None:
    vim.command("call setline(1, range(1, 100))")
    assert any(_stays_usable(vim) for _ in range(ATTEMPTS))


def _stays_usable(vim: Vim) -> bool:
    """Flood, move the cursor, stop the flood: was each of the two done in time?"""
    job = vim.run({"argv": ["yes", "a line that never ends to come"], "compiler": "gcc"})
    vim.wait_for(f"TestJob({job}).reader.offset > 20000000")
    vim.command("1wincmd w | 1")
    before = time.monotonic()
    vim.type("9j")
    vim.wait_for("line('.') == 10")
    moved = time.monotonic()
    vim.type(f":PipeRpc kill {job}\r")
    vim.wait_state("exited", job)
    return moved - before < USABLE_S and time.monotonic() - moved < USABLE_S


def test_two_floods_at_once_grow_no_memory_without_end(vim: Vim) -> None:
    for _ in range(2):
        vim.run({"argv": ["yes"], "open": "none"})
    both = "TestJob(1).reader.offset > {0} && TestJob(2).reader.offset > {0}"
    vim.wait_for(both.format(30_000_000))
    first = resident_bytes(vim.pid)
    vim.wait_for(both.format(90_000_000))
    assert resident_bytes(vim.pid) - first < 30_000_000
    for number in (1, 2):
        vim.command(f"PipeRpc kill {number}")
        vim.wait_state("exited", number)


def test_the_log_of_a_flood_shows_what_is_retained_now(vim: Vim) -> None:
    line = "y" * 1000
    vim.run({"argv": ["yes", line]})
    vim.wait_for("TestJob(1).reader.offset > 5000000")
    vim.command("PipeRpc log 1")
    assert vim.wait_for(f"&buftype == 'nofile' && getline(3) == '{line}' ? line('$') : 0") > 2000
    vim.command("PipeRpc kill 1")


def test_output_that_comes_while_text_is_locked_is_drawn_later(vim: Vim) -> None:
    vim.run({"shell": "while read line; do echo $line; done"})
    vim.wait_state("running")
    vim.command("inoremap <expr> Q input('more? ')")
    vim.type("iQ")
    vim.wait_while_asking("mode() == 'c'")
    vim.call("pipe_rpc#Write", 1, "while locked\n")
    vim.wait_while_asking("TestJob(1).reader.offset == 13")
    vim.type("text\r\x1b")
    vim.call("pipe_rpc#Write", 1, "later\n")
    assert vim.wait_output("later") == "while locked\nlater"
    assert vim.value("getline(1)") == "text"
    vim.command("PipeRpc kill 1")


def test_a_buffer_that_was_deleted_and_comes_back_is_not_written_to(vim: Vim) -> None:
    vim.run({"shell": "read line; echo $line"})
    vim.wait_state("running")
    buffer = vim.info()["buffer"]
    vim.command(f"bdelete {buffer} | buffer {buffer}")
    vim.command("1PipeRpc write more")
    vim.wait_state("exited")
    # It would be a change of the user's, and keep Vim from quitting.
    assert vim.value("[getline(1, '$'), &modified]") == [[""], 0]
