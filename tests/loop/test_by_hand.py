"""Watches for which the selector has no room: they work as others do, a moment later."""

import errno
import os
import selectors
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import pytest

from pipe_rpc.loop.loop import READ, WRITE, Loop
from tests.loop.manual_time import ManualClock, SleeplessSelector

SHORT_S = 0.02


class FullSelector(SleeplessSelector):
    """A selector that has no room until the test says so, and may fail to sleep."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(selectors.DefaultSelector(), clock)
        self.fails_with = errno.ENOSPC
        self.sleep_fails = False
        self.offered = 0

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        self.offered += 1
        if self.fails_with:
            raise OSError(self.fails_with, os.strerror(self.fails_with))
        return super().register(fileobj, events, data)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.sleep_fails:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        return super().select(timeout)


class Bench(NamedTuple):
    """A loop whose selector is full, a pipe, and what was called."""

    loop: Loop
    selector: FullSelector
    read_fd: int
    write_fd: int
    called: list[str]
    failures: list[Exception]

    def turn(self) -> list[str]:
        """Take one turn and tell what was called in it."""
        self.called.clear()
        self.loop.run_turn()
        return list(self.called)


@pytest.fixture(params=[errno.ENOSPC, errno.ENOMEM, errno.EEXIST], ids=errno.errorcode.get)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    clock = ManualClock()
    selector = FullSelector(clock)
    selector.fails_with = request.param
    failures: list[Exception] = []
    loop = Loop(selector, clock, failures.append)
    read_fd, write_fd = os.pipe()
    os.set_blocking(write_fd, False)
    made = Bench(loop, selector, read_fd, write_fd, [], failures)
    yield made
    loop.close()
    os.close(read_fd)
    os.close(write_fd)


def test_it_is_called_when_it_is_readable_and_not_before(bench: Bench) -> None:
    bench.loop.watch(bench.read_fd, READ, lambda: bench.called.append("read"))
    assert bench.turn() == []
    os.write(bench.write_fd, b"x")
    assert bench.turn() == ["read"]
    assert bench.turn() == ["read"]
    os.read(bench.read_fd, 1)
    assert bench.turn() == []


def test_it_is_called_when_it_is_writable_and_not_before(bench: Bench) -> None:
    with suppress(BlockingIOError):
        while True:
            os.write(bench.write_fd, bytes(4096))
    bench.loop.watch(bench.write_fd, WRITE, lambda: bench.called.append("write"))
    assert bench.turn() == []
    os.read(bench.read_fd, 1 << 20)
    assert bench.turn() == ["write"]


def test_it_is_told_of_a_hang_up(bench: Bench) -> None:
    read_fd, write_fd = os.pipe()
    bench.loop.watch(read_fd, READ, lambda: bench.called.append("read"))
    os.close(write_fd)
    assert bench.turn() == ["read"]
    os.close(read_fd)


def test_an_ended_one_is_never_called_and_its_number_may_be_watched_again(bench: Bench) -> None:
    os.write(bench.write_fd, b"x")
    first = bench.loop.watch(bench.read_fd, READ, lambda: bench.called.append("first"))
    bench.loop.unwatch(first)
    assert bench.turn() == []
    bench.loop.watch(bench.read_fd, READ, lambda: bench.called.append("second"))
    bench.loop.unwatch(first)
    assert bench.turn() == ["second"]


def test_a_descriptor_has_one_watch_at_a_time(bench: Bench) -> None:
    bench.loop.watch(bench.read_fd, READ, lambda: None)
    with pytest.raises(KeyError):
        bench.loop.watch(bench.read_fd, READ, lambda: None)


def test_the_loop_sleeps_for_a_short_time_only(bench: Bench) -> None:
    watch = bench.loop.watch(bench.read_fd, READ, lambda: None)
    bench.turn()
    bench.loop.call_at(bench.loop.now + 1e6, lambda: None)
    bench.turn()
    bench.loop.unwatch(watch)
    bench.turn()
    short, still_short, long = bench.selector.sleeps
    assert (short, still_short) == (SHORT_S, SHORT_S)
    assert long is not None
    assert long > SHORT_S


def test_the_selector_gets_it_as_soon_as_it_has_room(bench: Bench) -> None:
    os.write(bench.write_fd, b"x")
    bench.loop.watch(bench.read_fd, READ, lambda: bench.called.append("read"))
    assert bench.turn() == ["read"]
    bench.selector.fails_with = 0
    bench.turn()
    offered = bench.selector.offered
    assert bench.turn() == ["read"]
    assert bench.turn() == ["read"]
    assert bench.selector.offered == offered
    assert bench.read_fd in bench.selector.get_map()


def test_another_failure_of_the_selector_is_passed_on(bench: Bench) -> None:
    bench.selector.fails_with = errno.EBADF
    with pytest.raises(OSError, match="Bad file descriptor"):
        bench.loop.watch(bench.read_fd, READ, lambda: None)


def test_a_sleep_that_fails_is_a_failure_to_be_caught_and_deadlines_go_on(bench: Bench) -> None:
    bench.selector.sleep_fails = True
    bench.loop.call_at(bench.loop.now, lambda: bench.called.append("due"))
    assert bench.turn() == ["due"]
    [failure] = bench.failures
    assert isinstance(failure, OSError)
    assert failure.errno == errno.ENOMEM


def test_without_a_catcher_a_sleep_that_fails_ends_the_turn() -> None:
    selector = FullSelector(ManualClock())
    selector.sleep_fails = True
    loop = Loop(selector)
    with pytest.raises(OSError, match="Cannot allocate memory"):
        loop.run_turn()
    loop.close()
