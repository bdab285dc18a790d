"""Whether sessions get control groups here, and what servers have left of theirs."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import cache

from pipe_rpc.child.cgroup import directories_in
from pipe_rpc.child.cgroup_place import PREFIX, find_home
from pipe_rpc.child.cgroup_tree import CgroupTree
from tests.support.systems import lacking


def servers_home() -> str | None:
    """The directory in which a server under test makes its control groups; None where it cannot."""
    return None if lacking("proc") else home_of_cgroups()


@cache
def home_of_cgroups() -> str | None:
    """The directory in which this process can make control groups; None where it cannot.

    Tests pick what they expect by this, for it depends on the machine and on who runs them. It is tried once, for the
    try also removes what servers have left that were killed.
    """
    home = find_home() if sys.platform == "linux" else None
    tree = CgroupTree(home)
    works = tree.works
    tree.close(0)
    return home if works else None


def all_directories(path: str) -> list[str]:
    """A directory and all below it, parents first, as far as their paths can be (PATH_MAX). Raises OSError."""
    found = [path]
    for each in found:  # which grows meanwhile
        with suppress(FileNotFoundError):
            found += [f"{each}/{name}" for name in directories_in(each)]
    return found


def directories_of(home: str, server: int) -> set[str]:
    """The directories of one server, by its process id, and of its sessions."""
    own = [name for name in os.listdir(home) if name.startswith(f"{PREFIX}{server}-")]
    return {path for name in own for path in all_directories(f"{home}/{name}")}
