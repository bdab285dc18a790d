"""A session: one child process, its streams, its life, and what there is to tell of them.

Rules of this file: facts about the child arrive as callbacks of the loop and change this object only; what the client
is to be told is pulled with ``pull``, in the order that the contract promises: output, the end of each stream, exit,
close.
"""

import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

from pipe_rpc.buffers.text import Encoding
from pipe_rpc.child.exit_status import ExitStatus
from pipe_rpc.child.exit_watch import ExitWatch
from pipe_rpc.child.orphans import Orphans
from pipe_rpc.child.spawn import Child
from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.loop.loop import Deadline, Loop
from pipe_rpc.session.announcement import (
    Announcement,
    Closed,
    Detached,
    DetachReason,
    Exited,
    Output,
    StreamName,
)
from pipe_rpc.session.lifecycle import Action, Lifecycle, Outcome, Reason, State
from pipe_rpc.session.output_stream import Attachment, OutputStream, Overflow
from pipe_rpc.session.stdin_pipe import StdinPipe


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


class Exit(NamedTuple):
    """How the session's process ended."""

    status: ExitStatus
    outcome: Outcome
    reason: Reason | None
    exited_at: float
    duration_s: float


class Session:
    """One child and its facts.

    ``on_ready`` is called when there may be something to pull.
    """

    def __init__(
        self,
        description: Description,
        child: Child,
        loop: Loop,
        exit_watch: ExitWatch,
        orphans: Orphans,
        *,
        wall_clock: Callable[[], float],
        read_bytes: int,
        stdin_bytes: int,
        on_ready: Callable[["Session"], None],
    ) -> None:
        self.description = description
        self.pid = child.pid
        self.lifecycle = Lifecycle()
        self.exit: Exit | None = None
        self.exit_announced = False
        self.closed_announced = False
        self._child = child
        self._loop = loop
        self._exit_watch = exit_watch
        self._orphans = orphans
        self._wall_clock = wall_clock
        self._on_ready = on_ready
        self._kill_deadline: Deadline | None = None
        self._timeout: Deadline | None = None
        self.stdin = StdinPipe(child.stdin_fd, loop, max_bytes=stdin_bytes)
        self.streams: Mapping[StreamName, OutputStream] = {
            name: OutputStream(
                name,
                fd,
                loop,
                backlog_bytes=description.backlog_bytes,
                read_bytes=read_bytes,
                overflow=description.overflow,
                on_progress=self._ready,
            )
            for name, fd in ((StreamName.STDOUT, child.stdout_fd), (StreamName.STDERR, child.stderr_fd))
            if fd is not None
        }
        self._turns = list(self.streams.values())
        orphans.expect(child.pid)
        exit_watch.watch(child, self._may_have_exited)
        if description.timeout_s is not None:
            self._timeout = loop.call_at(
                description.started + description.timeout_s,
                self._time_out,
            )

    def __repr__(self) -> str:
        return f"<Session {self.session_id} pid {self.pid} {self.lifecycle.state.value}>"

    @property
    def session_id(self) -> str:
        """The id on the wire."""
        return self.description.session_id

    @property
    def state(self) -> State:
        """Where the process is in its life."""
        return self.lifecycle.state

    @property
    def is_running(self) -> bool:
        """Whether the process has not been reaped yet."""
        return self.exit is None

    @property
    def open_streams(self) -> list[StreamName]:
        """Streams that some process still holds."""
        return [name for name, stream in self.streams.items() if stream.is_open]

    @property
    def retained_bytes(self) -> int:
        """Output that the rings hold."""
        return sum(len(stream.ring) for stream in self.streams.values())

    def has_processes(self) -> bool:
        """Whether anything of the process group is left."""
        return self.is_running or self._child.group.has_members()

    def stream(self, name: StreamName) -> OutputStream:
        """One of the streams. Raises PipeRpcError: STREAM_UNAVAILABLE."""
        stream = self.streams.get(name)
        if stream is None:
            raise PipeRpcError(
                ErrorCode.STREAM_UNAVAILABLE,
                f"Session {self.session_id} has no {name.value}: mergeStderr put that into stdout.",
                sessionId=self.session_id,
                stream=name.value,
            )
        return stream

    def require_removable(self, *, force: bool) -> None:
        """Raise PipeRpcError: SESSION_RUNNING where it runs and is not to be killed by ``force``."""
        if self.is_running and not force:
            raise PipeRpcError(
                ErrorCode.SESSION_RUNNING,
                f"Session {self.session_id} is running. Terminate it and wait, or remove it with force.",
                sessionId=self.session_id,
            )

    def attach(self, name: StreamName, attachment_id: str, offset: int, encoding: Encoding) -> Attachment:
        """Let a new attachment read along from ``offset`` on, which must not lie beyond the end."""
        attachment = Attachment(attachment_id, offset, encoding)
        self.stream(name).attach(attachment)
        self._ready()
        return attachment

    def detach(self, name: StreamName, reason: DetachReason) -> Detached | None:
        """End the stream's attachment and return what is to be told of it; None where there is none."""
        stream = self.stream(name)
        attachment = stream.attachment
        if attachment is None:
            return None
        stream.detach()
        self._ready()  # The exit may have waited for this attachment.
        return Detached(self.session_id, name, attachment.attachment_id, attachment.offset, reason)

    def pull(self, limit: int) -> Announcement | None:
        """The next thing to tell the client, output of at most ``limit`` raw bytes; None where there is nothing now."""
        for stream in self._turns:
            announcement = self._pull_stream(stream, limit)
            if announcement is not None:
                self._turns.append(self._turns.pop(self._turns.index(stream)))
                return announcement
        if self.exit is None:
            return None
        if not self.exit_announced:
            if not all(stream.child_output_delivered for stream in self._turns):
                return None
            for stream in self._turns:
                stream.look_for_end()  # Where the client was slow, nobody has looked since the exit.
            self.exit_announced = True
            return Exited(self)
        if self.closed_announced or self.open_streams:
            return None
        self.closed_announced = True
        return Closed(self)

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the process group. Raises PipeRpcError: SIGNAL_FAILED."""
        try:
            self._child.group.send(number)
        except ProcessLookupError:
            raise self._signal_failed(number, "ESRCH", "nothing of it is left to signal") from None
        except PermissionError:
            raise self._signal_failed(number, "EPERM", "it belongs to another user now") from None

    def terminate(self, grace_s: float, reason: Reason) -> None:
        """Ask the process to end within the grace; what is left of its group then is killed. Returns at once.

        Raises PipeRpcError: SIGNAL_FAILED where the system refuses the signal; the deadline holds all the same.
        """
        action = self.lifecycle.terminate(self._loop.time(), grace_s, reason)
        self._schedule_kill()
        match action:
            case Action.SOFT:
                self._signal_group(signal.SIGTERM)
                # A stopped process gets SIGTERM only when it goes on (signal(7)).
                self._signal_group(signal.SIGCONT)
            case Action.HARD:
                self._kill()
            case Action.NOTHING:
                pass

    def abandon(self) -> None:
        """Let go of everything but the process, which is still reaped when it ends."""
        self.stdin.close("The session was removed.")
        for stream in self.streams.values():
            stream.close()
        self._cancel_deadlines()

    def release_group(self) -> Child | None:
        """End all signalling by this object: the child, where something of its group may be left, else None."""
        if self.lifecycle.deadline is not None:
            self._kill_if_due(self.lifecycle.deadline)  # Nobody will be here when it is due.
        self._cancel_deadlines()
        if self._child.group.has_members():
            return self._child
        self._child.group.forget()
        return None

    def _time_out(self) -> None:
        with suppress(PipeRpcError):  # Nobody asked just now; that it lives on is what the client sees.
            self.terminate(self.description.grace_s, Reason.TIMEOUT)

    def _ready(self) -> None:
        self._on_ready(self)

    def _pull_stream(self, stream: OutputStream, limit: int) -> Announcement | None:
        taken = stream.take(limit)
        if taken is not None and stream.attachment is not None:
            piece, missed = taken
            offset = stream.attachment.offset - piece.length
            return Output(self.session_id, stream.name, offset, piece.length, piece.text, piece.encoding, missed)
        if stream.ended and stream.attachment is not None and stream.attachment.offset >= stream.ring.end:
            return self.detach(stream.name, DetachReason.ENDED)
        return None

    def _may_have_exited(self) -> None:
        status = self._child.reap(wait=self._exit_watch.exit_is_near)
        if status is None:
            return
        # The pidfd is closed with the group, so nobody may watch it any more by then.
        self._exit_watch.unwatch(self._child)
        self._orphans.release(self.pid)
        self._child.group.leader_reaped()
        outcome = self.lifecycle.exited(status)
        if outcome is Outcome.HARD_KILLED:
            self._orphans.condemn(self.pid)
        duration_s = self._loop.time() - self.description.started
        self.exit = Exit(status, outcome, self.lifecycle.reason, self._wall_clock(), duration_s)
        self.stdin.close("The child has exited.")
        for stream in self._turns:
            stream.child_exited()
        if self._timeout is not None:
            self._loop.cancel(self._timeout)
        self._schedule_kill()
        self._ready()

    def _signal_group(self, number: signal.Signals) -> None:
        """Send a signal if there is anybody left to get it."""
        try:
            self._child.group.send(number)
        except ProcessLookupError:
            pass  # It ended before the signal came: its exit is on the way, or was told.
        except PermissionError:
            raise self._signal_failed(number, "EPERM", "it belongs to another user now") from None

    def _signal_failed(self, number: signal.Signals, errno_name: str, why: str) -> PipeRpcError:
        return PipeRpcError(
            ErrorCode.SIGNAL_FAILED,
            f"{number.name} could not be sent to the process group of session {self.session_id}: {why}.",
            sessionId=self.session_id,
            signal=number.name,
            errno=errno_name,
        )

    def _schedule_kill(self) -> None:
        if self._kill_deadline is not None:
            self._loop.cancel(self._kill_deadline)
            self._kill_deadline = None
        if self.lifecycle.deadline is None:
            return
        if not (self.has_processes() or self._orphans.of_session(self.pid)):
            return
        self._kill_deadline = self._loop.call_at(self.lifecycle.deadline, lambda: self._kill_if_due(self._loop.now))

    def _kill_if_due(self, now: float) -> None:
        if self.lifecycle.expire(now) is Action.HARD:
            with suppress(PipeRpcError):  # Nobody asked just now; that it lives on is what the client sees.
                self._kill()

    def _kill(self) -> None:
        if not self.is_running:
            self._orphans.condemn(self.pid)
        self._signal_group(signal.SIGKILL)

    def _cancel_deadlines(self) -> None:
        for deadline in (self._kill_deadline, self._timeout):
            if deadline is not None:
                self._loop.cancel(deadline)
