"""`rlimits` and `nice` of `session/spawn`: exactly what was asked for, before the program runs, or an error."""

from __future__ import annotations

import errno
import json
import os
import resource
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import descendants
from tests.support.programs import child, python, shell
from tests.support.refusals import problems, refusal
from tests.support.systems import SYSTEM
from tests.support.trace import DEADLINE_S
from tests.support.wire_client import WireClient

NAMES = ("as", "cpu", "fsize", "nofile", "nproc", "core")
NUMBERS = [getattr(resource, f"RLIMIT_{name.upper()}") for name in NAMES]
SHOW = f"import json, os, resource; print(json.dumps([[resource.getrlimit(n) for n in {NUMBERS}], os.nice(0)]))"


def output_of(wire: WireClient, argv: list[str], **params: Any) -> Any:
    """What a child that ends by itself says, as JSON."""
    session = wire.spawn(argv, **params)["sessionId"]
    wire.wait_closed(session)
    return json.loads(wire.collect_output(session, "stdout"))


def test_limits_are_set_soft_and_hard_and_others_stay_the_original_ones(wire: WireClient) -> None:
    usual, niceness = output_of(wire, python(SHOW))
    asked = {"as": 1 << 32, "cpu": 99, "nofile": 64, "core": 0}
    limits, nicer = output_of(wire, python(SHOW), rlimits=asked, nice=2)
    expected = {**dict(zip(NAMES, usual, strict=True)), **{name: [value] * 2 for name, value in asked.items()}}
    assert dict(zip(NAMES, limits, strict=True)) == expected
    assert nicer - niceness == 2


def test_a_child_with_limits_is_born_as_one_without(wire: WireClient) -> None:
    usual = output_of(wire, child("surroundings", "a b", ""), env={"A": "1"})
    launched = output_of(wire, child("surroundings", "a b", ""), env={"A": "1"}, rlimits={"core": 0}, nice=1)
    for found in (usual, launched):
        assert found["descriptors"] == [0, 1, 2]
        assert found["blocked"] == []
        assert found.pop("pid") == found.pop("group") == found.pop("session")
    assert launched == usual
    empty = wire.spawn(["/usr/bin/env"], inheritEnv=False, nice=1)["sessionId"]
    wire.wait_closed(empty)
    assert wire.collect_output(empty, "stdout") == b""


def test_a_limit_has_its_effect_and_its_signal_ends_the_child(wire: WireClient, tmp_path: Path) -> None:
    small = wire.spawn(shell("exec 3<&0 4<&0 5<&0"), rlimits={"nofile": 5})["sessionId"]
    assert wire.wait_exited(small)["exitCode"] != 0
    writer = wire.spawn(shell('exec echo hello > "$1"', tmp_path / "file"), rlimits={"fsize": 3})["sessionId"]
    ended = wire.wait_exited(writer)
    assert (ended["signal"], ended["outcome"]) == ("SIGXFSZ", "naturalExit")
    assert (tmp_path / "file").read_text() == "hel"


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_is_at_most_the_server_s_own_hard_one_and_the_answer_tells_that(wire: WireClient, name: str) -> None:
    hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))[1]
    highest = (1 << 63) - 1 if hard == resource.RLIM_INFINITY else hard
    found = problems(wire, "session/spawn", {"argv": ["true"], "rlimits": {name: highest + 1}, "nice": 19})
    path, problem = found.popitem()
    assert (path, found) == (f"params.rlimits.{name}", {})
    assert f"at most {highest}," in problem


def test_every_limit_that_is_too_high_is_told_at_once(wire: WireClient) -> None:
    params = {"argv": ["true"], "rlimits": dict.fromkeys(NAMES, 1 << 70)}
    assert set(problems(wire, "session/spawn", params)) == {f"params.rlimits.{name}" for name in NAMES}
    assert problems(wire, "session/spawn", {"argv": ["true"], "nice": 20}) == {"params.nice": "must be at most 19"}


@pytest.mark.parametrize(
    ("argv", "cwd", "stage"),
    [(["no-such-program"], None, "exec"), (["/etc/passwd"], None, "exec"), (["true"], "/no/such", "chdir")],
)
def test_what_cannot_run_fails_as_without_limits(
    wire: WireClient, argv: list[str], cwd: str | None, stage: str
) -> None:
    params = {"argv": argv, **({} if cwd is None else {"cwd": cwd})}
    usual = refusal(wire, "SpawnFailed", "session/spawn", params)
    launched = refusal(wire, "SpawnFailed", "session/spawn", {**params, "rlimits": {"core": 0}})
    assert launched.data["stage"] == stage
    assert (launched.message, launched.data) == (usual.message, usual.data)
    assert wire.spawn(["true"], rlimits={"core": 0})["sessionId"].endswith("-00000001")


@pytest.mark.parametrize("rlimits", [{"as": 0}, {"as": 500_000}, {"nofile": 0}], ids=repr)
def test_limits_below_what_a_program_needs_are_an_error_or_an_exit(wire: WireClient, rlimits: dict[str, int]) -> None:
    answer = wire.answer(wire.start("session/spawn", {"argv": ["/bin/true"], "rlimits": rlimits}))
    if "error" in answer:
        data = answer["error"]["data"]
        assert (data["kind"], data["stage"]) in (("SpawnFailed", "limits"), ("SpawnFailed", "exec"))
        assert data["errno"] in errno.errorcode.values()
        return
    ended = wire.wait_exited(answer["result"]["sessionId"])
    assert ended["exitCode"] == 127 or ended["signal"] in ("SIGSEGV", "SIGKILL")
    wire.wait_closed(answer["result"]["sessionId"])


def test_a_session_with_limits_holds_all_that_it_started(wire: WireClient) -> None:
    script = "sleep 1000 & echo ready; wait"
    info = wire.spawn(shell(script), rlimits={"core": 0}, nice=1)
    assert info["containment"] == wire.spawn(["cat"])["containment"]
    wire.wait_output(info["sessionId"], "stdout", 6)
    members = [info["pid"], *descendants(info["pid"])] if SYSTEM == "own" else [info["pid"]]
    wire.request("session/terminate", {"sessionId": info["sessionId"], "graceMs": 0})
    wire.wait_closed(info["sessionId"])
    until = time.monotonic() + DEADLINE_S
    while any(os.path.exists(f"/proc/{pid}") for pid in members):
        assert time.monotonic() < until, "some are left, even if the server has yet to reap them"
        os.sched_yield()
