"""pipe_rpc/child/resource_limits.py: the highest limit is the server's own hard one."""

import resource
from typing import get_args

import pytest

from pipe_rpc.child.resource_limits import RESOURCES, highest_limit
from pipe_rpc.protocol.types.member import LimitName


def test_the_names_are_those_of_the_wire() -> None:
    assert tuple(RESOURCES) == get_args(LimitName)


@pytest.mark.parametrize("name", RESOURCES)
@pytest.mark.parametrize(
    ("hard", "highest"),
    [(0, 0), (4096, 4096), (resource.RLIM_INFINITY, 2**63 - 1), (2**64 - 2, 2**63 - 1)],
)
def test_the_highest_is_the_hard_limit_as_far_as_a_number_can_tell(
    name: str, hard: int, highest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def limits_of(number: int) -> tuple[int, int]:
        asked.append(number)
        return 0, hard

    monkeypatch.setattr(resource, "getrlimit", limits_of)
    assert highest_limit(name) == highest
    assert asked == [getattr(resource, f"RLIMIT_{name.upper()}")]
