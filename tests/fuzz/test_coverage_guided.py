"""The target under a fuzzer that looks for inputs which reach new code (see `tests.fuzz.atheris_target`)."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.dose import dose
from tests.support.ledger import Ledger

ROOT = Path(__file__).resolve().parents[2]
RUNS = dose(short=600, ci=1_000, long=50_000)
SEED = 40_001

pytestmark = [
    pytest.mark.attack,
    pytest.mark.timeout(600),
    pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="needs atheris, which is there for Linux"),
]


def test_inputs_that_reach_new_code_break_nothing(tmp_path: Path, ledger: Ledger) -> None:
    command = [sys.executable, "-m", "tests.fuzz.atheris_target", f"-atheris_runs={RUNS}", f"-seed={SEED}"]
    command += ["-max_len=4096", f"-artifact_prefix={tmp_path}/", "-print_final_stats=1"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    story = ended.stdout[-4000:] + ended.stderr[-8000:]
    found = [artifact.read_bytes() for artifact in tmp_path.iterdir()]
    assert not found, f"found {found!r}\n{story}"
    assert ended.returncode == 0, story
    done = re.search(r"^Done (\d+) ", ended.stderr, re.MULTILINE)
    reached = re.findall(r" cov: (\d+) ", ended.stderr)
    assert done, story
    assert reached, story
    assert int(reached[-1]) > int(reached[0]), "no input reached anything new"
    ledger.enter(
        "malformed inputs in process (coverage-guided)", tried=int(done[1]), measured=f"{reached[-1]} edges reached"
    )
