"""pipe_rpc/buffers/ring_budget.py: rings share what there is, the largest give way, small ones are never touched."""

from __future__ import annotations

import random

from pipe_rpc.buffers.ring_budget import RingBudget


class Holder:
    """A ring that notes its size, and refuses to be smaller than it must."""

    def __init__(self, budget: RingBudget, capacity: int, *, least: int = 0) -> None:
        self.budget = budget
        self.capacity = capacity
        self.least = least
        budget.open(self, capacity)

    def shrink(self, capacity: int) -> bool:
        """Give way, unless too much is asked for."""
        assert capacity < self.capacity
        if capacity < self.least:
            return False
        self.capacity = capacity
        return True

    def grow(self, capacity: int) -> bool:
        """Ask for more."""
        granted = self.budget.grow(self, capacity)
        if granted:
            self.capacity = capacity
        return granted


def test_a_ring_grows_while_there_is_room() -> None:
    budget = RingBudget(100)
    one = Holder(budget, 10)
    assert one.grow(100)
    assert budget.lent_bytes == 100
    assert not one.grow(101)
    assert (one.capacity, budget.lent_bytes) == (100, 100)
    assert repr(budget) == "<RingBudget 100 of 100 bytes in 1 rings>"


def test_the_first_piece_is_lent_whatever_the_budget_says() -> None:
    budget = RingBudget(10)
    holders = [Holder(budget, 8) for _ in range(3)]
    assert [each.capacity for each in holders] == [8, 8, 8]
    assert budget.lent_bytes == 24


def test_the_largest_gives_way_by_halves_and_no_further_than_needed() -> None:
    budget = RingBudget(100)
    large, small = Holder(budget, 80), Holder(budget, 20)
    assert small.grow(40)
    assert (large.capacity, small.capacity, budget.lent_bytes) == (40, 40, 80)
    assert not small.grow(80)
    assert (large.capacity, small.capacity) == (40, 40)


def test_nobody_gives_way_below_what_another_asks_for() -> None:
    budget = RingBudget(100)
    large, small = Holder(budget, 60), Holder(budget, 40)
    assert small.grow(50)
    assert (large.capacity, small.capacity) == (50, 50)


def test_of_equal_ones_the_oldest_gives_way_first() -> None:
    budget = RingBudget(100)
    older, newer = Holder(budget, 50), Holder(budget, 50)
    Holder(budget, 10)
    assert (older.capacity, newer.capacity) == (25, 50)


def test_one_that_must_not_shrink_is_passed_over() -> None:
    budget = RingBudget(100)
    full, free = Holder(budget, 60, least=60), Holder(budget, 40)
    Holder(budget, 10)
    assert (full.capacity, free.capacity) == (60, 20)


def test_where_nobody_can_give_way_growth_is_refused_and_nothing_changes() -> None:
    budget = RingBudget(100)
    full, small = Holder(budget, 80, least=80), Holder(budget, 20)
    assert not small.grow(40)
    assert (full.capacity, small.capacity, budget.lent_bytes) == (80, 20, 100)


def test_what_is_closed_is_free_for_others_and_may_be_closed_again() -> None:
    budget = RingBudget(100)
    gone, other = Holder(budget, 90), Holder(budget, 10)
    budget.close(gone)
    budget.close(gone)
    assert other.grow(100)
    assert budget.lent_bytes == 100


def test_rings_that_want_much_come_to_nearly_equal_shares() -> None:
    budget = RingBudget(1024)
    holders = [Holder(budget, 16) for _ in range(8)]
    chance = random.Random(1)
    for _ in range(1000):
        one = chance.choice(holders)
        one.grow(one.capacity * 2)
    assert {each.capacity for each in holders} == {128}


def test_whatever_is_asked_the_books_are_right_and_the_budget_holds() -> None:
    chance = random.Random(2)
    budget = RingBudget(10_000)
    holders: list[Holder] = []
    for _ in range(5000):
        match chance.randrange(4):
            case 0 if len(holders) < 40:
                holders.append(Holder(budget, chance.choice([16, 64]), least=chance.choice([0, 16, 4000])))
            case 1 if holders:
                budget.close(holders.pop(chance.randrange(len(holders))))
            case _ if holders:
                one = chance.choice(holders)
                one.grow(one.capacity + chance.randrange(1, 3000))
            case _:
                pass
        assert budget.lent_bytes == sum(each.capacity for each in holders) <= 10_000
