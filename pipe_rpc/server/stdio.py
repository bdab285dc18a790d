"""The server's own descriptors 0, 1 and 2, made safe before anything can print.

Rules of this file: the protocol lives on private, close-on-exec numbers. Number 1 becomes stderr, so that a stray
print of any library is a log line rather than a broken frame; number 0 becomes /dev/null.
"""

import os
import signal
from typing import NamedTuple

from pipe_rpc.loop.descriptor import Descriptor, claim

_INHERITED_SIGNALS = (
    "SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGCHLD", "SIGUSR1", "SIGUSR2", "SIGTSTP", "SIGTTIN", "SIGTTOU"
)  # fmt: skip


class Stdio(NamedTuple):
    """Where requests come from and where messages go."""

    stdin: Descriptor
    stdout: Descriptor


def claim_stdio() -> Stdio:
    """Take the protocol's two descriptors away from everybody else. Raises OSError where stdout is closed."""
    _fill_gaps()
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
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _fill_gaps() -> None:
    """Open what the parent left closed: the next pipe would else get the number 2, and warnings would go into it."""
    os.fstat(1)
    for fd in (0, 2):
        try:
            os.fstat(fd)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != fd:
                os.dup2(null, fd)
                os.close(null)
