"""Settings: where they come from, and what is said to wrong ones."""

from __future__ import annotations

import pytest

from tests.editors.vim.conftest import StartVim
from tests.editors.vim.vim import Vim


def test_a_change_of_the_variable_acts_at_once(start_vim: StartVim) -> None:
    vim = start_vim({"height": 5, "open": "vsplit"})
    chosen = "[pipe_rpc#config#Get().height, pipe_rpc#config#Get().open]"
    assert vim.value(chosen) == [5, "vsplit"]
    vim.command("let g:pipe_rpc.height = 7")
    assert vim.value(chosen) == [7, "vsplit"]
    assert vim.notices() == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("#{colour: v:true}", "colour is no setting; there are cmd, color, env,"),
        ("#{cmd: 'pipe-rpc'}", "cmd must be a list of strings"),
        ("#{scrollback: 1000000}", "scrollback must be a whole number of at least 1 and at most 100000"),
        ("#{open: 'above'}", "open must be one of split, vsplit, tab, current, none"),
        ("#{notify: #{failed: 2}}", "notify.failed must be v:true or v:false, and is 2"),
        ("#{notify: v:false}", "notify must be a dictionary"),
        ("'none'", "the settings must be a dictionary"),
    ],
)
def test_a_wrong_setting_is_told_and_its_default_holds(vim: Vim, given: str, told: str) -> None:
    vim.command("let g:cmd = g:pipe_rpc.cmd")
    vim.command(f"let g:pipe_rpc = {given}")
    vim.value("pipe_rpc#config#Get()")
    assert vim.wait_notice(told)
    assert vim.value("pipe_rpc#config#Get().scrollback") == 10000
