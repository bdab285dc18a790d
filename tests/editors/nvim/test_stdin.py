"""What users write reaches the job."""

from __future__ import annotations

from tests.editors.nvim.neovim import Neovim


def test_lines_are_written_and_the_end_of_input_is_told(neovim: Neovim) -> None:
    neovim.run({"argv": ["sort"]})
    neovim.command("PipeRpc write b  two  blanks")
    neovim.command("PipeRpc write a")
    neovim.command("PipeRpc close")
    assert neovim.wait_output("[exit 0").startswith("a\nb  two  blanks\n")


def test_nothing_is_written_where_the_question_is_cancelled(neovim: Neovim) -> None:
    neovim.run({"argv": ["cat"]})
    neovim.wait_state("running")
    neovim.lua("answer_with(nil)")
    neovim.command("PipeRpc write")
    neovim.command("PipeRpc close")
    assert neovim.wait_output("[exit 0").startswith("[exit 0")


def test_a_job_that_is_over_says_that_it_reads_nothing(neovim: Neovim) -> None:
    neovim.run({"argv": ["true"]})
    neovim.wait_state("exited")
    neovim.command("PipeRpc write")
    assert neovim.wait_notice("job 1 is over (exit 0) and reads nothing: rerun it")


def test_what_is_no_utf_8_is_refused_and_nothing_hangs(neovim: Neovim) -> None:
    neovim.run({"argv": ["cat"]})
    neovim.wait_state("running")
    neovim.lua("require('pipe_rpc').job(1):write('\\xff')")
    neovim.wait_notice("must be UTF-8")
    neovim.command("PipeRpc write a")
    neovim.wait_output("a")
    neovim.command("PipeRpc kill")
