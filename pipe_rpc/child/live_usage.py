"""What a child that runs, and what it started, use now.

Rules of this file: nothing is signalled or waited for. Processes end while they are looked at: one that has gone counts
no more. A number that is told is whole: where a part of it cannot be known, there is none.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from pipe_rpc.child.cgroup import Cgroup, read
from pipe_rpc.child.exit_status import LiveUsage

_HAS_GONE = (FileNotFoundError, ProcessLookupError)
"""How /proc tells that a process has ended: before its file is opened, and behind that (proc(5))."""


def live_usage(pid: int, cgroup: Cgroup | None) -> LiveUsage | None:
    """The usage of an unreaped child; None where nobody can know.

    With a cgroup: of everything that was ever born there, ended processes among it. Else of the process and its
    descendants up to those whose parents have ended, and of the children that these have waited for.
    """
    if sys.platform == "darwin":
        return by_psutil(pid)
    with suppress(OSError):  # Descriptors or memory have run out, or it has gone with its last process.
        if cgroup is not None and pid in (members := cgroup.processes()):
            user_s, system_s = cgroup.processor_time()
            running = list(_looked_at(members))
            return LiveUsage(user_s, system_s, sum(each.rss_bytes for each in running), len(running))
    try:
        family = list(_looked_at(_family(pid)))
    except OSError:
        return None
    return _summed(family) if family else None


def by_psutil(pid: int) -> LiveUsage | None:
    """The usage of a process and its descendants where there is no /proc to tell; None where nobody can know."""
    try:
        import psutil  # Few ask, and only here is it needed.
    except (ImportError, OSError):
        return None
    try:
        child = psutil.Process(pid)
        family = [child, *child.children(recursive=True)]
    except (psutil.Error, OSError):
        return None
    looked_at = []
    for process in family:
        try:
            times, memory, state = process.cpu_times(), process.memory_info(), process.status()
        except psutil.NoSuchProcess:
            continue
        except (psutil.Error, OSError):
            return None
        user_s, system_s = times.user + times.children_user, times.system + times.children_system
        looked_at.append(_Process(user_s, system_s, memory.rss, is_running=state != psutil.STATUS_ZOMBIE))
    return _summed(looked_at) if looked_at else None


class _Process(NamedTuple):
    """One process with the children that it has waited for."""

    user_s: float
    system_s: float
    rss_bytes: int
    is_running: bool


def _summed(family: list[_Process]) -> LiveUsage:
    return LiveUsage(
        sum(each.user_s for each in family),
        sum(each.system_s for each in family),
        sum(each.rss_bytes for each in family),
        sum(each.is_running for each in family),
    )


def _looked_at(pids: Iterable[int]) -> Iterator[_Process]:
    """Those of the processes that are still there. Raises OSError where the system lets us read nothing now."""
    for pid in pids:
        with suppress(*_HAS_GONE):
            yield _process(pid)


def _process(pid: int) -> _Process:
    """Fields 3, 14 to 17 and 24 of /proc/PID/stat (proc(5)); the command may hold blanks and brackets."""
    fields = read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    user, system, waited_user, waited_system = (int(field) for field in fields[11:15])
    ticks_per_s = os.sysconf("SC_CLK_TCK")
    return _Process(
        (user + waited_user) / ticks_per_s,
        (system + waited_system) / ticks_per_s,
        int(fields[21]) * os.sysconf("SC_PAGE_SIZE"),
        fields[0] not in (b"Z", b"X"),
    )


def _family(pid: int) -> Iterator[int]:
    """A process and its descendants, parents first, as far as their parents live."""
    unseen = [pid]
    while unseen:
        yield (each := unseen.pop())
        unseen += _children(each)


def _children(pid: int) -> list[int]:
    """Those of all its threads; none where it has gone, or where the kernel tells nobody (CONFIG_PROC_CHILDREN)."""
    found: list[int] = []
    with suppress(*_HAS_GONE):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(*_HAS_GONE):
                found += map(int, read(f"/proc/{pid}/task/{thread}/children").split())
    return found
