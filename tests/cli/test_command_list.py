"""pipe_rpc/cli/command_list.py: several commands of one call."""

import os
import re

import pytest

from pipe_rpc.cli.command_list import Command, CommandListError, between_separators, in_lines, with_names


def told(commands: list[Command]) -> list[tuple[str, list[str]]]:
    return [(command.name, command.argv) for command in commands]


@pytest.mark.parametrize(
    ("words", "commands"),
    [
        ([], []),
        (["make"], [("", ["make"])]),
        (["make", "-j2", "--", "npm", "test"], [("", ["make", "-j2"]), ("", ["npm", "test"])]),
        (["a", "--", "b", "--", "c"], [("", ["a"]), ("", ["b"]), ("", ["c"])]),
        (["echo", "--"], [("", ["echo", "--"])]),
        (["a", "--", "b", "--"], [("", ["a"]), ("", ["b", "--"])]),
        (["web:", "npm", "start", "--", "./api:"], [("web", ["npm", "start"]), ("", ["./api:"])]),
        (["web:", "npm"], [("", ["web:", "npm"])]),
        (["a", "--", ":", "x"], [("", ["a"]), ("", [":", "x"])]),
    ],
)
def test_commands_stand_between_separators(words: list[str], commands: list[tuple[str, list[str]]]) -> None:
    assert told(between_separators(words)) == commands


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (["--", "a"], "command 1"),
        (["a", "--", "--", "b"], "command 2"),
        (["a", "--", "web:", "--", "b"], "command 2"),
    ],
)
def test_an_empty_command_is_told_by_its_number(words: list[str], place: str) -> None:
    with pytest.raises(CommandListError, match=f"^{place} is empty: "):
        between_separators(words)


def test_a_file_has_a_command_in_a_line() -> None:
    data = b"""
# all of them
  make -j2   # fast
web: npm run "a b" 'c d' e\\ f
it.s-1: true
'odd:' x
sh -c 'a | b; echo "$HOME" # no comment'
http://x y
windows \r
last"""
    assert told(in_lines(data, "FILE")) == [
        ("", ["make", "-j2"]),
        ("web", ["npm", "run", "a b", "c d", "e f"]),
        ("it.s-1", ["true"]),
        ("", ["odd:", "x"]),
        ("", ["sh", "-c", 'a | b; echo "$HOME" # no comment']),
        ("", ["http://x", "y"]),
        ("", ["windows"]),
        ("", ["last"]),
    ]


def test_words_that_are_no_text_are_taken_as_the_system_does() -> None:
    ((_, argv),) = told(in_lines(b"echo \xff", "FILE"))
    assert [os.fsencode(word) for word in argv] == [b"echo", b"\xff"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"true\necho 'x\n", "FILE:2: a quotation mark is not closed"),
        (b"\n\necho x\\", "FILE:3: nothing follows the backslash"),
        (b"web:\n", "FILE:1: no program behind web:"),
        (b"web: # later\n", "FILE:1: no program behind web:"),
        (b"echo \0\n", "FILE:1: a NUL"),
        (b"# nothing\n\n", "FILE: there is no command in it"),
        (b"", "FILE: there is no command in it"),
    ],
)
def test_an_error_names_the_file_and_the_line(data: bytes, message: str) -> None:
    with pytest.raises(CommandListError, match=f"^{re.escape(message)}"):
        in_lines(data, "FILE")


@pytest.mark.parametrize(
    ("commands", "names"),
    [
        ([("", "make"), ("", "/usr/bin/npm")], ["make", "npm"]),
        ([("", "sh"), ("", "/bin/sh"), ("", "sh")], ["sh", "sh-2", "sh-3"]),
        ([("", "sh"), ("sh-2", "x"), ("", "sh")], ["sh", "sh-2", "sh-3"]),
        ([("", "sh"), ("sh", "x")], ["sh-2", "sh"]),
        ([("", "a\x1b[31m\n\u202eb"), ("", "é"), ("", "/"), ("", "\udcff")], ["a?[31m??b", "é", "?", "?-2"]),
        ([("", "x" * 300)], ["x" * 24]),
    ],
)
def test_each_has_a_name_of_its_own(commands: list[tuple[str, str]], names: list[str]) -> None:
    given = [Command(name, [program], "somewhere") for name, program in commands]
    assert [command.name for command in with_names(given)] == names


def test_a_name_that_is_taken_is_told() -> None:
    given = [Command("web", ["a"], "FILE:1"), Command("web", ["b"], "FILE:3")]
    with pytest.raises(CommandListError, match=r"^FILE:3: the name web is taken by FILE:1$"):
        with_names(given)
