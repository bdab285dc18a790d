"""pipe_rpc/session/turns.py: the order in which sessions are heard."""

from typing import cast

from pipe_rpc.session.session import Session
from pipe_rpc.session.turns import Turns


class Heard:
    """As much of a session as its turn depends on."""

    def __init__(self, name: str, *, is_behind: bool = False) -> None:
        self.name = name
        self.is_behind = is_behind

    @property
    def streams(self) -> "Heard":
        return self

    def __repr__(self) -> str:
        return self.name


def noted(turns: Turns, *heard: Heard) -> None:
    for each in heard:
        turns.note(cast("Session", each))


def hear(turns: Turns, count: int) -> str:
    """Hear so many, each of which has more to tell; their names."""
    names = ""
    for _ in range(count):
        session = turns.take()
        turns.put_back(session)
        names += cast("Heard", session).name
    return names


def test_those_that_have_caught_up_are_heard_in_the_order_of_their_news() -> None:
    turns = Turns()
    noted(turns, Heard("a"), Heard("b"), Heard("c"))
    assert hear(turns, 6) == "abcabc"


def test_news_of_one_that_waits_changes_nothing() -> None:
    turns, a = Turns(), Heard("a", is_behind=True)
    noted(turns, a, Heard("b"), a)
    assert hear(turns, 1) == "a"
    noted(turns, a)
    assert hear(turns, 4) == "abab"


def test_each_flood_has_its_turn_and_none_delays_the_others_by_more_than_one_piece() -> None:
    turns, floods = Turns(), [Heard(name, is_behind=True) for name in "xyz"]
    noted(turns, *floods)
    hear(turns, 9)
    noted(turns, Heard("a"), Heard("b"))
    names = hear(turns, 12)
    assert names[::2] in {"abab" + "ab", "xyz" * 2, "yzx" * 2, "zxy" * 2}
    assert sorted(names) == sorted("ababab" + "xyzxyz")


def test_one_that_was_noted_while_it_was_heard_is_in_one_line_only() -> None:
    turns, a, b = Turns(), Heard("a"), Heard("b")
    for is_behind in (True, False):
        a.is_behind = not is_behind
        noted(turns, a)
        hear(turns, 1)  # It stands in the line of its kind.
        session = turns.take()
        noted(turns, a)
        a.is_behind = is_behind
        turns.put_back(session)
        assert turns.take() is session
        assert not turns
    noted(turns, a, b)
    assert hear(turns, 4) == "abab"


def test_nothing_is_left_of_one_that_was_forgotten() -> None:
    turns, a, b = Turns(), Heard("a"), Heard("b", is_behind=True)
    noted(turns, a, b)
    hear(turns, 2)
    for each in (a, b):
        turns.forget(cast("Session", each))
    assert not turns
