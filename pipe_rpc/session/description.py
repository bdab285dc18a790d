"""The facts of a session: what it was spawned as, and how it ended."""

import sys
from typing import NamedTuple

from pipe_rpc.buffers.text import Encoding
from pipe_rpc.child.exit_status import ExitStatus
from pipe_rpc.session.lifecycle import Outcome, Reason
from pipe_rpc.session.output_stream import Overflow


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

    @property
    def kept_bytes(self) -> int:
        """The memory that its texts take: arguments may be as long as the system lets them be (execve(2))."""
        return sum(map(sys.getsizeof, (*self.argv, self.command, self.originator)))


class Exit(NamedTuple):
    """How the session's process ended."""

    status: ExitStatus
    outcome: Outcome
    reason: Reason | None
    exited_at: float
    duration_s: float
