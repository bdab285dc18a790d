"""A command run through an endpoint as if it were run directly: ``pipe-rpc run``.

Rules of this file: bytes pass unchanged in both directions, and no side is read further while the other has no room, so
nothing is lost and nothing piles up. Signals become requests; the command's end becomes the exit status.
"""

import os
import signal
from collections.abc import Mapping
from typing import Any, NamedTuple

from pipe_rpc.buffers.text import Encoding, encode_piece
from pipe_rpc.client.command_status import ENDPOINT_FAILED, after_signal, status_of, status_of_refusal
from pipe_rpc.client.connection import Connection, ignore
from pipe_rpc.client.record import Record
from pipe_rpc.client.sink import Sink
from pipe_rpc.client.trace import Trace
from pipe_rpc.conversation.endpoint_process import EndpointProcess
from pipe_rpc.conversation.errors import RpcError
from pipe_rpc.conversation.messages import Sender, event_of, output_bytes, result_of
from pipe_rpc.loop.descriptor import claim
from pipe_rpc.loop.loop import READ, Loop, Watch
from pipe_rpc.loop.signals import SignalWatch
from pipe_rpc.protocol.envelope import Notification, Response
from pipe_rpc.protocol.types import ExitedParams, OutputParams

_READ_BYTES = 64 * 1024
"""From the person's stdin, of which one write is under way at a time."""


class RelayOptions(NamedTuple):
    """What the person asked for; times in milliseconds, None for the server's defaults."""

    timeout_ms: float | None
    grace_ms: float | None
    trace: bool
    program: str = "pipe-rpc run"
    """What it calls itself, to the endpoint and to people."""
    record: Record | None = None
    """Where the conversation is written down."""
    reads_stdin: bool = True
    """False: the command reads end-of-file at once, so that no request to close its stdin can race with its exit."""


