"""The list of jobs, its keys, and the keys of an output buffer."""

from __future__ import annotations

import pytest

from tests.editors.vim.conftest import StartVim
from tests.editors.vim.vim import Vim

LINES = "return vim.api.nvim_buf_get_lines(vim.fn.bufnr('pipe-rpc://jobs'), 0, -1, false)"
SLEEP = "echo ready; exec sleep 1000"


def lines(vim: Vim) -> list[str]:
    found: list[str] = vim.lua(LINES)
    return found


def wait_line(vim: Vim, number: int, part: str) -> None:
    """Return once that line of the list holds `part`."""
    vim.wait_for(f"(vim.fn.getbufline(vim.fn.bufnr('pipe-rpc://jobs'), {number})[1] or ''):find(..., 1, true)", part)


@pytest.fixture
def listed(vim: Vim) -> Vim:
    """An editor with the list in its current window, and in its only line a job that runs."""
    vim.run({"shell": SLEEP, "open": "none"})
    vim.wait_output("ready")
    vim.command("PipeRpc")
    return vim


def test_an_empty_list_says_how_to_start_a_job(vim: Vim) -> None:
    vim.command("PipeRpc list")
    assert lines(vim) == ["No jobs yet: :PipeRpc run make"]


def test_the_list_keeps_itself_up_to_date(listed: Vim) -> None:
    wait_line(listed, 1, "running")
    listed.run({"argv": ["false"], "open": "none"})
    wait_line(listed, 2, "exit 1")
    wait_line(listed, 1, "1.")


def test_return_opens_the_output_in_the_window_before(listed: Vim) -> None:
    listed.type("<CR>")
    listed.wait_for("vim.b.pipe_rpc_job == 1 and vim.fn.winnr('$') == 2")


@pytest.mark.parametrize(("key", "windows", "tabs"), [("o", 3, 1), ("<C-s>", 3, 1), ("<C-v>", 3, 1), ("<C-t>", 1, 2)])
def test_the_output_opens_where_the_key_says(listed: Vim, key: str, windows: int, tabs: int) -> None:
    listed.type(key)
    listed.wait_for("vim.b.pipe_rpc_job == 1")
    assert listed.lua("return { vim.fn.winnr('$'), vim.fn.tabpagenr('$') }") == [windows, tabs]


def test_r_runs_it_again(listed: Vim) -> None:
    listed.type("r")
    listed.wait_for("require('pipe_rpc').job(1).runs == 2")
    wait_line(listed, 1, "running")


def test_s_stops_it_and_capital_s_kills_it(listed: Vim) -> None:
    listed.type("s")
    wait_line(listed, 1, "SIGTERM")
    listed.type("r")
    listed.wait_for("require('pipe_rpc').job(1).runs == 2 and require('pipe_rpc').job(1).state == 'running'")
    listed.type("S")
    wait_line(listed, 1, "SIGKILL")


def test_d_kills_and_forgets_it(listed: Vim) -> None:
    children = len(listed.server_pids())
    listed.type("d")
    wait_line(listed, 1, "No jobs yet")
    listed.wait_gone_but(children - 1)
    assert listed.lua("return vim.fn.bufnr('pipe-rpc://1.1/' .. ...)", SLEEP) == -1


def test_i_asks_for_a_line_of_stdin(vim: Vim) -> None:
    vim.run({"shell": "read line; echo got $line", "open": "none"})
    vim.wait_state("running")
    vim.command("PipeRpc")
    vim.lua("answer_with('a line')")
    vim.type("i")
    vim.wait_output("got a line")
    assert vim.lua("return asked") == ["stdin of read line; echo got $line: "]


def test_a_question_mark_shows_the_keys_and_q_closes(listed: Vim) -> None:
    listed.type("?")
    listed.wait_for("vim.api.nvim_win_get_config(0).relative ~= ''")
    shown = "\n".join(listed.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)"))
    assert "run it again" in shown
    listed.type("q")
    listed.wait_for("vim.fn.bufname() == 'pipe-rpc://jobs'")
    listed.type("q")
    listed.wait_for("vim.fn.winnr('$') == 1 and vim.fn.bufname() == ''")


def test_the_output_has_keys_of_its_own(start_vim: StartVim) -> None:
    vim = start_vim({"grace_ms": 200})
    vim.run({"shell": "read line; echo got $line; exec sleep 1000"})
    vim.wait_state("running")
    vim.command("PipeRpc open 1")
    vim.lua("answer_with('a line')")
    vim.type("i")
    vim.wait_output("got a line")
    vim.type("<C-c>")
    vim.wait_output("[SIGTERM after")
    vim.type("R")
    vim.wait_for("require('pipe_rpc').job(1).runs == 2")
    assert vim.lua("return vim.b.pipe_rpc_job") == 1
    vim.type("g?")
    vim.wait_for("vim.api.nvim_win_get_config(0).relative ~= ''")
