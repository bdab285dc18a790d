"""A whole server with real children in this process, whose turns a test takes, and its client."""

import base64
import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from pipe_rpc.limits import Limits
from pipe_rpc.loop.descriptor import SharedDescriptor
from pipe_rpc.loop.loop import Loop
from pipe_rpc.server import app
from pipe_rpc.server.app import Server, Settings
from pipe_rpc.server.log import Log, LogLevel
from pipe_rpc.server.stdio import Stdio
from tests.faults.injection import FailingSelector, Faults
from tests.server.harness import Wires
from tests.support.cgroups import directories_of, home_of_cgroups
from tests.support.frames import encode_frame
from tests.support.leaks import own_descendants
from tests.support.trace import DEADLINE_S, Message, decode_data

HEARTBEAT_S = 0.02
"""The longest turn, so that a test sees its deadline."""


class Served:
    """A server of its real parts; faults are in force while it takes its turns, and only then."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
        self.before_descendants = own_descendants()
        self.faults = Faults(monkeypatch)
        self.wires = Wires()
        for descriptor in (self.wires.stdin, self.wires.stdout):
            os.set_blocking(descriptor.fd, True)  # As they are inherited: every call asks for itself not to wait.
        stdio = Stdio(SharedDescriptor(self.wires.stdin.fd), SharedDescriptor(self.wires.stdout.fd))
        self._log_reader, log_writer = os.pipe()
        os.set_blocking(self._log_reader, False)
        self.log_fd = log_writer
        self._log = Log(SharedDescriptor(log_writer), LogLevel.DEBUG)
        monkeypatch.setattr(app, "Loop", self._make_loop)
        self.cgroup_home = home_of_cgroups()
        self.server = Server(stdio, Settings(Limits(**limits), None, cgroup_home=self.cgroup_home), self._log)
        self.heard: list[Message] = []
        """Every message, in order."""
        self.reads = True
        self._last_id = 0
        self._over = False
        self.request("initialize", {"capabilities": {}})
        self.bystander = self.spawn("cat")

    @property
    def is_running(self) -> bool:
        """Whether the test has not let the server run to its end."""
        return not self._over

    # ---- the client

    def turn(self) -> None:
        """Take one turn, and hear what came of it."""
        self._loop.call_at(self._loop.time() + HEARTBEAT_S, lambda: None)
        with self.faults.in_force():
            self._loop.run_turn()
        if self.reads:
            self.heard += self.wires.receive()

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Take turns until something holds; fails at the deadline."""
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < deadline, f"in vain for {what}; heard {self.heard}; logged {self.log_text()}"
            self.turn()

    def start(self, method: str, params: Any = None) -> int:
        """Send a request; returns its id."""
        self._last_id += 1
        message = {"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params or {}}
        frame = encode_frame(message)
        while frame:
            with suppress(BlockingIOError):
                frame = frame[os.write(self.wires.to_server, frame) :]
            if frame:
                self.turn()
        return self._last_id

    def answer(self, request_id: int) -> Message:
        """Take turns until a request is answered."""
        found: list[Message] = []

        def is_answered() -> bool:
            found[:] = [each for each in self.heard if "method" not in each and each["id"] == request_id]
            return bool(found)

        self.until(is_answered, f"the answer to {request_id}")
        [answer] = found
        return answer

    def request(self, method: str, params: Any = None) -> Any:
        """Send a request, which must succeed, and take its result."""
        answer = self.answer(self.start(method, params))
        assert "error" not in answer, answer
        return answer["result"]

    def refusal(self, method: str, params: Any = None) -> Message:
        """Send a request, which must fail, and take its error."""
        answer = self.answer(self.start(method, params))
        assert "error" in answer, answer
        assert "Traceback" not in str(answer)
        error: Message = answer["error"]
        return error

    def spawn(self, *argv: str, **params: Any) -> str:
        """Start a session; returns its id."""
        session: str = self.request("session/spawn", {"argv": list(argv), **params})["sessionId"]
        return session

    def notifications(self, method: str, session: str) -> list[Message]:
        """What was told of a session."""
        return [
            each["params"]
            for each in self.heard
            if each.get("method") == f"session/{method}" and each["params"]["sessionId"] == session
        ]

    def output(self, session: str, stream: str = "stdout") -> bytes:
        """The bytes that were told, which must be without a gap."""
        data = b""
        for params in self.notifications("output", session):
            if params["stream"] == stream:
                assert params["offset"] == len(data)
                data += decode_data(params)
        return data

    def wait_output(self, session: str, data: bytes, stream: str = "stdout") -> None:
        """Take turns until exactly so much has come."""
        self.until(lambda: len(self.output(session, stream)) >= len(data), f"{len(data)} bytes of {session}")
        assert self.output(session, stream) == data

    def wait_exited(self, session: str) -> Message:
        """Take turns until a session has exited."""
        self.until(lambda: bool(self.notifications("exited", session)), f"the exit of {session}")
        [exited] = self.notifications("exited", session)
        return exited

    def wait_closed(self, session: str) -> None:
        """Take turns until a session has closed."""
        self.until(lambda: bool(self.notifications("closed", session)), f"the close of {session}")
        assert len(self.notifications("closed", session)) == 1

    def write(self, session: str, data: bytes) -> int:
        """Ask for a write; returns the request's id."""
        return self.start(
            "session/write", {"sessionId": session, "data": base64.b64encode(data).decode(), "encoding": "base64"}
        )

    # ---- what every fault has to leave

    def check_bystander(self) -> None:
        """A session that has nothing to do with the fault still echoes."""
        before = self.output(self.bystander)
        assert self.answer(self.write(self.bystander, b"still here\n"))["result"] == {"bytesWritten": 11}
        self.wait_output(self.bystander, before + b"still here\n")

    def directories(self) -> set[str]:
        """The control groups that there are of the server."""
        return set() if self.cgroup_home is None else directories_of(self.cgroup_home, os.getpid())

    def finish(self) -> None:
        """The orderly end: status 0, and the last word of each session."""
        shutdown = self.start("shutdown")
        self.until(lambda: any(each.get("id") == shutdown for each in self.heard), "the answer to shutdown")
        assert self.answer(shutdown)["result"] is None
        self.wires.send({"jsonrpc": "2.0", "method": "exit"})
        assert self.run_to_end() == 0
        assert self.notifications("closed", self.bystander)

    def run_to_end(self) -> int:
        """Let the server run until it has ended; returns its exit status."""
        self._over = True
        with self.faults.in_force():
            status = self.server.run()
        self.heard += self.wires.receive()
        return status

    def log_text(self) -> str:
        """What was logged since the last time."""
        try:
            return os.read(self._log_reader, 1 << 20).decode()
        except BlockingIOError:
            return ""

    def close(self) -> None:
        """Give everything back, and end the server if it has not ended."""
        if not self._over:
            self.wires.close_input()
            self.wires.hang_up()
            self.run_to_end()
        self.wires.close_input()
        self.wires.hang_up()
        self._log.close()
        os.close(self._log_reader)
        assert self.directories() == set()

    def _make_loop(self, **options: Any) -> Loop:
        self._loop = Loop(FailingSelector(self.faults), **options)
        return self._loop
