"""What Linux lets a process say of its relatives (prctl(2)), for which Python has no names."""

import ctypes
import os

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
"""include/uapi/linux/prctl.h."""


def become_subreaper() -> bool:
    """Become the parent of all descendants whose parents end; returns whether they come to us and can be found."""
    return os.path.exists(_children_file()) and _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def signal_when_parent_ends(number: int) -> bool:
    """Be sent a signal when the parent's thread that forked us ends; returns whether the system will."""
    return _prctl(_PR_SET_PDEATHSIG, number)


def children() -> list[int]:
    """The children of our one thread, ended ones that nobody reaped among them."""
    with open(_children_file(), "rb") as file:
        return [int(pid) for pid in file.read().split()]


def _children_file() -> str:
    """See proc(5); the file is there where the kernel has CONFIG_PROC_CHILDREN."""
    return f"/proc/self/task/{os.getpid()}/children"


def _prctl(option: int, value: int) -> bool:
    result: int = ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
    return result == 0
