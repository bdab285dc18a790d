"""One batch of the kernel at the server: seven events that are all ready, handled in the order of a test's choice.

The server is of its real parts, and its selector is a real one, so what is ready is what the kernel says; only the
order is the test's. The end of the child, the deadlines and the end of the client's process have no descriptor here,
and get their places in the batch all the same.
"""

import fcntl
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import permutations
from signal import SIGKILL
from typing import Any, NamedTuple

import pytest

from pipe_rpc.server.log import LogLevel
from pipe_rpc.session.announcement import StreamName
from tests.server.batch_loop import BatchLoop
from tests.server.harness import Bench, sent
from tests.session.harness import TERMINATED, FakeChild, fill_pipe
from tests.support.oracle import check_trace
from tests.support.trace import Message, TraceEntry, decode_data

EVENTS = ("stdout", "stderr", "exit", "stdin", "timer", "request", "gone")
ORDERS = list(permutations(EVENTS))

STEP_S = 0.005
"""How far the clock goes in each turn behind the batch."""
GRACE_S = 2.0
IN_TIME_S = GRACE_S + 1.0
"""Within one grace and one second everything has ended, whatever the order was."""

WRITTEN = {"stdout": bytes(range(256)) * 12 + b"out", "stderr": bytes(range(255, -1, -1)) * 5 + b"err"}
LATER = b"said by one that the child left behind"


class Scenario(NamedTuple):
    """What the batch finds, and what is in it."""

    name: str
    request: str = "detach"
    gone: str = "end of input"
    """Or "hang-up", where nobody reads any more, or "process", where the client's process has ended."""
    timer: str = "kill"
    """Or "timeout": the session's own, and those of the requests that wait."""
    attach: tuple[str, ...] = ("stdout", "stderr")
    overflow: str = "block"
    held: bool = False
    """Whether a process that the child left behind holds its streams."""
    backlog_bytes: int = 65536
    spread: bool = False
    """Whether each event comes in a turn of its own, with the client served in between."""


