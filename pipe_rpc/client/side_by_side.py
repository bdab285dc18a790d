"""Several commands side by side, each a session of one endpoint: ``pipe-rpc run`` with more than one command.

Rules of this file: nothing is read from the endpoint while the view has no room, so that nothing piles up; an id is
chosen for each session, so that a signal may follow a spawn that has not been answered.
"""

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from pipe_rpc.client.command_status import ENDPOINT_FAILED, after_signal, status_of_refusal
from pipe_rpc.client.connection import Connection, ignore
from pipe_rpc.client.insistence import Insistence, Step
from pipe_rpc.client.job import Cause, Job, JobState
from pipe_rpc.client.plain_view import PlainView
from pipe_rpc.client.prefixes import Prefixes
from pipe_rpc.client.summary import summary
from pipe_rpc.client.trace import Trace
from pipe_rpc.client.usage_poll import UsagePoll
from pipe_rpc.client.view import View
from pipe_rpc.conversation.endpoint_process import EndpointProcess
from pipe_rpc.conversation.errors import RpcError
from pipe_rpc.conversation.messages import Sender, event_of, output_bytes, result_of
from pipe_rpc.limits import Limits
from pipe_rpc.loop.loop import Loop
from pipe_rpc.loop.signals import SignalWatch
from pipe_rpc.protocol.envelope import Notification, Response
from pipe_rpc.protocol.types import ExitedParams, OutputParams

MOST_AT_ONCE = 256
"""Jobs that run at once unless the person says otherwise: the server bears 1,024, and no machine so many compilers."""
_BACKLOG_BYTES = 64 * 1024
"""Of each stream: more that was written but not shown yet would only delay what comes behind it, the end above all."""
_PATIENCE_MS = 3000.0
"""How long, behind the grace of commands that were told to end, somebody may leave our output unread."""


class SideBySideOptions(NamedTuple):
    """What the person asked for; times in milliseconds, None for the server's defaults."""

    timeout_ms: float | None = None
    grace_ms: float | None = None
    trace: bool = False
    at_once: int = MOST_AT_ONCE
    fail_fast: bool = False
    quiet: bool = False
    colour: bool = False
    stderr_colour: bool = False
    live: bool = False


