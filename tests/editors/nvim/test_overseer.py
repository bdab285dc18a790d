"""The strategy of overseer.nvim, by what overseer calls and what it wants called."""

from __future__ import annotations

from tests.editors.nvim.neovim import Neovim

TASK = """
  local cmd = ...
  told = {}
  task = {
    name = 'a task',
    cmd = cmd,
    cwd = vim.fn.getcwd(),
    env = { WORD = 'word' },
    dispatch = function(_, name, data) table.insert(told, { name, data }) end,
    on_exit = function(_, code) exited = code end,
  }
  strategy = require('overseer.strategy.pipe_rpc').new()
  strategy:start(task)
  return vim.api.nvim_buf_is_valid(strategy:get_bufnr())
"""


def test_a_task_runs_and_its_lines_and_status_are_told(neovim: Neovim) -> None:
    assert neovim.lua(TASK, "echo one $WORD; printf two; exit 3")
    assert neovim.wait_for("exited") == 3
    lines = [line for name, data in neovim.lua("return told") if name == "on_output_lines" for line in data]
    assert lines == ["one word", "two"]
    neovim.lua("strategy:reset()")
    assert neovim.lua("return { strategy:get_bufnr() or 'none', #require('pipe_rpc').jobs() }") == ["none", 0]


def test_a_task_is_stopped_and_its_signal_is_told_as_a_shell_tells_it(neovim: Neovim) -> None:
    neovim.lua(TASK, ["sleep", "1000"])
    neovim.wait_for("require('pipe_rpc').jobs()[1].state == 'running'")
    neovim.lua("strategy:stop()")
    assert neovim.wait_for("exited") == 128 + 15


def test_a_task_that_is_disposed_leaves_nothing(neovim: Neovim) -> None:
    neovim.lua(TASK, ["sleep", "1000"])
    neovim.wait_for("require('pipe_rpc').jobs()[1].state == 'running'")
    running = len(neovim.server_pids())
    neovim.lua("strategy:dispose()")
    neovim.wait_gone_but(running - 1)
    assert neovim.lua("return exited") is None
