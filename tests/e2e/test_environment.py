"""`inheritEnv` and `envFile` of `session/spawn`: what a child inherits, what a file lays over it, and who sees it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.fixture_types import StartWire
from tests.support.refusals import problems, refusal
from tests.support.systems import OWN_START
from tests.support.wire_client import WireClient

SECRET = "canary-file-4e19"
OWN = {"PATH": os.environ["PATH"], "HOME": "/home/me", "LC_CTYPE": "C.UTF-8", "TOKEN": SECRET, "PYTHONPATH": ""}
ROOT = Path(__file__).resolve().parents[2]


def environment_of(wire: WireClient, **params: Any) -> dict[str, str]:
    """What a child sees."""
    session = wire.spawn(["/usr/bin/env", "-0"], **params)["sessionId"]
    wire.wait_closed(session)
    pairs = wire.collect_output(session, "stdout").decode().split("\0")[:-1]
    return dict(pair.split("=", 1) for pair in pairs)


def test_the_minimum_is_inherited_and_env_is_laid_over_it(start_wire: StartWire) -> None:
    wire = start_wire(env={**OWN, "PYTHONPATH": str(ROOT)})
    assert set(environment_of(wire)) >= {"PATH", "HOME", "LC_CTYPE", "TOKEN", "PYTHONPATH"}
    minimal = {"PATH": OWN["PATH"], "HOME": "/home/me", "LC_CTYPE": "C.UTF-8"}
    assert environment_of(wire, inheritEnv="minimal") == minimal
    changes = {"HOME": None, "TOKEN": "mine"}
    expected = {"PATH": OWN["PATH"], "LC_CTYPE": "C.UTF-8", "TOKEN": "mine"}
    assert environment_of(wire, inheritEnv="minimal", env=changes) == expected
    assert environment_of(wire, inheritEnv="minimal", nice=1) == minimal


def test_a_file_is_laid_over_what_is_inherited_and_under_env(wire: WireClient, tmp_path: Path) -> None:
    file = tmp_path / "some.env"
    file.write_text("# a comment\nexport A='from $HOME'\nB=file\nC=file # comment\nPATH=/only\n")
    params = {"envFile": str(file), "env": {"B": "env", "C": None, "D": "env"}}
    laid_over = {"A": "from $HOME", "B": "env", "D": "env", "PATH": "/only"}
    assert environment_of(wire, inheritEnv=False, **params) == laid_over
    assert environment_of(wire, inheritEnv="minimal", **params).items() >= laid_over.items()
    assert environment_of(wire, **params).items() >= laid_over.items()
    file.write_text("A=later\n")
    assert environment_of(wire, inheritEnv=False, envFile=str(file)) == {"A": "later"}, "it is read at each spawn"


def test_a_file_that_cannot_be_taken_is_told_at_its_path_and_nothing_is_started(
    start_wire: StartWire, tmp_path: Path
) -> None:
    """And no value of it is told or logged, at any level."""
    wire = start_wire("--log-level=debug")
    texts = {
        "no assignment": (f"A=1\n{SECRET}\n", "line 2 is none"),
        "open quote": (f"A='{SECRET}", "line 1 is none"),
        "NUL": (f"A={SECRET}\0", "line 1 is not"),
        "blanks": (f"A={SECRET}" + " " * 300 + "x", "line 1 has more"),
        "too large": (f"A={SECRET * 5000}", "at most 65536 bytes"),
    }
    for name, (text, what) in texts.items():
        (tmp_path / name).write_text(text)
        found = problems(wire, "session/spawn", {"argv": ["true"], "envFile": str(tmp_path / name)})
        assert list(found) == ["params.envFile"]
        assert what in found["params.envFile"]
    (tmp_path / "latin-1").write_bytes(f"A=1\n\nB={SECRET}é".encode("latin-1"))
    os.mkfifo(tmp_path / "fifo")
    for path, what in (
        ("some.env", "absolute"),
        (str(tmp_path / "missing"), "ENOENT"),
        (str(tmp_path / "latin-1"), "line 3"),
        (str(tmp_path / "fifo"), "regular"),
        (str(tmp_path), "regular"),
        ("/dev/zero", "regular"),
    ):
        found = problems(wire, "session/spawn", {"argv": ["true"], "envFile": path})
        assert list(found) == ["params.envFile"]
        assert what in found["params.envFile"]
    (tmp_path / "good").write_text(f"A={SECRET}\n")
    refusal(wire, "SpawnFailed", "session/spawn", {"argv": ["/no/such"], "envFile": str(tmp_path / "good"), "nice": 1})
    told = wire.spawn(["true"], envFile=str(tmp_path / "good"))
    assert told["sessionId"].endswith("-00000001"), "nothing was started before"
    wire.wait_closed(told["sessionId"])
    wire.request("session/list", {"usage": True})
    wire.finish()
    assert SECRET not in wire.stderr_text()
    assert SECRET not in repr([entry.message for entry in wire.trace])


def test_what_is_neither_true_nor_false_nor_minimal_is_told_so(wire: WireClient) -> None:
    found = problems(wire, "session/spawn", {"argv": ["true"], "inheritEnv": "all"})
    assert found == {"params.inheritEnv": 'must be true, false or "minimal"'}


@pytest.mark.needs(OWN_START)
def test_who_asks_for_none_of_it_waits_for_none_of_it(start_wire: StartWire, tmp_path: Path) -> None:
    wire = start_wire(popen={"args": [sys.executable, "-X", "importtime", "-m", "pipe_rpc"]})
    needless = {
        "dotenv",
        "psutil",
        "pipe_rpc.session.env_file",
        "pipe_rpc.child.launching",
        "pipe_rpc.child.resource_limits",
        "pipe_rpc.child.live_usage",
    }

    def imported() -> set[str]:
        return {line.rpartition("|")[2].strip() for line in wire.stderr_text().splitlines() if "import time:" in line}

    wire.wait_closed(wire.spawn(["true"])["sessionId"])
    assert "subprocess" in imported()
    assert "pipe_rpc.session.environment" not in imported()
    session = wire.spawn(["true"], env={"A": "1"}, inheritEnv="minimal")["sessionId"]
    wire.wait_closed(session)
    wire.request("session/info", {"sessionId": session})
    wire.request("session/list")
    assert not needless & imported()
    (tmp_path / "some.env").write_text("A=1")
    session = wire.spawn(["cat"], envFile=str(tmp_path / "some.env"), rlimits={"core": 0})["sessionId"]
    wire.request("session/info", {"sessionId": session, "usage": True})
    wire.request("session/write", {"sessionId": session, "close": True})
    wire.wait_closed(session)
    assert needless - imported() == ({"psutil"} if sys.platform == "linux" else set())
