"""Whether programs can be executed, before any of them is."""

import os
import shutil
from collections.abc import Iterable
from typing import NamedTuple

from pipe_rpc.cli.command_list import Command
from pipe_rpc.client.command_status import NOT_EXECUTABLE, NOT_FOUND


class Unusable(NamedTuple):
    """A command whose program cannot be executed, and the exit status that says so."""

    command: Command
    problem: str
    status: int


def first_unusable(commands: Iterable[Command]) -> Unusable | None:
    """The first that cannot be executed, looked up as the child would: in PATH, or as a path from here."""
    for command in commands:
        program = command.argv[0]
        if shutil.which(program) is not None:
            continue
        if shutil.which(program, mode=os.F_OK) is not None:
            return Unusable(command, "is not executable", NOT_EXECUTABLE)
        if os.path.dirname(program) and os.path.isdir(program):
            return Unusable(command, "is a directory", NOT_EXECUTABLE)
        return Unusable(command, "is not found", NOT_FOUND)
    return None
