"""A bare interpreter: what the start of a server is measured with."""

import sys
from time import perf_counter

from .deadline import Deadline
from .process import Process


def bare_run_s(code: str, deadline: Deadline) -> float:
    """Seconds from the start of an interpreter that runs `code` to its end."""
    started = perf_counter()
    with Process([sys.executable, "-c", code]) as process:
        process.read_to_end(deadline, lambda _: None)
        process.reap()
    return perf_counter() - started
