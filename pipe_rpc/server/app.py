"""The composition root: the only place that builds the server's parts and knows all of them."""

import os
import signal
import time
from contextlib import ExitStack
from functools import partial
from typing import Any, NamedTuple

from pipe_rpc.buffers.framer import FramingError
from pipe_rpc.child.cgroup_tree import CgroupTree
from pipe_rpc.child.descriptor_limit import DescriptorLimit
from pipe_rpc.child.exit_watch import choose_exit_watch
from pipe_rpc.child.orphans import Orphans
from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.limits import Limits
from pipe_rpc.loop.loop import Loop
from pipe_rpc.loop.signals import SignalWatch
from pipe_rpc.protocol.envelope import Id, encode_error
from pipe_rpc.server.client_watch import ClientWatch
from pipe_rpc.server.ending import Ending
from pipe_rpc.server.endpoint import Endpoint
from pipe_rpc.server.guard import ENDING_SIGNALS, FORWARDED
from pipe_rpc.server.log import Log
from pipe_rpc.server.pending import PendingRequests
from pipe_rpc.server.pump import Pump
from pipe_rpc.server.request_queue import RequestQueue
from pipe_rpc.server.stdio import Stdio
from pipe_rpc.server.teller import Teller
from pipe_rpc.server.transport import Transport
from pipe_rpc.session.registry import SessionRegistry
from pipe_rpc.session.searches import Searches

_PATIENCE = 1000
"""So many failures are one that comes in every turn, and keeps the orderly end from ever being reached."""


class Settings(NamedTuple):
    """What the command line says."""

    limits: Limits
    client_process_id: int | None
    guarded: bool = False
    """Whether a guard stands by."""
    cgroup_home: str | None = None
    """The directory of the cgroup that the server is in; None: sessions get no cgroups."""


class Server:
    """Everything that serves one client, wired up."""

    def __init__(self, stdio: Stdio, settings: Settings, log: Log) -> None:
        limits = settings.limits
        self._loop = Loop(on_failure=self._fail)
        self._log = log
        self._kill_timeout_s = limits.kill_timeout_ms / 1000
        self._failures = 0
        self._descriptor_limit = DescriptorLimit()
        self._signals = SignalWatch(
            self._loop, {each: partial(self._end_by_signal, each.name, forwarded=False) for each in ENDING_SIGNALS}
        )
        if settings.guarded:
            for number, forwarded_as in FORWARDED.items():
                self._signals.add(forwarded_as, partial(self._end_by_signal, number.name, forwarded=True))
            # Blocked since the fork, so that none of them came while nobody handled it.
            signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED.values())
        self._cgroups = CgroupTree(settings.cgroup_home)
        self._exit_watch = choose_exit_watch(self._loop, self._signals)
        self._registry = registry = SessionRegistry(
            self._loop,
            self._exit_watch,
            Orphans(self._loop, self._signals),
            self._descriptor_limit,
            limits,
            wall_clock=time.time_ns,
            environment=os.environ,
            cgroups=self._cgroups,
        )
        queue = RequestQueue(lambda: registry.spawns_tried, max_bytes=limits.max_queued_request_bytes)
        self._transport = Transport(
            self._loop,
            stdio.stdin,
            stdio.stdout,
            queue,
            limits,
            on_body=self._receive,
            on_due=self._receive_due,
            on_broken=self._end_by_broken_frame,
            on_end=self._end,
        )
        self._ending = Ending(self._loop, registry, self._transport, queue, limits, log)
        self._client_watch = ClientWatch(self._loop, self._end, poll_s=limits.client_poll_ms / 1000)
        pending = PendingRequests(
            self._loop,
            self._answer,
            max_pending=limits.max_pending_requests,
            max_id_bytes=limits.max_pending_id_bytes,
        )
        teller = Teller(self._transport, pending)
        searches = Searches(limits)
        self._endpoint = Endpoint(
            self._loop,
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
            guarded=settings.guarded,
        )
        self._loop.add_before_sleep(self._transport.handle_waiting)
        self._loop.add_before_sleep(searches.search)
        self._loop.add_before_sleep(Pump(registry, teller, self._transport, limits).pump_and_flush)
        if settings.client_process_id is not None:
            self._client_watch.watch(settings.client_process_id)

    def run(self) -> int:
        """Serve until the client ends or is gone; returns the exit status. Nothing is left running."""
        with ExitStack() as steps:  # Each is taken, the last one first, whatever becomes of those before it.
            for close in (
                self._loop.close,
                self._descriptor_limit.close,
                self._signals.close,
                self._exit_watch.close,
                self._transport.close,
                self._client_watch.close,
                self._close_cgroups,
            ):
                steps.callback(close)
            steps.callback(self._registry.end_all, kill=True)  # After an orderly end there is nothing to kill.
            self._loop.run()
        return self._ending.exit_status

    def _close_cgroups(self) -> None:
        if not self._cgroups.close(self._kill_timeout_s):
            self._log.error("some control groups could not be removed, since a process in them did not end")

    def _fail(self, error: Exception) -> None:
        """End after a failure of our own: in order at first, and at once where the failures go on."""
        self._failures += 1
        self._log.exception("a callback failed", error)
        self._ending.exit_status = 1
        if self._failures == 1:
            self._ending.end("an internal failure")
        elif self._failures == _PATIENCE:
            self._loop.stop()

    def _receive(self, body: bytes) -> None:
        self._endpoint.receive(body)

    def _receive_due(self, body: bytes) -> None:
        self._endpoint.receive_due(body)

    def _answer(self, request_id: Id, outcome: Any) -> None:
        self._endpoint.answer(request_id, outcome)

    def _end(self, reason: str) -> None:
        self._ending.end(reason)

    def _end_by_signal(self, name: str, *, forwarded: bool) -> None:
        self._ending.end_by_signal(name, forwarded=forwarded)

    def _end_by_broken_frame(self, error: FramingError) -> None:
        if self._ending.begun:
            return  # What comes behind the last message, such as the line feed of a script, changes nothing any more.
        last_word = PipeRpcError(ErrorCode.PARSE_ERROR, f"{error} The connection ends here.")
        self._transport.send(encode_error(None, last_word))
        self._ending.exit_status = 1
        self._ending.end("the boundary between frames is lost")
