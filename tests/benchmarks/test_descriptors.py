"""Limits are a process's own, so each test has a process."""

import resource
import subprocess
import sys

import pytest

from .descriptors import WANTED_DESCRIPTORS
from .process import PROJECT_ROOT

CODE = """
import resource
from tests.benchmarks.descriptors import make_room_for_pipes
resource.setrlimit(resource.RLIMIT_NOFILE, (%d, %d))
make_room_for_pipes()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "then"),
    [(256, 20_000, WANTED_DESCRIPTORS), (256, 1000, 1000), (WANTED_DESCRIPTORS + 1, 20_000, WANTED_DESCRIPTORS + 1)],
    ids=["raises it", "only as far as it may", "never lowers it"],
)
def test_room_is_made_for_pipes(soft: int, hard: int, then: int) -> None:
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if allowed != resource.RLIM_INFINITY and hard > allowed:
        pytest.skip("the system allows less than that")
    told = subprocess.run(
        [sys.executable, "-c", CODE % (soft, hard)], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == [str(then), str(hard)]
