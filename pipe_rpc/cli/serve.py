"""``pipe-rpc`` and ``pipe-rpc serve``: the endpoint."""

import argparse
import errno
import gc
import os
import sys

from pipe_rpc import __version__
from pipe_rpc.buffers.text import LONGEST_CHARACTER_BYTES
from pipe_rpc.child.cgroup_place import find_home
from pipe_rpc.limits import Limits, option_name, reason
from pipe_rpc.server.guard import stand_guard
from pipe_rpc.server.log import LogLevel, open_log
from pipe_rpc.server.stdio import claim_stdio, reset_signals

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
  pipe-rpc run -- COMMAND…      run a command through an endpoint; with --trace, see the conversation
  pipe-rpc schema               print the methods, types, errors and limits as an OpenRPC document

try:
  pipe-rpc run --trace -- echo hello
"""
_WHAT_WE_WAIT_FOR = (
    "pipe-rpc waits for JSON-RPC frames on its stdin, which is a terminal. It is made to be started by a program.\n"
    "To see it at work: pipe-rpc run --trace -- echo hello. To leave: Ctrl-D or Ctrl-C.\n"
)


def main(argv: list[str]) -> int:
    """Serve until the client is gone; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(argv)
    limits = Limits(**{name: getattr(options, name) for name in Limits._fields})
    if not limits.min_backlog_bytes <= limits.default_backlog_bytes <= limits.max_backlog_bytes:
        parser.error("--default-backlog-bytes must lie between --min-backlog-bytes and --max-backlog-bytes")
    if min(limits.min_backlog_bytes, limits.child_read_bytes) < _SMALLEST_RING:
        parser.error(f"--min-backlog-bytes and --child-read-bytes must be at least {_SMALLEST_RING}")
    reset_signals()
    if os.isatty(0):
        _tell(_WHAT_WE_WAIT_FOR)
    cgroup_home = find_home() if options.cgroup else None
    try:
        guarded = options.guard and stand_guard(cgroup_home)
        stdio = claim_stdio()
    except OSError as error:
        if error.errno != errno.EBADF:
            return _no_room(error)
        _tell("pipe-rpc: stdout is closed, so nobody can get an answer. Start it with a pipe there.\n")
        return 1
    try:
        log = open_log(options.log_file, LogLevel[options.log_level.upper()])
    except OSError as error:
        _tell(f"pipe-rpc: {options.log_file}: {error.strerror}. Choose another --log-file.\n")
        return 1
    try:
        # Imported only now: whatever prints while it is imported prints to stderr.
        from pipe_rpc.server.app import Server, Settings

        server = Server(stdio, Settings(limits, options.client_process_id, guarded, cgroup_home), log)
    except OSError as error:
        return _no_room(error)
    # What was imported lives as long as the server: let no collection look at it again.
    gc.collect()
    gc.freeze()
    status = server.run()
    log.close()
    # The interpreter's own way out could print, wait or fail; everything is written and closed already.
    os._exit(status)


def _tell(text: str) -> None:
    """Say something to people, where stderr is open: Python has no sys.stderr where it was closed at the start."""
    if sys.stderr is not None:
        sys.stderr.write(text)


def _no_room(error: OSError) -> int:
    _tell(f"pipe-rpc: the system has no room to start it: {error.strerror}. Raise the limits (ulimit -a).\n")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pipe-rpc",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"pipe-rpc {__version__}")
    parser.add_argument("--stdio", action="store_true", help="talk over stdin and stdout, as it does anyway")
    parser.add_argument(
        "--clientProcessId",
        "--client-process-id",
        dest="client_process_id",
        type=_positive,
        metavar="N",
        help="end when this process ends",
    )
    parser.add_argument(
        "--log-level",
        choices=[level.name.lower() for level in LogLevel],
        default="warning",
        help="how much is logged (default: warning)",
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
            type=_positive,
            default=default,
            metavar="N",
            help=f"{reason(name)} (default: {default})",
        )
    return parser


def _positive(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return number
