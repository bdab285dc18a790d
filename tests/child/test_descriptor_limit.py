"""pipe_rpc/child/descriptor_limit.py."""

import errno
import os
import resource
from collections.abc import Iterator
from typing import NoReturn

import pytest

from pipe_rpc.child.descriptor_limit import DescriptorLimit
from tests.support.leaks import open_descriptors


@pytest.fixture
def low_soft_limit() -> Iterator[tuple[int, int]]:
    """A soft limit of 128 below a much higher hard one; what was before is restored."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    low = (128, before[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, low)
    yield low
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def _in_force() -> tuple[int, int]:
    return resource.getrlimit(resource.RLIMIT_NOFILE)


def test_the_soft_limit_is_raised_to_the_hard_one_and_given_back(low_soft_limit: tuple[int, int]) -> None:
    limit = DescriptorLimit()
    hard = low_soft_limit[1]
    assert _in_force() == (hard, hard)
    assert limit.soft == hard
    limit.close()
    assert _in_force() == low_soft_limit


def test_the_original_limit_is_in_force_inside_the_block_only(low_soft_limit: tuple[int, int]) -> None:
    limit = DescriptorLimit()
    with limit.original():
        assert _in_force() == low_soft_limit
    assert _in_force() == (low_soft_limit[1], low_soft_limit[1])
    limit.close()


def test_the_raised_limit_returns_where_the_block_fails(low_soft_limit: tuple[int, int]) -> None:
    limit = DescriptorLimit()
    descriptors = open_descriptors()
    with pytest.raises(KeyError), limit.original():
        raise KeyError
    assert _in_force() == (low_soft_limit[1], low_soft_limit[1])
    assert open_descriptors() == descriptors
    limit.close()


@pytest.mark.parametrize("error", [ValueError, PermissionError])
def test_a_system_that_refuses_the_raise_leaves_the_original(
    error: type[Exception], low_soft_limit: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(resource, "setrlimit", refuse)
        limit = DescriptorLimit()
    assert limit.soft == 128
    assert _in_force() == low_soft_limit
    limit.close()


def test_four_numbers_below_the_original_limit_are_free_inside_the_block(low_soft_limit: tuple[int, int]) -> None:
    limit = DescriptorLimit()
    held: list[int] = []
    while not held or held[-1] < 200:
        held.append(os.open(os.devnull, os.O_RDONLY))
    with limit.original():
        taken = [os.open(os.devnull, os.O_RDONLY) for _ in range(4)]
        assert max(taken) < 128
        with pytest.raises(OSError, match="Too many open files"):
            os.open(os.devnull, os.O_RDONLY)
        for fd in taken:
            os.close(fd)
    limit.close()
    for fd in held:
        os.close(fd)


def test_no_child_inherits_a_spare(low_soft_limit: tuple[int, int]) -> None:
    before = open_descriptors()
    limit = DescriptorLimit()
    spares = open_descriptors().keys() - before.keys()
    assert len(spares) == 4
    assert not any(os.get_inheritable(fd) for fd in spares)
    limit.close()
    assert open_descriptors() == before


def test_where_descriptors_have_run_out_the_spares_are_taken_again_at_the_next_spawn(
    low_soft_limit: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_out(*_: object) -> NoReturn:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    before = len(open_descriptors())
    limit = DescriptorLimit()
    with monkeypatch.context() as patch, limit.original():
        patch.setattr(os, "open", run_out)
    assert len(open_descriptors()) == before
    with limit.original():
        pass
    assert len(open_descriptors()) == before + 4
    limit.close()
