"""What the tests of the server share: both ends of its stdio, and a whole server over children made of pipes."""

import contextlib
import json
import os
import signal
from collections.abc import Callable, Mapping
from typing import Any, Self

from pipe_rpc.buffers.framer import FramingError, encode_frame
from pipe_rpc.child.cgroup_tree import CgroupTree
from pipe_rpc.child.descriptor_limit import DescriptorLimit
from pipe_rpc.child.exit_status import ExitStatus
from pipe_rpc.child.spawn import SpawnSpec
from pipe_rpc.limits import Limits
from pipe_rpc.loop.descriptor import Descriptor, OwnDescriptor
from pipe_rpc.protocol.envelope import Id
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
from tests.session.harness import EXITED_0, FakeChild, FakeOrphans, ManualExitWatch, StillLoop
from tests.support.frames import take_frame
from tests.support.trace import Message

OUT, ERR = StreamName.STDOUT, StreamName.STDERR
WALL_CLOCK_NS = 5_000_000_000
FIRST_PID = 1_000_001
"""Above any process id of a real system (pid_max is at most 2^22), should one ever be signalled by mistake."""
TURNS = 10_000


class Wires:
    """The server's stdio as two pipes, with the client's ends in the hands of the test."""

    def __init__(self) -> None:
        their_in, self.to_server = os.pipe()
        self.from_server, their_out = os.pipe()
        os.set_blocking(self.to_server, False)
        os.set_blocking(self.from_server, False)
        self.stdin: Descriptor = OwnDescriptor(their_in)
        self.stdout: Descriptor = OwnDescriptor(their_out)
        self._incoming = bytearray()

    def write(self, data: bytes) -> None:
        """Write to the server, which must have room for it."""
        assert os.write(self.to_server, data) == len(data), "the pipe to the server is full"

    def send(self, *messages: Any) -> None:
        """Send JSON values, all in one write."""
        self.write(b"".join(encode_frame(json.dumps(message).encode()) for message in messages))

    def read(self, size: int = 1 << 20) -> bytes:
        """What is there now of what the server wrote."""
        if self.from_server < 0:
            return b""
        try:
            return os.read(self.from_server, size)
        except BlockingIOError:
            return b""

    def receive(self) -> list[Message]:
        """The messages that are whole by now."""
        self._incoming += self.read()
        messages = []
        while (message := take_frame(self._incoming)) is not None:
            messages.append(message)
        return messages

    def close_input(self) -> None:
        """Give the server the end of its input."""
        if self.to_server >= 0:
            fd, self.to_server = self.to_server, -1
            os.close(fd)

    def hang_up(self) -> None:
        """Close the reading end of the server's output."""
        if self.from_server >= 0:
            fd, self.from_server = self.from_server, -1
            os.close(fd)

    def close(self) -> None:
        """Give everything back."""
        self.close_input()
        self.hang_up()
        self.stdin.close()
        self.stdout.close()


class LastingOrphans(FakeOrphans):
    """Orphans that live until the test lets them end, and note the signals."""

    def __init__(self) -> None:
        super().__init__()
        self.left: list[int] = []
        """Those that left every kernel session of ours."""
        self.members: list[int] = []
        """Those in the kernel session of a child that a session still has."""
        self.sent: list[int] = []

    def living(self) -> list[int]:
        """What the test has set."""
        return [*self.left, *self.members]

    def ask_to_end(self) -> None:
        """Note the signal."""
        if self.left:
            self.sent.append(signal.SIGTERM)

    def kill(self, *, in_sessions: bool) -> None:
        """Note the signal."""
        if self.left or (in_sessions and self.members):
            self.sent.append(signal.SIGKILL)


