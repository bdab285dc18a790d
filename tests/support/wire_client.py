"""A raw-bytes client for `python -m pipe_rpc`, used by every end-to-end test.

Rules of this file:
- It shares no code with the server: it frames, parses and orders messages by itself, so that it can judge.
- One thread. Every wait is a `poll` on the server's pipes with one generous deadline, `DEADLINE_S`, and never a sleep.
  A wait that runs out fails with the last messages and the server's stderr.
- Writing never waits without reading (unless `not_reading()` asks for exactly that), so that two full pipes cannot
  lock each other.
- Everything that crosses the pipes is kept in `WireClient.trace`, for `tests.support.oracle`.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from tests.support.frames import BrokenFrameError, decode_frames, encode_frame, take_frame
from tests.support.oracle import OpenSessions, check_trace
from tests.support.server_command import SERVER
from tests.support.systems import lacking
from tests.support.trace import DEADLINE_S, Message, TraceEntry, decode_data

__all__ = [
    "DEADLINE_S",
    "BrokenFrameError",
    "Message",
    "TraceEntry",
    "WireClient",
    "WireError",
    "decode_data",
    "decode_frames",
    "encode_frame",
]

SHOWN_TRACE_ENTRIES = 20
SHOWN_CHARACTERS = 400
READ_BYTES = 1 << 18

Id = int | str


class WireError(Exception):
    """The server answered a request with an error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{code}: {message} {data!r}")
        self.code = code
        self.message = message
        self.data = data


