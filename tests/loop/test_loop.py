"""The loop: what is ready, what is due, and how long it sleeps. Each test with each selector of the machine."""

import contextlib
import heapq
import os
import selectors
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from pipe_rpc.loop.loop import READ, WRITE, Loop, Watch
from tests.loop.manual_time import ManualClock, SleeplessSelector

SELECTORS = list(dict.fromkeys([selectors.DefaultSelector, selectors.PollSelector, selectors.SelectSelector]))
HUGE_DEADLINES = [1e9, 1e18, 1e308, float("inf")]


class Bench(NamedTuple):
    """A loop whose time stands still, and what it did so far."""

    loop: Loop
    clock: ManualClock
    selector: SleeplessSelector
    log: list[str]

    def note(self, what: str) -> Callable[[], None]:
        return lambda: self.log.append(what)

    def step(self, what: str, *, busy: bool = False) -> Callable[[], bool]:
        def run() -> bool:
            self.log.append(what)
            return busy

        return run

    def turn(self) -> list[str]:
        """Take one turn and tell what was called in it."""
        begin = len(self.log)
        self.loop.run_turn()
        return self.log[begin:]

    @property
    def last_sleep(self) -> float | None:
        return self.selector.sleeps[-1]


@pytest.fixture(params=SELECTORS, ids=lambda selector: selector.__name__)
def selector_class(request: pytest.FixtureRequest) -> type[selectors.BaseSelector]:
    chosen: type[selectors.BaseSelector] = request.param
    return chosen


@pytest.fixture
def bench(selector_class: type[selectors.BaseSelector]) -> Iterator[Bench]:
    clock = ManualClock()
    selector = SleeplessSelector(selector_class(), clock)
    loop = Loop(selector, clock)
    yield Bench(loop, clock, selector, [])
    loop.close()


class Pipe:
    """A pipe of which each end is closed once."""

    def __init__(self) -> None:
        self.read_fd, self.write_fd = os.pipe()

    def close_reader(self) -> None:
        if self.read_fd >= 0:
            os.close(self.read_fd)
        self.read_fd = -1

    def close_writer(self) -> None:
        if self.write_fd >= 0:
            os.close(self.write_fd)
        self.write_fd = -1

    def close(self) -> None:
        self.close_reader()
        self.close_writer()


@pytest.fixture
def make_pipe() -> Iterator[Callable[[], Pipe]]:
    made: list[Pipe] = []

    def make() -> Pipe:
        made.append(Pipe())
        return made[-1]

    yield make
    for pipe in made:
        pipe.close()


@pytest.fixture
def pipe(make_pipe: Callable[[], Pipe]) -> Pipe:
    return make_pipe()


@pytest.fixture
def ready_pipe(pipe: Pipe) -> Pipe:
    os.write(pipe.write_fd, b"x")
    return pipe


@pytest.fixture
def make_file(tmp_path: Path) -> Iterator[Callable[[str], int]]:
    fds: list[int] = []

    def make(name: str) -> int:
        fds.append(os.open("/dev/null" if name == "null" else tmp_path / name, os.O_RDWR | os.O_CREAT))
        return fds[-1]

    yield make
    for fd in fds:
        os.close(fd)


# ------------------------------------------------------------------------------------------------------- watching


def test_a_readable_descriptor_is_called_in_every_turn_until_it_is_read(bench: Bench, ready_pipe: Pipe) -> None:
    bench.loop.watch(ready_pipe.read_fd, READ, bench.note("readable"))
    assert [bench.turn(), bench.turn()] == [["readable"], ["readable"]]
    os.read(ready_pipe.read_fd, 1)
    assert bench.turn() == []


def test_a_writable_descriptor_is_called_for_write_only(bench: Bench, pipe: Pipe) -> None:
    bench.loop.watch(pipe.read_fd, READ, bench.note("readable"))
    bench.loop.watch(pipe.write_fd, WRITE, bench.note("writable"))
    assert bench.turn() == ["writable"]


def test_end_of_file_is_readable(bench: Bench, pipe: Pipe) -> None:
    bench.loop.watch(pipe.read_fd, READ, bench.note("readable"))
    pipe.close_writer()
    assert bench.turn() == ["readable"]


