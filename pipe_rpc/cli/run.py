"""``pipe-rpc run``: commands through an endpoint, one as if it were run directly, or several side by side."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from pipe_rpc.cli import run_parser
from pipe_rpc.cli.colour import is_dumb, may_be_seen, wants_colour
from pipe_rpc.cli.command_list import Command, CommandListError, between_separators, in_lines, with_names
from pipe_rpc.cli.program_lookup import Unusable, first_unusable
from pipe_rpc.client.command_status import ENDPOINT_FAILED
from pipe_rpc.client.relay import Relay, RelayOptions
from pipe_rpc.client.side_by_side import SideBySide, SideBySideOptions
from pipe_rpc.conversation.endpoint_process import DEFAULT_COMMAND, EndpointProcess
from pipe_rpc.loop.descriptor import fill_standard_gaps

_STDIN = "-"


def main(argv: list[str]) -> int:
    """Run the commands; returns the exit status."""
    options = run_parser.parse(argv)
    try:
        commands = _commands(options)
    except CommandListError as error:
        run_parser.parser().error(str(error))
    if not commands:
        run_parser.parser().error("name a command behind --, for example: pipe-rpc run -- echo hello")
    try:
        os.fstat(1)
    except OSError:
        with suppress(OSError):  # stderr may be closed as well.
            os.write(2, b"pipe-rpc run: stdout is closed, so output would be lost. Use >/dev/null.\n")
        return ENDPOINT_FAILED
    fill_standard_gaps()
    is_several = len(commands) > 1 or options.file is not None
    if is_several and (unusable := first_unusable(commands)):
        sys.stderr.write(_refusal(unusable))
        return unusable.status
    try:
        endpoint = EndpointProcess(DEFAULT_COMMAND)
    except OSError as error:
        sys.stderr.write(f"pipe-rpc run: the endpoint cannot be started: {error.strerror}\n")
        return ENDPOINT_FAILED
    if is_several:
        named = [(command.name, command.argv) for command in commands]
        return SideBySide(endpoint, named, _side_by_side_options(options)).run()
    times = (_milliseconds(options.timeout), _milliseconds(options.grace))
    return Relay(endpoint, commands[0].argv, RelayOptions(*times, options.trace)).run()


def _commands(options: argparse.Namespace) -> Sequence[Command]:
    """All that were given, with names; those of the file come first. Raises CommandListError."""
    commands: list[Command] = []
    if options.file is not None:
        source = "stdin" if options.file == _STDIN else options.file
        try:
            with open(0 if options.file == _STDIN else options.file, "rb", closefd=options.file != _STDIN) as file:
                commands += in_lines(file.read(), source)
        except OSError as error:
            raise CommandListError(f"{source}: {error.strerror}") from None
    if options.one:
        commands += [Command("", options.command, "behind --")] if options.command else []
    else:
        commands += between_separators(options.command)
    return with_names(commands)


def _refusal(unusable: Unusable) -> str:
    command = unusable.command
    hint = "; --one keeps a -- inside a command" if command.is_separated else ""
    what = f"{command.place}: the program {command.argv[0]!r} {unusable.problem}"
    return f"pipe-rpc run: {what}, so nothing was started{hint}\n"


def _side_by_side_options(options: argparse.Namespace) -> SideBySideOptions:
    return SideBySideOptions(
        timeout_ms=_milliseconds(options.timeout),
        grace_ms=_milliseconds(options.grace),
        trace=options.trace,
        at_once=options.jobs,
        fail_fast=options.fail_fast,
        quiet=options.quiet,
        colour=wants_colour(options.color, os.environ, may_be_seen=may_be_seen(1)),
        stderr_colour=wants_colour(options.color, os.environ, may_be_seen=may_be_seen(2)),
        # The table stands below the output, so it is for where that goes.
        live=os.isatty(1) and not options.plain and not is_dumb(os.environ),
    )


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000
