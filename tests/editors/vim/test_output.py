"""The buffer of a job: what it shows, where it scrolls, and how much it keeps."""

from __future__ import annotations

import time

from tests.editors.vim.conftest import StartVim
from tests.editors.vim.vim import Vim

USABLE_S = 1.0
"""How long a key, and a stop, may take to act while a job floods."""
ATTEMPTS = 3
"""One of them must be in time: other tests may have the processors for a while."""


def test_colours_are_drawn_and_leave_no_escape_sequence(vim: Vim) -> None:
    vim.run({"argv": ["printf", r"plain \033[31mred\033[0m\n"]})
    assert vim.wait_output("[exit 0").startswith("plain red\n")
    highlighted = """
      local buffer = require('pipe_rpc').job(1).output.number
      vim.api.nvim_set_current_win(vim.fn.bufwinid(buffer))
      vim.cmd.redraw()
      return { vim.fn.screenattr(vim.fn.winline(), 1), vim.inspect_pos and vim.bo[buffer].buftype }
    """
    assert vim.lua(highlighted)[1] == "terminal"


def test_a_carriage_return_draws_a_progress_bar_over_itself(vim: Vim) -> None:
    vim.run({"argv": ["printf", r"10 percent\r50 percent\r100 percent\ndone\n"]})
    assert vim.wait_output("[exit 0").startswith("100 percent\ndone\n")


def test_programs_are_told_that_colours_are_welcome_unless_the_user_objects(start_vim: StartVim) -> None:
    vim = start_vim()
    vim.run({"shell": "echo $FORCE_COLOR$CLICOLOR_FORCE."})
    vim.wait_output("11.")
    vim.lua("require('pipe_rpc').setup({ color = false })")
    vim.run({"shell": "echo $FORCE_COLOR$CLICOLOR_FORCE."})
    assert vim.wait_output("[exit 0", 2).startswith(".")


def test_the_end_is_followed_while_the_cursor_is_there(vim: Vim) -> None:
    vim.run({"shell": "read line; seq 200; read line", "open": "split"})
    vim.command("2wincmd w")
    vim.lua("answer_with('')")
    vim.command("PipeRpc write")
    vim.wait_output("200")
    vim.wait_for("vim.fn.line('.') == vim.fn.line('$')")
    assert vim.lua("return vim.fn.line('w$') == vim.fn.line('$')")


def test_the_cursor_stays_where_the_user_reads(vim: Vim) -> None:
    vim.run({"shell": "seq 200; read line; seq 201 400; read line"})
    vim.wait_output("200")
    vim.command("2wincmd w | 10")
    vim.command("1PipeRpc write go")
    vim.wait_output("400")
    assert vim.lua("return { vim.fn.line('.'), vim.fn.getline('.') }") == [10, "10"]


def test_no_more_lines_are_kept_than_the_setting_says(start_vim: StartVim) -> None:
    vim = start_vim({"scrollback": 500})
    vim.run({"argv": ["seq", "20000"]})
    vim.wait_output("[exit 0")
    lines = vim.output().split("\n")
    assert len(lines) <= 500 + vim.lua("return vim.o.lines")
    assert lines[-2] == "20000"


def test_output_starts_no_insert_mode_in_the_window_of_the_user(vim: Vim) -> None:
    vim.command("autocmd TermOpen * startinsert")
    vim.run({"argv": ["echo", "hello"]})
    vim.wait_output("[exit 0")
    assert vim.lua("return vim.api.nvim_get_mode().mode") == "n"


def test_the_log_shows_whole_lines_without_colours(vim: Vim) -> None:
    vim.run({"shell": r"printf '\033[1m%0200d\033[0m\n10%%\r100%%\n' 0"})
    vim.wait_output("[exit 0")
    vim.command("PipeRpc log 1")
    vim.wait_for("vim.bo.buftype == 'nofile'")
    assert vim.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)") == ["0" * 200, "100%"]


def test_a_flood_leaves_the_editor_usable_and_is_stopped_at_once(vim: Vim) -> None:
    vim.command("call setline(1, range(1, 100))")
    assert any(_stays_usable(vim) for _ in range(ATTEMPTS))


def _stays_usable(vim: Vim) -> bool:
    """Flood, move the cursor, stop the flood: was each of the two done in time?"""
    job = vim.run({"argv": ["yes", "a line that never ends to come"], "compiler": "gcc"})
    vim.wait_for("require('pipe_rpc').job(...).reader.offset > 20e6", job)
    vim.command("1wincmd w | 1")
    before = time.monotonic()
    vim.type("9j")
    vim.wait_for("vim.fn.line('.') == 10")
    moved = time.monotonic()
    vim.type(f":PipeRpc kill {job}<CR>")
    vim.wait_state("exited", job)
    return moved - before < USABLE_S and time.monotonic() - moved < USABLE_S


def test_two_floods_at_once_grow_no_memory_without_end(vim: Vim) -> None:
    for _ in range(2):
        vim.run({"argv": ["yes"], "open": "none"})
    vim.wait_for(
        "require('pipe_rpc').job(1).reader.offset > 30e6 and require('pipe_rpc').job(2).reader.offset > 30e6"
    )
    resident = "return vim.uv.resident_set_memory()"
    first = vim.lua(resident)
    vim.wait_for(
        "require('pipe_rpc').job(1).reader.offset > 90e6 and require('pipe_rpc').job(2).reader.offset > 90e6"
    )
    assert vim.lua(resident) - first < 30e6
    for number in (1, 2):
        vim.command(f"PipeRpc kill {number}")
        vim.wait_state("exited", number)
