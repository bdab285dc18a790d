"""Every order of the events of one batch: exit never overtakes output, the close is last, and nothing is lost.

The kernel reports what is ready in an order of its own, so the callbacks are called here in each order that there is.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import permutations

import pytest

from pipe_rpc.buffers.text import Encoding
from pipe_rpc.errors import PipeRpcError
from pipe_rpc.loop.loop import Deadline, Watch
from pipe_rpc.session.announcement import Closed, StreamName
from pipe_rpc.session.attachment import Overflow
from pipe_rpc.session.lifecycle import Outcome, Reason
from tests.session.harness import KILLED, TERMINATED, Bench, OrderCheck, StillLoop, fill_pipe, pull_all

OUT = b"stdout: " + bytes(range(32, 127)) * 9
ERR = b"stderr: " + bytes(range(32, 127)) * 5
BOTH = (StreamName.STDOUT, StreamName.STDERR)

EVENTS = ("stdout", "stderr", "exit", "stdin", "timer")
ORDERS = list(permutations(EVENTS))


class BatchLoop(StillLoop):
    """Notes who watches and what is due, so that a test can be the kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.watches: dict[int, Watch] = {}
        self.deadlines: list[Deadline] = []

    def watch(self, fd: int, event: int, callback: Callable[[], None]) -> Watch:
        """Note the watch."""
        self.watches[fd] = super().watch(fd, event, callback)
        return self.watches[fd]

    def call_at(self, when: float, callback: Callable[[], None]) -> Deadline:
        """Note the deadline."""
        self.deadlines.append(super().call_at(when, callback))
        return self.deadlines[-1]

    def fire(self, watch: Watch) -> None:
        """What the loop does for each event of a batch: a watch that was ended in it is left alone."""
        if watch.active:
            watch.callback()

    def fire_deadlines(self) -> None:
        """What the loop does at the time of the deadlines."""
        for deadline in list(self.deadlines):
            callback, deadline.callback = deadline.callback, None
            if callback is not None and deadline.when <= self.now:
                callback()


class Batch:
    """A session with all five events ready at once."""

    def __init__(
        self, *, attach: tuple[StreamName, ...], overflow: Overflow, held: bool, backlog_bytes: int = 4096
    ) -> None:
        self.loop = BatchLoop()
        self.bench = Bench(
            loop=self.loop,
            attach=attach,
            overflow=overflow,
            encoding=Encoding.BASE64,
            backlog_bytes=backlog_bytes,
            read_bytes=100,
        )
        self.child, self.session = self.bench.child, self.bench.session
        self.written: list[tuple[int, PipeRpcError | None]] = []
        assert self.child.stdin_fd is not None
        fill_pipe(self.child.stdin_fd)
        self.session.stdin.write(b"y" * 10, lambda size, error: self.written.append((size, error)), close=False)
        self.session.terminate(1.0, Reason.REQUEST)
        self.session_watches = {
            "stdout": self.loop.watches[self.child.stdout_fd],
            "stderr": self.loop.watches[self.child.stderr_fd or -1],
            "stdin": self.loop.watches[self.child.stdin_fd],
        }
        # Now everything happens before the loop looks.
        self.child.write(StreamName.STDOUT, OUT)
        self.child.write(StreamName.STDERR, ERR)
        if not held:
            self.child.close_output()
        self.child.read_stdin()
        self.loop.clock.now += 1.0
        self.loop.now = self.loop.clock.now
        self.child.status = TERMINATED

    def happen(self, event: str) -> None:
        """One of the events is handled."""
        match event:
            case "exit":
                if self.child.pid in self.bench.exits.callbacks:
                    self.bench.exits.callbacks[self.child.pid]()
            case "timer":
                self.loop.fire_deadlines()
            case _:
                self.loop.fire(self.session_watches[event])

    def settle(self, check: OrderCheck) -> None:
        """Turns and pulls until nothing more comes."""
        for _ in range(40):
            self.loop.run_turn()
            check.take(pull_all(self.session.pull, 64))


@contextmanager
def told_on_failure(order: tuple[str, ...]) -> Iterator[None]:
    """Say in which order it failed."""
    try:
        yield
    except BaseException as error:
        error.add_note("the order was " + " - ".join(order))
        raise


