"""Output can be left and taken up again."""

from __future__ import annotations

from tests.editors.vim.vim import Vim

COUNTER = "while read line; do seq $line; done"


def test_what_a_detached_job_writes_comes_when_it_is_attached_again(vim: Vim) -> None:
    vim.run({"shell": COUNTER})
    vim.command("PipeRpc write 1 2")
    vim.wait_output("1\n2")
    vim.command("PipeRpc detach")
    vim.command("PipeRpc write 3 4")
    vim.command("PipeRpc close")
    vim.wait_output("[detached; :PipeRpc attach shows")
    vim.wait_state("exited")
    assert "3" not in vim.output().split("\n")
    vim.command("PipeRpc attach")
    vim.wait_output("3\n4")
    shown = [line for line in vim.output().split("\n") if line.isdigit()]
    assert shown == ["1", "2", "3", "4"]


def test_what_was_not_kept_meanwhile_is_told_as_a_number(vim: Vim) -> None:
    vim.run({"shell": "read line; seq 1000000; exec sleep 1000"})
    vim.wait_state("running")
    vim.command("PipeRpc detach")
    vim.command("PipeRpc write go")
    vim.wait_for("TestAsk('session/info', 1)->get('stdout', {})->get('endOffset') == 6888896")
    vim.command("let g:test_missed = 0")
    vim.command("call TestCountMissed(1)")
    vim.command("PipeRpc attach")
    vim.wait_output("1000000")
    assert vim.value("TestJob(1).reader.offset") == 6888896
    assert vim.value("g:test_missed") == 6888896 - 2 * 1024 * 1024
    vim.command("PipeRpc kill")


def test_a_job_that_is_attached_says_so(vim: Vim) -> None:
    vim.run({"argv": ["cat"]})
    vim.command("PipeRpc attach")
    vim.wait_notice("job 1 is attached already")
    vim.command("PipeRpc detach")
    vim.command("PipeRpc detach")
    vim.wait_notice("job 1 is not attached")
    vim.command("PipeRpc kill")


def test_a_job_that_has_exited_is_over_for_one_who_detaches_from_what_it_left_to_read(vim: Vim) -> None:
    vim.run({"shell": "read line; head -c 900000 /dev/zero | tr '\\0' x; echo end"})
    vim.wait_state("running")
    vim.command("1PipeRpc write go")
    # Its exit is known, and what it wrote has not come.
    vim.command("call TestAtExit(1, 'PipeRpc detach 1')")
    vim.wait_state("exited")
    vim.command("PipeRpc attach 1")
    vim.wait_output("xend")
    exits = [state for event, _, state in vim.value("g:test_events") if event == "PipeRpcJobExit"]
    assert exits == ["exited"]
