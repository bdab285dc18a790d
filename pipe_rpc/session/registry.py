"""All sessions of a server: ids, capacity, retention, and the end of all of them.

Rules of this file: a session counts against the capacity until its close was told; of closed
ones the oldest are forgotten first. Nothing whose processes may be left is ever lost sight of.
"""

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress

from pipe_rpc.buffers.text import Encoding
from pipe_rpc.child.cgroup_tree import CgroupTree
from pipe_rpc.child.descriptor_limit import DescriptorLimit
from pipe_rpc.child.exit_watch import ExitWatch
from pipe_rpc.child.orphans import Orphans
from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.limits import Limits
from pipe_rpc.loop.loop import Loop
from pipe_rpc.session.announcement import Announcement, Closed, Detached, DetachReason, StreamName
from pipe_rpc.session.attachment import Attachment
from pipe_rpc.session.description import Containment, text_bytes
from pipe_rpc.session.leftovers import Leftovers
from pipe_rpc.session.lifecycle import Reason
from pipe_rpc.session.refusals import require_offset, require_same, session_not_found
from pipe_rpc.session.retention import Retention
from pipe_rpc.session.session import Session
from pipe_rpc.session.spawner import Spawner
from pipe_rpc.session.spawning import SpawnOrder
from pipe_rpc.session.tombstones import Farewell, Tombstone, Tombstones
from pipe_rpc.session.turns import Turns


