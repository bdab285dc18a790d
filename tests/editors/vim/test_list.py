"""The list of jobs, its keys, and the keys of an output buffer."""

from __future__ import annotations

import pytest

from tests.editors.vim.conftest import StartVim
from tests.editors.vim.vim import Vim

LINES = "getbufline(bufnr('^pipe-rpc://jobs$'), 1, '$')"
SLEEP = "echo ready; exec sleep 1000"


def lines(vim: Vim) -> list[str]:
    found: list[str] = vim.value(LINES)
    return found


def wait_line(vim: Vim, number: int, part: str) -> None:
    """Return once that line of the list holds `part`."""
    vim.wait_for(f"stridx(get({LINES}, {number - 1}, ''), '{part}') >= 0")


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
    listed.type("\r")
    listed.wait_for("get(b:, 'pipe_rpc_job') == 1 && winnr('$') == 2")


@pytest.mark.parametrize(("key", "windows", "tabs"), [("o", 3, 1), ("\x13", 3, 1), ("\x16", 3, 1), ("\x14", 1, 2)])
def test_the_output_opens_where_the_key_says(listed: Vim, key: str, windows: int, tabs: int) -> None:
    listed.type(key)
    listed.wait_for("get(b:, 'pipe_rpc_job') == 1")
    assert listed.value("[winnr('$'), tabpagenr('$')]") == [windows, tabs]


def test_r_runs_it_again(listed: Vim) -> None:
    listed.type("r")
    listed.wait_for("pipe_rpc#Info(1).runs == 2")
    wait_line(listed, 1, "running")


def test_s_stops_it_and_capital_s_kills_it(listed: Vim) -> None:
    listed.type("s")
    wait_line(listed, 1, "SIGTERM")
    listed.type("r")
    listed.wait_for("pipe_rpc#Info(1).runs == 2 && pipe_rpc#Info(1).state == 'running'")
    listed.type("S")
    wait_line(listed, 1, "SIGKILL")


def test_d_kills_and_forgets_it(listed: Vim) -> None:
    children = len(listed.server_pids())
    listed.type("d")
    wait_line(listed, 1, "No jobs yet")
    listed.wait_gone_but(children - 1)
    assert listed.value(f"bufnr('pipe-rpc://1.1/{SLEEP}')") == -1


def test_i_asks_for_a_line_of_stdin(vim: Vim) -> None:
    vim.run({"shell": "read line; echo got $line", "open": "none"})
    vim.wait_state("running")
    vim.command("PipeRpc")
    vim.type("i")
    vim.wait_while_asking("mode() == 'c'")
    vim.type("a line\r")
    vim.wait_output("got a line")


def test_a_question_mark_shows_the_keys_and_q_closes(listed: Vim) -> None:
    listed.type("?")
    listed.wait_for("len(popup_list()) == 1")
    assert any("run it again" in line for line in listed.value("getbufline(winbufnr(popup_list()[0]), 1, '$')"))
    listed.type("q")
    listed.wait_for("popup_list() == [] && bufname() == 'pipe-rpc://jobs'")
    listed.type("q")
    listed.wait_for("winnr('$') == 1 && bufname() == ''")


def test_the_output_has_keys_of_its_own(start_vim: StartVim) -> None:
    vim = start_vim({"grace_ms": 200})
    vim.run({"shell": "read line; echo got $line; exec sleep 1000"})
    vim.wait_state("running")
    vim.command("PipeRpc open 1")
    vim.type("i")
    vim.type("a line\r")
    vim.wait_output("got a line")
    vim.type("\x03")
    vim.wait_output("[SIGTERM after")
    vim.type("R")
    vim.wait_for("pipe_rpc#Info(1).runs == 2")
    assert vim.value("b:pipe_rpc_job") == 1
    vim.type("g?")
    vim.wait_for("len(popup_list()) == 1")
