"""The buffer of a job: what it shows, where it scrolls, and how much it keeps."""

from __future__ import annotations

import time

from tests.editors.nvim.conftest import StartNeovim
from tests.editors.nvim.neovim import Neovim

USABLE_S = 1.0
"""How long a key, and a stop, may take to act while a job floods."""
ATTEMPTS = 3
"""One of them must be in time: other tests may have the processors for a while."""


def test_colours_are_drawn_and_leave_no_escape_sequence(neovim: Neovim) -> None:
    neovim.run({"argv": ["printf", r"plain \033[31mred\033[0m\n"]})
    assert neovim.wait_output("[exit 0").startswith("plain red\n")
    highlighted = """
      local buffer = require('pipe_rpc').job(1).output.number
      vim.api.nvim_set_current_win(vim.fn.bufwinid(buffer))
      vim.cmd.redraw()
      return { vim.fn.screenattr(vim.fn.winline(), 1), vim.inspect_pos and vim.bo[buffer].buftype }
    """
    assert neovim.lua(highlighted)[1] == "terminal"


def test_a_carriage_return_draws_a_progress_bar_over_itself(neovim: Neovim) -> None:
    neovim.run({"argv": ["printf", r"10 percent\r50 percent\r100 percent\ndone\n"]})
    assert neovim.wait_output("[exit 0").startswith("100 percent\ndone\n")


def test_programs_are_told_that_colours_are_welcome_unless_the_user_objects(start_neovim: StartNeovim) -> None:
    neovim = start_neovim()
    neovim.run({"shell": "echo $FORCE_COLOR$CLICOLOR_FORCE."})
    neovim.wait_output("11.")
    neovim.lua("require('pipe_rpc').setup({ color = false })")
    neovim.run({"shell": "echo $FORCE_COLOR$CLICOLOR_FORCE."})
    assert neovim.wait_output("[exit 0", 2).startswith(".")


def test_the_end_is_followed_while_the_cursor_is_there(neovim: Neovim) -> None:
    neovim.run({"shell": "read line; seq 200; read line", "open": "split"})
    neovim.command("2wincmd w")
    neovim.lua("answer_with('')")
    neovim.command("PipeRpc write")
    neovim.wait_output("200")
    neovim.wait_for("vim.fn.line('.') == vim.fn.line('$')")
    assert neovim.lua("return vim.fn.line('w$') == vim.fn.line('$')")


def test_the_cursor_stays_where_the_user_reads(neovim: Neovim) -> None:
    neovim.run({"shell": "seq 200; read line; seq 201 400; read line"})
    neovim.wait_output("200")
    neovim.command("2wincmd w | 10")
    neovim.command("1PipeRpc write go")
    neovim.wait_output("400")
    assert neovim.lua("return { vim.fn.line('.'), vim.fn.getline('.') }") == [10, "10"]


def test_no_more_lines_are_kept_than_the_setting_says(start_neovim: StartNeovim) -> None:
    neovim = start_neovim({"scrollback": 500})
    neovim.run({"argv": ["seq", "20000"]})
    neovim.wait_output("[exit 0")
    lines = neovim.output().split("\n")
    assert len(lines) <= 500 + neovim.lua("return vim.o.lines")
    assert lines[-2] == "20000"


def test_output_starts_no_insert_mode_in_the_window_of_the_user(neovim: Neovim) -> None:
    neovim.command("autocmd TermOpen * startinsert")
    neovim.run({"argv": ["echo", "hello"]})
    neovim.wait_output("[exit 0")
    assert neovim.lua("return vim.api.nvim_get_mode().mode") == "n"


def test_the_log_of_a_flood_shows_what_is_retained_now(neovim: Neovim) -> None:
    line = "y" * 1000
    neovim.run({"argv": ["yes", line]})
    neovim.wait_for("require('pipe_rpc').job(1).reader.offset > 5000000")
    neovim.command("PipeRpc log 1")
    assert neovim.wait_for(f"vim.fn.getline(3) == '{line}' and vim.fn.line('$')") > 2000
    neovim.command("PipeRpc kill 1")


def test_the_log_copes_with_lines_and_returns_without_end(neovim: Neovim) -> None:
    neovim.run(
        {"shell": r"head -c 1000000 /dev/zero | tr '\0' x; head -c 500000 /dev/zero | tr '\0' '\r'; printf 'end\r\r'"}
    )
    neovim.wait_output("[exit 0")
    neovim.command("PipeRpc log 1")
    assert neovim.wait_for("vim.fn.getline(1) ~= '' and vim.fn.getline(1, '$')") == ["end"]


def test_the_log_shows_whole_lines_without_colours(neovim: Neovim) -> None:
    neovim.run({"shell": r"printf '\033[1m%0200d\033[0m\n10%%\r100%%\n' 0"})
    neovim.wait_output("[exit 0")
    neovim.command("PipeRpc log 1")
    neovim.wait_for("vim.bo.buftype == 'nofile'")
    assert neovim.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)") == ["0" * 200, "100%"]


def test_a_flood_leaves_the_editor_usable_and_is_stopped_at_once(neovim: Neovim) -> None:
    neovim.command("call setline(1, range(1, 100))")
    assert any(_stays_usable(neovim) for _ in range(ATTEMPTS))


def _stays_usable(neovim: Neovim) -> bool:
    """Flood, move the cursor, stop the flood: was each of the two done in time?"""
    job = neovim.run({"argv": ["yes", "a line that never ends to come"], "compiler": "gcc"})
    neovim.wait_for("require('pipe_rpc').job(...).reader.offset > 20e6", job)
    neovim.command("1wincmd w | 1")
    before = time.monotonic()
    neovim.type("9j")
    neovim.wait_for("vim.fn.line('.') == 10")
    moved = time.monotonic()
    neovim.type(f":PipeRpc kill {job}<CR>")
    neovim.wait_state("exited", job)
    return moved - before < USABLE_S and time.monotonic() - moved < USABLE_S


def test_two_floods_at_once_grow_no_memory_without_end(neovim: Neovim) -> None:
    for _ in range(2):
        neovim.run({"argv": ["yes"], "open": "none"})
    neovim.wait_for(
        "require('pipe_rpc').job(1).reader.offset > 30e6 and require('pipe_rpc').job(2).reader.offset > 30e6"
    )
    resident = "return vim.uv.resident_set_memory()"
    first = neovim.lua(resident)
    neovim.wait_for(
        "require('pipe_rpc').job(1).reader.offset > 90e6 and require('pipe_rpc').job(2).reader.offset > 90e6"
    )
    assert neovim.lua(resident) - first < 30e6
    for number in (1, 2):
        neovim.command(f"PipeRpc kill {number}")
        neovim.wait_state("exited", number)
