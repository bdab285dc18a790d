"""pipe_rpc/session/leftovers.py over groups that note what is sent; test_registry has real processes."""

import errno
import signal
from collections.abc import Callable, Iterator

import pytest

from pipe_rpc.session.leftovers import Leftovers
from tests.child.family import close_pipes
from tests.session.harness import FakeCgroup, FakeChild

MakeSurvivor = Callable[[int], FakeChild]


@pytest.fixture
def survivor() -> Iterator[MakeSurvivor]:
    """A factory of reaped children, each with something left of its group."""
    made: list[FakeChild] = []

    def make(pid: int) -> FakeChild:
        child = FakeChild(pid=pid)
        child.fake_group.leader_is_reaped = True
        child.fake_group.survivors = True
        made.append(child)
        return child

    yield make
    for child in made:
        child.close()
        close_pipes(child)


def test_at_first_nothing_is_left_and_there_is_nobody_to_kill() -> None:
    leftovers = Leftovers()
    assert leftovers.count() == 0
    leftovers.kill()


def test_a_group_counts_while_it_has_members_and_never_again(survivor: MakeSurvivor) -> None:
    leftovers, first, second = Leftovers(), survivor(4711), survivor(4712)
    leftovers.add(first)
    assert leftovers.count() == 1
    leftovers.add(second)
    assert leftovers.count() == 2
    first.fake_group.survivors = False
    assert leftovers.count() == 1
    first.fake_group.survivors = True  # A group of the same number is another's by now.
    assert leftovers.count() == 1
    leftovers.kill()
    assert (first.fake_group.sent, second.fake_group.sent) == ([], [signal.SIGKILL])


def test_to_count_disturbs_nobody(survivor: MakeSurvivor) -> None:
    leftovers, child = Leftovers(), survivor(4711)
    leftovers.add(child)
    leftovers.count()
    assert child.fake_group.sent == []


def test_who_is_gone_or_may_not_be_killed_saves_no_other(survivor: MakeSurvivor) -> None:
    leftovers, gone, refusing, last = Leftovers(), survivor(4711), survivor(4712), survivor(4713)
    for child in (gone, refusing, last):
        leftovers.add(child)
    gone.fake_group.survivors = False
    refusing.fake_group.refuses = True
    leftovers.kill()
    assert [child.fake_group.sent for child in (gone, refusing, last)] == [[], [], [signal.SIGKILL]]
    assert leftovers.count() == 2, "who may not be killed is there all the same"


def test_the_killed_count_until_they_are_gone(survivor: MakeSurvivor) -> None:
    leftovers, child = Leftovers(), survivor(4711)
    leftovers.add(child)
    leftovers.kill()
    assert leftovers.count() == 1
    child.fake_group.survivors = False
    assert leftovers.count() == 0


def test_somebody_in_its_cgroup_counts_and_is_killed_where_the_group_is_empty(survivor: MakeSurvivor) -> None:
    leftovers, child, cgroup = Leftovers(), survivor(4711), FakeCgroup()
    child.fake_group.survivors = False
    child.cgroup = cgroup
    leftovers.add(child)
    assert leftovers.count() == 1
    leftovers.kill()
    assert cgroup.kills == 1
    cgroup.populated = False
    assert leftovers.count() == 0


def test_a_cgroup_that_cannot_be_killed_saves_no_other(survivor: MakeSurvivor) -> None:
    leftovers, refusing, last = Leftovers(), survivor(4711), survivor(4712)
    refusing.cgroup = cgroup = FakeCgroup()
    cgroup.fails = errno.EMFILE
    for child in (refusing, last):
        leftovers.add(child)
    leftovers.kill()
    assert [child.fake_group.sent for child in (refusing, last)] == [[signal.SIGKILL], [signal.SIGKILL]]
