"""Lines are drawn as a terminal draws them, whatever comes, and however it is cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.editors.vim.vim import Vim

EVERYTHING = (
    "plain\r\n\x1b[1;31mred \u00e9\u20ac\U0001f600\x1b[0m and \x1b]8;;http://x\x1b\\link\x1b]8;;\x07\n"
    "10%\r\x1b[32m100%\x1b[K\x1b[m\nab\bc\x1b[3Cd\x1b(B\x1b[38;2;1;2;3mtrue\x1b[38:5:200mcube\x1b[0m\x1b="
)


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vim]:
    """An editor without a job."""
    vim = Vim(tmp_path_factory.mktemp("idle"))
    yield vim
    vim.quit()


def drawn(vim: Vim, text: str) -> Any:
    return vim.call("TestDraw", text, 0)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one\ntwo", ["one", "two"]),
        ("one\r\ntwo\r\n", ["one", "two", ""]),
        ("10%\r100%\r5", ["500%"]),
        ("10%\r\x1b[Kdone", ["done"]),
        ("10%\x1b[2K\rdone", ["done"]),
        ("abc\b\bX", ["aXc"]),
        ("abc\x1b[2DX\x1b[1GY\x1b[3CZ", ["YXc Z"]),
        ("a\x07b\x1b[?25lc\x1b[2Ad\x1b]0;title\x07e", ["abcde"]),
        ("a\x1b", ["a"]),
        ("\u00e9\u20ac\rx", ["x\u20ac"]),
        ("\x1b[3Cx", ["   x"]),
        ("x" * 9000 + "\n", ["x" * 9000, "", ""]),
    ],
)
def test_lines_are_what_a_terminal_shows(idle: Vim, text: str, lines: list[str]) -> None:
    assert [line for line, _ in drawn(idle, text)] == lines


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("a\x1b[31mbc\x1b[0md", [[2, 2, "/1/"]]),
        ("\x1b[1;4;97;41mx", [[1, 1, "bu/15/1"]]),
        ("\x1b[38;5;200;48;2;1;2;255mx", [[1, 1, "/200/#0102ff"]]),
        ("\x1b[38:2::1:2:3mx\x1b[39my", [[1, 1, "/#010203/"]]),
        ("\x1b[1;2mx\x1b[22my", [[1, 1, "bd//"]]),
        ("\x1b[>4;1mx", []),
        ("\x1b[31mab\rc\x1b[32md", [[1, 1, "/1/"], [2, 1, "/2/"]]),
        ("\x1b[31m\u20acb\x1b[m\rc", [[2, 1, "/1/"]]),
    ],
)
def test_colours_are_what_a_terminal_shows(idle: Vim, text: str, spans: list[list[Any]]) -> None:
    assert drawn(idle, text)[0][1] == spans


def test_it_makes_no_difference_where_output_is_cut(idle: Vim) -> None:
    assert idle.call("TestCuts", EVERYTHING) == []


def test_a_look_has_a_highlight_group(idle: Vim) -> None:
    idle.command("set termguicolors | let g:kind = pipe_rpc#styles#TypeOf('bi/#ff8000/200')")
    attributes = "['fg#', 'bg#', 'bold', 'italic']->map({_, what -> synIDattr(hlID(g:kind), what, 'gui')})"
    assert idle.value(attributes) == ["#ff8000", "#ff00d7", "1", "1"]
    assert idle.value("synIDattr(hlID(g:kind), 'fg', 'cterm')") == "208"


def test_a_program_may_use_more_colours_than_vim_has_room_for(vim: Vim) -> None:
    last = "range(3000)->map({_, number -> pipe_rpc#styles#TypeOf('/#' .. printf('%06x', number) .. '/')})[-1]"
    # Its editor has no room for another colour then.
    assert vim.value(last) == ""
