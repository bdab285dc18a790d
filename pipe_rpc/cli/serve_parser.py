"""The command line of the endpoint, for people."""

import argparse

from pipe_rpc import __version__
from pipe_rpc.buffers.text import LONGEST_CHARACTER_BYTES
from pipe_rpc.cli.arguments import whole_number
from pipe_rpc.cli.serve_options import ServeOptions
from pipe_rpc.limits import Limits, option_name, reason
from pipe_rpc.server.log import LogLevel

_SMALLEST_RING = 2 * LONGEST_CHARACTER_BYTES
"""Bytes; in a smaller ring there may be no room for the rest of a character that is held back until it is whole."""
_DESCRIPTION = """\
A JSON-RPC 2.0 endpoint over stdin and stdout that runs processes as sessions: it spawns them, streams their output,
writes their stdin, detaches and attaches without losing a byte, and terminates them softly, then hard. A program
starts it (an editor, an agent, a script) and talks to it in frames as language servers do:

    Content-Length: 75\\r\\n
    \\r\\n
    {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}
"""
_EPILOG = """\
programs:
  pipe-rpc [serve]              the endpoint itself
  pipe-rpc run -- COMMAND…      run a command through an endpoint, or several; with --trace, see the conversation
  pipe-rpc record -- COMMAND…   the same, and write the conversation into a file; with --proxy, that of any client
  pipe-rpc replay FILE…         hold recorded conversations against a server, and show the first difference
  pipe-rpc schema               print the methods, types, errors and limits as an OpenRPC document

try:
  pipe-rpc run --trace -- echo hello
"""


def parse(argv: list[str]) -> ServeOptions:
    """Read the arguments; exits with a message for people where they are wrong, or ask for help."""
    parser = _parser()
    options = vars(parser.parse_args(argv))
    limits = Limits(**{name: options.pop(name) for name in Limits._fields})
    if not limits.min_backlog_bytes <= limits.default_backlog_bytes <= limits.max_backlog_bytes:
        parser.error("--default-backlog-bytes must lie between --min-backlog-bytes and --max-backlog-bytes")
    if min(limits.min_backlog_bytes, limits.child_read_bytes) < _SMALLEST_RING:
        parser.error(f"--min-backlog-bytes and --child-read-bytes must be at least {_SMALLEST_RING}")
    return ServeOptions(limits=limits, **{name: options[name] for name in ServeOptions._fields[1:]})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pipe-rpc",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(**ServeOptions()._asdict())
    parser.add_argument("--version", action="version", version=f"pipe-rpc {__version__}")
    parser.add_argument("--stdio", action="store_true", help="talk over stdin and stdout, as it does anyway")
    parser.add_argument(
        "--clientProcessId",
        "--client-process-id",
        dest="client_process_id",
        type=whole_number,
        metavar="N",
        help="end when this process ends",
    )
    parser.add_argument(
        "--log-level",
        choices=[level.name.lower() for level in LogLevel],
        help="how much is logged (default: %(default)s)",
    )
    parser.add_argument("--log-file", metavar="FILE", help="append the log to FILE, mode 0600, instead of stderr")
    parser.add_argument(
        "--no-guard",
        dest="guard",
        action="store_false",
        help="run without the parent process that cleans up should the server be killed",
    )
    parser.add_argument(
        "--no-cgroup",
        dest="cgroup",
        action="store_false",
        help="run sessions without control groups of their own (Linux)",
    )
    limits = parser.add_argument_group("limits", "bytes, milliseconds and counts; told to the client at initialize")
    for name, default in Limits()._asdict().items():
        limits.add_argument(
            option_name(name),
            dest=name,
            type=whole_number,
            default=default,
            metavar="N",
            help=f"{reason(name)} (default: {default})",
        )
    return parser
