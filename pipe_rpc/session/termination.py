"""How a session's processes are brought to their end: the life cycle's decisions, carried out.

Rules of this file: signals go to the process group. The hard end is for everything that the child ever started where it
has a cgroup; elsewhere for its group and the orphans of its kernel session, which jobs of an interactive shell never
leave. A deadline outlives the child while anything of it is left. A kill that the system has no room for is tried again
until it is done.
"""

import errno
import signal
from collections.abc import Callable
from contextlib import suppress

from pipe_rpc.child.exit_status import ExitStatus, signal_name
from pipe_rpc.child.orphans import Orphans
from pipe_rpc.child.spawn import Child
from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.loop.loop import Deadline, Loop
from pipe_rpc.session.lifecycle import Action, Lifecycle, Outcome, Reason, State

_TRY_AGAIN_S = 0.05


class Termination:
    """One child's way out, from its spawn to the last signal to what it left behind."""

    def __init__(self, session_id: str, child: Child, loop: Loop, orphans: Orphans) -> None:
        self.lifecycle = Lifecycle()
        self._session_id = session_id
        self._child = child
        self._loop = loop
        self._orphans = orphans
        self._kill_deadline: Deadline | None = None
        self._kill_has_failed = False
        self._kill_is_owed = False

    @property
    def has_exited(self) -> bool:
        """Whether the child itself was reaped."""
        return self.lifecycle.state is State.EXITED

    def has_processes(self) -> bool:
        """Whether anything of the process group, or in the cgroup, is left."""
        return not self.has_exited or self._child.has_processes()

    def send(self, number: int) -> None:
        """Send a signal to the process group. Raises PipeRpcError: SIGNAL_FAILED."""
        try:
            self._child.group.send(number)
        except ProcessLookupError:
            raise self._failed(number, "ESRCH", "nothing of it is left to signal") from None
        except OSError as error:
            raise self._refused(number, error) from None

    def request(self, grace_s: float, reason: Reason) -> None:
        """Ask the process to end within the grace; what is left of it then is killed. Returns at once.

        Raises PipeRpcError: SIGNAL_FAILED where the system refuses the signal; the deadline holds all the same.
        """
        action = self.lifecycle.terminate(self._loop.time(), grace_s, reason)
        self._schedule_kill()
        match action:
            case Action.SOFT:
                self._send_to_survivors(signal.SIGTERM)
                # A stopped process gets SIGTERM only when it goes on (signal(7)).
                self._send_to_survivors(signal.SIGCONT)
            case Action.HARD:
                self._kill()
            case Action.NOTHING:
                if self._kill_has_failed:
                    self._kill()  # Whoever asks again hears again.

    def exited(self, status: ExitStatus) -> Outcome:
        """Take note of the child's end, once it was reaped."""
        self._child.group.leader_reaped()
        outcome = self.lifecycle.exited(status)
        if self.lifecycle.killed:  # What the child left behind is to end as well, though it may have ended by itself.
            self._orphans.condemn(self._child.pid)
        self._schedule_kill()
        return outcome

    def release(self) -> Child | None:
        """Do now what is due later: returns the child, where something of it may be left, else None.

        Nothing is signalled from here any more, but by a kill that is owed still: that is tried until it is done.
        """
        deadline = self.lifecycle.deadline
        if self._kill_is_owed or deadline is not None:
            self._kill_if_due(self._loop.now if deadline is None else deadline)
        if not self._child.has_processes():
            self._cancel()
            self._child.group.forget()
            return None
        if not self._kill_is_owed:
            self._cancel()
        return self._child

    def _cancel(self) -> None:
        if self._kill_deadline is not None:
            self._loop.cancel(self._kill_deadline)
            self._kill_deadline = None

    def _schedule_kill(self) -> None:
        self._cancel()
        deadline = self._loop.time() + _TRY_AGAIN_S if self._kill_is_owed else self.lifecycle.deadline
        if deadline is not None and (self.has_processes() or self._orphans.of_session(self._child.pid)):
            self._kill_deadline = self._loop.call_at(deadline, lambda: self._kill_if_due(self._loop.now))

    def _kill_if_due(self, now: float) -> None:
        if self._kill_is_owed or self.lifecycle.expire(now) is Action.HARD:
            with suppress(PipeRpcError):  # Nobody asked just now; that it lives on is what the client sees.
                self._kill()

    def _kill(self) -> None:
        if self.has_exited:
            self._orphans.condemn(self._child.pid)
        self._kill_has_failed = self._kill_is_owed = False
        try:
            self._to_survivors(signal.SIGKILL, self._child.kill)
        except PipeRpcError as error:
            self._kill_has_failed = True
            if error.data["errno"] != "EPERM":
                self._kill_is_owed = True
                self._schedule_kill()
            raise

    def _send_to_survivors(self, number: int) -> None:
        self._to_survivors(number, lambda: self._child.group.send(number))

    def _to_survivors(self, number: int, send: Callable[[], None]) -> None:
        """Send a signal if there is anybody left to get it."""
        try:
            send()
        except ProcessLookupError:
            pass  # It ended before the signal came: its exit is on the way, or was told.
        except OSError as error:
            raise self._refused(number, error) from None

    def _refused(self, number: int, error: OSError) -> PipeRpcError:
        if isinstance(error, PermissionError):
            return self._failed(number, "EPERM", "it belongs to another user now")
        # A queue of real-time signals that is full (EAGAIN), or a system that has run out of something.
        return self._failed(number, errno.errorcode.get(error.errno or 0, str(error.errno)), f"{error.strerror}")

    def _failed(self, number: int, errno_name: str, why: str) -> PipeRpcError:
        return PipeRpcError(
            ErrorCode.SIGNAL_FAILED,
            f"{signal_name(number)} could not be sent to the process group of session {self._session_id}: {why}.",
            sessionId=self._session_id,
            signal=signal_name(number),
            errno=errno_name,
        )
