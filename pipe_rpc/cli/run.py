"""``pipe-rpc run``: a command through an endpoint."""

import argparse
import os
import sys
from contextlib import suppress

from pipe_rpc.client.command_status import ENDPOINT_FAILED
from pipe_rpc.client.relay import Relay, RelayOptions
from pipe_rpc.conversation.endpoint_process import DEFAULT_COMMAND, EndpointProcess
from pipe_rpc.loop.descriptor import fill_standard_gaps

_DESCRIPTION = """\
Run a command through a pipe-rpc endpoint as if it were run directly: its output and stdin pass unchanged, Ctrl-C
reaches it, and its exit status is returned (128 + n after signal n). SIGTERM and SIGHUP terminate it, softly and then
hard. When the command has exited, processes that it left behind are ended too.
"""
_EPILOG = """\
exit status: the command's own; 127 if it is not found, 126 if it cannot be executed, 125 if the endpoint fails

examples:
  pipe-rpc run -- make -j2
  pipe-rpc run --timeout 10 --grace 1 -- ./server
  pipe-rpc run --trace -- echo hello
"""


def main(argv: list[str]) -> int:
    """Run the command; returns the exit status."""
    options = _parser().parse_args(argv)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        _parser().error("name a command behind --, for example: pipe-rpc run -- echo hello")
    relay_options = RelayOptions(_milliseconds(options.timeout), _milliseconds(options.grace), options.trace)
    try:
        os.fstat(1)
    except OSError:
        with suppress(OSError):  # stderr may be closed as well.
            os.write(2, b"pipe-rpc run: stdout is closed, so output would be lost. Use >/dev/null.\n")
        return ENDPOINT_FAILED
    fill_standard_gaps()
    try:
        endpoint = EndpointProcess(DEFAULT_COMMAND)
    except OSError as error:
        sys.stderr.write(f"pipe-rpc run: the endpoint cannot be started: {error.strerror}\n")
        return ENDPOINT_FAILED
    return Relay(endpoint, command, relay_options).run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pipe-rpc run",
        usage="pipe-rpc run [--timeout SECONDS] [--grace SECONDS] [--trace] -- COMMAND…",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--timeout", type=_some_seconds, metavar="SECONDS", help="terminate the command after so long")
    parser.add_argument("--grace", type=_seconds, metavar="SECONDS", help="from SIGTERM to SIGKILL (default: 2)")
    parser.add_argument(
        "--trace", action="store_true", help="show the JSON-RPC conversation on stderr, a line a message"
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, help="the program and its arguments")
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def _some_seconds(text: str) -> float:
    seconds = _seconds(text)
    if seconds == 0:
        raise argparse.ArgumentTypeError("0 would leave the command no time")
    return seconds


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000
