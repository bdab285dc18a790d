"""Signals: bytes that wake the loop, and dispositions that are put back."""

import os
import selectors
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import FrameType

import pytest

from pipe_rpc.loop.loop import READ, Loop
from pipe_rpc.loop.signals import SignalWatch
from tests.loop.manual_time import ManualClock, SleeplessSelector

USED = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP)
Disposition = Callable[[int, FrameType | None], object] | int | signal.Handlers | None


class Bench:
    """A loop that does not sleep, a watch of two signals, and what was called."""

    def __init__(self, stack: ExitStack) -> None:
        self.clock = ManualClock()
        self.selector = SleeplessSelector(selectors.DefaultSelector(), self.clock)
        self.loop = Loop(self.selector, self.clock)
        stack.callback(self.loop.close)
        self.log: list[str] = []
        self.watch = SignalWatch(
            self.loop, {signal.SIGTERM: self.note("SIGTERM"), signal.SIGUSR1: self.note("SIGUSR1")}
        )
        stack.callback(self.close)
        self._closed = False

    def note(self, what: str) -> Callable[[], None]:
        return lambda: self.log.append(what)

    def turn(self) -> list[str]:
        """Take one turn and tell what was called in it."""
        begin = len(self.log)
        self.loop.run_turn()
        return self.log[begin:]

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self.watch.close()