class Batch:
    """A server with one session and every event ready at once."""

    def __init__(self, scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
        self.scenario = scenario
        self.loop = BatchLoop()
        self.bench = Bench(monkeypatch, log_level=LogLevel.ERROR, loop=self.loop)
        self.trace: list[TraceEntry] = []
        self.request("initialize", {"capabilities": {}, "initializationOptions": {"graceMs": GRACE_S * 1000}})
        self.serve()
        self.descriptors = _open_descriptors()
        self.written = dict(WRITTEN)
        self.session_id, self.child = self._spawn()
        self._prepare()

    def send(self, *messages: Message) -> None:
        """Send messages, all in one write."""
        self.trace += [TraceEntry("out", message, 0.0) for message in messages]
        self.bench.wires.send(*messages)

    def request(self, method: str, params: Any = None) -> Message:
        """Send a request; its id tells what it is."""
        message = {"jsonrpc": "2.0", "id": f"{method} {len(self.trace)}", "method": method, "params": params}
        self.send(message)
        return message

    def serve(self, turns: int = 2) -> None:
        """Take turns and what they bring."""
        for _ in range(turns):
            self.loop.run_turn()
        self.receive()

    def receive(self) -> None:
        """Take what the server has said."""
        if self.bench.wires.from_server >= 0:
            self.trace += [TraceEntry("in", message, 0.0) for message in self.bench.wires.receive()]

    def _spawn(self) -> tuple[str, FakeChild]:
        scenario = self.scenario
        params = {
            "argv": ["fake"],
            "attach": list(scenario.attach),
            "encoding": "base64",
            "overflow": scenario.overflow,
            "backlogBytes": scenario.backlog_bytes,
        }
        if scenario.timer == "timeout":
            params["timeoutMs"] = 1000
        self.request("session/spawn", params)
        self.serve()
        answer = self.trace[-1].message
        assert isinstance(answer, dict)
        return answer["result"]["sessionId"], self.bench.children[-1]

    def _prepare(self) -> None:
        """Let requests wait, and then let everything happen before the server looks."""
        loop, child, wires, scenario = self.loop, self.child, self.bench.wires, self.scenario
        assert child.stdin_fd is not None
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            fcntl.fcntl(child.stdin_fd, fcntl.F_SETPIPE_SZ, 4096)  # A small pipe is full soon.
        fill_pipe(child.stdin_fd)
        session = {"sessionId": self.session_id}
        limited = {"timeoutMs": 1000} if scenario.timer == "timeout" else {}
        self.waiting_write = self.request("session/write", {**session, "data": "y" * 10})
        self.request("session/wait", {**session, **limited})
        self.waiting = self.request("session/wait", {**session, "until": "closed"})
        self.request("session/read", {**session, "stream": "stdout", "fromOffset": 0, "waitMs": 1000})
        if scenario.timer == "kill":
            self.request("session/terminate", {**session, "graceMs": 1000})
        self.serve()

        for name, data in WRITTEN.items():
            assert child.write(StreamName(name), data) == len(data)
        if scenario.held:
            child.fake_group.survivors = True
        else:
            child.close_output()
        child.read_stdin()
        child.status = TERMINATED
        loop.clock.now += 1.0
        loop.now = loop.clock.now
        self.gone_at = loop.clock.now
        selector = loop.selector
        selector.names = {
            child.stdout_fd: "stdout",
            child.stderr_fd or -1: "stderr",
            child.stdin_fd: "stdin",
            wires.stdin.fd: "request",
            wires.stdout.fd: "gone",
        }
        selector.events = {"exit": self._exit, "timer": loop.fire_deadlines}

    def run(self, order: Sequence[str]) -> None:
        """Handle the batch in this order, and all that comes of it."""
        scenario, wires = self.scenario, self.bench.wires
        events = self.loop.selector.events
        if scenario.gone == "end of input" and order.index("gone") < order.index("request"):
            wires.close_input()  # What comes behind the end does not come.
            events["gone"] = lambda: self.loop.fire(wires.stdin.fd)
            events["request"] = lambda: None
        else:
            self._send_request()
            match scenario.gone:
                case "end of input":
                    wires.close_input()
                    events["gone"] = lambda: self.loop.fire(wires.stdin.fd)
                case "hang-up":
                    wires.hang_up()
                case _:
                    events["gone"] = lambda: self.bench.ending.end("the client's process has ended")
        self.loop.selector.plan = [[event] for event in order] if scenario.spread else [order]
        while self.loop.selector.plan and not self.loop.has_stopped:
            self.loop.run_turn()
        if scenario.held and not self.loop.has_stopped:
            self._say_more()
        while not self.loop.has_stopped:
            self._be_the_kernel()
            self.loop.clock.now += STEP_S
            assert self.loop.clock.now < self.gone_at + IN_TIME_S, f"it does not end: {self.trace}"
            self.loop.run_turn()
            self.receive()
        self.receive()

    def _send_request(self) -> None:
        session = {"sessionId": self.session_id}
        stream = {**session, "stream": "stdout"}
        match self.scenario.request:
            case "detach":
                self.request("session/detach", stream)
            case "steal":
                self.request("session/attach", {**stream, "steal": True, "fromOffset": 0})
            case "remove":
                self.request("session/remove", {**session, "force": True})
            case "kill":
                self.request("session/terminate", {**session, "graceMs": 0})
            case "read":
                self.request("session/read", {**stream, "fromOffset": 0, "waitMs": 100})
            case "write":
                self.request("session/write", {**session, "data": "z" * 5, "close": True})
            case "cancel":
                params = {"id": self.waiting["id"]}
                self.send({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": params})
            case method:
                self.request(method, {})

    def _exit(self) -> None:
        callback = self.bench.exits.callbacks.get(self.child.pid)
        if callback is not None:
            callback()

    def _say_more(self) -> None:
        """The one that the child left behind writes, unless nobody reads that any more."""
        with suppress(BrokenPipeError):
            assert self.child.write(StreamName.STDOUT, LATER) == len(LATER)
            self.written["stdout"] += LATER

    def _be_the_kernel(self) -> None:
        """Let what was killed end."""
        if SIGKILL in sent(self.child):
            self.child.fake_group.survivors = False
            self.child.close_output()

    def judge(self) -> None:
        """Whatever the order was: each message as the contract says, each byte where it belongs, nothing left."""
        reads = self.scenario.gone != "hang-up"
        check_trace(self.trace, complete=reads)
        answers: dict[str, Message] = {}
        for entry in self.trace:
            message = entry.message
            assert isinstance(message, dict)
            if entry.direction == "in":
                assert message.get("error", {}).get("code") != -32603, message
                if "id" in message:
                    answers[message["id"]] = message
                elif message["method"] in ("session/output", "session/detached"):
                    self._judge_bytes(message["method"], message["params"])
        for name, answer in answers.items():
            if name.startswith("session/read") and "result" in answer:
                result = answer["result"]
                assert decode_data(result) == self.written["stdout"][result["offset"] : result["nextOffset"]]
        if reads:
            self._judge_stdin(answers)
        assert not self.bench.registry.has_processes()
        self.child.close()
        assert _open_descriptors() == self.descriptors - self._ends_of_the_client_that_closed()

    def _judge_bytes(self, method: str, params: Message) -> None:
        written = self.written[params["stream"]]
        if method == "session/output":
            assert decode_data(params) == written[params["offset"] : params["offset"] + params["length"]]
        elif params["reason"] == "ended":
            assert params["offset"] == len(written)

    def _judge_stdin(self, answers: Mapping[str, Message]) -> None:
        answer = answers[self.waiting_write["id"]]
        outcome = answer["result"] if "result" in answer else answer["error"]["data"]
        entered = b""
        with suppress(BlockingIOError):
            entered = self.child.read_stdin()
        assert entered.count(b"y") == outcome.get("bytesWritten", 0)

    def _ends_of_the_client_that_closed(self) -> int:
        wires = self.bench.wires
        return (wires.to_server < 0) + (wires.from_server < 0)


def _open_descriptors() -> int:
    return len(os.listdir("/dev/fd"))


@contextmanager
def batch(scenario: Scenario) -> Iterator[Batch]:
    """A batch that is given back behind the block."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        made = Batch(scenario, monkeypatch)
        try:
            yield made
        finally:
            made.bench.close()


def orders(count: int, seed: str) -> list[tuple[str, ...]]:
    """So many different orders; all of them where that many are asked for."""
    return ORDERS if count >= len(ORDERS) else random.Random(seed).sample(ORDERS, count)
