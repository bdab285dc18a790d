"""Several commands of one call: behind ``--``, and a line each in a file.

Rules of this file: a command is an argv, and no shell is involved; ``NAME:`` in front of it is what it is called, as in
a Procfile; an error says where it is.
"""

import codecs
import os
import re
import shlex
from collections.abc import Iterable, Sequence
from typing import NamedTuple

SEPARATOR = "--"
_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]*):")
_NAMED_LINE = re.compile(_NAME.pattern + r"(?:\s+|$)")
_LONGEST_NAME = 24
"""Characters of a name that nobody chose: it stands in front of every line."""


class Command(NamedTuple):
    """One command as it was given."""

    name: str
    """What the person calls it; "" if nothing."""
    argv: list[str]
    place: str
    """Where it was given, for errors."""
    is_separated: bool = False
    """Whether it is one of several between ``--``."""


_SHELL_PROBLEMS = {
    "No closing quotation": "a quotation mark is not closed",
    "No escaped character": "nothing follows the backslash",
}
"""What shlex says, for people."""


class CommandListError(ValueError):
    """What was given is no list of commands; the message says where and why."""


def between_separators(words: Sequence[str]) -> list[Command]:
    """The commands between ``--``. One that nothing follows separates nothing, and is an argument. May raise."""
    groups: list[list[str]] = [[]]
    for index, word in enumerate(words):
        if word == SEPARATOR and index + 1 < len(words):
            groups.append([])
        else:
            groups[-1].append(word)
    if len(groups) == 1:
        return [Command("", groups[0], "behind --")] if groups[0] else []
    commands = []
    for number, group in enumerate(groups, 1):
        place = f"command {number}"
        named = _NAME.fullmatch(group[0]) if group else None
        name, argv = (named[1], group[1:]) if named else ("", group)
        if not argv:
            raise CommandListError(f"{place} is empty: name a program between one -- and the next")
        commands.append(Command(name, argv, place, is_separated=True))
    return commands


def in_lines(data: bytes, source: str) -> list[Command]:
    """The commands of a file called ``source``: words quoted as for a shell, ``#`` comments, blank lines. May raise."""
    commands = []
    for number, line in enumerate(os.fsdecode(data.removeprefix(codecs.BOM_UTF8)).split("\n"), 1):
        place = f"{source}:{number}"
        text = line.strip()
        named = _NAMED_LINE.match(text)
        try:
            argv = shlex.split(text[named.end() :] if named else text, comments=True)
        except ValueError as error:
            problem = _SHELL_PROBLEMS.get(str(error), str(error))
            raise CommandListError(
                f"{place}: {problem}; a command is one line of words quoted as for a shell"
            ) from None
        if "\0" in text:
            raise CommandListError(f"{place}: a NUL character can be part of no command")
        if argv:
            commands.append(Command(named[1] if named else "", argv, place))
        elif named:
            raise CommandListError(f"{place}: no program behind {named[1]}:")
    if not commands:
        raise CommandListError(f"{source}: there is no command in it")
    return commands


def with_names(commands: Iterable[Command]) -> list[Command]:
    """The same with a name for each, all different and printable. May raise.

    It is the chosen one, or that of the program, with a number where that is taken.
    """
    chosen: dict[str, str] = {}
    commands = list(commands)
    for command in commands:
        if command.name in chosen:
            raise CommandListError(f"{command.place}: the name {command.name} is taken by {chosen[command.name]}")
        if command.name:
            chosen[command.name] = command.place
    taken = set(chosen)
    return [each if each.name else each._replace(name=_free_name(each.argv[0], taken)) for each in commands]


def _free_name(program: str, taken: set[str]) -> str:
    letters = os.path.basename(program.rstrip("/"))[:_LONGEST_NAME] or "?"
    base = "".join(letter if letter.isprintable() and not letter.isspace() else "?" for letter in letters)
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    taken.add(name)
    return name