class SideBySide:
    """Runs several commands; call ``run`` once."""

    def __init__(
        self, endpoint: EndpointProcess, commands: Sequence[tuple[str, list[str]]], options: SideBySideOptions
    ) -> None:
        """``commands``: the name of each, and its argv."""
        self._endpoint = endpoint
        self._options = options
        self._jobs = [Job(f"run-{number}", name, argv) for number, (name, argv) in enumerate(commands, 1)]
        self._by_id = {job.session_id: job for job in self._jobs}
        self._loop = Loop()
        # Where both go to the same place, as on a terminal, one pipe keeps their order.
        self._has_one_place = os.path.sameopenfile(1, 2)
        self._view = self._make_view()
        self._trace = Trace()
        self._connection = Connection(
            endpoint,
            self._loop,
            has_room=lambda: self._view.has_room,
            on_notification=self._told,
            on_end=self._endpoint_ended,
            on_message=self._show_message if options.trace else None,
        )
        self._usage = UsagePoll(self._loop, self._connection, self._by_id, on_news=self._view.changed)
        insistence = Insistence()
        self._signals = SignalWatch(
            self._loop,
            {
                signal.SIGINT: lambda: self._insist(signal.SIGINT, insistence.interrupt),
                signal.SIGQUIT: lambda: self._insist(signal.SIGQUIT, insistence.interrupt),
                signal.SIGTERM: lambda: self._insist(signal.SIGTERM, insistence.end),
                signal.SIGHUP: lambda: self._insist(signal.SIGHUP, insistence.end),
                signal.SIGWINCH: self._view.resized,
            },
        )
        self._started_at = self._loop.time()
        self._status: int | None = None
        """What ends it otherwise than by the commands: a signal, output that is lost, an endpoint that fails."""
        self._first_failure: Job | None = None
        self._is_over = False
        self._leaves = False
        self._hears_no_more = False

    def run(self) -> int:
        """Run all to their ends; returns 0, or the status of the first that failed, or 128 + n after signal n."""
        self._connection.open("pipe-rpc run", self._go_on)
        if self._view.wants_usage:
            self._usage.begin()
        self._loop.run()
        self._view.close()
        self._connection.close()
        if self._leaves:
            self._endpoint.close_pipes()  # Which it notices, when we are gone.
        else:
            self._endpoint.close()
        self._signals.close()
        self._loop.close()
        if self._status is not None:
            return self._status
        if self._first_failure is not None:
            return self._first_failure.status or 0
        return 0

    # ------------------------------------------------------------------------------------------------------------ jobs

    def _go_on(self) -> None:
        """Start what may be started; where nothing is left to wait for, end."""
        running = sum(job.state is JobState.RUNNING for job in self._jobs)
        waiting = [job for job in self._jobs if job.state is JobState.WAITING]
        for job in waiting[: max(0, self._options.at_once - running)]:
            self._start(job)
        self._view.changed()
        if all(job.is_over for job in self._jobs) and not self._is_over:
            self._conclude()
            self._connection.shut_down(self._end_when_written)

    def _start(self, job: Job) -> None:
        job.start(self._loop.time())
        params: dict[str, Any] = {
            "sessionId": job.session_id,
            "argv": job.argv,
            "stdin": "null",  # One keyboard for several readers would give each of them parts of words.
            "encoding": "auto",
            "backlogBytes": _BACKLOG_BYTES,
            "mergeStderr": self._has_one_place,
        }
        if self._options.timeout_ms is not None:
            params["timeoutMs"] = self._options.timeout_ms
        if self._options.grace_ms is not None:
            params["graceMs"] = self._options.grace_ms
        self._connection.request("session/spawn", params, partial(self._spawned, job))

    def _spawned(self, job: Job, response: Response) -> None:
        try:
            result_of(response)
        except RpcError as error:
            self._complain(f"{job.name}: {error.message}")
            job.fail_to_start(status_of_refusal(error), self._loop.time())
            self._ended(job)

    def _told(self, notification: Notification) -> None:
        match event_of(notification):
            case OutputParams() as output if job := self._by_id.get(output.session_id):
                self._view.show(job, output.stream, job.hear(output.stream, output_bytes(output)))
            case ExitedParams() as exited if job := self._by_id.get(exited.session_id):
                self._flush(job)
                job.exit(exited, self._loop.time())
                self._ended(job)
            case _:
                pass

    def _flush(self, job: Job) -> None:
        for stream in ("stdout", "stderr"):
            if lines := job.flush(stream):
                self._view.show(job, stream, lines)

    def _ended(self, job: Job) -> None:
        if job.has_failed and self._first_failure is None:
            self._first_failure = job
            if self._options.fail_fast:
                self._terminate(f"terminated since {job.name} failed")
        self._go_on()

    # ---------------------------------------------------------------------------------------------------------- ending

    def _insist(self, number: signal.Signals, ask: Callable[[], Step]) -> None:
        if self._connection.is_deaf:
            self._endpoint_ended(None)
        if self._is_over:
            # Nothing is left but somebody who does not read, or processes left behind that take their time.
            if not self._view.is_empty:
                self._status = after_signal(number)
            self._loop.stop()
            return
        self._status = after_signal(number)
        match ask():
            case Step.INTERRUPT:
                cause = Cause(f"interrupted by {number.name}", may_be_heeded=True)
                self._ask("session/signal", {"signal": number.name}, cause)
            case Step.TERMINATE:
                self._terminate(f"terminated by {number.name}")
                self._limit_patience()
            case Step.KILL:
                self._ask("session/terminate", {"graceMs": 0}, Cause(f"killed by {number.name}", kills=True))
                self._drop_output()
            case Step.LEAVE:
                self._leaves = True
                self._loop.stop()
            case Step.WAIT:
                pass
        self._go_on()

    def _terminate(self, cause: str) -> None:
        self._ask("session/terminate", {}, Cause(cause))

    def _ask(self, method: str, params: dict[str, Any], cause: Cause) -> None:
        """Ask something of every command that runs; those that wait are not started any more."""
        for job in self._jobs:
            if job.state is JobState.WAITING:
                job.abandon()
            elif job.state is JobState.RUNNING:
                job.cause = cause
                self._connection.request(method, {"sessionId": job.session_id, **params}, ignore)

    def _limit_patience(self) -> None:
        """Drop what is not read in good time."""
        grace_ms = self._options.grace_ms
        patience_ms = (Limits().default_grace_ms if grace_ms is None else grace_ms) + _PATIENCE_MS
        self._loop.call_at(self._loop.time() + patience_ms / 1000, self._drop_output)

    def _drop_output(self) -> None:
        """Wait no longer for somebody to read what was written."""
        self._view.break_off()
        self._connection.read_on()

    def _output_lost(self, error: OSError) -> None:
        """End the commands; where it is not just that nobody reads any more, no status can be trusted."""
        why = "nobody reads the output"
        if not isinstance(error, BrokenPipeError):
            why = f"the output cannot be written: {error.strerror}"
            self._complain(why)
            self._status = ENDPOINT_FAILED
        if not self._is_over:
            self._terminate(f"terminated since {why}")
            self._go_on()

    def _endpoint_ended(self, problem: str | None) -> None:
        if problem is not None or not self._is_over:
            self._complain(problem or "the endpoint ended before the commands did")
        if not self._is_over:
            self._status = ENDPOINT_FAILED
            for job in self._jobs:
                if not job.is_over:
                    self._flush(job)
                    job.abandon()
            self._conclude()
        self._end_when_written()

    def _conclude(self) -> None:
        """Every command is over: tell how they ended."""
        self._is_over = True
        self._usage.end()
        self._view.end()
        self._view.show_tails([job for job in self._jobs if job.has_failed and job.tail])
        for line in summary(self._jobs, self._loop.time() - self._started_at):
            self._complain(line)

    def _end_when_written(self) -> None:
        """Hear nothing more, and end once whoever reads our output, however slowly, has all that was heard."""
        if not self._hears_no_more:
            self._hears_no_more = True
            for job in self._jobs:
                self._flush(job)  # What processes that a command left behind wrote last.
            self._connection.hear_no_more()
            self._loop.add_before_sleep(self._stop_when_written)

    def _stop_when_written(self) -> bool:
        if self._view.is_empty and self._connection.is_written:
            self._loop.stop()
        return False

    def _read_on(self) -> None:
        self._connection.read_on()

    def _complain(self, what: str) -> None:
        self._view.say(f"pipe-rpc run: {what}\n")

    def _show_message(self, sender: Sender, message: Mapping[str, Any]) -> None:
        self._view.say(self._trace.line(sender, message))

    def _make_view(self) -> View:
        # In one place all has one form.
        stderr_colour = self._options.colour if self._has_one_place else self._options.stderr_colour
        prefixes = Prefixes(
            [job.name for job in self._jobs], colours={"stdout": self._options.colour, "stderr": stderr_colour}
        )
        shared: dict[str, Any] = {
            "quiet": self._options.quiet,
            "has_one_place": self._has_one_place,
            "on_room": self._read_on,
            "on_broken": self._output_lost,
        }
        if not self._options.live:
            return PlainView(self._loop, prefixes, **shared)
        from pipe_rpc.client.live_view import LiveView  # which brings rich

        return LiveView(self._loop, self._jobs, prefixes, colour=self._options.colour, **shared)
