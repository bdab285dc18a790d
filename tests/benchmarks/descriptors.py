"""Room for many pipes at once."""

import resource

WANTED_DESCRIPTORS = 4096
"""Five hundred children of the client itself take three each, and one limit is handed down to every server."""


def make_room_for_pipes() -> None:
    """Raise this process's limit of open files where it is lower, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(WANTED_DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
