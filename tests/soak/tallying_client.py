"""A client for floods: it judges every piece of output as it comes, and keeps none of it.

Rules of this file: like `WireClient` it shares no code with the server, has one thread, and waits in `poll` alone. But
where that one keeps all that crosses the pipes, this one keeps a tally of each stream (how far, how much was missed),
so that gigabytes may pass, and nothing of what it does grows with them.
"""

from __future__ import annotations

import binascii
import contextlib
import os
import select
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self

import orjson

from tests.support.processes import descendants
from tests.support.server_command import SERVER
from tests.support.trace import DEADLINE_S, Message

READ_BYTES = 1 << 18
REFUSAL_MS = 2000
"""A pipe that stays full for so long belongs to a server that takes nothing before its client reads."""
MUCH_BYTES = 1 << 26
"""Output that takes a part of a deadline, however busy the machine is."""


class Pattern:
    """What a child repeats for ever, so that the bytes at any offset are known."""

    def __init__(self, repeated: bytes) -> None:
        self._period = len(repeated)
        self._bytes = repeated * ((1 << 17) // self._period + 2)

    def at(self, offset: int, length: int) -> memoryview:
        """The bytes from an offset on."""
        start = offset % self._period
        return memoryview(self._bytes)[start : start + length]


class Tally:
    """How far one stream has come."""

    def __init__(self) -> None:
        self.end = 0
        self.delivered_bytes = 0
        self.missed_bytes = 0
        self.ended: int | None = None
        """The offset that `session/detached` told at the end of the stream."""
        self.pattern: Pattern | None = None
        """What its bytes have to be, where a test has said so."""

    def take(self, params: Message) -> None:
        """Judge one `session/output`: at its offset, and the right bytes."""
        offset, length, missed = params["offset"], params["length"], params.get("missedBytes", 0)
        assert offset == self.end + missed, f"output at {offset} behind {self.end}, with {missed} missed"
        assert self.ended is None, "output behind the end of the stream"
        if self.pattern is not None:
            text = params["data"]
            data = binascii.a2b_base64(text) if params["encoding"] == "base64" else text.encode()
            assert data == self.pattern.at(offset, length), f"other bytes at {offset} than the child wrote"
        self.end = offset + length
        self.delivered_bytes += length
        self.missed_bytes += missed


class TallyingClient:
    """Starts a server and talks to it; use it as a context manager. `finish()` is the orderly end."""

    def __init__(self, *server_args: str, prefix: Sequence[str] = ()) -> None:
        """Start a server with these arguments; `prefix` is a command that starts the command behind it."""
        self.tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
        self.exited: dict[str, Message] = {}
        self.closed: set[str] = set()
        self.on_output: Callable[[Message], None] = lambda params: None
        self.problems: dict[str, int] = {}
        """How many diagnostics of each file are shown, by its URI."""
        """Called behind the tally with the params of each `session/output`."""
        self.reading = True
        self.malformed = 0
        """Answers to bodies that are no requests."""
        self.last_word: Message = {}
        """The newest of them."""
        self._input_gone = False
        self._answers: dict[int, Message] = {}
        self._forgotten_answers = 0
        self._expected_answers = 0
        self._last_id = 0
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._at_end = False
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the client
        self.process = subprocess.Popen(
            [*prefix, *SERVER, *server_args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            bufsize=0,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._stdin_fd, self._stdout_fd = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self._stdin_fd, False)
        os.set_blocking(self._stdout_fd, False)
        result = self.request("initialize", {"processId": None, "capabilities": {}})
        self.limits: dict[str, int] = result["capabilities"]["experimental"]["pipeRpc"]["limits"]
        # The process that we started is the guard, and the server its only child.
        self.server_pid = descendants(self.process.pid)[0]

    # ---- sending

    def post(self, data: bytes) -> None:
        """Give raw bytes to the server, and return when all of them are in the pipe."""
        self._outgoing += data
        self._write()
        while self._outgoing:
            self.exchange("room in the server's stdin")

    def start(self, method: str, params: Any = None) -> int:
        """Send a request and return its id; `result(id)` waits for the answer."""
        self._last_id += 1
        self.post(frame({"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params or {}}))
        return self._last_id

    def result(self, request: int) -> Any:
        """Wait for an answer, which must be a result."""
        answer = self.answer(request)
        assert "result" in answer, f"request {request} failed: {answer}"
        return answer["result"]

    def answer(self, request: int) -> Message:
        """Wait for an answer, whatever it is."""
        self.wait_until(lambda: request in self._answers, f"the answer to request {request}")
        return self._answers.pop(request)

    def request(self, method: str, params: Any = None) -> Any:
        """Send a request and wait for its result."""
        return self.result(self.start(method, params))

    def post_uncounted(self, data: bytes, answers: int) -> None:
        """Give raw frames to the server whose answers are only counted: see `wait_for_uncounted`."""
        self._expected_answers += answers
        self.post(data)

    def press_uncounted(self, data: bytes, answers: int) -> None:
        """Like `post_uncounted`, but return once the server takes no more; the rest follows with what comes next."""
        self._expected_answers += answers
        self._outgoing += data
        poller = select.poll()
        poller.register(self._stdin_fd, select.POLLOUT)
        while self._outgoing and poller.poll(REFUSAL_MS):
            self._write()

    def wait_for_uncounted(self) -> int:
        """Wait for the answers to all that was posted uncounted; returns how many came in all."""
        self.wait_until(lambda: self._forgotten_answers >= self._expected_answers, "answers that are only counted")
        return self._forgotten_answers

    def takes_input(self) -> bool:
        """Whether the server, as far as is known, still has its stdin open."""
        return not self._input_gone

    # ---- sessions

    def spawn(self, argv: list[str], *, pattern: str | None = None, **params: Any) -> str:
        """Spawn a session and return its id; `pattern` is the line that it repeats on its streams."""
        session: str = self.request("session/spawn", {"argv": argv, **params})["sessionId"]
        if pattern is not None:
            for stream in ("stdout", "stderr"):
                self.tallies[session, stream].pattern = Pattern(f"{pattern}\n".encode())
        return session

    def wait_closed(self, session: str) -> None:
        """Wait for the last word of a session, and see that the tallies are whole.

        As long as so much of its output comes within a deadline, the next one begins.
        """
        tallies = {stream: self.tallies[session, stream] for stream in ("stdout", "stderr")}

        def has_come(size: int) -> bool:
            return session in self.closed or sum(tally.end for tally in tallies.values()) >= size

        awaited = 0
        while session not in self.closed:
            awaited += MUCH_BYTES
            self.wait_until(partial(has_come, awaited), f"the close of {session}")
        for stream, tally in tallies.items():
            assert tally.ended in (None, tally.end), f"{stream} ended at {tally.ended}, delivered up to {tally.end}"

    def forget(self, session: str) -> None:
        """Keep nothing of a session that was closed."""
        self.closed.remove(session)
        del self.exited[session]
        for stream in ("stdout", "stderr"):
            self.tallies.pop((session, stream), None)

    def echo(self, session: str, data: str) -> float:
        """Write to a child `cat` and wait until it is back; returns how long that took, in seconds."""
        tally = self.tallies[session, "stdout"]
        awaited = tally.end + len(data)
        before = time.monotonic()
        self.start_uncounted("session/write", {"sessionId": session, "data": data})
        self.wait_until(lambda: tally.end >= awaited, "an echo")
        return time.monotonic() - before

    def start_uncounted(self, method: str, params: Any) -> None:
        """Send a request whose answer is only counted."""
        self.post_uncounted(frame({"jsonrpc": "2.0", "id": "-", "method": method, "params": params}), 1)

    # ---- receiving

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Read until the condition holds; fail at the deadline."""
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            assert not self._at_end, f"the server closed its stdout; still waiting for {what}\n{self._stderr_text()}"
            self.exchange(what, deadline)

    def exchange(self, what: str, deadline: float | None = None) -> None:
        """One poll, and what it allows."""
        poller = select.poll()
        if self.reading:
            poller.register(self._stdout_fd, select.POLLIN)
        if self._outgoing:
            poller.register(self._stdin_fd, select.POLLOUT)
        left_s = DEADLINE_S if deadline is None else max(0.0, deadline - time.monotonic())
        ready = dict(poller.poll(left_s * 1000))
        assert ready, f"waited in vain for {what}; the server's stderr:\n{self._stderr_text()}"
        if self._stdin_fd in ready:
            self._write()
        if self._stdout_fd in ready:
            self.read(READ_BYTES)

    def read(self, at_most: int) -> int:
        """Take at most so many raw bytes that are there, and judge what is whole; returns how many came."""
        try:
            data = os.read(self._stdout_fd, at_most)
        except BlockingIOError:
            return 0
        self._at_end = not data
        self._incoming += data
        for body in _bodies(self._incoming):
            self._take(body)
        return len(data)

    @contextlib.contextmanager
    def not_reading(self) -> Iterator[None]:
        """Within this block nothing is read, not even while a write waits."""
        self.reading = False
        try:
            yield
        finally:
            self.reading = True

    # ---- the end

    def finish(self) -> None:
        """End in order, and see that every session that was told of was closed."""
        assert self.request("shutdown") is None
        self.post(frame({"jsonrpc": "2.0", "method": "exit"}))
        assert self.wait_exit() == 0, self._stderr_text()

    def close_stdin(self) -> None:
        """Close the server's stdin."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def wait_exit(self) -> int:
        """Read up to the end, and return the server's exit status."""
        deadline = time.monotonic() + DEADLINE_S
        while not self._at_end:
            self.exchange("the end of the server's stdout", deadline)
        assert not self._incoming, "stdout ended inside a frame"
        return self.process.wait(max(0.0, deadline - time.monotonic()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        try:
            self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._stderr.close()

    def _write(self) -> None:
        while self._outgoing:
            try:
                written = os.write(self._stdin_fd, memoryview(self._outgoing)[:READ_BYTES])
            except BlockingIOError:
                return
            except BrokenPipeError:
                self._input_gone = True
                self._outgoing.clear()  # What the server says and does next is what tests judge.
                return
            del self._outgoing[:written]

    def _take(self, body: memoryview) -> None:
        message = orjson.loads(body)
        method, params = message.get("method"), message.get("params")
        match method:
            case None if message["id"] is None:
                self.malformed += 1
                self.last_word = message
            case None if isinstance(message["id"], int):
                self._answers[message["id"]] = message
            case None:
                self._forgotten_answers += message["id"] == "-"
            case "session/output":
                assert params["sessionId"] not in self.closed, "output behind the close"
                self.tallies[params["sessionId"], params["stream"]].take(params)
                self.on_output(params)
            case "textDocument/publishDiagnostics":
                self.problems[params["uri"]] = len(params["diagnostics"])
            case "session/detached" if params["reason"] == "ended":
                self.tallies[params["sessionId"], params["stream"]].ended = params["offset"]
            case "session/exited":
                assert params["sessionId"] not in self.exited, "a second exit"
                self.exited[params["sessionId"]] = params
            case "session/closed":
                assert params["sessionId"] in self.exited, "closed before it exited"
                assert params["sessionId"] not in self.closed, "a second close"
                self.closed.add(params["sessionId"])

    def _stderr_text(self) -> str:
        self._stderr.seek(0)
        return self._stderr.read()[-4000:].decode(errors="replace")


def frame(message: Message) -> bytes:
    """The frame of a message."""
    body = orjson.dumps(message)
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def _bodies(incoming: bytearray) -> Iterator[memoryview]:
    """Every whole body, taken off the front; each is valid until the next is asked for."""
    start = 0
    try:
        while (head_end := incoming.find(b"\r\n\r\n", start)) >= 0:
            assert incoming.startswith(b"Content-Length: ", start), f"no frame: {bytes(incoming[start : start + 80])!r}"
            body_start = head_end + 4
            body_end = body_start + int(incoming[start + 16 : head_end])
            if body_end > len(incoming):
                break
            with memoryview(incoming)[body_start:body_end] as body:
                yield body
            start = body_end
    finally:
        del incoming[:start]
