"""The table of limits is whole: each is an option, told at initialize, documented with its reason, and tried."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pipe_rpc.limits import Limits, option_name, reason
from pipe_rpc.protocol.naming import wire_name
from pipe_rpc.server.handshake import initialize_result
from tests.house.collection import Collected, collected
from tests.house.generate import README
from tests.house.limit_edges import EDGES
from tests.house.proofs import check_proofs, check_sentence

EVERY = pytest.mark.parametrize("name", Limits._fields)


@pytest.fixture(scope="session")
def suite(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Collected:
    files = {proof.split("::")[0] for proofs in EDGES.values() for proof in proofs}
    return collected(files, request.session, tmp_path_factory.mktemp("collected") / "nodes.json")


@pytest.fixture(scope="session")
def help_text() -> str:
    """What ``pipe-rpc --help`` prints, in one line."""
    asked = [sys.executable, "-m", "pipe_rpc", "--help"]
    return " ".join(subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout.split())


def test_every_limit_has_a_row_of_edges_and_no_row_is_left_over() -> None:
    assert list(EDGES) == list(Limits._fields), "add the new limit to tests/house/limit_edges.py"


@EVERY
def test_a_limit_has_an_edge_that_is_tried(name: str, suite: Collected) -> None:
    check_proofs(EDGES[name], suite)


@EVERY
def test_a_limit_is_a_whole_number_above_zero(name: str) -> None:
    value = getattr(Limits(), name)
    assert type(value) is int
    assert value > 0


@EVERY
def test_the_reason_of_a_limit_is_a_sentence(name: str) -> None:
    check_sentence(reason(name).replace(": ", ", "))


@EVERY
def test_a_limit_is_an_option_with_its_reason_and_its_default(name: str, help_text: str) -> None:
    assert f"{option_name(name)} N {reason(name)} (default: {getattr(Limits(), name)})" in help_text


@EVERY
def test_a_limit_is_told_at_initialize(name: str) -> None:
    limits = Limits(**{name: 123_456})
    result = initialize_result(limits, limits.max_sessions, containment="group", guarded=False)
    told = result["capabilities"]["experimental"]["pipeRpc"]["limits"]
    assert told[wire_name(name)] == 123_456


@EVERY
def test_a_limit_is_in_the_readme_with_its_option_and_its_reason(name: str) -> None:
    row = f"| `{wire_name(name)}` | `{option_name(name)}` | {getattr(Limits(), name):,} | {reason(name)} |"
    assert row in README.read_text(encoding="utf-8").splitlines()


def test_the_table_of_limits_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Limits().max_sessions = 1  # type: ignore[misc]  # what mypy refuses is refused at run time, too
