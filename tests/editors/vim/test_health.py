"""The health check, the help, the status line."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.editors.vim.conftest import StartVim
from tests.editors.vim.vim import PLUGIN, Vim


def checked(vim: Vim) -> str:
    vim.command("PipeRpc health")
    vim.wait_for("getline(1, '$')->join()->stridx('the server is asked') < 0")
    return "\n".join(vim.value("getline(1, '$')"))


def test_the_check_says_what_is_there(vim: Vim) -> None:
    told = checked(vim)
    assert "server found by the setting cmd" in told
    assert "protocol 1" in told
    assert "ERROR" not in told


def test_the_check_says_what_is_wrong_and_what_to_do(start_vim: StartVim) -> None:
    vim = start_vim({"cmd": ["/no/such/server"], "hight": 3})
    told = checked(vim)
    assert "ERROR" in told
    assert "hight is no setting" in told
    assert "mend or remove it" in told


def test_the_help_has_a_tag_for_each_subcommand_and_setting(vim: Vim, tmp_path: Path) -> None:
    shutil.copytree(PLUGIN / "doc", tmp_path / "doc")
    vim.command(f"helptags {tmp_path}/doc")
    named = {tag.split("\t")[0] for tag in (tmp_path / "doc" / "tags").read_text().splitlines()}
    subcommands = vim.call("getcompletion", "PipeRpc ", "cmdline")
    settings = vim.value("keys(pipe_rpc#config#Get())")
    functions = re.findall(r"^export def (\w+)", (PLUGIN / "autoload" / "pipe_rpc.vim").read_text(), re.MULTILINE)
    assert {f":PipeRpc-{name}" for name in subcommands} <= named
    assert {f"pipe-rpc-{name}" for name in settings} <= named
    assert {f"pipe_rpc#{name}()" for name in functions} <= named
    assert {"pipe-rpc", "pipe-rpc-server", "pipe-rpc-settings", "PipeRpcJobStart", "PipeRpcJobExit"} <= named


def test_the_status_line_counts_jobs_and_costs_nothing_before_the_first(vim: Vim) -> None:
    vim.command("set laststatus=2 statusline=%{pipe_rpc#Status()}")
    vim.command("redraw!")
    assert vim.value("exists('*pipe_rpc#jobs#All')") == 0
    vim.run({"argv": ["cat"], "open": "none"})
    vim.run({"argv": ["false"], "open": "none"})
    vim.wait_state("exited", 2)
    assert vim.value("pipe_rpc#Status()") == "1 running, 1 failed"
    shown = "range(1, 19)->map({_, column -> nr2char(screenchar(&lines - 1, column))})->join('')"
    vim.wait_for(f"{shown} == '1 running, 1 failed'")
    vim.command("PipeRpc kill 1")


def test_asking_twice_shows_one_check_that_is_whole(vim: Vim) -> None:
    vim.command("PipeRpc health")
    told = checked(vim).split("\n")
    assert vim.value("winnr('$')") == 2
    assert len([line for line in told if "protocol 1" in line]) == 1
    assert len([line for line in told if "held together by" in line]) == 1
