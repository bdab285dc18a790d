"""pipe_rpc/child/zombie.py: by /proc, and over the double of a kqueue in tests/support/macos.py."""

import errno
import os
import select
import sys
from typing import NoReturn

import pytest

from pipe_rpc.child.zombie import is_zombie
from tests.child.family import Family, spec
from tests.child.watching import wait_ended
from tests.support import macos

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the double is made of Linux's means")


@pytest.fixture(params=["linux", "darwin"])
def platform(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way to tell."""
    chosen: str = request.param
    if chosen == "darwin":
        for name, value in macos.KQUEUE.items():
            monkeypatch.setattr(select, name, value, raising=False)
        monkeypatch.setattr("pipe_rpc.child.zombie.sys.platform", chosen)
    return chosen


def test_a_child_that_has_ended_is_one_until_it_is_reaped(platform: str, children: Family) -> None:
    living, ended = children.spawn(spec("/bin/cat")), children.spawn(spec("/bin/true"))
    wait_ended(ended)
    assert (is_zombie(living.pid), is_zombie(ended.pid)) == (False, True)


def test_where_the_system_does_not_tell_nobody_is_taken_for_one(
    platform: str, children: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_out(*_: object) -> NoReturn:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    ended = children.spawn(spec("/bin/true"))
    wait_ended(ended)
    with monkeypatch.context() as patch:
        if platform == "darwin":
            patch.setattr(select, "kqueue", run_out)
        else:
            patch.setattr("builtins.open", run_out)
        answer = is_zombie(ended.pid)
    assert answer is False
