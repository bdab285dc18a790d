"""The orderly end: every process gets its grace, every frame its chance, and then the loop stops.

Rules of this file: an end has three steps, each derived from what is left rather than scripted: processes,
announcements, frames. Each step has a deadline, so nothing a child or a client does can keep the server.
"""

from collections.abc import Callable

from pipe_rpc.limits import Limits
from pipe_rpc.loop.loop import Loop
from pipe_rpc.server.log import Log
from pipe_rpc.server.request_queue import RequestQueue
from pipe_rpc.server.transport import Transport
from pipe_rpc.session.registry import SessionRegistry

_FIRST_LOOK_S = 0.002
_LONGEST_LOOK_S = 0.05
"""How often to look for what is left of process groups, whose end no descriptor tells; only while the server ends."""
_TWIN_S = 0.02
"""From a signal to a second one of the same sender, such as SIGTERM and SIGHUP of systemd; no person is so quick."""
_ECHO_S = 1.0
"""From a signal to the same by the other way, directly or through the guard, who may not get the processor earlier."""


class Ending:
    """Ends sessions on ``shutdown``, and the server itself on anything that ends it."""

    def __init__(
        self,
        loop: Loop,
        registry: SessionRegistry,
        transport: Transport,
        queue: RequestQueue,
        limits: Limits,
        log: Log,
    ) -> None:
        self.exit_status = 1
        self.begun = False
        """Whether the server itself is about to end."""
        self._loop = loop
        self._registry = registry
        self._transport = transport
        self._queue = queue
        self._limits = limits
        self._log = log
        self._looking = False
        self._look_s = _FIRST_LOOK_S
        self._signalled_at: dict[bool, float] = {}
        """When the first signal of each way came: forwarded by the guard, or not."""
        self._kill_orphans_at = 0.0
        self._all_killed_at = 0.0
        self._give_up_at: float | None = None
        self._flush_until: float | None = None
        self._tees_killed = False
        self._when_quiet: list[Callable[[], None]] = []

    def end_sessions(self, when_quiet: Callable[[], None]) -> None:
        """Terminate every session; call back when no process is left and everything was told of them."""
        self._when_quiet.append(when_quiet)
        self._end_all(kill=False)

    def end(self, reason: str) -> None:
        """End the server in order; without effect once that has begun."""
        if self.begun:
            return
        self.begun = True
        self._log.info(f"ending: {reason}")
        self.end_sessions(self._flush_and_stop)

    def end_by_signal(self, name: str, *, forwarded: bool) -> None:
        """End the server in order; at a second signal kill what is still there.

        Who signals a whole control group signals the guard too, which forwards it: of the two only one counts.
        """
        now = self._loop.time()
        if not self._signalled_at:
            self.end(name)
        elif forwarded in self._signalled_at:
            if now > self._signalled_at[forwarded] + _TWIN_S:
                self._end_all(kill=True)
        elif now > self._signalled_at[not forwarded] + _ECHO_S:
            self._end_all(kill=True)
        self._signalled_at.setdefault(forwarded, now)

    def _end_all(self, *, kill: bool) -> None:
        orphan_grace_s = self._limits.default_grace_ms / 1000
        grace_s = 0.0 if kill else max(orphan_grace_s, self._registry.longest_grace_s())
        self._kill_orphans_at = self._loop.now + (0.0 if kill else orphan_grace_s)
        self._all_killed_at = self._loop.now + grace_s
        self._give_up_at = None
        self._registry.end_all(kill=kill)
        self._look_s = _FIRST_LOOK_S
        if not self._looking:
            self._looking = True
            self._look()

    def _look(self) -> None:
        now = self._loop.now
        self._registry.kill_leftovers()
        has_orphans = self._registry.has_orphans()
        if has_orphans and now >= self._kill_orphans_at:
            # Their own children come to us next, until none is left.
            self._registry.kill_orphans(in_sessions=now >= self._all_killed_at)
        if (has_orphans or self._registry.has_processes()) and not self._gives_up(now):
            self._look_again()
            return
        if self._flush_until is None:
            self._flush_until = now + self._limits.flush_timeout_ms / 1000
        if self._registry.has_news() and self._transport.client_reads and self._may_come(now, self._flush_until):
            self._look_again()
            return
        self._looking = False
        if self._registry.has_processes() or self._registry.has_orphans():
            self._log.error("some processes did not end after SIGKILL")
        callbacks, self._when_quiet = self._when_quiet, []
        for callback in callbacks:
            callback()

    def _may_come(self, now: float, flush_until: float) -> bool:
        """Whether to wait for news; files that take nothing are given up in the end, which is news too."""
        if now >= flush_until and not self._tees_killed:
            self._tees_killed = True
            self._registry.kill_tees()
            return True
        return now < flush_until

    def _gives_up(self, now: float) -> bool:
        """Whether what was killed has had its time to vanish, counted from when it was seen that all was killed.

        Not from the start of the end: a server that was stopped meanwhile would find the grace and this over at once.
        """
        if now < self._all_killed_at:
            return False
        if self._give_up_at is None:
            self._give_up_at = now + self._limits.kill_timeout_ms / 1000
        return now >= self._give_up_at

    def _look_again(self) -> None:
        self._loop.call_at(self._loop.now + self._look_s, self._look)
        self._look_s = min(self._look_s * 2, _LONGEST_LOOK_S)

    def _flush_and_stop(self) -> None:
        self._loop.call_at(self._loop.now + self._limits.flush_timeout_ms / 1000, self._loop.stop)
        self._loop.add_before_sleep(self._stop_when_flushed)

    def _stop_when_flushed(self) -> bool:
        if not self._transport.outbound and not self._queue and not self._registry.has_something_to_tell():
            self._loop.stop()
        return False
