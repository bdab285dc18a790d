"""The facts of a session: what it was spawned as, and how it ended."""

import sys
from enum import StrEnum
from typing import NamedTuple

from pipe_rpc.buffers.text import Encoding
from pipe_rpc.child.exit_status import ExitStatus
from pipe_rpc.session.attachment import Overflow
from pipe_rpc.session.lifecycle import Outcome, Reason


class Containment(StrEnum):
    """What holds on to the processes that a session starts, from the best hold to the least."""

    CGROUP = "cgroup"
    """All of them, whatever they do."""
    SUBREAPER = "subreaper"
    """The process group, the jobs of a shell; whoever leaves these ends with the server, or with its guard."""
    GROUP = "group"
    """The process group."""


class Description(NamedTuple):
    """What a session was spawned as: facts that never change."""

    session_id: str
    originator: str
    command: str
    argv: tuple[str, ...]
    cwd: str
    merge_stderr: bool
    encoding: Encoding
    overflow: Overflow
    backlog_bytes: int
    grace_s: float
    timeout_s: float | None
    created_at: float
    """Wall clock, Unix seconds: for people; no decision is taken on it."""
    started: float
    """The loop's clock."""
    containment: Containment = Containment.GROUP
    fingerprint: bytes | None = None
    """Of the request that named the session itself."""

    @property
    def text_bytes(self) -> int:
        """The memory that its texts take: arguments may be as long as the system lets them be (execve(2))."""
        return text_bytes(self.argv, self.command, self.originator)


def text_bytes(argv: tuple[str, ...], command: str, originator: str) -> int:
    """The memory of the texts that describe a session."""
    return sum(map(sys.getsizeof, (*argv, command, originator)))


class Exit(NamedTuple):
    """How the session's process ended."""

    status: ExitStatus
    outcome: Outcome
    reason: Reason | None
    exited_at: float
    duration_s: float
    processes_left: bool | None = None
    """Whether something that it started was running then; None where nobody can know."""