class Relay:
    """Runs one command; call ``run`` once."""

    def __init__(self, endpoint: EndpointProcess, argv: list[str], options: RelayOptions) -> None:
        self._argv = argv
        self._options = options
        self._loop = Loop()
        self._session_id: str | None = None
        self._status: int | None = None
        self._loses_output = False
        self._is_ending = False
        self._trace = Trace()
        self._endpoint = endpoint
        self._stdout = Sink(claim(1), self._loop, on_room=self._read_on, on_broken=self._output_lost)
        self._stderr = Sink(claim(2), self._loop, on_room=self._read_on, on_broken=self._output_lost)
        self._connection = Connection(
            endpoint,
            self._loop,
            has_room=lambda: self._stdout.has_room and self._stderr.has_room,
            on_notification=self._told,
            on_end=self._endpoint_ended,
            on_message=self._note if options.trace or options.record is not None else None,
        )
        self._stdin = claim(0)
        self._stdin_watch: Watch | None = None
        self._signals = SignalWatch(
            self._loop,
            {
                signal.SIGINT: lambda: self._pass_on(signal.SIGINT),
                signal.SIGQUIT: lambda: self._pass_on(signal.SIGQUIT),
                signal.SIGTERM: lambda: self._terminate(signal.SIGTERM),
                signal.SIGHUP: lambda: self._terminate(signal.SIGHUP),
            },
        )

    def run(self) -> int:
        """Run the command to its end; returns its status, 128 + n after signal n."""
        self._connection.open(self._options.program, self._spawn)
        self._loop.run()
        for sink in (self._stdout, self._stderr):
            sink.close()
        self._connection.close()
        self._stdin.close()
        server_status = self._endpoint.close()
        self._signals.close()
        self._loop.close()
        if self._options.record is not None:
            self._options.record.server_ended(server_status)
        return ENDPOINT_FAILED if self._status is None or self._loses_output else self._status

    def _spawn(self) -> None:
        params: dict[str, Any] = {
            "argv": self._argv,
            "encoding": "auto",  # text where it is text, for the reader of a trace, and exact in any case
            # Where both go to the same place, as on a terminal, one pipe keeps their order.
            "mergeStderr": os.path.sameopenfile(1, 2),
        }
        if self._options.timeout_ms is not None:
            params["timeoutMs"] = self._options.timeout_ms
        if self._options.grace_ms is not None:
            params["graceMs"] = self._options.grace_ms
        if not self._options.reads_stdin:
            params["stdin"] = "null"
        self._connection.request("session/spawn", params, self._spawned)

    def _spawned(self, response: Response) -> None:
        try:
            self._session_id = result_of(response)["sessionId"]
        except RpcError as error:
            self._complain(error.message)
            self._finish(status_of_refusal(error))
            return
        self._watch_stdin()

    def _watch_stdin(self) -> None:
        if self._stdin_watch is None and self._options.reads_stdin:
            self._stdin_watch = self._loop.watch(self._stdin.fd, READ, self._read_stdin)

    def _unwatch_stdin(self) -> None:
        if self._stdin_watch is not None:
            self._loop.unwatch(self._stdin_watch)
            self._stdin_watch = None

    def _read_stdin(self) -> None:
        if self._stdin_watch is None:
            return
        buffer = bytearray(_READ_BYTES)
        try:
            size = self._stdin.read_into([memoryview(buffer)])
        except OSError:
            size = 0  # What cannot be read, such as a stdin that is open for writing only, has no more to give.
        if size is None:
            return
        self._unwatch_stdin()
        piece = encode_piece(bytes(buffer[:size]), Encoding.AUTO, final=True)
        params = {"data": piece.text, "encoding": piece.encoding, "close": size == 0}
        then = ignore if size == 0 else self._written
        self._connection.request("session/write", {"sessionId": self._session_id, **params}, then)

    def _written(self, response: Response) -> None:
        try:
            result_of(response)
        except RpcError:
            return  # The command reads no more, which is its own affair.
        if self._status is None:
            self._watch_stdin()

    def _told(self, notification: Notification) -> None:
        match event_of(notification):
            case OutputParams() as output:
                sink = self._stdout if output.stream == "stdout" else self._stderr
                sink.send(output_bytes(output))
            case ExitedParams() as exited:
                if exited.reason == "timeout":
                    self._complain(f"the time was up after {exited.duration_ms / 1000:.1f} s")
                self._finish(status_of(exited))
            case _:
                pass

    def _finish(self, status: int) -> None:
        self._status = status
        self._connection.shut_down(self._end_when_written)

    def _endpoint_ended(self, problem: str | None) -> None:
        if problem is not None:
            self._complain(problem)
        elif self._status is None:
            self._complain("the endpoint ended before the command did")
        self._end_when_written()

    def _end_when_written(self) -> None:
        """Hear nothing more, and end once whoever reads our output, however slowly, has all that was heard."""
        if not self._is_ending:
            self._is_ending = True
            self._connection.hear_no_more()
            self._unwatch_stdin()
            self._loop.add_before_sleep(self._stop_when_written)

    def _stop_when_written(self) -> bool:
        if self._is_written and self._connection.is_written:
            self._loop.stop()
        return False

    @property
    def _is_written(self) -> bool:
        return self._stdout.is_empty and self._stderr.is_empty

    def _pass_on(self, number: signal.Signals) -> None:
        self._act(number, "session/signal", {"signal": number.name})

    def _terminate(self, number: signal.Signals = signal.SIGPIPE) -> None:
        self._act(number, "session/terminate", {})

    def _output_lost(self, error: OSError) -> None:
        """End the command; where it is not just that nobody reads any more, its status cannot be trusted."""
        if not isinstance(error, BrokenPipeError):
            self._complain(f"its output cannot be written: {error.strerror}")
            self._loses_output = True
        if self._status is None:
            self._terminate()

    def _act(self, number: signal.Signals, method: str, params: dict[str, Any]) -> None:
        """Ask for what a signal means to the command; where there is none, before and after it, end by it ourselves."""
        if self._session_id is not None and self._status is None and not self._connection.is_deaf:
            self._connection.request(method, {"sessionId": self._session_id, **params}, ignore)
            return
        if self._status is None or not self._is_written:
            self._status = after_signal(number)
        self._loop.stop()

    def _read_on(self) -> None:
        self._connection.read_on()

    def _note(self, sender: Sender, message: Mapping[str, Any]) -> None:
        if self._options.trace:
            self._show(self._trace.line(sender, message))
        if self._options.record is not None:
            note = self._options.record.sent if sender == "client" else self._options.record.received
            note(message)

    def _show(self, line: str) -> None:
        self._stderr.send(line.encode(errors="replace"))

    def _complain(self, what: str) -> None:
        self._show(f"{self._options.program}: {what}\n")
