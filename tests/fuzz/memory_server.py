"""A server of its real parts, fed from memory: no process, and no pipe but those of the children it pretends to have.

Framer, transport, endpoint, handlers, converter, registry, sessions, pump and the orderly end are the real ones, in the
real loop; its clock goes on by a millisecond a turn. Spawning is harmless: the first few children are pipes that say
something, die of any deadly signal, and read nothing; every further spawn is refused as by a system without room.
"""

from __future__ import annotations

import errno
import logging
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Self
from unittest import mock

from pipe_rpc.buffers.framer import FramingError
from pipe_rpc.child.cgroup_tree import CgroupTree
from pipe_rpc.child.descriptor_limit import DescriptorLimit
from pipe_rpc.child.exit_status import ExitStatus
from pipe_rpc.child.spawn import SpawnError, SpawnSpec
from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.limits import Limits
from pipe_rpc.protocol.envelope import Id, encode_error
from pipe_rpc.server.client_watch import ClientWatch
from pipe_rpc.server.ending import Ending
from pipe_rpc.server.endpoint import Endpoint
from pipe_rpc.server.log import Log, LogLevel
from pipe_rpc.server.pending import PendingRequests
from pipe_rpc.server.pump import Pump
from pipe_rpc.server.request_queue import RequestQueue
from pipe_rpc.server.teller import Teller
from pipe_rpc.server.transport import Transport
from pipe_rpc.session.announcement import StreamName
from pipe_rpc.session.registry import SessionRegistry
from pipe_rpc.session.searches import Searches
from tests.server.harness import FIRST_PID, LastingOrphans
from tests.session.harness import USAGE, FakeChild, FakeGroup, ManualExitWatch, StillLoop

MAX_HEADER_BYTES = 256
MAX_BODY_BYTES = 64 * 1024
CHILDREN = 3
"""How many spawns succeed."""
WALL_CLOCK_NS = 5_000_000_000
SESSION_IDS = tuple(f"pipe-{WALL_CLOCK_NS:016x}-{number:08x}" for number in range(1, CHILDREN + 1))
"""The ids that the children of each server get."""
FIRST_WORDS = "ready ✓\n".encode() + b"\xff\xfe"
TURN_S = 0.001
LONGEST_READ = 64 * 1024
TURNS = 20_000
"""More than any stream of these tests takes."""
DEADLY = frozenset({signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT})


class WedgedError(AssertionError):
    """The server did not get through its input, or not to its end."""


class _Input:
    """The client's end of stdin as a list of reads."""

    is_pipe = False

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.chunks: list[bytes] = []
        self.is_drained = False
        self.is_closed = False

    def read_into(self, views: Sequence[memoryview]) -> int | None:
        """Give the next chunk, or note that nothing is left: only who has handled every body reads on."""
        if self.chunks:
            chunk = self.chunks.pop()
            views[0][: len(chunk)] = chunk
            return len(chunk)
        self.is_drained = True
        return 0 if self.is_closed else None

    def write(self, pieces: Sequence[memoryview]) -> int | None:
        raise AssertionError("stdin is not for writing")

    def close(self) -> None:
        """Nothing to close."""


class _Output:
    """Everything that was written."""

    is_pipe = False

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.pieces: list[bytes] = []

    def read_into(self, views: Sequence[memoryview]) -> int | None:
        raise AssertionError("stdout is not for reading")

    def write(self, pieces: Sequence[memoryview]) -> int | None:
        """Take it all."""
        joined = b"".join(pieces)
        self.pieces.append(joined)
        return len(joined)

    def close(self) -> None:
        """Nothing to close."""


class _Loop(StillLoop):
    def __init__(self) -> None:
        super().__init__()
        self.is_stopped = False

    def stop(self) -> None:
        self.is_stopped = True
        super().stop()


class _MortalGroup(FakeGroup):
    def __init__(self, pid: int, die: Any) -> None:
        super().__init__(pid)
        self._die = die

    def send(self, number: int) -> None:
        super().send(number)
        if number in DEADLY:
            self._die(signal.Signals(number).name)


class _UnlimitedDescriptors(DescriptorLimit):
    """Leaves the limits of the test process alone."""

    def __init__(self) -> None:
        self.soft = 1024


