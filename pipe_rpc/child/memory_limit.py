"""Whether the system may refuse us memory.

Some of the fast libraries written in other languages end the process where memory is refused, and say nothing. Linux
refuses it in three cases only: a limit of this process, which anybody who may can set at any time (prlimit(2)); strict
accounting of the whole system (proc_sys_vm(5), overcommit_memory); and more in one piece than the machine has.
"""

import sys
from functools import cache
from resource import RLIM_INFINITY, RLIMIT_AS, RLIMIT_DATA, getrlimit

_ACCOUNTING = "/proc/sys/vm/overcommit_memory"


def memory_may_be_refused() -> bool:
    """Whether it may be, as of now; where nobody can know, it may."""
    try:
        limited = getrlimit(RLIMIT_AS)[0] != RLIM_INFINITY or getrlimit(RLIMIT_DATA)[0] != RLIM_INFINITY
    except OSError:
        return True
    return limited or _is_accounted()


@cache
def _is_accounted() -> bool:
    """Whether the whole system promises no more memory than it has: a setting of the machine, asked once."""
    if sys.platform != "linux":
        return False
    try:
        with open(_ACCOUNTING, "rb") as file:
            return file.read().strip() == b"2"
    except OSError:
        return True
