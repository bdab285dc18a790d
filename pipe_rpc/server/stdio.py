"""The server's own descriptors 0, 1 and 2, made safe before anything can print.

Rules of this file: the protocol lives on private, close-on-exec numbers. Number 1 becomes stderr, so that a stray
print of any library is a log line rather than a broken frame; number 0 becomes /dev/null.
"""

import os
import signal
from typing import NamedTuple

from pipe_rpc.loop.descriptor import Descriptor, claim, fill_standard_gaps

_LEFT_ALONE = frozenset({signal.SIGKILL, signal.SIGSTOP, signal.SIGPIPE, getattr(signal, "SIGXFSZ", signal.SIGPIPE)})
"""Two cannot be handled; two are ignored by Python itself, which gives them back to each child (restore_signals)."""


class Stdio(NamedTuple):
    """Where requests come from and where messages go."""

    stdin: Descriptor
    stdout: Descriptor


def claim_stdio() -> Stdio:
    """Take the protocol's two descriptors away from everybody else. Raises OSError where stdout is closed."""
    os.fstat(1)
    fill_standard_gaps()
    stdio = Stdio(claim(0), claim(1))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return stdio


def reset_signals() -> None:
    """Undo what the parent made of signals: children would inherit it.

    With SIGCHLD ignored the kernel throws exit statuses away (waitpid(2)); with SIGTERM ignored or blocked, as under
    nohup, no child would ever end softly. SIGPIPE stays as Python set it; each spawn restores it for the child.
    """
    for number in signal.valid_signals() - _LEFT_ALONE:
        # Python's own handler of SIGINT would make a traceback of a Ctrl-C that comes before ours.
        if signal.getsignal(number) in (signal.SIG_IGN, signal.default_int_handler):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