def test_a_gone_reader_is_told_to_who_waits_to_write(bench: Bench, pipe: Pipe) -> None:
    os.set_blocking(pipe.write_fd, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(pipe.write_fd, bytes(65536))
    bench.loop.watch(pipe.write_fd, WRITE, bench.note("writable"))
    assert bench.turn() == []
    pipe.close_reader()
    assert bench.turn() == ["writable"]


def test_an_ended_watch_is_never_called(bench: Bench, ready_pipe: Pipe) -> None:
    watch = bench.loop.watch(ready_pipe.read_fd, READ, bench.note("readable"))
    assert watch.active
    bench.loop.unwatch(watch)
    assert not watch.active
    assert bench.turn() == []
    assert bench.selector.batches == [[]]


def test_ending_a_watch_twice_leaves_its_successor_alone(bench: Bench, ready_pipe: Pipe) -> None:
    first = bench.loop.watch(ready_pipe.read_fd, READ, bench.note("first"))
    bench.loop.unwatch(first)
    bench.loop.watch(ready_pipe.read_fd, READ, bench.note("second"))
    bench.loop.unwatch(first)
    assert bench.turn() == ["second"]


def test_a_callback_may_end_its_own_watch_and_close_its_descriptor(bench: Bench, ready_pipe: Pipe) -> None:
    def finish() -> None:
        bench.log.append("finished")
        bench.loop.unwatch(watch)
        ready_pipe.close_reader()

    watch = bench.loop.watch(ready_pipe.read_fd, READ, finish)
    assert [bench.turn(), bench.turn()] == [["finished"], []]


def test_an_event_of_the_same_batch_does_not_reach_a_watch_that_was_ended(
    bench: Bench, make_pipe: Callable[[], Pipe]
) -> None:
    watches: dict[str, Watch] = {}

    def end_the_others(name: str) -> None:
        bench.log.append(name)
        for other in watches.keys() - {name}:
            bench.loop.unwatch(watches[other])

    for name in ("a", "b", "c"):
        pipe = make_pipe()
        os.write(pipe.write_fd, b"x")
        watches[name] = bench.loop.watch(pipe.read_fd, READ, partial(end_the_others, name))
    called = bench.turn()
    assert len(bench.selector.batches[0]) == 3, "the events must come in one batch"
    assert len(called) == 1
    assert bench.turn() == called


def test_an_event_does_not_reach_a_new_watch_of_a_number_that_was_taken_again_in_the_batch(
    bench: Bench, make_pipe: Callable[[], Pipe]
) -> None:
    pipes = {"a": make_pipe(), "b": make_pipe()}
    successor = make_pipe()
    os.write(successor.write_fd, b"x")
    watches: dict[str, Watch] = {}

    def replace_the_other(name: str) -> None:
        bench.log.append(name)
        other = "b" if name == "a" else "a"
        number = pipes[other].read_fd
        bench.loop.unwatch(watches[other])
        pipes[other].close_reader()
        pipes[other].read_fd = os.dup2(successor.read_fd, number)
        bench.loop.watch(number, READ, bench.note("successor"))
        bench.loop.unwatch(watches[name])

    for name, pipe in pipes.items():
        os.write(pipe.write_fd, b"x")
        watches[name] = bench.loop.watch(pipe.read_fd, READ, partial(replace_the_other, name))
    first = bench.turn()
    assert len(bench.selector.batches[0]) == 2, "the events must come in one batch"
    assert first in (["a"], ["b"])
    assert bench.turn() == ["successor"]


def test_a_paused_watch_is_silent_after_a_hang_up_and_goes_on_when_it_is_watched_again(
    bench: Bench, ready_pipe: Pipe
) -> None:
    watch = bench.loop.watch(ready_pipe.read_fd, READ, bench.note("readable"))
    bench.loop.unwatch(watch)
    ready_pipe.close_writer()
    bench.loop.call_at(bench.clock.now + 5, bench.note("later"))
    assert bench.turn() == ["later"]
    assert (bench.selector.batches, bench.selector.sleeps) == ([[]], [5.0])
    bench.loop.watch(ready_pipe.read_fd, READ, bench.note("readable"))
    assert bench.turn() == ["readable"]


def test_a_paused_writer_is_silent_after_its_reader_is_gone(bench: Bench, pipe: Pipe) -> None:
    watch = bench.loop.watch(pipe.write_fd, WRITE, bench.note("writable"))
    bench.loop.unwatch(watch)
    pipe.close_reader()
    assert bench.turn() == []
    assert bench.selector.batches == [[]]


def test_a_descriptor_has_one_watch_at_a_time(bench: Bench, pipe: Pipe) -> None:
    bench.loop.watch(pipe.read_fd, READ, bench.note("first"))
    with pytest.raises(KeyError, match="already registered"):
        bench.loop.watch(pipe.read_fd, READ, bench.note("second"))


def test_a_watch_shows_its_descriptor_its_direction_and_its_end(bench: Bench, pipe: Pipe) -> None:
    reading = bench.loop.watch(pipe.read_fd, READ, bench.note("readable"))
    writing = bench.loop.watch(pipe.write_fd, WRITE, bench.note("writable"))
    assert repr(reading) == f"<Watch read fd {pipe.read_fd}>"
    assert repr(writing) == f"<Watch write fd {pipe.write_fd}>"
    bench.loop.unwatch(writing)
    assert repr(writing) == f"<Watch write fd {pipe.write_fd} (ended)>"


# --------------------------------------------------------------------------------------------------- always ready


@pytest.mark.parametrize("event", [READ, WRITE], ids=["read", "write"])
@pytest.mark.parametrize("name", ["file", "null"])
def test_files_that_never_wait_are_ready_in_every_turn(
    bench: Bench, make_file: Callable[[str], int], name: str, event: int
) -> None:
    watch = bench.loop.watch(make_file(name), event, bench.note("ready"))
    assert [bench.turn(), bench.turn()] == [["ready"], ["ready"]]
    assert bench.clock.now == 1000.0
    bench.loop.unwatch(watch)
    bench.loop.unwatch(watch)
    assert bench.turn() == []


@pytest.mark.skipif(selectors.DefaultSelector.__name__ != "EpollSelector", reason="only epoll refuses files")
def test_a_file_that_the_kernel_cannot_wait_for_keeps_a_turn_from_sleeping(make_file: Callable[[str], int]) -> None:
    clock = ManualClock()
    selector = SleeplessSelector(selectors.DefaultSelector(), clock)
    bench = Bench(Loop(selector, clock), clock, selector, [])
    watch = bench.loop.watch(make_file("file"), READ, bench.note("ready"))
    assert bench.turn() == ["ready"]
    assert (selector.sleeps, selector.batches) == ([0], [[]])
    bench.loop.unwatch(watch)
    assert bench.turn() == []
    assert selector.sleeps == [0, None]
    bench.loop.close()


def test_a_file_and_a_pipe_are_served_in_the_same_turn(
    bench: Bench, make_file: Callable[[str], int], ready_pipe: Pipe
) -> None:
    bench.loop.watch(make_file("file"), READ, bench.note("file"))
    bench.loop.watch(ready_pipe.read_fd, READ, bench.note("pipe"))
    assert sorted(bench.turn()) == ["file", "pipe"]


def test_a_file_whose_watch_was_ended_in_the_turn_is_not_called(bench: Bench, make_file: Callable[[str], int]) -> None:
    watches: dict[str, Watch] = {}

    def end_the_other(name: str) -> None:
        bench.log.append(name)
        bench.loop.unwatch(watches["b" if name == "a" else "a"])

    for name in ("a", "b"):
        watches[name] = bench.loop.watch(make_file(name), READ, partial(end_the_other, name))
    called = bench.turn()
    assert len(called) == 1
    assert bench.turn() == called


# ------------------------------------------------------------------------------------------------------ deadlines


def test_a_loop_with_nothing_to_wait_for_sleeps_until_it_is_woken(bench: Bench) -> None:
    assert bench.turn() == []
    assert bench.last_sleep is None


def test_a_deadline_is_called_once_when_its_time_has_come(bench: Bench) -> None:
    deadline = bench.loop.call_at(1003.0, bench.note("due"))
    assert bench.turn() == ["due"]
    assert bench.last_sleep == 3.0
    assert bench.loop.now == 1003.0
    assert deadline.callback is None, "what was called is not kept alive"
    assert bench.turn() == []
    assert bench.last_sleep is None


def test_a_deadline_is_not_called_early_in_a_turn_that_was_woken(bench: Bench, ready_pipe: Pipe) -> None:
    bench.loop.watch(ready_pipe.read_fd, READ, bench.note("readable"))
    bench.loop.call_at(1003.0, bench.note("due"))
    assert bench.turn() == ["readable"]
    bench.clock.now = 1002.999
    assert bench.turn() == ["readable"]
    bench.clock.now = 1003.0
    assert bench.turn() == ["readable", "due"]


def test_deadlines_are_called_in_order_of_time_and_equal_ones_in_order_of_setting(bench: Bench) -> None:
    for name, when in [("c", 1002.0), ("a", 1001.0), ("d", 1002.0), ("b", 1001.0), ("e", 1009.0)]:
        bench.loop.call_at(when, bench.note(name))
    bench.clock.now = 1005.0
    assert bench.turn() == ["a", "b", "c", "d"]
    assert bench.turn() == ["e"]


def test_the_nearest_deadline_decides_how_long_the_loop_sleeps(bench: Bench) -> None:
    bench.loop.call_at(1007.0, bench.note("late"))
    bench.loop.call_at(1002.0, bench.note("soon"))
    assert [bench.turn(), bench.turn()] == [["soon"], ["late"]]
    assert bench.selector.sleeps == [2.0, 5.0]


def test_a_sleep_is_shorter_by_what_the_turn_has_taken_before_it(bench: Bench) -> None:
    def take_three_seconds() -> bool:
        bench.clock.now += 3
        return False

    bench.loop.add_before_sleep(take_three_seconds)
    bench.loop.call_at(1005.0, bench.note("due"))
    assert bench.turn() == ["due"]
    assert bench.last_sleep == 2.0


def test_an_overdue_deadline_does_not_sleep(bench: Bench) -> None:
    bench.loop.call_at(900.0, bench.note("overdue"))
    assert bench.turn() == ["overdue"]
    assert bench.last_sleep == 0.0


def test_a_cancelled_deadline_is_never_called_and_never_ends_a_sleep(bench: Bench) -> None:
    for when in (1001.0, 1002.0):
        bench.loop.cancel(bench.loop.call_at(when, bench.note("cancelled")))
    bench.loop.call_at(1005.0, bench.note("due"))
    assert bench.turn() == ["due"]
    assert bench.last_sleep == 5.0


def test_cancelled_deadlines_among_many_others_do_not_end_a_sleep(bench: Bench) -> None:
    for when in range(10):
        bench.loop.call_at(2000.0 + when, bench.note("far"))
    first = bench.loop.call_at(1001.0, bench.note("cancelled"))
    second = bench.loop.call_at(1002.0, bench.note("cancelled"))
    bench.loop.call_at(1003.0, bench.note("due"))
    bench.loop.cancel(second)
    bench.loop.cancel(first)
    assert bench.turn() == ["due"]
    assert bench.selector.sleeps == [3.0]


def test_a_cancelled_deadline_that_comes_due_beside_others_is_passed_over(bench: Bench) -> None:
    bench.loop.call_at(1001.0, bench.note("a"))
    cancelled = bench.loop.call_at(1002.0, bench.note("cancelled"))
    for when in (1003.0, 1004.0):
        bench.loop.call_at(when, bench.note("b"))
    bench.loop.cancel(cancelled)
    bench.clock.now = 1010.0
    assert bench.turn() == ["a", "b", "b"]


def test_cancelling_again_or_too_late_is_without_effect(bench: Bench) -> None:
    called = bench.loop.call_at(1001.0, bench.note("due"))
    assert bench.turn() == ["due"]
    bench.loop.cancel(called)
    cancelled = bench.loop.call_at(1002.0, bench.note("cancelled"))
    bench.loop.cancel(cancelled)
    bench.loop.cancel(cancelled)
    bench.loop.call_at(1003.0, bench.note("due"))
    assert bench.turn() == ["due"]


def test_a_deadline_may_cancel_another_that_is_due_in_the_same_turn(bench: Bench) -> None:
    def cancel_the_other() -> None:
        bench.log.append("first")
        bench.loop.cancel(other)

    bench.loop.call_at(1001.0, cancel_the_other)
    other = bench.loop.call_at(1002.0, bench.note("other"))
    bench.loop.call_at(1003.0, bench.note("last"))
    bench.clock.now = 1005.0
    assert bench.turn() == ["first", "last"]


def test_a_deadline_may_cancel_itself_while_it_is_called(bench: Bench) -> None:
    def cancel_myself() -> None:
        bench.log.append("called")
        bench.loop.cancel(deadline)

    deadline = bench.loop.call_at(1001.0, cancel_myself)
    assert [bench.turn(), bench.turn()] == [["called"], []]


def test_a_ready_callback_may_cancel_a_deadline_that_is_due_in_the_same_turn(bench: Bench, ready_pipe: Pipe) -> None:
    deadline = bench.loop.call_at(900.0, bench.note("due"))
    bench.loop.watch(ready_pipe.read_fd, READ, lambda: bench.loop.cancel(deadline))
    assert bench.turn() == []


def test_a_deadline_set_by_a_deadline_is_due_in_a_later_turn(bench: Bench) -> None:
    def again() -> None:
        bench.log.append("due")
        bench.loop.call_at(bench.loop.now, again)

    bench.loop.call_at(1000.0, again)
    assert [bench.turn(), bench.turn(), bench.turn()] == [["due"], ["due"], ["due"]]
    assert bench.selector.sleeps == [0.0, 0.0, 0.0]


def test_a_deadline_set_by_a_ready_callback_is_due_in_a_later_turn(bench: Bench, ready_pipe: Pipe) -> None:
    def set_one() -> None:
        os.read(ready_pipe.read_fd, 1)
        bench.log.append("readable")
        bench.loop.call_at(bench.loop.now, bench.note("due"))

    bench.loop.watch(ready_pipe.read_fd, READ, set_one)
    assert [bench.turn(), bench.turn()] == [["readable"], ["due"]]
    assert bench.last_sleep == 0.0


def test_a_client_that_sets_and_cancels_long_deadlines_does_not_fill_the_memory(bench: Bench) -> None:
    live = [bench.loop.call_at(1000.0 + number, bench.note(str(number))) for number in range(10)]
    for _ in range(10_000):
        bench.loop.cancel(bench.loop.call_at(99_999.0, bench.note("cancelled")))
        assert len(bench.loop._deadlines) <= 2 * len(live) + 1
    bench.clock.now = 1009.0
    assert bench.turn() == [str(number) for number in range(10)]
    assert bench.turn() == []
    assert bench.loop._deadlines == []


@pytest.fixture
def rebuilds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The size of the heap each time that it is built anew."""
    sizes: list[int] = []
    heapify = heapq.heapify

    def noting_heapify(heap: list[tuple[float, int]]) -> None:
        sizes.append(len(heap))
        heapify(heap)

    monkeypatch.setattr(heapq, "heapify", noting_heapify)
    return sizes


def test_cancelled_deadlines_are_cleared_away_many_at_once(bench: Bench, rebuilds: list[int]) -> None:
    for _ in range(100):
        bench.loop.call_at(2000.0, bench.note("live"))
    for _ in range(10_000):
        bench.loop.cancel(bench.loop.call_at(99_999.0, bench.note("cancelled")))
    assert set(rebuilds) == {100}
    assert len(rebuilds) <= 100


@pytest.mark.parametrize("busy", [False, True])
def test_cancelled_deadlines_that_went_with_the_time_need_no_clearing_away(
    bench: Bench, ready_pipe: Pipe, rebuilds: list[int], busy: bool
) -> None:
    bench.loop.watch(ready_pipe.read_fd, READ, lambda: None)  # so that no turn sleeps until the live ones are due
    for _ in range(100):
        bench.loop.call_at(99_999.0, bench.note("live"))
    bench.loop.add_before_sleep(bench.step("step", busy=busy))
    for _ in range(500):
        soon = bench.loop.call_at(bench.clock.now + 1, bench.note("cancelled"))
        bench.loop.cancel(soon)
        bench.loop.cancel(soon)
        bench.clock.now += 1
        assert bench.turn() == ["step"]
    assert rebuilds == []


def test_deadlines_keep_their_order_when_cancelled_ones_are_cleared_away(bench: Bench) -> None:
    deadlines = [bench.loop.call_at(1000.0 + number * 7 % 50, bench.note(str(number))) for number in range(50)]
    for number in range(1, 50, 2):
        bench.loop.cancel(deadlines[number])
    bench.loop.cancel(deadlines[0])
    bench.clock.now = 1050.0
    assert bench.turn() == sorted(map(str, range(2, 50, 2)), key=lambda name: int(name) * 7 % 50)


@pytest.mark.parametrize("seconds", HUGE_DEADLINES)
def test_no_sleep_is_longer_than_a_day(bench: Bench, seconds: float) -> None:
    bench.loop.call_at(bench.clock.now + seconds, bench.note("due"))
    assert bench.turn() == []
    assert bench.last_sleep == 86_400.0


@pytest.mark.parametrize("seconds", HUGE_DEADLINES)
def test_the_kernel_takes_the_longest_sleep(
    selector_class: type[selectors.BaseSelector], ready_pipe: Pipe, seconds: float
) -> None:
    loop = Loop(selector_class())
    called: list[str] = []
    loop.call_at(loop.now + seconds, lambda: called.append("due"))
    loop.watch(ready_pipe.read_fd, READ, lambda: called.append("readable"))
    loop.run_turn()
    loop.close()
    assert called == ["readable"]


def test_the_loop_tells_the_time_at_which_it_woke(bench: Bench, ready_pipe: Pipe) -> None:
    assert bench.loop.now == 1000.0
    bench.loop.watch(ready_pipe.read_fd, READ, lambda: bench.log.append(str(bench.loop.now)))
    bench.clock.now = 1234.5
    assert bench.turn() == ["1234.5"]


def test_what_takes_long_within_a_turn_can_be_measured(bench: Bench) -> None:
    def take_three_seconds() -> None:
        bench.clock.now += 3
        bench.log.append(f"{bench.loop.now} {bench.loop.time()}")

    bench.loop.call_at(1000.0, take_three_seconds)
    assert bench.turn() == ["1000.0 1003.0"]


def test_the_clock_of_a_loop_is_the_monotonic_one() -> None:
    before = time.monotonic()
    loop = Loop()
    assert before <= loop.now <= time.monotonic()
    loop.call_at(loop.now, loop.stop)
    loop.run()
    assert before <= loop.now <= time.monotonic()
    loop.close()


# ----------------------------------------------------------------------------------------- before sleep, run, stop


def test_steps_before_sleep_run_in_the_order_of_their_adding_and_before_what_is_ready(
    bench: Bench, ready_pipe: Pipe
) -> None:
    bench.loop.watch(ready_pipe.read_fd, READ, bench.note("readable"))
    bench.loop.call_at(1000.0, bench.note("due"))
    bench.loop.add_before_sleep(bench.step("pump"))
    bench.loop.add_before_sleep(bench.step("flush"))
    assert bench.turn() == ["pump", "flush", "readable", "due"]
    assert bench.turn() == ["pump", "flush", "readable"]


@pytest.mark.parametrize(
    ("first", "second", "sleep"),
    [(False, False, 5.0), (True, False, 0.0), (False, True, 0.0), (True, True, 0.0)],
)
def test_a_step_that_has_more_to_do_keeps_the_turn_from_sleeping(
    bench: Bench, first: bool, second: bool, sleep: float
) -> None:
    bench.loop.add_before_sleep(bench.step("first", busy=first))
    bench.loop.add_before_sleep(bench.step("second", busy=second))
    bench.loop.call_at(1005.0, lambda: None)
    assert bench.turn() == ["first", "second"], "every step runs, however busy another is"
    assert bench.last_sleep == sleep


def test_a_deadline_set_before_the_sleep_shortens_it(bench: Bench) -> None:
    def step() -> bool:
        if not bench.selector.sleeps:
            bench.loop.call_at(1002.0, bench.note("due"))
        return False

    bench.loop.add_before_sleep(step)
    assert bench.turn() == ["due"]
    assert bench.last_sleep == 2.0


def test_a_watch_made_before_the_sleep_counts_in_it(bench: Bench, ready_pipe: Pipe) -> None:
    def step() -> bool:
        bench.loop.watch(ready_pipe.read_fd, READ, bench.note("readable"))
        return False

    bench.loop.add_before_sleep(step)
    assert bench.turn() == ["readable"]


def test_run_takes_turns_until_it_is_stopped(bench: Bench) -> None:
    bench.loop.call_at(1001.0, bench.note("one"))
    bench.loop.call_at(1002.0, bench.note("two"))
    bench.loop.call_at(1002.0, bench.loop.stop)
    bench.loop.call_at(1002.0, bench.note("same turn"))
    bench.loop.call_at(1003.0, bench.note("never"))
    bench.loop.run()
    assert bench.log == ["one", "two", "same turn"]
    assert bench.selector.sleeps == [1.0, 1.0]


def test_a_stop_by_a_ready_callback_lets_the_turn_end(bench: Bench, make_pipe: Callable[[], Pipe]) -> None:
    def stop(name: str) -> None:
        bench.log.append(name)
        bench.loop.stop()

    for name in ("a", "b"):
        pipe = make_pipe()
        os.write(pipe.write_fd, b"x")
        bench.loop.watch(pipe.read_fd, READ, partial(stop, name))
    bench.loop.call_at(1000.0, bench.note("due"))
    bench.loop.run()
    assert sorted(bench.log[:2]) == ["a", "b"]
    assert bench.log[2:] == ["due"]


def test_a_stop_before_the_sleep_returns_without_sleeping(bench: Bench) -> None:
    def step() -> bool:
        bench.log.append("step")
        bench.loop.stop()
        return False

    bench.loop.add_before_sleep(step)
    bench.loop.add_before_sleep(bench.step("other step"))
    bench.loop.run()
    assert bench.log == ["step", "other step"]
    assert bench.selector.sleeps == []


def test_a_loop_that_was_stopped_takes_no_turn(bench: Bench) -> None:
    bench.loop.add_before_sleep(bench.step("step"))
    bench.loop.stop()
    bench.loop.run()
    assert (bench.log, bench.selector.sleeps) == ([], [])


def test_closing_the_loop_leaves_watched_descriptors_open(
    selector_class: type[selectors.BaseSelector], pipe: Pipe
) -> None:
    loop = Loop(selector_class())
    loop.watch(pipe.read_fd, READ, lambda: None)
    loop.close()
    os.write(pipe.write_fd, b"x")
    assert os.read(pipe.read_fd, 1) == b"x"


# ------------------------------------------------------------------------------------------------------------ failures


def failing(what: str) -> Callable[[], bool]:
    def fail() -> bool:
        raise RuntimeError(what)

    return fail


def test_without_a_catcher_a_failure_ends_the_turn(bench: Bench) -> None:
    bench.loop.add_before_sleep(failing("step"))
    bench.loop.call_at(bench.clock.now, bench.note("never"))
    with pytest.raises(RuntimeError, match="step"):
        bench.turn()
    assert bench.log == []


def test_a_failure_is_caught_and_the_other_callbacks_go_on(
    selector_class: type[selectors.BaseSelector], make_pipe: Callable[[], Pipe], make_file: Callable[[str], int]
) -> None:
    clock = ManualClock()
    caught: list[str] = []
    loop = Loop(SleeplessSelector(selector_class(), clock), clock, lambda error: caught.append(str(error)))
    called: list[str] = []

    def fail(what: str) -> Callable[[], None]:
        def callback() -> None:
            called.append(what)
            raise RuntimeError(what)

        return callback

    def step(what: str) -> Callable[[], bool]:
        def run() -> bool:
            fail(what)()
            return True

        return run

    pipes = [make_pipe(), make_pipe()]
    for number, pipe in enumerate(pipes):
        os.write(pipe.write_fd, b"x")
        loop.watch(pipe.read_fd, READ, fail(f"ready {number}"))
    loop.watch(make_file("always"), READ, fail("always ready"))
    loop.call_at(clock.now, fail("due"))
    loop.call_at(clock.now, lambda: called.append("fine"))
    loop.add_before_sleep(step("step 1"))
    loop.add_before_sleep(step("step 2"))
    loop.run_turn()
    assert sorted(caught) == ["always ready", "due", "ready 0", "ready 1", "step 1", "step 2"]
    assert sorted(called) == sorted([*caught, "fine"])
    loop.run_turn()
    assert caught.count("due") == 1, "what was due is not due again"
    assert caught.count("ready 0") == 2, "what is ready stays watched"
    loop.close()


def test_a_failing_step_does_not_keep_the_loop_awake() -> None:
    clock = ManualClock()
    selector = SleeplessSelector(selectors.DefaultSelector(), clock)
    loop = Loop(selector, clock, lambda error: None)
    loop.add_before_sleep(failing("step"))
    loop.call_at(clock.now + 5, lambda: None)
    loop.run_turn()
    assert selector.sleeps == [pytest.approx(5, abs=0.01)]
    loop.close()


def test_an_interrupt_is_no_failure_to_be_caught() -> None:
    caught: list[Exception] = []
    loop = Loop(on_failure=caught.append)

    def interrupt() -> bool:
        raise KeyboardInterrupt

    loop.add_before_sleep(interrupt)
    with pytest.raises(KeyboardInterrupt):
        loop.run_turn()
    assert caught == []
    loop.close()


def test_the_catcher_may_stop_the_loop() -> None:
    loop = Loop(on_failure=lambda error: loop.stop())
    loop.add_before_sleep(failing("step"))
    loop.run()
    loop.close()