class MemoryServer:
    """One server; ``feed`` gives it reads, ``end`` the end of its input. ``output`` and ``log_lines`` tell the rest."""

    def __init__(self, never_waits: tuple[int, int]) -> None:
        """``never_waits`` are two descriptors that epoll refuses, such as /dev/null, in the place of stdin and stdout.

        Use it inside ``spawning_from_memory``.
        """
        limits = Limits(max_header_bytes=MAX_HEADER_BYTES, max_frame_bytes=MAX_BODY_BYTES)
        self._loop = loop = _Loop()
        self._input, self._output = _Input(never_waits[0]), _Output(never_waits[1])
        self._log_output = _Output(-1)
        self._exits = ManualExitWatch()
        self._children: list[FakeChild] = []
        self._dying: dict[int, None] = {}
        self.handled = 0
        """Bodies that reached the endpoint."""
        log = Log(self._log_output, LogLevel.DEBUG)
        self._registry = registry = SessionRegistry(
            loop,
            self._exits,
            LastingOrphans(),
            _UnlimitedDescriptors(),
            limits,
            wall_clock=lambda: WALL_CLOCK_NS,
            environment={"INHERITED": "yes"},
            cgroups=CgroupTree(None),
        )
        self._queue = queue = RequestQueue(lambda: registry.spawns_tried, max_bytes=limits.max_queued_request_bytes)
        self._transport = Transport(
            loop,
            self._input,
            self._output,
            queue,
            limits,
            on_body=self._receive,
            on_due=self._receive_due,
            on_broken=self._broken,
            on_end=self._end,
        )
        self._ending = Ending(loop, registry, self._transport, queue, limits, log)
        self._client_watch = ClientWatch(loop, self._end, poll_s=2.0)
        pending = PendingRequests(
            loop,
            self._answer,
            max_pending=limits.max_pending_requests,
            max_id_bytes=limits.max_pending_id_bytes,
        )
        searches = Searches(limits)
        teller = Teller(self._transport, pending)
        self._endpoint = Endpoint(
            loop,
            registry,
            queue,
            pending,
            teller,
            self._ending,
            searches,
            limits,
            log,
            send=self._transport.send,
            watch_client=self._client_watch.watch,
        )
        loop.add_before_sleep(self._transport.handle_waiting)
        loop.add_before_sleep(searches.search)
        loop.add_before_sleep(Pump(registry, teller, self._transport, limits).pump_and_flush)

    @property
    def output(self) -> bytes:
        """Everything that was written to stdout."""
        return b"".join(self._output.pieces)

    @property
    def log_lines(self) -> list[bytes]:
        """Everything that was written to the log."""
        return self._log_output.pieces

    @property
    def is_ending(self) -> bool:
        """Whether it has begun to end."""
        return self._ending.begun

    @property
    def exit_status(self) -> int:
        """What it would exit with."""
        return self._ending.exit_status

    def feed(self, reads: Sequence[bytes]) -> None:
        """Give it these reads, and take turns until it has handled all that is in them."""
        self._input.chunks = [
            read[at : at + LONGEST_READ]
            for read in reversed(reads)
            for at in reversed(range(0, len(read), LONGEST_READ))
        ]
        self._input.is_drained = False
        for _ in range(TURNS):
            if self._loop.is_stopped or (self._ending.begun and not self._input.chunks):
                break
            self._turn()
            if self._input.is_drained and not self._queue:
                break
        else:
            raise WedgedError("the server does not get through its input")
        self._turn()  # What was answered last is written at the beginning of the next turn.

    def end(self) -> None:
        """Give it the end of its input, and take turns until it has ended."""
        self._input.is_closed = True
        for _ in range(TURNS):
            if self._loop.is_stopped:
                return
            self._turn()
        raise WedgedError("the server does not end")

    def close(self) -> None:
        """Give everything back."""
        for child in self._children:
            child.close()
            if child.status is None:
                self._exits.report(child)
        for session in self._registry.sessions():
            session.abandon()
        self._client_watch.close()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def spawn(self, spec: SpawnSpec) -> FakeChild:
        """Give a child made of pipes, or refuse."""
        if len(self._children) == CHILDREN:
            raise SpawnError(OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)), "fork", None)
        number = len(self._children)
        child = FakeChild(merge_stderr=spec.merge_stderr, stdin_pipe=spec.stdin_pipe, pid=FIRST_PID + number)
        child.group = child.fake_group = _MortalGroup(child.pid, partial(self._die_soon, child))
        child.write(StreamName.STDOUT, FIRST_WORDS)
        self._children.append(child)
        return child

    def _turn(self) -> None:
        self._loop.advance(TURN_S)

    def _die_soon(self, child: FakeChild, signal_name: str) -> None:
        if child.status is None and child.pid not in self._dying:
            self._dying[child.pid] = None
            self._loop.call_at(self._loop.now + TURN_S, partial(self._die, child, signal_name))

    def _die(self, child: FakeChild, signal_name: str) -> None:
        child.close()
        self._exits.report(child, ExitStatus(None, signal_name, core_dumped=False, usage=USAGE))

    def _receive(self, body: bytes) -> None:
        self.handled += 1
        self._endpoint.receive(body)

    def _receive_due(self, body: bytes) -> None:
        self._endpoint.receive_due(body)

    def _answer(self, request_id: Id, outcome: Any) -> None:
        self._endpoint.answer(request_id, outcome)

    def _end(self, reason: str) -> None:
        self._ending.end(reason)

    def _broken(self, error: FramingError) -> None:
        """As pipe_rpc.server.app does it."""
        last_word = PipeRpcError(ErrorCode.PARSE_ERROR, f"{error} The connection ends here.")
        self._transport.send(encode_error(None, last_word))
        self._ending.exit_status = 1
        self._ending.end("the boundary between frames is lost")


class Room:
    """Where memory servers are made, one after the other: two descriptors, and a ``spawn`` that starts nothing."""

    def __init__(self) -> None:
        self._never_waits = (os.open(os.devnull, os.O_RDWR), os.open(os.devnull, os.O_RDWR))
        self._server: MemoryServer | None = None

    @contextmanager
    def server(self) -> Iterator[MemoryServer]:
        """A fresh server."""
        with MemoryServer(self._never_waits) as server:
            self._server = server
            yield server

    def close(self) -> None:
        """Give the descriptors back."""
        for fd in self._never_waits:
            os.close(fd)

    def _spawn(self, spec: SpawnSpec, *_: object) -> FakeChild:
        assert self._server is not None
        return self._server.spawn(spec)


@contextmanager
def room() -> Iterator[Room]:
    """A room in which nothing is spawned. The garbage collector is left alone by the language server as well."""
    made = Room()
    with (
        mock.patch("pipe_rpc.session.spawning.spawn", made._spawn),
        # To collect takes longer than a thousand messages, and what is frozen in a process of tests is never freed.
        mock.patch("pipe_rpc.server.endpoint.gc"),
    ):
        # pytest keeps what is logged as long as a test runs, with each traceback and the server that its frames hold.
        pygls_log = logging.getLogger("pygls")
        level = pygls_log.level
        pygls_log.setLevel(logging.CRITICAL + 1)
        try:
            yield made
        finally:
            pygls_log.setLevel(level)
            made.close()
