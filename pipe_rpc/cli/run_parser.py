"""The command line of ``pipe-rpc run``, for people."""

import argparse

from pipe_rpc.cli.arguments import seconds, whole_number
from pipe_rpc.client.side_by_side import MOST_AT_ONCE

_USAGE = """pipe-rpc run [OPTIONS] -- COMMAND… [-- COMMAND…]…
       pipe-rpc run [OPTIONS] --file FILE [-- COMMAND…]…"""
_DESCRIPTION = """\
Run a command through a pipe-rpc endpoint as if it were run directly: its output and stdin pass unchanged, Ctrl-C
reaches it, and its exit status is returned (128 + n after signal n). SIGTERM and SIGHUP terminate it, softly and then
hard. When the command has exited, processes that it left behind are ended too.

Several commands, separated by -- or read from a file, run side by side, and each line of their output gets the name of
its command in front. A command that itself holds a -- (git log -- README.md) is two commands unless --one is given.
"""
_EPILOG = """\
how several commands run:
  names     of the program, with a number where that is taken, or chosen: -- web: npm start -- api: ./api
  --file    one command a line: words quoted as for a shell, # begins a comment, NAME: may stand in front as in a
            Procfile; no shell is involved (write sh -c '...'); those behind -- follow those of the file, and
            even a single one runs as several do
  looked up before anything is started: where one program is missing, none is started
  output    whole lines, "NAME | " in front, bytes unchanged; a line of more than 64 KiB goes on in the next. On a
            terminal it goes by above a table of the commands, controls other than colours are left out, and at the end
            the last lines of those that failed are shown once more
  colour    of the names on a terminal and in a pipe, not in a file, and not with NO_COLOR or --color never; everywhere
            with --color always, FORCE_COLOR or CLICOLOR_FORCE. The commands' own colours pass; most make none in a
            pipe unless told to
  stdin     is empty for each of them
  Ctrl-C    once interrupts all of them, twice terminates them, three times kills them and drops output that nobody
            reads, four times leaves
  summary   on stderr: a line for each, and one for all

exit status: the command's own; of several 0 if all succeeded, else that of the first that failed, and 128 + n after
signal n to pipe-rpc itself; 127 if a command is not found, 126 if it cannot be executed, 125 if the endpoint fails

examples:
  pipe-rpc run -- make -j2
  pipe-rpc run --timeout 10 --grace 1 -- ./server
  pipe-rpc run --trace -- echo hello
  pipe-rpc run --fail-fast -- make -j2 -- npm test
  pipe-rpc run --one -- git log -- README.md
  pipe-rpc run --jobs 2 --file checks.txt
"""


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the arguments; exits with a message for people where they are wrong, or ask for help."""
    options = parser().parse_args(argv)
    if options.command[:1] == ["--"]:
        del options.command[0]
    return options


def parser() -> argparse.ArgumentParser:
    """The parser, for errors that show only later."""
    made = argparse.ArgumentParser(
        prog="pipe-rpc run",
        usage=_USAGE,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("--timeout", type=_some_seconds, metavar="SECONDS", help="terminate each command after so long")
    made.add_argument("--grace", type=seconds, metavar="SECONDS", help="from SIGTERM to SIGKILL (default: 2)")
    made.add_argument("--trace", action="store_true", help="show the JSON-RPC conversation on stderr, a line a message")
    made.add_argument("--one", action="store_true", help="all words behind the first -- are one command")
    several = made.add_argument_group("several commands", "without effect on a single one behind --")
    several.add_argument("--file", metavar="FILE", help="read commands from FILE, one a line; - is stdin")
    several.add_argument(
        "--jobs",
        type=whole_number,
        default=MOST_AT_ONCE,
        metavar="N",
        help="run at most N at once; the others wait (default: %(default)s)",
    )
    several.add_argument("--fail-fast", action="store_true", help="when one fails, terminate the others")
    several.add_argument("--quiet", action="store_true", help="of the output, show only the last lines of what failed")
    several.add_argument("--plain", action="store_true", help="no table on a terminal: lines as in a pipe")
    several.add_argument(
        "--color",
        choices=["auto", "always", "never"],
        default="auto",
        help="colour the names (default: %(default)s)",
    )
    made.add_argument("command", nargs=argparse.REMAINDER, help="the program and its arguments")
    return made


def _some_seconds(text: str) -> float:
    number = seconds(text)
    if number == 0:
        raise argparse.ArgumentTypeError("0 would leave the command no time")
    return number
