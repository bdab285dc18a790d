"""What the kernel tells of a process that ended, and of one that runs."""

import os
import signal
from typing import NamedTuple


class Usage(NamedTuple):
    """Resources that the process and the children it waited for used (getrusage(2))."""

    user_s: float
    system_s: float
    max_rss_bytes: int


class LiveUsage(NamedTuple):
    """Resources of a process that runs and of what it started: processor time so far, memory and processes now."""

    user_s: float
    system_s: float
    rss_bytes: int
    processes: int


class ExitStatus(NamedTuple):
    """How a process ended: exactly one of ``exit_code`` and ``signal_name`` is not None."""

    exit_code: int | None
    signal_name: str | None
    core_dumped: bool
    usage: Usage


def signal_name(number: int) -> str:
    """SIGTERM for 15; a real-time signal, which has no name of its own, counts from SIGRTMIN (signal(7))."""
    try:
        return signal.Signals(number).name
    except ValueError:
        first = getattr(signal, "SIGRTMIN", number + 1)
        return f"SIGRTMIN+{number - first}" if number >= first else f"SIG{number}"


def from_wait_status(status: int, usage: Usage) -> ExitStatus:
    """Read a status of wait4(2)."""
    if os.WIFSIGNALED(status):
        return ExitStatus(None, signal_name(os.WTERMSIG(status)), os.WCOREDUMP(status), usage)
    return ExitStatus(os.WEXITSTATUS(status), None, core_dumped=False, usage=usage)


def signal_number(name: str) -> int | None:
    """The inverse of ``signal_name``; None for what is no name."""
    named = signal.Signals.__members__.get(name)
    if named is not None:
        return int(named)
    return {signal_name(number): int(number) for number in signal.valid_signals()}.get(name)