@pytest.fixture(autouse=True)
def dispositions() -> Iterator[dict[signal.Signals, Disposition]]:
    """Dispositions that a test can recognise; those of the test run are put back afterwards."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in USED}
    known: dict[signal.Signals, Disposition] = {
        signal.SIGTERM: signal.SIG_IGN,
        signal.SIGUSR1: known_handler,
        signal.SIGUSR2: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_IGN,
    }
    for number, disposition in known.items():
        signal.signal(number, disposition)
    yield known
    for number, disposition in before.items():
        signal.signal(number, disposition)


@pytest.fixture
def bench(dispositions: dict[signal.Signals, Disposition]) -> Iterator[Bench]:
    with ExitStack() as stack:
        yield Bench(stack)


def known_handler(number: int, frame: FrameType | None) -> None:
    raise AssertionError(f"signal {number} reached a handler that was replaced")


def current(numbers: tuple[signal.Signals, ...] = USED) -> dict[signal.Signals, Disposition]:
    return {number: signal.getsignal(number) for number in numbers}


def wake_up_descriptor() -> int:
    descriptor = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(descriptor)
    return descriptor


# ------------------------------------------------------------------------------------------------------- calling


def test_a_signal_calls_its_callback_in_the_next_turn_and_only_then(bench: Bench) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    assert bench.log == []
    assert [bench.turn(), bench.turn()] == [["SIGTERM"], []]


def test_a_signal_from_outside_ends_a_sleep_that_has_no_other_end() -> None:
    loop = Loop()
    with ExitStack() as stack:
        stack.callback(loop.close)
        watch = SignalWatch(loop, {signal.SIGTERM: loop.stop})
        stack.callback(watch.close)
        sender = stack.enter_context(subprocess.Popen(["kill", "-TERM", str(os.getpid())]))
        loop.run()
    assert sender.returncode == 0


def test_several_signals_are_called_in_order_of_their_numbers_and_each_once_in_a_turn(bench: Bench) -> None:
    bench.watch.add(signal.SIGHUP, bench.note("SIGHUP"))
    for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGTERM, signal.SIGHUP, signal.SIGTERM):
        os.kill(os.getpid(), number)
    assert [bench.turn(), bench.turn()] == [["SIGHUP", "SIGUSR1", "SIGTERM"], []]


def test_an_added_signal_is_called_too(bench: Bench) -> None:
    bench.watch.add(signal.SIGUSR2, bench.note("SIGUSR2"))
    os.kill(os.getpid(), signal.SIGUSR2)
    assert bench.turn() == ["SIGUSR2"]


def test_everybody_who_was_added_for_a_signal_is_called_in_the_order_of_adding(bench: Bench) -> None:
    for what in ("second", "third"):
        bench.watch.add(signal.SIGTERM, bench.note(what))
    bench.watch.add(signal.SIGUSR2, bench.note("another"))
    bench.watch.add(signal.SIGUSR2, bench.note("one more"))
    os.kill(os.getpid(), signal.SIGTERM)
    assert bench.turn() == ["SIGTERM", "second", "third"]
    os.kill(os.getpid(), signal.SIGUSR2)
    assert bench.turn() == ["another", "one more"]


def test_a_signal_that_somebody_else_handles_is_left_to_him(bench: Bench) -> None:
    handled: list[int] = []
    signal.signal(signal.SIGUSR2, lambda number, _: handled.append(number))
    os.kill(os.getpid(), signal.SIGUSR2)
    os.kill(os.getpid(), signal.SIGTERM)
    assert bench.turn() == ["SIGTERM"]
    assert handled == [signal.SIGUSR2]


@pytest.mark.skipif(not hasattr(signal, "SIGRTMIN"), reason="this system has no real-time signals")
def test_a_signal_without_a_name_that_somebody_else_handles_is_left_to_him(bench: Bench) -> None:
    nameless = signal.SIGRTMIN + 5
    handled: list[int] = []
    before = signal.signal(nameless, lambda number, _: handled.append(number))
    try:
        os.kill(os.getpid(), nameless)
        os.kill(os.getpid(), signal.SIGTERM)
        assert bench.turn() == ["SIGTERM"]
    finally:
        signal.signal(nameless, before)
    assert handled == [nameless]


def test_a_wake_up_without_a_byte_calls_nobody(bench: Bench) -> None:
    bench.watch._read()
    assert bench.log == []
    os.kill(os.getpid(), signal.SIGTERM)
    assert bench.turn() == ["SIGTERM"]


def test_a_burst_that_does_not_fit_one_read_is_called_over_several_turns(bench: Bench) -> None:
    for _ in range(5000):
        signal.raise_signal(signal.SIGUSR1)
    signal.raise_signal(signal.SIGTERM)
    assert [bench.turn(), bench.turn(), bench.turn()] == [["SIGUSR1"], ["SIGUSR1", "SIGTERM"], []]


def test_a_burst_that_fills_the_wake_up_pipe_wakes_the_loop_without_a_warning(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range((1 << 16) + 1):
        signal.raise_signal(signal.SIGUSR1)
    called: set[str] = set()
    while turn := bench.turn():
        called.update(turn)
    assert called == {"SIGUSR1"}
    assert capfd.readouterr() == ("", "")
    os.kill(os.getpid(), signal.SIGTERM)
    assert bench.turn() == ["SIGTERM"]


def test_a_callback_may_close_the_watch(bench: Bench) -> None:
    before = current((signal.SIGUSR2,))
    bench.watch.add(signal.SIGUSR2, bench.close)
    os.kill(os.getpid(), signal.SIGUSR2)
    assert [bench.turn(), bench.turn()] == [[], []]
    assert current((signal.SIGUSR2,)) == before


# ------------------------------------------------------------------------------------------------------ restoring


def test_closing_restores_every_disposition(bench: Bench, dispositions: dict[signal.Signals, Disposition]) -> None:
    bench.watch.add(signal.SIGUSR2, bench.note("SIGUSR2"))
    replaced = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
    assert all(current()[number] != dispositions[number] for number in replaced)
    assert current()[signal.SIGHUP] == dispositions[signal.SIGHUP]
    bench.close()
    assert current() == dispositions


def test_closing_restores_the_disposition_of_a_signal_that_was_added_twice(
    bench: Bench, dispositions: dict[signal.Signals, Disposition]
) -> None:
    bench.watch.add(signal.SIGTERM, bench.note("again"))
    os.kill(os.getpid(), signal.SIGTERM)
    assert bench.turn() == ["SIGTERM", "again"], "both are called, in order of their adding"
    bench.close()
    assert current() == dispositions


def test_closing_restores_the_wake_up_descriptor_and_closes_the_pipe() -> None:
    read_fd, write_fd = os.pipe()
    os.set_blocking(write_fd, False)
    before = signal.set_wakeup_fd(write_fd)
    try:
        with ExitStack() as stack:
            bench = Bench(stack)
            ours = (wake_up_descriptor(), bench.watch._wakeup.fd)
            assert write_fd not in ours
            assert ours[0] == bench.watch._wakeup_writer.fd
            bench.close()
            assert wake_up_descriptor() == write_fd
            for fd in ours:
                with pytest.raises(OSError, match="Bad file descriptor"):
                    os.fstat(fd)
    finally:
        signal.set_wakeup_fd(before)
        os.close(read_fd)
        os.close(write_fd)


def test_a_signal_after_closing_is_not_seen_by_the_loop(bench: Bench) -> None:
    bench.close()
    os.kill(os.getpid(), signal.SIGTERM)
    assert bench.turn() == []
    assert bench.selector.batches == [[]]
    assert not bench.selector.get_map()


def test_neither_end_of_the_wake_up_pipe_blocks_or_is_inherited(bench: Bench) -> None:
    for fd in (bench.watch._wakeup.fd, bench.watch._wakeup_writer.fd):
        assert not os.get_blocking(fd)
        assert not os.get_inheritable(fd)


def test_the_wake_up_pipe_is_watched_beside_others(bench: Bench) -> None:
    read_fd, write_fd = os.pipe()
    try:
        os.write(write_fd, b"x")
        bench.loop.watch(read_fd, READ, bench.note("pipe"))
        os.kill(os.getpid(), signal.SIGTERM)
        assert sorted(bench.turn()) == ["SIGTERM", "pipe"]
    finally:
        os.close(read_fd)
        os.close(write_fd)
