"""From an order to a session that runs: its child, its name, and all that it shares with the others.

Rules of this file: an id is never reused; a spawn that fails leaves nothing behind.
"""

import errno
import os
import shlex
from collections.abc import Callable, Mapping

from pipe_rpc.buffers.ring_budget import RingBudget
from pipe_rpc.child.cgroup_tree import CgroupTree
from pipe_rpc.child.descriptor_limit import DescriptorLimit
from pipe_rpc.child.exit_watch import ExitWatch
from pipe_rpc.child.orphans import Orphans
from pipe_rpc.child.spawn import Child, SpawnError
from pipe_rpc.limits import Limits
from pipe_rpc.loop.loop import Loop
from pipe_rpc.session.description import Containment, Description
from pipe_rpc.session.session import Session
from pipe_rpc.session.spawning import SpawnOrder, spawn_failed, start, working_directory
from pipe_rpc.session.stdin_budget import StdinBudget

DESCRIPTORS_PER_SESSION = 4
"""Three pipes and a pidfd."""
RESERVED_DESCRIPTORS = 32
"""For the server itself: its stdio, selector, log, spares, and the six more that a spawn needs for a moment."""


class Spawner:
    """Makes sessions; ``wall_clock`` counts nanoseconds since the epoch."""

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
        self._spawned = 0
        self._loop = loop
        self._exit_watch = exit_watch
        self._orphans = orphans
        self._descriptor_limit = descriptor_limit
        self._limits = limits
        self._wall_clock = wall_clock
        self._environment = environment
        self._cgroups = cgroups
        self._ring_budget = RingBudget(limits.max_total_backlog_bytes)
        self._stdin_budget = StdinBudget(limits.max_total_stdin_bytes)

    @property
    def max_sessions(self) -> int:
        """How many sessions may be open at once, which the descriptors may lower."""
        affordable = (self._descriptor_limit.soft - RESERVED_DESCRIPTORS) // DESCRIPTORS_PER_SESSION
        return max(1, min(self._limits.max_sessions, affordable))

    @property
    def containment(self) -> Containment:
        """How the next session is held together, as far as can be known before it is spawned."""
        return self._containment(has_cgroup=self._cgroups.works)

    def command(self, order: SpawnOrder) -> str:
        """What to show for it: as much as a client may give.

        No more than that is quoted: each quote takes five characters then, and arguments may be as long as a frame.
        """
        longest = self._limits.max_label_characters
        command = order.command or ""
        if order.command is None:
            for argument in order.argv:
                command += " " * bool(command) + shlex.quote(argument[:longest])
                if len(command) >= longest:
                    break
        return command[:longest]

    def spawn(self, order: SpawnOrder, command: str, on_ready: Callable[[Session], None]) -> Session:
        """Start a child and make its session. Raises PipeRpcError: STREAM_UNAVAILABLE or SPAWN_FAILED."""
        child = start(order, self._environment, self._descriptor_limit, self._cgroups)
        try:
            return self._open(order, command, child, on_ready)
        except (OSError, MemoryError) as error:
            child.discard(self._cgroups)
            why = error if isinstance(error, OSError) else OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
            raise spawn_failed(SpawnError(why, "fork", None)) from None

    def _open(self, order: SpawnOrder, command: str, child: Child, on_ready: Callable[[Session], None]) -> Session:
        self._spawned += 1
        created_ns = self._wall_clock()
        description = Description(
            session_id=order.session_id or f"pipe-{created_ns:016x}-{self._spawned:08x}",
            originator=order.originator,
            command=command,
            argv=order.argv,
            cwd=working_directory(order.cwd),
            merge_stderr=order.merge_stderr,
            encoding=order.encoding,
            overflow=order.overflow,
            backlog_bytes=order.backlog_bytes,
            grace_s=order.grace_s,
            timeout_s=order.timeout_s,
            created_at=created_ns / 1e9,
            started=self._loop.time(),
            containment=self._containment(has_cgroup=child.cgroup is not None),
            fingerprint=order.fingerprint,
        )
        return Session(
            description,
            child,
            self._loop,
            self._exit_watch,
            self._orphans,
            self._ring_budget,
            self._stdin_budget,
            wall_clock=lambda: self._wall_clock() / 1e9,
            read_bytes=self._limits.child_read_bytes,
            most_runs=self._limits.max_read_runs,
            stdin_bytes=self._limits.max_stdin_bytes,
            on_ready=on_ready,
        )

    def _containment(self, *, has_cgroup: bool) -> Containment:
        if has_cgroup:
            return Containment.CGROUP
        return Containment.SUBREAPER if self._orphans.adopts else Containment.GROUP
