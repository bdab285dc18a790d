"""pipe_rpc/cli/program_lookup.py: what cannot be executed is known before anything is."""

from pathlib import Path

import pytest

from pipe_rpc.cli.command_list import Command
from pipe_rpc.cli.program_lookup import first_unusable


def looked_up(*programs: str) -> tuple[str, str, int] | None:
    unusable = first_unusable(Command("", [program], "somewhere") for program in programs)
    return None if unusable is None else (unusable.command.argv[0], unusable.problem, unusable.status)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/bin:/usr/bin")
    (tmp_path / "bin").mkdir()
    for name, mode in (("good", 0o755), ("bin/tool", 0o755), ("plain", 0o644), ("bin/dull", 0o644)):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(mode)


def test_programs_are_found_in_path_and_from_here() -> None:
    assert looked_up("sh", "/bin/sh", "./good", "tool", "bin/tool") is None


@pytest.mark.parametrize(
    ("program", "problem", "status"),
    [
        ("no-such-program", "is not found", 127),
        ("good", "is not found", 127),
        ("./none", "is not found", 127),
        ("./good/x", "is not found", 127),
        ("", "is not found", 127),
        ("bin", "is not found", 127),
        ("./plain", "is not executable", 126),
        ("dull", "is not executable", 126),
        ("./bin", "is a directory", 126),
        ("/", "is a directory", 126),
    ],
)
def test_the_first_that_cannot_be_executed_is_told(program: str, problem: str, status: int) -> None:
    assert looked_up("sh", program, "neither") == (program, problem, status)
