"""A client that reads less than a child writes: what that makes of a server's memory."""

import os
from collections.abc import Callable
from time import monotonic, sleep

from .deadline import Deadline, WrongResultError
from .process import Process, Resident, await_input
from .rival import SlowRead

READS_PER_S = 100
LOOKS_PER_S = 4
LEAST_SHARE = 0.5
"""A server that gives less than this of what the client would read is not one with a slow client."""


def read_slowly(
    process: Process,
    before: Resident,
    resident: Callable[[], Resident | None],
    bytes_per_s: int,
    seconds: float,
    most_bytes: int,
    deadline: Deadline,
) -> SlowRead:
    """Read from `process`, which has more to say than that; `before` is what it held without the flood.

    Returns early once it holds more than `most_bytes`.
    """
    most = before.largest_bytes
    read_bytes = 0
    begun = looked = monotonic()
    while (now := monotonic()) - begun < seconds and most <= most_bytes:
        await_input(process.stdout_fd, deadline)
        read_bytes += len(os.read(process.stdout_fd, bytes_per_s // READS_PER_S))
        if now - looked > 1 / LOOKS_PER_S:
            looked = now
            most = max(most, _largest(resident))
        sleep(max(0.0, read_bytes / bytes_per_s - (monotonic() - begun)))
    # One that grows may be busy with that; it is the growth that tells of it then.
    if most <= most_bytes and read_bytes < (monotonic() - begun) * bytes_per_s * LEAST_SHARE:
        raise WrongResultError(f"only {read_bytes} bytes came of a flood")
    return SlowRead(before.largest_bytes, max(most, _largest(resident)))


def _largest(resident: Callable[[], Resident | None]) -> int:
    now = resident()
    return 0 if now is None else now.largest_bytes
