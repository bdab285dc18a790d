"""pipe_rpc/buffers/terminal_text.py: what programs write for a terminal, made harmless."""

import pytest

from pipe_rpc.buffers.terminal_text import coloured_lines, last_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("one\ntwo\n\n", "two"),
        ("10%\r20%", "20%"),
        ("10%\r20%\r\n", "20%"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("whole\x1b[3", "whole"),
        ("whole\x1b", "whole"),
        ("whole\x1b]0;title", "whole"),
        ("\x1bPq#0\x1b\\sixel", "sixel"),
        ("c1\x9b31m \u202eturned\u202c \u2028x", "c131m turned x"),
        ("漢字 é", "漢字 é"),
    ],
)
def test_the_last_line_has_no_controls(text: str, line: str) -> None:
    assert last_line(text) == line


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one\ntwo\n", ["one", "two"]),
        ("\n", [""]),
        ("plain", ["plain"]),
        ("\x1b[31mred\n", ["\x1b[31mred\x1b[0m"]),
        ("\x1b[38;5;1;48:2::1:2:3mred\x1b[m\n", ["\x1b[38;5;1;48:2::1:2:3mred\x1b[m\x1b[0m"]),
        ("\x1b[2J\x1b[1;1Hclear\x1b[?1049h\x1b[6n\x1bc\n", ["clear"]),
        ("\x1b]0;title\x07\x1b]52;c;eA==\x1b\\text\n", ["text"]),
        ("\x1b(B\x1b[mset\n", ["\x1b[mset\x1b[0m"]),
        ("\x1b7saved\x1b\n", ["7saved"]),
        ("10%\r20%\n30%\r\n\r\rx\n", ["20%", "30%", "x"]),
        ("tab\tbell\x07back\b\x0b\x0c\x7f\x9b2J\u202e\n", ["tab\tbellback2J"]),
        ("漢字 é 😀\n", ["漢字 é 😀"]),
    ],
)
def test_lines_for_a_terminal_keep_their_colours_and_no_other_control(text: str, lines: list[str]) -> None:
    assert coloured_lines(text) == lines


@pytest.mark.timeout(10)
@pytest.mark.parametrize("unit", ["\x1b[1;", "\x1b]", "\x1bP", "\r", "x\r", "\x1b", "\x1b[31m", "\x1b]0;"])
def test_nothing_takes_more_than_one_pass(unit: str) -> None:
    text = unit * 200_000
    coloured_lines(text + "x" * 200_000)
    last_line(text + "x" * 200_000)
