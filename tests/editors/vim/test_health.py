"""The health check, the help, the status line."""

from __future__ import annotations

from tests.editors.vim.conftest import StartVim
from tests.editors.vim.vim import PLUGIN, Vim


def checked(vim: Vim) -> str:
    vim.command("PipeRpc health")
    return "\n".join(vim.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)"))


def test_the_check_says_what_is_there(vim: Vim) -> None:
    told = checked(vim)
    assert "server found by the setting cmd" in told
    assert "protocol 1" in told
    assert "ERROR" not in told
    assert "WARN" not in told


def test_the_check_says_what_is_wrong_and_what_to_do(start_vim: StartVim) -> None:
    vim = start_vim({"cmd": ["/no/such/server"], "hight": 3})
    told = checked(vim)
    assert "ERROR" in told
    assert "hight is no setting" in told
    assert "mend or remove it" in told


def test_the_help_has_a_tag_for_each_subcommand_and_setting(vim: Vim, tmp_path_factory: object) -> None:
    tags = vim.lua(f"vim.cmd('helptags {PLUGIN}/doc') return vim.fn.readfile('{PLUGIN}/doc/tags')")
    vim.lua(f"vim.fn.delete('{PLUGIN}/doc/tags')")
    named = {tag.split("\t")[0] for tag in tags}
    subcommands = vim.lua("return vim.fn.getcompletion('PipeRpc ', 'cmdline')")
    settings = vim.lua("return vim.tbl_keys(require('pipe_rpc.config').get())")
    assert {f":PipeRpc-{name}" for name in subcommands} <= named
    assert {f"pipe-rpc-{name}" for name in settings} <= named
    assert {"pipe-rpc", "pipe-rpc-server", "pipe-rpc-settings", "PipeRpcJobStart", "PipeRpcJobExit"} <= named


def test_the_status_line_counts_jobs_and_costs_nothing_before_the_first(vim: Vim) -> None:
    assert vim.lua("return require('pipe_rpc.status').get()") == ""
    assert vim.lua("return package.loaded['pipe_rpc.jobs'] == nil")
    vim.run({"argv": ["cat"]})
    vim.run({"argv": ["false"]})
    vim.wait_state("exited", 2)
    assert vim.lua("return require('lualine.components.pipe_rpc')()") == "1 running, 1 failed"
    vim.command("set statusline=%{%v:lua.require'pipe_rpc'.status()%}")
    assert vim.lua("return vim.api.nvim_eval_statusline(vim.o.statusline, {}).str") == "1 running, 1 failed"
    vim.command("PipeRpc kill 1")
