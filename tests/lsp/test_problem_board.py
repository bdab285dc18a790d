"""pipe_rpc/lsp/problem_board.py: the union of all jobs' problems, told file by file and not too often."""

from collections.abc import Iterator

import pytest

from pipe_rpc.lsp.problem_board import BoardLimits, ProblemBoard
from pipe_rpc.lsp.problem_matcher import Problem, Severity
from tests.session.harness import StillLoop

A, B = "file:///a", "file:///b"
EVERY_S = 0.2
LIMITS = BoardLimits(most_in_file=3, most_of_job=5, most=7, publish_every_s=EVERY_S)


def problem(number: int) -> Problem:
    return Problem("f", number, None, None, None, Severity.ERROR, "s", "", "m")


class Told:
    """A board, and what it told."""

    def __init__(self, loop: StillLoop) -> None:
        self.loop = loop
        self.has_room = True
        self._said: list[tuple[str, list[int]]] = []
        self.board = ProblemBoard(loop, self._publish, lambda: self.has_room, LIMITS)

    def _publish(self, uri: str, problems: list[Problem]) -> None:
        self._said.append((uri, [each.line for each in problems]))

    def take(self) -> list[tuple[str, list[int]]]:
        said, self._said = self._said, []
        return said

    def later(self) -> list[tuple[str, list[int]]]:
        self.loop.advance(EVERY_S)
        return self.take()


@pytest.fixture
def told() -> Iterator[Told]:
    loop = StillLoop()
    yield Told(loop)
    loop.close()


def test_what_comes_in_an_interval_is_told_together(told: Told) -> None:
    for number in (1, 2):
        told.board.add("job", A, problem(number))
    told.board.add("job", B, problem(3))
    told.loop.advance(EVERY_S / 2)
    assert told.take() == []
    assert told.later() == [(A, [1, 2]), (B, [3])]
    assert told.later() == []


def test_only_files_that_changed_are_told_again(told: Told) -> None:
    told.board.add("job", A, problem(1))
    told.board.add("job", B, problem(1))
    told.later()
    told.board.add("job", B, problem(2))
    assert told.later() == [(B, [1, 2])]


def test_at_an_end_nothing_waits_for_the_interval(told: Told) -> None:
    told.board.add("job", A, problem(1))
    told.board.tell()
    assert told.take() == [(A, [1])]
    assert told.later() == []


def test_a_file_has_the_problems_of_all_jobs_each_once(told: Told) -> None:
    told.board.add("one", A, problem(1))
    told.board.add("two", A, problem(2))
    told.board.add("two", A, problem(1))
    assert told.later() == [(A, [1, 2])]
    told.board.clear("one")
    assert told.later() == [(A, [2, 1])]
    told.board.clear("two")
    assert told.later() == [(A, [])]


def test_what_a_watcher_repeats_is_no_news(told: Told) -> None:
    told.board.add("job", A, problem(1))
    told.later()
    told.board.add("job", A, problem(1))
    assert told.later() == []


def test_a_job_that_finds_the_same_again_does_not_make_it_flicker(told: Told) -> None:
    told.board.add("job", A, problem(1))
    told.later()
    told.board.clear("job")
    told.board.add("job again", A, problem(1))
    assert told.later() == [(A, [1])]


def test_what_came_and_went_unseen_is_not_told(told: Told) -> None:
    told.board.add("job", A, problem(1))
    told.board.clear("job")
    assert told.later() == []


def test_what_was_cleared_is_told_as_empty_once(told: Told) -> None:
    told.board.add("job", A, problem(1))
    told.later()
    told.board.clear("job")
    told.board.clear("job")
    assert told.later() == [(A, [])]
    told.board.clear("job")
    assert told.later() == []


def test_the_first_of_too_many_are_kept(told: Told) -> None:
    for number in range(1, 5):
        told.board.add("job", A, problem(number))
    assert told.later() == [(A, [1, 2, 3])]
    for number in range(1, 5):
        told.board.add("job", B, problem(number))
    assert told.later() == [(B, [1, 2])]
    for number in range(5, 9):
        told.board.add("other", A, problem(number))
    assert told.later() == [(A, [1, 2, 3, 5, 6])]


def test_what_is_cleared_makes_room(told: Told) -> None:
    for _ in range(3):
        for number in range(5):
            told.board.add("job", f"file:///{number}", problem(number))
        told.board.clear("job")
    assert not told.board.has("job")
    for number in range(8):
        told.board.add(f"job {number % 2}", f"file:///{number}", problem(number))
    assert len(told.later()) == 7


def test_who_reads_nothing_is_told_nothing_and_later_only_what_is_so_then(told: Told) -> None:
    told.has_room = False
    for number in (1, 2):
        told.board.add("job", A, problem(number))
        assert told.later() == []
    told.board.tell()
    assert told.take() == []
    told.has_room = True
    assert told.later() == [(A, [1, 2])]


def test_an_idle_board_sets_no_alarm(told: Told) -> None:
    told.board.add("job", A, problem(1))
    told.later()
    told.board.clear("job")
    told.later()
    assert told.loop._deadlines == []
    assert (told.board._files, told.board._counts, told.board._count, told.board._told) == ({}, {}, 0, set())
