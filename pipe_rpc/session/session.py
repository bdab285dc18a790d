"""A session: one child process, its streams, its life, and what there is to tell of them.

Rules of this file: facts about the child arrive as callbacks of the loop and change this object only; what the client
is to be told is pulled with ``pull``, in the order that the contract promises: output, the end of each stream, exit,
close.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from pipe_rpc.buffers.ring_budget import RingBudget
from pipe_rpc.buffers.text import Encoding
from pipe_rpc.child.exit_status import ExitStatus, LiveUsage
from pipe_rpc.child.exit_watch import ExitWatch
from pipe_rpc.child.orphans import Orphans
from pipe_rpc.child.reaping import Reaping
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
from pipe_rpc.session.attachment import Attachment
from pipe_rpc.session.description import Description, Exit
from pipe_rpc.session.lifecycle import Lifecycle, Reason, State
from pipe_rpc.session.output_stream import OutputStream
from pipe_rpc.session.output_streams import OutputStreams
from pipe_rpc.session.read_order import ReadOrder
from pipe_rpc.session.stdin_budget import StdinBudget
from pipe_rpc.session.stdin_pipe import StdinPipe
from pipe_rpc.session.termination import Termination

if TYPE_CHECKING:
    from pipe_rpc.session.tees import Tees


class Session:
    """One child and its facts.

    ``on_ready`` is called when there may be something to pull. Where memory or descriptors have run out, making one
    raises OSError or MemoryError: the pipes are closed then, and the child is the caller's to discard.
    """

    def __init__(
        self,
        description: Description,
        child: Child,
        loop: Loop,
        exit_watch: ExitWatch,
        orphans: Orphans,
        ring_budget: RingBudget,
        stdin_budget: StdinBudget,
        *,
        wall_clock: Callable[[], float],
        read_bytes: int,
        most_runs: int,
        stdin_bytes: int,
        on_ready: Callable[["Session"], None],
    ) -> None:
        self.description = description
        self.pid = child.pid
        self.exit: Exit | None = None
        self.exit_announced = False
        self.closed_announced = False
        self._child = child
        self._loop = loop
        self._orphans = orphans
        self._wall_clock = wall_clock
        self._on_ready = on_ready
        self._termination = Termination(description.session_id, child, loop, orphans)
        self._timeout: Deadline | None = None
        order = ReadOrder(description.started)

        def make_stream(name: StreamName, fd: int) -> OutputStream:
            return OutputStream(
                name,
                fd,
                loop,
                ring_budget,
                order,
                backlog_bytes=description.backlog_bytes,
                read_bytes=read_bytes,
                most_runs=most_runs,
                overflow=description.overflow,
                on_progress=self._ready,
            )

        fds = {StreamName.STDOUT: child.stdout_fd}
        if child.stderr_fd is not None:
            fds[StreamName.STDERR] = child.stderr_fd
        orphans.expect(child.pid)
        streams, stdin = None, None
        try:
            self.streams = streams = OutputStreams(fds, make_stream)
            self.stdin = stdin = StdinPipe(child.stdin_fd, loop, stdin_budget, max_bytes=stdin_bytes)
            Reaping(child, loop, exit_watch, self._has_exited)
        except (OSError, MemoryError):
            if streams is not None:
                streams.close()
            if stdin is not None:
                stdin.close("The session could not be built.")
            elif child.stdin_fd is not None:
                os.close(child.stdin_fd)
            orphans.release(child.pid)
            raise
        self._tees: Tees | None = None
        if description.timeout_s is not None:
            self._timeout = loop.call_at(
                description.started + description.timeout_s,
                self._time_out,
            )

    def __repr__(self) -> str:
        return f"<Session {self.session_id} pid {self.pid} {self.lifecycle.state}>"

    @property
    def session_id(self) -> str:
        """The id on the wire."""
        return self.description.session_id

    @property
    def lifecycle(self) -> Lifecycle:
        """The states of its process."""
        return self._termination.lifecycle

    @property
    def state(self) -> State:
        """Where the process is in its life."""
        return self.lifecycle.state

    @property
    def is_running(self) -> bool:
        """Whether the process has not been reaped yet."""
        return self.exit is None

    @property
    def tees(self) -> "Tees":
        """The files that its streams go into as well."""
        if self._tees is None:
            from pipe_rpc.session.tees import Tees  # Few sessions have any.

            self._tees = Tees(self.session_id, self.streams, self._loop, self._ready)
        return self._tees

    def kill_tees(self) -> None:
        """End what writes its files, now."""
        if self._tees is not None:
            self._tees.kill()

    @property
    def kept_bytes(self) -> int:
        """What is kept of it once it is closed: its output, and the texts that describe it."""
        return self.streams.retained_bytes + self.description.text_bytes

    @property
    def may_have_more(self) -> bool:
        """Whether there may be something to pull before anything more happens; False only where there is nothing."""
        return self.exit is not None or bool(self._tees) or self.streams.may_have_more

    def has_processes(self) -> bool:
        """Whether anything of the process group, or in the cgroup, is left."""
        return self._termination.has_processes()

    def usage(self) -> LiveUsage | None:
        """What it and all that it started use now; None where nobody can know, and once it has exited."""
        return self._child.usage() if self.is_running else None

    def stream(self, name: StreamName) -> OutputStream:
        """One of the streams. Raises PipeRpcError: STREAM_UNAVAILABLE."""
        stream = self.streams.get(name)
        if stream is None:
            raise PipeRpcError(
                ErrorCode.STREAM_UNAVAILABLE,
                f"Session {self.session_id} has no {name}: mergeStderr put that into stdout.",
                sessionId=self.session_id,
                stream=name,
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
        failed = self._tees.pull() if self._tees else None
        if failed is not None or self.exit is None:
            return failed or self._pull_output(limit) or self._pull_end()
        return self._pull_exit() or self._pull_output(limit) or self._pull_end() or self._pull_close()

    def send_signal(self, number: int) -> None:
        """Send a signal to the process group. Raises PipeRpcError: SIGNAL_FAILED."""
        self._termination.send(number)

    def terminate(self, grace_s: float, reason: Reason) -> None:
        """Ask the process to end within the grace: see Termination.request. Raises PipeRpcError: SIGNAL_FAILED."""
        self._termination.request(grace_s, reason)

    def abandon(self) -> None:
        """Let go of everything but the process, which is still killed when that is due, and reaped when it ends."""
        self.stdin.close("The session was removed.")
        if self._tees is not None:
            self._tees.abandon()
        self.streams.close()
        self._end_timeout()

    def release_group(self) -> Child | None:
        """End all signalling by this object: the child, where something of it may be left, else None."""
        return self._termination.release()

    def _time_out(self) -> None:
        with suppress(PipeRpcError):  # Nobody asked just now; that it lives on is what the client sees.
            self.terminate(self.description.grace_s, Reason.TIMEOUT)

    def _end_timeout(self) -> None:
        if self._timeout is not None:
            self._loop.cancel(self._timeout)

    def _ready(self) -> None:
        self._on_ready(self)

    def _pull_exit(self) -> Announcement | None:
        """The exit comes before output of others: one that the child left behind may write for ever."""
        if self.exit_announced or not self.streams.child_output_delivered:
            return None
        self.streams.look_for_ends()  # Where the client was slow, nobody has looked since the exit.
        ended = self._pull_end()
        if ended is not None or not self.streams.child_output_delivered:
            return ended  # An end that was found just now may be behind output of others.
        self.exit_announced = True
        return Exited(self)

    def _pull_output(self, limit: int) -> Announcement | None:
        taken = self.streams.take(limit)
        if taken is None:
            return None
        stream, piece, missed, run = taken
        assert stream.attachment is not None, "nobody has taken it"
        return Output(
            self.session_id,
            stream.name,
            stream.attachment.offset - piece.length,
            piece.length,
            piece.text,
            piece.encoding,
            missed,
            run.seq,
            run.time_s,
        )

    def _pull_end(self) -> Announcement | None:
        finished = self.streams.finished()
        return None if finished is None else self.detach(finished.name, DetachReason.ENDED)

    def _pull_close(self) -> Announcement | None:
        # A tee is waited for, so that the last word says that the file is complete.
        if not self.exit_announced or self.closed_announced or self.streams.open_names or self._tees:
            return None
        self.closed_announced = True
        return Closed(self)

    def _has_exited(self, status: ExitStatus) -> None:
        self._orphans.release(self.pid)
        outcome = self._termination.exited(status)
        duration_s = self._loop.time() - self.description.started
        left = self._child.has_running()
        self.exit = Exit(status, outcome, self.lifecycle.reason, self._wall_clock(), duration_s, left)
        self.stdin.close("The child has exited.")
        self.streams.child_exited()
        self._end_timeout()
        self._ready()
