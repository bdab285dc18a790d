"""What the user is told, and that it never stands in the way."""

from __future__ import annotations

from tests.editors.vim.vim import Vim

LONG = "a word " * 40


def test_a_notice_that_is_too_long_for_its_line_asks_for_no_key(vim: Vim) -> None:
    vim.run({"argv": ["false"], "name": LONG, "open": "none"})
    vim.wait_notice("exit 1 after")
    [popup] = vim.wait_for("popup_list()")
    assert "exit 1 after" in " ".join(vim.value(f"getbufline(winbufnr({popup}), 1, '$')"))
    vim.type("iit is typed\x1b")
    vim.wait_for("getline(1) == 'it is typed'")
    assert vim.value("execute('messages')").endswith("…")


def test_a_notice_leaves_alone_what_is_typed(vim: Vim) -> None:
    vim.run({"shell": "read line; exit 3", "open": "none"})
    vim.wait_state("running")
    vim.type(":let g:typed = 'be")
    vim.wait_while_asking("mode() == 'c'")
    vim.call("pipe_rpc#Write", 1, "\n")
    vim.wait_while_asking("!empty(popup_list())")
    vim.type("fore'\r")
    vim.wait_for("get(g:, 'typed', '') == 'before'")
    assert any("exit 3 after" in notice for notice in vim.notices())