@pytest.mark.parametrize("pulling", ["between", "behind"])
@pytest.mark.parametrize("held", [False, True], ids=["pipes closed", "a grandchild holds the pipes"])
@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("attach", [(), (StreamName.STDOUT,), BOTH], ids=len)
def test_in_every_order_of_the_events_output_comes_before_exit_and_close_comes_last(
    attach: tuple[StreamName, ...], overflow: Overflow, pulling: str, *, held: bool
) -> None:
    for order in ORDERS:
        with told_on_failure(order):
            _judge(order, attach, overflow, pulling, held=held)


def _judge(
    order: tuple[str, ...], attach: tuple[StreamName, ...], overflow: Overflow, pulling: str, *, held: bool
) -> None:
    batch = Batch(attach=attach, overflow=overflow, held=held)
    with batch.bench:
        check = OrderCheck({StreamName.STDOUT: OUT, StreamName.STDERR: ERR}, attach)
        for event in order:
            batch.happen(event)
            if pulling == "between":
                check.take(pull_all(batch.session.pull, 64))
        # Without another look at the descriptors: the exit can be told from what this batch brought.
        check.take(pull_all(batch.session.pull, 64))
        assert check.exited
        batch.settle(check)
        assert check.closed is not held

        stdin_first = order.index("stdin") < order.index("exit")
        [(size, error)] = batch.written
        assert (size, error is None) == ((10, True) if stdin_first else (0, False))

        timer_first = order.index("timer") < order.index("exit")
        killed = [signal.SIGKILL] if timer_first else []
        assert batch.child.fake_group.sent == [signal.SIGTERM, signal.SIGCONT, *killed]
        assert batch.session.exit is not None
        assert (batch.session.exit.outcome, batch.session.exit.reason) == (Outcome.SOFT_EXIT, Reason.REQUEST)

        if held:
            batch.child.write(StreamName.STDOUT, b"later")
            batch.child.close_output()
            batch.settle(check)
            assert check.closed
        assert batch.session.streams[StreamName.STDOUT].ring.end == len(OUT) + (5 if held else 0)


@pytest.mark.parametrize("order", list(permutations(("stdout", "stderr", "exit"))), ids="-".join)
def test_in_every_order_a_ring_too_small_for_the_batch_delays_the_exit_until_the_client_has_read(
    order: tuple[str, ...],
) -> None:
    batch = Batch(attach=BOTH, overflow=Overflow.BLOCK, held=False, backlog_bytes=256)
    with batch.bench:
        check = OrderCheck({StreamName.STDOUT: OUT, StreamName.STDERR: ERR}, BOTH)
        for event in order:
            batch.happen(event)
        check.take(pull_all(batch.session.pull, 64))
        assert not check.exited
        batch.settle(check)
        assert check.closed


@pytest.mark.parametrize("order", list(permutations(("exit", "timer"))), ids="-".join)
def test_survivors_are_killed_at_the_deadline_whether_the_leader_ended_before_or_behind_it(
    order: tuple[str, ...],
) -> None:
    batch = Batch(attach=(), overflow=Overflow.BLOCK, held=False)
    with batch.bench:
        batch.child.fake_group.survivors = True
        batch.child.status = KILLED
        for event in order:
            batch.happen(event)
        batch.loop.run_turn()
        assert batch.child.fake_group.sent == [signal.SIGTERM, signal.SIGCONT, signal.SIGKILL]


def test_a_descriptor_number_that_is_taken_anew_in_the_batch_gets_no_stale_event() -> None:
    batch = Batch(attach=(), overflow=Overflow.BLOCK, held=False)
    with batch.bench:
        stale = batch.session_watches["stdout"]
        somebody_else, writer = os.pipe()
        batch.happen("exit")
        os.dup2(somebody_else, stale.fd)
        os.write(writer, b"not for the dead")
        batch.happen("stdout")
        assert batch.session.streams[StreamName.STDOUT].ring.end == len(OUT)
        assert os.read(somebody_else, 100) == b"not for the dead"
        for fd in (stale.fd, somebody_else, writer):
            os.close(fd)


def test_the_close_is_announced_by_itself_and_once() -> None:
    batch = Batch(attach=(), overflow=Overflow.BLOCK, held=False)
    with batch.bench:
        batch.happen("exit")
        told = batch.bench.pull_all()
        assert isinstance(told[-1], Closed)
        assert batch.bench.pull_all() == []
