"""Settings: where they come from, and what is said to wrong ones."""

from __future__ import annotations

import pytest

from tests.editors.vim.conftest import StartVim
from tests.editors.vim.vim import Vim


def test_setup_is_laid_over_the_variable(start_vim: StartVim) -> None:
    vim = start_vim({"height": 5, "open": "vsplit"})
    vim.lua("require('pipe_rpc').setup({ height = 7 })")
    assert vim.lua("local s = require('pipe_rpc.config').get() return { s.height, s.open }") == [7, "vsplit"]
    assert vim.notices() == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{ colour = true }", "colour is no setting; there are cmd, color, env,"),
        ("{ cmd = 'pipe-rpc' }", "cmd must be a list of strings"),
        ("{ scrollback = 1000000 }", "scrollback must be a whole number of at least 1 and at most 100000"),
        ("{ open = 'above' }", "open must be one of split, vsplit, tab, current, none"),
        ("{ notify = { failed = 1 } }", "notify.failed must be a boolean, and is 1"),
        ("{ notify = false }", "notify must be a table"),
        ("'none'", "the settings must be a table"),
    ],
)
def test_a_wrong_setting_is_told_and_its_default_holds(vim: Vim, given: str, told: str) -> None:
    vim.lua(f"require('pipe_rpc').setup({given})")
    assert vim.wait_notice(told)
    vim.run({"argv": ["true"]})
    vim.wait_state("exited")
