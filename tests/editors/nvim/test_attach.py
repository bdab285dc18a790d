"""Output can be left and taken up again."""

from __future__ import annotations

from tests.editors.nvim.neovim import Neovim

COUNTER = "while read line; do seq $line; done"


def test_what_a_detached_job_writes_comes_when_it_is_attached_again(neovim: Neovim) -> None:
    neovim.run({"shell": COUNTER})
    neovim.command("PipeRpc write 1 2")
    neovim.wait_output("1\n2")
    neovim.command("PipeRpc detach")
    neovim.command("PipeRpc write 3 4")
    neovim.command("PipeRpc close")
    neovim.wait_output("[detached; :PipeRpc attach shows")
    neovim.wait_state("exited")
    assert "3" not in neovim.output().split("\n")
    neovim.command("PipeRpc attach")
    neovim.wait_output("3\n4")
    shown = [line for line in neovim.output().split("\n") if line.isdigit()]
    assert shown == ["1", "2", "3", "4"]


def test_a_job_that_has_exited_is_over_for_one_who_detaches_from_what_it_left_to_read(neovim: Neovim) -> None:
    neovim.run({"shell": "read line; head -c 3000 /dev/zero | tr '\\0' x; echo end"})
    neovim.wait_state("running")
    neovim.lua("""
        local job = require("pipe_rpc").job(1)
        job.exited = function(self, exit)
          getmetatable(self).exited(self, exit)
          self.reader.offset = 0 -- As though nothing of it had come yet.
          self:detach()
        end
    """)
    neovim.command("PipeRpc write 1 go")
    neovim.wait_state("exited")
    neovim.command("PipeRpc attach 1")
    neovim.wait_output("xend")
    assert [event for event, *_ in neovim.lua("return events")].count("PipeRpcJobExit") == 1


def test_what_was_not_kept_meanwhile_is_told_as_a_number(neovim: Neovim) -> None:
    neovim.run({"shell": "read line; seq 1000000; exec sleep 1000"})
    neovim.wait_state("running")
    neovim.command("PipeRpc detach")
    neovim.command("PipeRpc write go")
    neovim.wait_for("answered('session/info', require('pipe_rpc').job(1).session).stdout.endOffset == 6888896")
    neovim.command("PipeRpc attach")
    neovim.wait_output("1000000")
    text = neovim.lua("""
      local told = 0
      for _, line in ipairs(vim.api.nvim_buf_get_lines(require('pipe_rpc').job(1).output.number, 0, -1, false)) do
        told = told + (tonumber(line:match('^%[(%d+) bytes were not kept')) or 0)
      end
      return told
    """)
    assert text in (0, 6888896 - 2 * 1024 * 1024)
    neovim.command("PipeRpc kill")


def test_a_job_that_is_attached_says_so(neovim: Neovim) -> None:
    neovim.run({"argv": ["cat"]})
    neovim.command("PipeRpc attach")
    neovim.wait_notice("job 1 is attached already")
    neovim.command("PipeRpc detach")
    neovim.command("PipeRpc detach")
    neovim.wait_notice("job 1 is not attached")
    neovim.command("PipeRpc kill")
