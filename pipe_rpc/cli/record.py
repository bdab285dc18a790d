"""``pipe-rpc record``: a conversation written into a file, that of a command or that of any client."""

import argparse
import os
import shlex
import stat
import sys
import time
from collections.abc import Sequence

from pipe_rpc.cli.arguments import at_separator
from pipe_rpc.client.command_status import ENDPOINT_FAILED
from pipe_rpc.client.proxy import Proxy
from pipe_rpc.client.record import Record
from pipe_rpc.client.recording_file import RecordingFile
from pipe_rpc.client.relay import Relay, RelayOptions
from pipe_rpc.conversation.endpoint_process import DEFAULT_COMMAND, EndpointProcess
from pipe_rpc.conversation.recorder import Recorder
from pipe_rpc.loop.descriptor import fill_standard_gaps

_PROGRAM = "pipe-rpc record"
_DESCRIPTION = """\
Run a command through a pipe-rpc endpoint, as pipe-rpc run does, and write the conversation into a file that
pipe-rpc replay can hold against any server. With --proxy, stand between a client and a server instead: the client
starts this in place of the server, every byte passes as it is, and this ends as the server ends.

Values of environment variables are not recorded. What children print and are told is: the file is readable by its
owner alone.
"""
_EPILOG = """\
exit status: that of the command or, with --proxy, of the server; 128 + n after signal n, 125 if nothing can be started
or the file cannot be made

examples:
  pipe-rpc record --output echo.jsonl -- echo hello
  pipe-rpc record --proxy --output /tmp/editor.jsonl
  pipe-rpc record --proxy -- pipe-rpc --log-level debug
"""


def main(argv: list[str]) -> int:
    """Record; returns the exit status."""
    options, command = _read(argv)
    try:
        os.fstat(1)
    except OSError:
        fill_standard_gaps()
        return _fail("stdout is closed, so output would be lost. Use >/dev/null.")
    fill_standard_gaps()
    path = options.output
    if path is None:
        path = time.strftime(f"pipe-rpc-%Y%m%dT%H%M%SZ-{os.getpid()}.jsonl", time.gmtime())
    try:
        endpoint = EndpointProcess(command if options.proxy else DEFAULT_COMMAND)
    except OSError as error:
        return _fail(f"{command[0] if options.proxy else 'the endpoint'} cannot be started: {error.strerror}")
    try:
        file = RecordingFile(path, lambda error: _say(f"{path}: it is not recorded any further: {error.strerror}"))
    except OSError as error:
        endpoint.end_now()
        endpoint.close_pipes()
        return _fail(f"{path}: {error.strerror}. Choose another --output.")
    if options.output is None:
        _say(f"recording into {path}")
    record = Record(Recorder(_description(command, proxy=options.proxy)), file)
    if options.proxy:
        return Proxy(endpoint, record).run()
    relay_options = RelayOptions(
        None, None, trace=False, program=_PROGRAM, record=record, reads_stdin=not _stdin_is_null()
    )
    return Relay(endpoint, command, relay_options).run()


def _read(argv: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """The options, and what to start: a command or, with --proxy, a server."""
    ours, behind = at_separator(argv)
    options = _parser().parse_args(ours)
    if options.output == "":
        _parser().error("--output names no file; leave it out for one in the current directory")
    server_options = _server_options(options)
    if options.proxy:
        return options, behind or [*DEFAULT_COMMAND, *server_options]
    if not behind:
        _parser().error("name a command behind --, for example: pipe-rpc record -- echo hello")
    if server_options:
        _parser().error("--stdio and --clientProcessId are for --proxy")
    return options, behind


def _stdin_is_null() -> bool:
    """Whether there is nothing to read: whether a command ends before it is told so would be chance."""
    stdin = os.fstat(0)
    return stat.S_ISCHR(stdin.st_mode) and stdin.st_rdev == os.stat(os.devnull).st_rdev


def _description(command: Sequence[str], *, proxy: bool) -> str:
    return "A client of a server." if proxy else shlex.join(command)


def _server_options(options: argparse.Namespace) -> list[str]:
    """What stock LSP clients put behind the command that they start, for our own server."""
    given = ["--stdio"] if options.stdio else []
    if options.client_process_id is not None:
        given.append(f"--clientProcessId={options.client_process_id}")
    return given


def _fail(what: str) -> int:
    _say(what)
    return ENDPOINT_FAILED


def _say(what: str) -> None:
    sys.stderr.write(f"{_PROGRAM}: {what}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        usage="pipe-rpc record [--output FILE] -- COMMAND…\n"
        "       pipe-rpc record --proxy [--output FILE] [-- SERVER…]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--proxy", action="store_true", help="stand between a client and a server")
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="the file, made anew (default: pipe-rpc-TIME-PID.jsonl in the current directory, told on stderr)",
    )
    parser.add_argument("--stdio", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--clientProcessId", dest="client_process_id", metavar="N", help=argparse.SUPPRESS)
    return parser
