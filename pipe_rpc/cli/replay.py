"""``pipe-rpc replay``: recorded conversations held against a server."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from pipe_rpc.cli.arguments import at_separator, seconds
from pipe_rpc.cli.output import write_out
from pipe_rpc.client.command_status import ENDPOINT_FAILED, after_signal
from pipe_rpc.client.replay import DEFAULT_DEADLINE_S, Replay
from pipe_rpc.conversation.difference import DifferenceError, EndedEarlyError, printable
from pipe_rpc.conversation.endpoint_process import DEFAULT_COMMAND, EndpointProcess
from pipe_rpc.conversation.playback import Playback
from pipe_rpc.conversation.recording import Recording, RecordingError, read_recording
from pipe_rpc.loop.descriptor import fill_standard_gaps

_EQUAL, _DIFFERENT, _BAD_FILE = 0, 1, 2
_DESCRIPTION = """\
Play recorded conversations to a server, each to a new one, and show the first difference of each. Where output is cut
in pieces, and which of several independent messages comes first, makes no difference. ${env:NAME} in a recording is the
variable NAME of this command's own environment, or empty.
"""
_EPILOG = """\
exit status: 0 if all are equal, 1 if one differs, 2 if a file is no recording, 125 if a server cannot be started or
ends before its time

behind -- stands the server to start, else it is that of this installation

examples:
  pipe-rpc replay tests/golden/*.jsonl
  pipe-rpc replay recorded.jsonl -- pipe-rpc --child-read-bytes 8
"""
_TAIL_LINES = 12
"""Of the server's stderr; a traceback's last lines say what it was."""


class _Played(NamedTuple):
    status: int
    summary: str


def main(argv: list[str]) -> int:
    """Replay the files; returns the exit status."""
    fill_standard_gaps()
    files, server = at_separator(argv)
    if "--" in argv and not server:
        _parser().error("name a server behind --, or leave -- out")
    options = _parser().parse_args(files)
    recordings = [(path, recording) for path in options.files if (recording := _read(path)) is not None]
    if len(recordings) < len(options.files):
        return _BAD_FILE
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        # From here on there are servers, which are ended in order.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return _play_all(recordings, server or DEFAULT_COMMAND, options)
    except KeyboardInterrupt:
        return after_signal(signal.SIGINT)


def _play_all(recordings: Sequence[tuple[str, Recording]], server: Sequence[str], options: argparse.Namespace) -> int:
    status = _EQUAL
    for path, recording in recordings:
        try:
            played = _play(path, recording, server, options.deadline, allow_extra=options.allow_extra)
        except OSError as error:
            _complain(f"{server[0]}: the server cannot be started: {error.strerror}")
            return ENDPOINT_FAILED
        status = max(status, played.status)
        try:
            write_out(f"{path}: {played.summary}\n")
        except OSError as error:
            _complain(f"the result cannot be written: {error.strerror}")
            return ENDPOINT_FAILED
    return status


def _read(path: str) -> Recording | None:
    """The recording, or None with a message for people."""
    try:
        with open(path, "rb") as file:
            recording = read_recording(file.read())
            Playback(recording, {})  # What cannot be played is told before anything is.
            return recording
    except OSError as error:
        _complain(f"{path}: it cannot be read: {error.strerror}")
    except RecordingError as error:
        _complain(f"{path}:{error.line}: {error}")
    return None


def _play(path: str, recording: Recording, server: Sequence[str], deadline_s: float, *, allow_extra: bool) -> _Played:
    playback = Playback(recording, os.environ, allow_extra=allow_extra)
    started = time.monotonic()
    replay = Replay(EndpointProcess(server, hears_stderr=True), playback, deadline_s)
    try:
        replay.run()
    except RecordingError as error:
        _complain(f"{path}:{error.line}: {error}")
        return _Played(_BAD_FILE, f"cannot be played, at line {error.line}")
    except DifferenceError as error:
        _show(path, error, replay.stderr_tail)
        if isinstance(error, EndedEarlyError):
            return _Played(ENDPOINT_FAILED, f"the server ended early, at line {error.line}")
        return _Played(_DIFFERENT, f"differs at line {error.line}")
    return _Played(_EQUAL, f"equal, {replay.messages} messages in {time.monotonic() - started:.1f} s")


def _show(path: str, error: DifferenceError, stderr_tail: str) -> None:
    lines = [f"{path}:{error.line}: {printable(error.what)}", *(f"  {each}" for each in error.diff())]
    said = printable(stderr_tail).splitlines()[-_TAIL_LINES:]
    if said:
        lines += ["  the server's stderr ends with:", *(f"  | {each}" for each in said)]
    write_out("\n".join(lines) + "\n")


def _complain(what: str) -> None:
    sys.stderr.write(f"pipe-rpc replay: {what}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pipe-rpc replay",
        usage="pipe-rpc replay [--deadline SECONDS] [--allow-extra] FILE… [-- SERVER…]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--deadline",
        type=_some_seconds,
        metavar="SECONDS",
        default=DEFAULT_DEADLINE_S,
        help="how long each awaited message may take (default: %(default)g)",
    )
    parser.add_argument(
        "--allow-extra",
        action="store_true",
        help="members that the recording does not have make no difference, as those of a newer server",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a recorded conversation")
    return parser


def _some_seconds(text: str) -> float:
    number = seconds(text)
    if number == 0:
        raise argparse.ArgumentTypeError("0 would leave the server no time")
    return number
