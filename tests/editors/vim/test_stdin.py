"""What users write reaches the job."""

from __future__ import annotations

import pytest

from tests.editors.vim.vim import Vim

USABLE_S = 1.0
"""How long no key may act while something large is written."""


def test_lines_are_written_and_the_end_of_input_is_told(vim: Vim) -> None:
    vim.run({"argv": ["sort"]})
    vim.command("PipeRpc write b  two  blanks")
    vim.command("PipeRpc write a")
    vim.command("PipeRpc close")
    assert vim.wait_output("[exit 0").startswith("a\nb  two  blanks\n")


def test_nothing_is_written_where_the_question_is_cancelled(vim: Vim) -> None:
    vim.run({"argv": ["cat"]})
    vim.wait_state("running")
    vim.type(":PipeRpc write\rnever\x1b:PipeRpc write\r\r:PipeRpc close\r")
    assert vim.wait_output("[exit 0").startswith("\n[exit 0")


def test_a_job_that_is_over_says_that_it_reads_nothing(vim: Vim) -> None:
    vim.run({"argv": ["true"]})
    vim.wait_state("exited")
    vim.command("PipeRpc write")
    assert vim.wait_notice("job 1 is over (exit 0) and reads nothing: rerun it")


def test_what_is_no_utf_8_is_refused_and_nothing_hangs(vim: Vim) -> None:
    vim.run({"argv": ["cat"]})
    vim.wait_state("running")
    vim.command(r'call pipe_rpc#Write(1, "\xff")')
    vim.wait_notice("must be UTF-8")
    vim.command("PipeRpc write a")
    vim.wait_output("a")
    vim.command("PipeRpc kill")


@pytest.mark.parametrize("key", ["<CR>", "<NL>", "<kEnter>"])
def test_each_key_that_enters_a_line_enters_it(vim: Vim, key: str) -> None:
    vim.run({"argv": ["cat"]})
    vim.wait_state("running")
    vim.command(f'call feedkeys(":PipeRpc write\\<CR>entered\\{key}", "t")')
    vim.wait_output("entered")
    vim.command("PipeRpc kill")


@pytest.mark.parametrize("text", [r"\xff", r"a\xc3", r"\xed\xa0\x80", r"\xc0\xaf", r"\xf4\x90\x80\x80", r"\u00e9\xff"])
def test_every_form_of_text_that_is_no_utf_8_is_known(vim: Vim, text: str) -> None:
    assert vim.value(f'pipe_rpc#text#IsUtf8("{text}")') is False
    assert vim.value(r'pipe_rpc#text#IsUtf8("a \u00e9 \U0001f600 \uFFFD")') is True


def test_megabytes_are_written_while_the_editor_stays_usable(vim: Vim) -> None:
    vim.run({"argv": ["cat"], "open": "none"})
    vim.wait_state("running")
    vim.command("call TestTime({-> pipe_rpc#Write(1, repeat('x', 4000000), v:true)})")
    assert vim.value("g:test_took") < USABLE_S
