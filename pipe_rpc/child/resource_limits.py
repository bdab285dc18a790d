"""The resource limits that a child may be given, and the highest that this server can give (setrlimit(2))."""

import resource
from collections.abc import Mapping

RESOURCES: Mapping[str, int] = {
    "as": resource.RLIMIT_AS,
    "cpu": resource.RLIMIT_CPU,
    "fsize": resource.RLIMIT_FSIZE,
    "nofile": resource.RLIMIT_NOFILE,
    "nproc": resource.RLIMIT_NPROC,
    "core": resource.RLIMIT_CORE,
}
"""Their numbers by their names, which are those of setrlimit(2) in small letters."""

_LARGEST = 2**63 - 1
"""What fits into the numbers that Python hands on; where there is no limit, this is as good as none."""


def highest_limit(name: str) -> int:
    """The highest value of a limit that the server may give to a child: its own hard limit."""
    hard = resource.getrlimit(RESOURCES[name])[1]
    return _LARGEST if hard == resource.RLIM_INFINITY else min(hard, _LARGEST)