class SessionRegistry:
    """Spawns sessions, finds them, forgets them, and gives each its turn to be heard."""

    def __init__(
        self,
        loop: Loop,
        exit_watch: ExitWatch,
        orphans: Orphans,
        descriptor_limit: DescriptorLimit,
        limits: Limits,
        *,
        wall_clock: Callable[[], int],
        environment: Mapping[str, str],
        cgroups: CgroupTree,
    ) -> None:
        """Start empty; ``wall_clock`` counts nanoseconds since the epoch."""
        self._loop = loop
        self._orphans = orphans
        self._limits = limits
        self._cgroups = cgroups
        self._spawner = Spawner(
            loop,
            exit_watch,
            orphans,
            descriptor_limit,
            limits,
            wall_clock=wall_clock,
            environment=environment,
            cgroups=cgroups,
        )
        self._argument_bytes = 0  # of sessions that are not closed, departing ones among them
        self._sessions: dict[str, Session] = {}
        self._retention = Retention(max_sessions=limits.max_exited_sessions, max_bytes=limits.max_exited_backlog_bytes)
        self._farewells: deque[Detached] = deque()
        self._departing: set[Session] = set()
        self._leftovers = Leftovers()
        self._tombstones = Tombstones(limits.max_tombstones)
        self._turns = Turns()
        self._ending = False
        self._attached = 0
        self.spawns_tried = 0
        """How many spawns were tried, those that failed among them."""

    @property
    def containment(self) -> Containment:
        """How the next session is held together, as far as can be known before it is spawned."""
        return self._spawner.containment

    @property
    def max_sessions(self) -> int:
        """How many sessions may be open at once, which the descriptors may lower."""
        return self._spawner.max_sessions

    def spawn(self, order: SpawnOrder) -> Session:
        """Start a session, or find the one that was started by the same order with an id of the client's.

        Raises PipeRpcError: LIMIT_EXCEEDED, STREAM_UNAVAILABLE or SPAWN_FAILED; INVALID_PARAMS where the id is another
        session's; and SessionForgottenError where it was one's.
        """
        if order.session_id is not None:
            known = self._sessions.get(order.session_id)
            if known is not None:
                return require_same(known, order)
            self._tombstones.require_unknown(order.session_id)
        if self._ending:
            raise PipeRpcError(
                ErrorCode.INVALID_REQUEST, "The server is ending and starts nothing more. Start another."
            )
        held = len(self._sessions) - len(self._retention) + self._retention.with_processes()
        held += len(self._departing) + self._leftovers.count()
        if held >= self.max_sessions:
            raise PipeRpcError(
                ErrorCode.LIMIT_EXCEEDED,
                f"{self.max_sessions} sessions are open, as many as may be. Terminate some, or raise --max-sessions.",
                limit="maxSessions",
                value=self.max_sessions,
            )
        command = self._spawner.command(order)
        self._require_room_for(text_bytes(order.argv, command, order.originator))
        self.spawns_tried += 1
        session = self._spawner.spawn(order, command, self._note_ready)
        self._sessions[session.session_id] = session
        self._argument_bytes += session.description.text_bytes
        for name in session.streams if order.attach is None else order.attach:
            self.attach(session, name, from_offset=None, encoding=None, steal=False)
        return session

    def get(self, session_id: str) -> Session:
        """Find a session. Raises PipeRpcError: SESSION_NOT_FOUND, or SessionForgottenError for one that there was."""
        session = self._sessions.get(session_id)
        if session is None:
            self._tombstones.require_unknown(session_id)
            raise session_not_found(session_id)
        return session

    def has(self, session_id: object) -> bool:
        """Whether there is a session of this id."""
        return isinstance(session_id, str) and session_id in self._sessions

    def sessions(self, originator: str = "") -> list[Session]:
        """Sessions in the order of their spawns; of one originator, or with "" all."""
        return [each for each in self._sessions.values() if originator in ("", each.description.originator)]

    def attach(
        self, session: Session, name: StreamName, *, from_offset: int | None, encoding: Encoding | None, steal: bool
    ) -> tuple[Attachment, int, Detached | None]:
        """Attach to a stream: the attachment, the bytes missed before it, and whom it was stolen from.

        Raises PipeRpcError: STREAM_UNAVAILABLE, ALREADY_ATTACHED or OFFSET_OUT_OF_RANGE.
        """
        stream = session.stream(name)
        if stream.attachment is not None and not steal:
            raise PipeRpcError(
                ErrorCode.ALREADY_ATTACHED,
                f"{name} of session {session.session_id} is attached. Detach it first, or attach with steal.",
                sessionId=session.session_id,
                stream=name,
                attachmentId=stream.attachment.attachment_id,
            )
        wanted = stream.ring.start if from_offset is None else require_offset(session, name, from_offset)
        offset = max(wanted, stream.ring.start)
        stolen = session.detach(name, DetachReason.STOLEN)
        self._attached += 1
        attachment_id = f"attachment-{self._attached:08x}"
        attachment = session.attach(name, attachment_id, offset, encoding or session.description.encoding)
        return attachment, offset - wanted, stolen

    def terminate(self, session: Session, grace_s: float | None) -> None:
        """Ask one session to end; None means its own grace."""
        session.terminate(session.description.grace_s if grace_s is None else grace_s, Reason.REQUEST)

    def terminate_all(self, originator: str, older_than_s: float, grace_s: float | None) -> int:
        """Ask all running sessions of an originator that are at least so old to end; returns how many."""
        chosen = [
            each
            for each in self.sessions(originator)
            if each.is_running and self._loop.time() - each.description.started >= older_than_s
        ]
        for session in chosen:
            with suppress(PipeRpcError):  # One that may not be signalled must not save the others.
                self.terminate(session, grace_s)
        return len(chosen)

    def remove(self, session: Session) -> list[Detached]:
        """Forget a session, a running one by killing it, and return what is to be told of its attachments."""
        if session.is_running:
            with suppress(PipeRpcError):  # If it may not be signalled, it is still let go of, and reaped if it ends.
                session.terminate(0, Reason.REQUEST)
        return self._forget(session, Farewell.REMOVED)

    def purge(self, originator: str) -> tuple[int, list[Detached]]:
        """Forget the closed sessions of an originator: how many, and what is to be told of their attachments."""
        chosen = [each for each in self.sessions(originator) if each.closed_announced]
        return len(chosen), [detached for session in chosen for detached in self._forget(session, Farewell.PURGED)]

    def pull(self, limit: int) -> Announcement | None:
        """The next thing to tell the client, of each session with news in turn; None where there is nothing now."""
        if self._farewells:
            return self._farewells.popleft()
        while self._turns:
            session = self._turns.take()
            announcement = session.pull(limit)
            if announcement is None:
                continue
            if session.may_have_more:
                self._turns.put_back(session)
            if isinstance(announcement, Closed):
                self._argument_bytes -= session.description.text_bytes
                self._retention.add(session)
                self._forget_beyond_retention()
            return announcement
        return None

    def end_all(self, *, kill: bool) -> None:
        """End every process that was ever started here and is left: each session within its grace, or now.

        Nothing is spawned from here on.
        """
        self._ending = True
        for session in [*self._sessions.values(), *self._departing]:
            with suppress(PipeRpcError):  # What may not be signalled must not save the others.
                session.terminate(0 if kill else session.description.grace_s, Reason.SHUTDOWN)
        self._leftovers.kill()
        if kill:
            self.kill_tees()
            with suppress(OSError):  # Each was, or is, killed by itself as well.
                self._cgroups.kill()
            self._orphans.kill(in_sessions=True)
        else:
            self._orphans.ask_to_end()

    def kill_tees(self) -> None:
        """End what writes files, now; what is not in them is told."""
        for session in self._sessions.values():
            session.kill_tees()

    def kill_leftovers(self) -> None:
        """Try again what ``end_all`` may have had no room for: to kill what is left of forgotten sessions."""
        if self._leftovers.count() > 0:
            self._leftovers.kill()

    def kill_orphans(self, *, in_sessions: bool) -> None:
        """Kill what lost its parent; what is in the kernel session of a session's process has the grace of that one."""
        self._orphans.kill(in_sessions=in_sessions)

    def has_orphans(self) -> bool:
        """Whether anything is left that left its group."""
        return self._orphans.any_left()

    def has_processes(self) -> bool:
        """Whether any process of any session is left, forgotten sessions included."""
        return self._leftovers.count() > 0 or any(
            each.has_processes() for each in [*self._sessions.values(), *self._departing]
        )

    def longest_grace_s(self) -> float:
        """The longest grace that any session has that runs."""
        return max((each.description.grace_s for each in self.sessions() if each.is_running), default=0.0)

    def has_something_to_tell(self) -> bool:
        """Whether there may be something to pull now."""
        return bool(self._turns or self._farewells)

    def has_news(self) -> bool:
        """Whether there may be something to pull now, or still to come of sessions whose processes have ended."""
        unfinished = any(not each.closed_announced for each in self._sessions.values())
        return unfinished or self.has_something_to_tell()

    def _require_room_for(self, wanted: int) -> None:
        """Each session keeps its arguments and labels, and session/list tells all of them at once."""
        if self._argument_bytes + wanted > self._limits.max_argument_bytes:
            raise PipeRpcError(
                ErrorCode.LIMIT_EXCEEDED,
                f"The arguments of open sessions take {self._argument_bytes} bytes; {wanted} more exceed the limit of "
                f"{self._limits.max_argument_bytes}. End some sessions, pass less in argv (a file, or stdin), or raise "
                "--max-argument-bytes.",
                limit="maxArgumentBytes",
                value=self._limits.max_argument_bytes,
            )

    def _note_ready(self, session: Session) -> None:
        if session in self._departing:  # Of a session that was let go of, the exit alone is still heard.
            self._departing.discard(session)
            self._tombstones.ended(session.session_id, session.exit)
            self._release(session)
        else:
            self._turns.note(session)

    def _forget(self, session: Session, farewell: Farewell) -> list[Detached]:
        detached = [each for name in session.streams if (each := session.detach(name, DetachReason.REMOVED))]
        del self._sessions[session.session_id]
        self._tombstones.add(Tombstone(session.session_id, farewell, session.exit))
        self._turns.forget(session)
        self._retention.discard(session)
        session.abandon()
        if session.is_running:
            self._departing.add(session)
        else:
            self._release(session)
        return detached

    def _release(self, session: Session) -> None:
        """Keep the last hold on a forgotten session's processes: they are ended with the server."""
        if not session.closed_announced:
            self._argument_bytes -= session.description.text_bytes
        child = session.release_group()
        if child is not None:
            self._leftovers.add(child)

    def _forget_beyond_retention(self) -> None:
        while (session := self._retention.overdue()) is not None:
            self._farewells += self._forget(session, Farewell.RETENTION)
