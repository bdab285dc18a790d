"""The health check, the help, the status line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.editors.nvim.conftest import StartNeovim
from tests.editors.nvim.neovim import OLDEST, PLUGIN, Neovim, private_places
from tests.support.editors import neovim_before
from tests.support.trace import DEADLINE_S


def checked(neovim: Neovim) -> str:
    neovim.command("PipeRpc health")
    return "\n".join(neovim.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)"))


def test_the_check_says_what_is_there(neovim: Neovim) -> None:
    told = checked(neovim)
    assert "server found by the setting cmd" in told
    assert "protocol 1" in told
    assert "ERROR" not in told
    assert "WARN" not in told


def test_the_check_says_what_is_wrong_and_what_to_do(start_neovim: StartNeovim) -> None:
    neovim = start_neovim({"cmd": ["/no/such/server"], "hight": 3})
    told = checked(neovim)
    assert "ERROR" in told
    assert "hight is no setting" in told
    assert "mend or remove it" in told


def test_the_help_has_a_tag_for_each_subcommand_and_setting(neovim: Neovim, tmp_path_factory: object) -> None:
    tags = neovim.lua(f"vim.cmd('helptags {PLUGIN}/doc') return vim.fn.readfile('{PLUGIN}/doc/tags')")
    neovim.lua(f"vim.fn.delete('{PLUGIN}/doc/tags')")
    named = {tag.split("\t")[0] for tag in tags}
    subcommands = neovim.lua("return vim.fn.getcompletion('PipeRpc ', 'cmdline')")
    settings = neovim.lua("return vim.tbl_keys(require('pipe_rpc.config').get())")
    assert {f":PipeRpc-{name}" for name in subcommands} <= named
    assert {f"pipe-rpc-{name}" for name in settings} <= named
    assert {"pipe-rpc", "pipe-rpc-server", "pipe-rpc-settings", "PipeRpcJobStart", "PipeRpcJobExit"} <= named


def test_the_status_line_counts_jobs_and_costs_nothing_before_the_first(neovim: Neovim) -> None:
    assert neovim.lua("return require('pipe_rpc.status').get()") == ""
    assert neovim.lua("return package.loaded['pipe_rpc.jobs'] == nil")
    neovim.run({"argv": ["cat"]})
    neovim.run({"argv": ["false"]})
    neovim.wait_state("exited", 2)
    assert neovim.lua("return require('lualine.components.pipe_rpc')()") == "1 running, 1 failed"
    neovim.command("set statusline=%{%v:lua.require'pipe_rpc'.status()%}")
    assert neovim.lua("return vim.api.nvim_eval_statusline(vim.o.statusline, {}).str") == "1 running, 1 failed"
    neovim.command("PipeRpc kill 1")


def test_a_neovim_that_is_too_old_is_told_so(tmp_path: Path) -> None:
    command = [neovim_before(*OLDEST), "--headless", "--clean", "--cmd", f"set runtimepath^={PLUGIN}", "-c", "qall"]
    env = {**os.environ, **private_places(tmp_path)}
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=env, timeout=DEADLINE_S).stderr
    assert said.splitlines()[-1] == "pipe-rpc needs Neovim 0.10 or newer: update Neovim, or take this plugin out"