class Bench:
    """A server of its real parts, over fake children, in a loop whose clock stands still."""

    def __init__(
        self,
        monkeypatch: Any,
        limits: Limits | None = None,
        *,
        log_level: LogLevel = LogLevel.DEBUG,
        loop: StillLoop | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.loop = loop or StillLoop()
        self.wires = Wires()
        self.children: list[FakeChild] = []
        self.specs: list[SpawnSpec] = []
        self.exits = ManualExitWatch()
        self.orphans = LastingOrphans()
        self.watched_clients: list[int] = []
        self._descriptor_limit = DescriptorLimit()
        self._log_reader, log_writer = os.pipe()
        os.set_blocking(self._log_reader, False)
        self.log = Log(OwnDescriptor(log_writer), log_level)
        monkeypatch.setattr("pipe_rpc.session.spawning.spawn", self._spawn)
        self.registry = SessionRegistry(
            self.loop,
            self.exits,
            self.orphans,
            self._descriptor_limit,
            self.limits,
            wall_clock=lambda: WALL_CLOCK_NS,
            environment={"INHERITED": "yes"},
            cgroups=CgroupTree(None),
        )
        self.ended_because: list[str] = []
        self.queue = RequestQueue(lambda: self.registry.spawns_tried, max_bytes=self.limits.max_queued_request_bytes)
        self.transport = Transport(
            self.loop,
            self.wires.stdin,
            self.wires.stdout,
            self.queue,
            self.limits,
            on_body=self._receive,
            on_due=self._receive_due,
            on_broken=self._broken,
            on_end=self._end,
        )
        self.ending = Ending(self.loop, self.registry, self.transport, self.queue, self.limits, self.log)
        self.pending = PendingRequests(
            self.loop,
            self._answer,
            max_pending=self.limits.max_pending_requests,
            max_id_bytes=self.limits.max_pending_id_bytes,
        )
        self.searches = Searches(self.limits)
        self.teller = Teller(self.transport, self.pending)
        self.endpoint = Endpoint(
            self.loop,
            self.registry,
            self.queue,
            self.pending,
            self.teller,
            self.ending,
            self.searches,
            self.limits,
            self.log,
            send=self.transport.send,
            watch_client=self.watched_clients.append,
        )
        self.pump = Pump(self.registry, self.teller, self.transport, self.limits)
        self.loop.add_before_sleep(self.transport.handle_waiting)
        self.loop.add_before_sleep(self.searches.search)
        self.loop.add_before_sleep(self.pump.pump_and_flush)
        self._last_id = 0
        self.received: list[Message] = []
        self.logged = ""

    # ---- the client

    def turn(self, count: int = 3) -> None:
        """Take turns: one to read and handle, one to write what came of it, and one to spare."""
        for _ in range(count):
            self.loop.run_turn()

    def take(self) -> list[Message]:
        """Take turns and every message that comes; those that nobody took before come first."""
        self.turn()
        self.received += self.wires.receive()
        taken, self.received = self.received, []
        return taken

    def send(self, *messages: Any) -> list[Message]:
        """Send messages and take what comes."""
        self.wires.send(*messages)
        return self.take()

    def request(self, method: str, params: Any = None, request_id: Any = None) -> Message:
        """Send a request and take its answer; other messages stay in ``received``."""
        if request_id is None:
            self._last_id += 1
            request_id = self._last_id
        message = {"jsonrpc": "2.0", "id": request_id, "method": method}
        if params is not None:
            message["params"] = params
        self.wires.send(message)
        return self.answer(request_id)

    def answer(self, request_id: Any) -> Message:
        """Take the answer to a request, within a few turns."""
        found = self.answer_or_none(request_id)
        assert found is not None, f"no answer to {request_id!r}; received {self.received}"
        return found

    def answer_or_none(self, request_id: Any) -> Message | None:
        """The answer to a request, or None where it waits."""
        self.received = self.take()
        for message in self.received:
            if "method" not in message and message["id"] == request_id and type(message["id"]) is type(request_id):
                self.received.remove(message)
                return message
        return None

    def result(self, method: str, params: Any = None) -> Any:
        """Send a request, which must succeed, and take its result."""
        answer = self.request(method, params)
        assert "error" not in answer, answer
        return answer["result"]

    def refusal(self, method: str, params: Any = None) -> Message:
        """Send a request, which must fail, and take its error."""
        error: Message = self.request(method, params)["error"]
        return error

    def start(self, method: str, params: Any = None) -> int:
        """Send a request that has to wait; returns its id."""
        self._last_id += 1
        self.wires.send({"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params})
        assert self.answer_or_none(self._last_id) is None, "it was answered at once"
        return self._last_id

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.wires.send({"jsonrpc": "2.0", "method": method, "params": params})
        self.received = self.take()

    def initialize(self, **params: Any) -> Message:
        """Shake hands."""
        result: Message = self.result("initialize", {"capabilities": {}, **params})
        return result

    def notifications(self, method: str) -> list[Message]:
        """Take the params of the notifications of that name."""
        self.received = self.take()
        found = [message for message in self.received if message.get("method") == method]
        self.received = [message for message in self.received if message not in found]
        return [message["params"] for message in found]

    # ---- the children

    def spawn(self, argv: list[str] | None = None, **params: Any) -> tuple[str, FakeChild]:
        """Spawn over the wire; returns the session's id and its child."""
        info = self.result("session/spawn", {"argv": argv or ["fake"], **params})
        return info["sessionId"], self.children[-1]

    def exit(self, child: FakeChild, status: ExitStatus = EXITED_0, *, close: bool = True) -> None:
        """Let a child end, and unless ``close`` is False its pipes."""
        if close:
            child.close()
        self.exits.report(child, status)

    def turn_until(self, condition: Callable[[], bool], what: str) -> None:
        """Take turns until something holds."""
        for _ in range(TURNS):
            if condition():
                return
            self.loop.run_turn()
        raise AssertionError(f"{TURNS} turns in vain for {what}")

    # ---- the log

    def log_text(self) -> str:
        """Everything that was logged so far."""
        with contextlib.suppress(BlockingIOError):
            self.logged += os.read(self._log_reader, 1 << 20).decode()
        return self.logged

    def close(self) -> None:
        """Give everything back."""
        for child in self.children:
            child.close()
            if child.pid in self.exits.callbacks and child.status is None:
                self.exits.report(child)
        for session in self.registry.sessions():
            session.abandon()
        self.transport.close()
        self.wires.close()
        self.log.close()
        os.close(self._log_reader)
        self._descriptor_limit.close()
        self.loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _spawn(self, spec: SpawnSpec, *_: object) -> FakeChild:
        self.specs.append(spec)
        child = FakeChild(
            merge_stderr=spec.merge_stderr, stdin_pipe=spec.stdin_pipe, pid=FIRST_PID + len(self.children)
        )
        self.children.append(child)
        return child

    def _receive(self, body: bytes) -> None:
        self.endpoint.receive(body)

    def _receive_due(self, body: bytes) -> None:
        self.endpoint.receive_due(body)

    def _answer(self, request_id: Id, outcome: Any) -> None:
        self.endpoint.answer(request_id, outcome)

    def _end(self, reason: str) -> None:
        self.ended_because.append(reason)
        self.ending.end(reason)

    def _broken(self, error: FramingError) -> None:
        self._end(str(error))


def sent(child: FakeChild) -> list[int]:
    """The signals that a child's group got."""
    return child.fake_group.sent


def error_kind(answer: Mapping[str, Any]) -> str:
    """The name of an answer's error."""
    kind: str = answer["error"]["data"]["kind"]
    return kind
