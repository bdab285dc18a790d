"""``pipe-rpc`` and ``pipe-rpc serve``: the endpoint."""

import errno
import gc
import os
import sys

from pipe_rpc.child.cgroup_place import find_home
from pipe_rpc.cli.serve_options import ServeOptions
from pipe_rpc.server.guard import stand_guard
from pipe_rpc.server.log import LogLevel, open_log
from pipe_rpc.server.stdio import claim_stdio, reset_signals

_WHAT_WE_WAIT_FOR = (
    "pipe-rpc waits for JSON-RPC frames on its stdin, which is a terminal. It is made to be started by a program.\n"
    "To see it at work: pipe-rpc run --trace -- echo hello. To leave: Ctrl-D or Ctrl-C.\n"
)


def main(argv: list[str]) -> int:
    """Serve until the client is gone; returns the exit status."""
    # What is imported from here on lives as long as the server: no collection is to look at it.
    gc.disable()
    options = _options(argv)
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

        server = Server(stdio, Settings(options.limits, options.client_process_id, guarded, cgroup_home), log)
    except OSError as error:
        return _no_room(error)
    gc.freeze()
    gc.enable()
    status = server.run()
    log.close()
    # The interpreter's own way out could print, wait or fail; everything is written and closed already.
    os._exit(status)


def _options(argv: list[str]) -> ServeOptions:
    if argv in ([], ["--stdio"]):
        return ServeOptions()  # As most clients start it: a parser takes a tenth of the start.
    from pipe_rpc.cli.serve_parser import parse

    return parse(argv)


def _tell(text: str) -> None:
    """Say something to people, where stderr is open: Python has no sys.stderr where it was closed at the start."""
    if sys.stderr is not None:
        sys.stderr.write(text)


def _no_room(error: OSError) -> int:
    _tell(f"pipe-rpc: the system has no room to start it: {error.strerror}. Raise the limits (ulimit -a).\n")
    return 1
