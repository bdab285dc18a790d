"""The life of a session's process as a table of states: pure, with the time as an argument.

    running ──terminate──▶ terminating ──deadline──▶ killing
       │  └──────────── terminate, no grace ────────────▲ │
       └───────────────────── exited ◀────────────────────┘

Rules of this file: decisions are returned, the session carries them out. SIGKILL is due at the earliest deadline that
anybody asked for. Exit does not end a deadline: members of the group may be left, and are killed then.
"""

from enum import Enum, StrEnum

from pipe_rpc.child.exit_status import ExitStatus


class State(StrEnum):
    """Where the session's process is in its life."""

    RUNNING = "running"
    TERMINATING = "terminating"
    KILLING = "killing"
    EXITED = "exited"


class Reason(StrEnum):
    """Who asked for the termination."""

    REQUEST = "request"
    TIMEOUT = "timeout"
    SHUTDOWN = "shutdown"
    LIMIT = "limit"
    """Reserved: no limit of this version ends a session that runs."""


class Outcome(StrEnum):
    """How the process came to its end."""

    NATURAL_EXIT = "naturalExit"
    SOFT_EXIT = "softExit"
    HARD_KILLED = "hardKilled"


class Action(Enum):
    """What to do to the process group now."""

    NOTHING = "nothing"
    SOFT = "soft"
    HARD = "hard"


class Lifecycle:
    """One process from its spawn to its end, and its group to the last signal."""

    def __init__(self) -> None:
        self.state = State.RUNNING
        self.reason: Reason | None = None
        self.outcome: Outcome | None = None
        self.deadline: float | None = None
        """When SIGKILL is due, on the loop's clock; None where none is."""
        self.killed = False
        """Whether SIGKILL was due before the exit was known, whatever the process ended by."""

    def __repr__(self) -> str:
        return f"<Lifecycle {self.state}>"

    def terminate(self, now: float, grace_s: float, reason: Reason) -> Action:
        """Ask the process to end within ``grace_s`` seconds; none means at once."""
        if self.state is State.EXITED:
            return self._kill()
        if self.reason is None:
            self.reason = reason
        if self.state is State.KILLING:
            return Action.NOTHING
        if grace_s <= 0:
            return self._kill()
        due = now + grace_s
        self.deadline = due if self.deadline is None else min(self.deadline, due)
        if self.state is State.TERMINATING:
            return Action.NOTHING
        self.state = State.TERMINATING
        return Action.SOFT

    def expire(self, now: float) -> Action:
        """Look at the clock: past the deadline, what is left is to be killed."""
        if self.deadline is None or now < self.deadline:
            return Action.NOTHING
        return self._kill()

    def exited(self, status: ExitStatus) -> Outcome:
        """Record the end of the process.

        Only an end by SIGKILL can be the effect of ours: any other means that the process ended before it came.
        """
        self.state = State.EXITED
        if self.reason is None:
            self.outcome = Outcome.NATURAL_EXIT
        elif self.killed and status.signal_name == "SIGKILL":
            self.outcome = Outcome.HARD_KILLED
        else:
            self.outcome = Outcome.SOFT_EXIT
        return self.outcome

    def _kill(self) -> Action:
        self.deadline = None
        if self.state is not State.EXITED:
            self.state = State.KILLING
            self.killed = True
        return Action.HARD
