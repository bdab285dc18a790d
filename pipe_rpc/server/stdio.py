"""The server's own descriptors 0, 1 and 2, made safe before anything can print.

Rules of this file: the protocol lives on private, close-on-exec numbers. Number 1 becomes stderr, so that a stray
print of any library is a log line rather than a broken frame; number 0 becomes /dev/null.
"""

import os
import signal
from typing import NamedTuple

from pipe_rpc.loop.descriptor import Descriptor, claim, fill_standard_gaps

_INHERITED_SIGNALS = (
    "SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGCHLD", "SIGUSR1", "SIGUSR2", "SIGTSTP", "SIGTTIN", "SIGTTOU"
)  # fmt: skip


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
    for name in _INHERITED_SIGNALS:
        number = getattr(signal, name)
        # Python's own handler of SIGINT would make a traceback of a Ctrl-C that comes before ours.
        if signal.getsignal(number) in (signal.SIG_IGN, signal.default_int_handler):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