class WireClient:
    """Starts a server and talks to it. Use it as a context manager: leaving it ends the server, come what may.

    `finish()` is the orderly end (shutdown, exit, oracle); leaving the `with` block without it closes stdin, waits
    and, at the deadline, kills.
    """

    def __init__(
        self,
        *server_args: str,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        stderr: str | os.PathLike[str] | None = None,
        popen: Mapping[str, Any] | None = None,
    ) -> None:
        self.trace: list[TraceEntry] = []
        self._unread: list[Message] = []
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._reading = True
        self._at_end = False
        self._last_id = 0
        self._own_stderr = stderr is None
        if stderr is None:
            descriptor, self._stderr_path = tempfile.mkstemp(prefix="pipe-rpc-stderr-")
        else:
            self._stderr_path = os.fspath(stderr)
            descriptor = os.open(self._stderr_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        options: dict[str, Any] = {
            "args": [*SERVER, *server_args],
            "stdin": subprocess.PIPE,
            "stdout": subprocess.PIPE,
            "stderr": descriptor,
            "env": None if env is None else dict(env),
            "cwd": cwd,
            "bufsize": 0,
        }
        options.update(popen or {})
        try:
            self.process: subprocess.Popen[bytes] = subprocess.Popen(**options)
        finally:
            os.close(descriptor)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._stdin_fd = self.process.stdin.fileno()
        self._stdout_fd = self.process.stdout.fileno()
        os.set_blocking(self._stdin_fd, False)
        os.set_blocking(self._stdout_fd, False)

    # ---- facts

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def input_closed(self) -> bool:
        """Has the test closed the server's stdin?"""
        return self.process.stdin is None or self.process.stdin.closed

    def stderr_text(self) -> str:
        """What the server has written to stderr so far."""
        with open(self._stderr_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    # ---- sending

    def send(self, message: Message) -> None:
        """Send one message, whatever it is, and return when all of it is in the pipe."""
        self.trace.append(TraceEntry("out", message, time.monotonic()))
        self._write(encode_frame(message))

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are: broken frames, half frames, several frames at once."""
        self.trace.append(TraceEntry("out", bytes(data), time.monotonic()))
        self._write(data)

    def send_all(self, messages: Iterable[Message]) -> None:
        """Send several messages in one write, so that the server finds them together."""
        frames = bytearray()
        for message in messages:
            self.trace.append(TraceEntry("out", message, time.monotonic()))
            frames += encode_frame(message)
        self._write(frames)

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification; `params` None leaves the member out."""
        self.send(_envelope(method, params))

    def start(self, method: str, params: Any = None, id: Id | None = None) -> Id:  # noqa: A002 - the wire calls it id
        """Send a request and return its id without waiting; `answer(id)` waits."""
        chosen = self.next_id() if id is None else id
        self.send({**_envelope(method, params), "id": chosen})
        return chosen

    def next_id(self) -> int:
        """A request id that this client has not used yet."""
        self._last_id += 1
        return self._last_id

    def close_stdin(self) -> None:
        """Close the server's stdin: the server sees the end of its input."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.stdin.close()
        self._outgoing.clear()

    def close_stdout(self) -> None:
        """Close the reading end of the server's stdout: the server gets EPIPE."""
        if self.process.stdout is not None and not self.process.stdout.closed:
            self.process.stdout.close()
        self._at_end = True

    # ---- receiving

    def receive(self) -> Message:
        """The next message in order of arrival. Raises EOFError when the server has closed its stdout."""
        return self._take(lambda message: True, "any message")

    def answer(self, id: Id) -> Message:  # noqa: A002 - the wire calls it id
        """The whole answer to request `id`; other messages stay queued."""

        def is_answer(message: Message) -> bool:
            return "method" not in message and _same_id(message.get("id"), id)

        return self._take(is_answer, f"the answer to request {id!r}")

    def receive_answer_to(self, request_id: Id) -> Message:
        """The answer to a request whose body may have been unreadable: then it comes with the id null."""
        return self._take(
            lambda message: "method" not in message and (message["id"] is None or _same_id(message["id"], request_id)),
            f"the answer to request {request_id!r} or to an unreadable body",
        )

    def request(self, method: str, params: Any = None) -> Any:
        """Send a request, wait for its answer and return the result. Raises WireError when it is an error."""
        return self.result(self.start(method, params))

    def result(self, id: Id) -> Any:  # noqa: A002 - the wire calls it id
        """Wait for the answer to request `id` and return its result. Raises WireError when it is an error."""
        answer = self.answer(id)
        if "error" in answer:
            error = answer["error"]
            raise WireError(error["code"], error["message"], error.get("data"))
        return answer["result"]

    def wait_notification(self, method: str, /, **matching_params: Any) -> Message:
        """The params of the first notification `method` whose params include `matching_params`; others stay queued."""

        def matches(message: Message) -> bool:
            if message.get("method") != method or "id" in message:
                return False
            params = message.get("params", {})
            return all(name in params and params[name] == value for name, value in matching_params.items())

        params: Message = self._take(matches, f"notification {method} with {matching_params}")["params"]
        return params

    def wait_for_session(self, session_id: str) -> Message:
        """The next notification, of whatever method, that names the session; others stay queued."""

        def names_it(message: Message) -> bool:
            return "method" in message and message.get("params", {}).get("sessionId") == session_id

        return self._take(names_it, f"any notification of {session_id}")

    def queued(self, method: str, /, **matching_params: Any) -> list[Message]:
        """The params of the notifications that have arrived and that nobody has taken yet. Does not wait."""
        return [
            message["params"]
            for message in self._unread
            if message.get("method") == method
            and all(message["params"].get(name) == value for name, value in matching_params.items())
        ]

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Read messages, leaving all of them queued, until `condition()` holds."""
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            self._exchange(deadline, what)

    def fence(self) -> None:
        """A round trip: when it returns, the server has handled all that was sent before."""
        self.request("session/list", {})

    @contextlib.contextmanager
    def not_reading(self) -> Iterator[None]:
        """Within this block nothing is read from the server's stdout, not even while a write waits."""
        self._reading = False
        try:
            yield
        finally:
            self._reading = True

    def read_some(self, at_most: int) -> int:
        """Wait until the server's stdout is readable, take at most so many raw bytes, and return how many came."""
        self._poll(time.monotonic() + DEADLINE_S, "some bytes", write=False)
        return self._read(at_most)

    # ---- life cycle

    def initialize(self, **options: Any) -> Message:
        """`initialize` with the keywords as initializationOptions, then `initialized`. Returns the result."""
        params: Message = {
            # Without pidfds a server has to ask now and then whether the client's process is still there.
            "processId": None if lacking("pidfd") else os.getpid(),
            "clientInfo": {"name": "wire-client", "version": "1"},
            "rootUri": None,
            "capabilities": {},
        }
        if options:
            params["initializationOptions"] = options
        result: Message = self.request("initialize", params)
        self.notify("initialized", {})
        return result

    def finish(self) -> None:
        """End in order: shutdown, every session's last notification, exit. Then the oracle judges the whole trace."""
        assert self.request("shutdown") is None, "shutdown must answer null"
        left = OpenSessions(self.trace)
        self.wait_until(lambda: not left.names(), "the last notification of every session")
        self.notify("exit")
        code = self.wait_exit()
        assert code == 0, f"exit status {code} after shutdown and exit; stderr:\n{self.stderr_text()}"
        check_trace(self.trace, complete=True)

    def wait_exit(self) -> int:
        """Read until the server closes its stdout, wait until it has ended, and return its exit status."""
        deadline = time.monotonic() + DEADLINE_S
        while not self._at_end:
            try:
                self._exchange(deadline, "the end of the server's stdout")
            except EOFError:
                break
        try:
            return self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise self._overdue("the end of the server's process") from None

    def close(self) -> None:
        """Release everything. A server that still runs gets the end of its input, then the deadline, then SIGKILL."""
        self.close_stdin()
        try:
            if self.process.returncode is None:
                self._reading = True
                self.wait_exit()
        except AssertionError:
            pass  # Whatever went wrong has been or will be told by the test; here the process must go.
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.close_stdout()
            if self._own_stderr:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self._stderr_path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # ---- sessions

    def spawn(self, argv: list[str], **params: Any) -> Message:
        """`session/spawn`, waited for. Returns its SessionInfo."""
        info: Message = self.request("session/spawn", {"argv": argv, **params})
        return info

    def collect_output(self, session_id: str, stream: str) -> bytes:
        """The bytes of that stream that have been delivered so far, in order of arrival. Does not wait."""
        return b"".join(decode_data(params) for params in self.delivered(session_id, stream))

    def delivered(self, session_id: str, stream: str) -> list[Message]:
        """The params of every `session/output` of that stream so far, whether somebody has taken it or not."""
        found: list[Message] = []
        for entry in self.trace:
            if entry.direction != "in" or isinstance(entry.message, bytes):
                continue
            if entry.message.get("method") == "session/output":
                params = entry.message["params"]
                if params["sessionId"] == session_id and params["stream"] == stream:
                    found.append(params)
        return found

    def wait_exited(self, session_id: str) -> Message:
        """The params of the session's `session/exited`."""
        return self.wait_notification("session/exited", sessionId=session_id)

    def wait_closed(self, session_id: str) -> Message:
        """Wait for the session's `session/closed`, its last notification."""
        return self.wait_notification("session/closed", sessionId=session_id)

    def wait_output(self, session_id: str, stream: str, at_least: int) -> bytes:
        """Wait until so many bytes of the stream have been delivered, and return all of them."""
        total = 0
        seen = 0

        def enough() -> bool:
            nonlocal total, seen
            for entry in self.trace[seen:]:
                if entry.direction == "in" and not isinstance(entry.message, bytes):
                    params = entry.message.get("params", {})
                    if entry.message.get("method") == "session/output" and (
                        params["sessionId"] == session_id and params["stream"] == stream
                    ):
                        total += params["length"]
            seen = len(self.trace)
            return total >= at_least

        self.wait_until(enough, f"{at_least} bytes of {stream} of {session_id}")
        return self.collect_output(session_id, stream)

    # ---- pipes

    def _take(self, wanted: Callable[[Message], bool], what: str) -> Message:
        deadline = time.monotonic() + DEADLINE_S
        looked_at = 0
        while True:
            for index in range(looked_at, len(self._unread)):
                if wanted(self._unread[index]):
                    return self._unread.pop(index)
            looked_at = len(self._unread)
            self._exchange(deadline, what)

    def _write(self, data: bytes | bytearray) -> None:
        self._outgoing += data
        deadline = time.monotonic() + DEADLINE_S
        self._write_what_fits()
        while self._outgoing:
            self._exchange(deadline, f"room for {len(self._outgoing)} bytes in the server's stdin")

    def _exchange(self, deadline: float, what: str) -> None:
        """One poll, then what it allows. Raises EOFError when there is nothing left to wait for."""
        if self._at_end:
            if self._outgoing:  # The server has gone: nobody will ever read this.
                self._outgoing.clear()
                return
            raise EOFError(f"the server closed its stdout; still waiting for {what}\n{self._story()}")
        readable, writable = self._poll(deadline, what, write=bool(self._outgoing))
        if writable:
            self._write_what_fits()
        if readable:
            self._read(READ_BYTES)

    def _poll(self, deadline: float, what: str, *, write: bool) -> tuple[bool, bool]:
        poller = select.poll()
        if self._reading:
            poller.register(self._stdout_fd, select.POLLIN)
        if write:
            poller.register(self._stdin_fd, select.POLLOUT)
        ready = dict(poller.poll(max(0.0, deadline - time.monotonic()) * 1000))
        if not ready:
            raise self._overdue(what)
        return self._stdout_fd in ready, self._stdin_fd in ready

    def _write_what_fits(self) -> None:
        while self._outgoing:
            try:
                written = os.write(self._stdin_fd, memoryview(self._outgoing)[:READ_BYTES])
            except BlockingIOError:
                return
            except BrokenPipeError:
                self._outgoing.clear()  # What the server says and does next is what tests judge.
                return
            del self._outgoing[:written]

    def _read(self, at_most: int) -> int:
        try:
            data = os.read(self._stdout_fd, at_most)
        except BlockingIOError:
            return 0
        if not data:
            self._at_end = True
            if self._incoming:
                raise BrokenFrameError(f"stdout ended inside a frame: {bytes(self._incoming[:200])!r}")
            return 0
        self._incoming += data
        while (message := take_frame(self._incoming)) is not None:
            self.trace.append(TraceEntry("in", message, time.monotonic()))
            self._unread.append(message)
        return len(data)

    def _overdue(self, what: str) -> AssertionError:
        return AssertionError(f"waited {DEADLINE_S:g} s in vain for {what}\n{self._story()}")

    def _story(self) -> str:
        lines = [f"last {SHOWN_TRACE_ENTRIES} of {len(self.trace)} messages:"]
        for entry in self.trace[-SHOWN_TRACE_ENTRIES:]:
            text = repr(entry.message)
            if len(text) > SHOWN_CHARACTERS:
                text = f"{text[:SHOWN_CHARACTERS]}… ({len(text)} characters)"
            lines.append(f"  {'<' if entry.direction == 'in' else '>'} {entry.at:.6f} {text}")
        lines += [f"server's exit status: {self.process.poll()}", "server's stderr:", self.stderr_text()[-8000:]]
        return "\n".join(lines)


def _envelope(method: str, params: Any) -> Message:
    message: Message = {"jsonrpc": "2.0", "method": method}
    if params is not None:
        message["params"] = params
    return message


def _same_id(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)
