"""How an editor is run with a configuration, and what it tells at its end."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.leaks import own_descendants
from tests.support.processes import wait_state
from tests.support.trace import DEADLINE_S

ROOT = Path(__file__).parents[3]
CONFIGURATIONS = ROOT / "editors" / "stock-lsp"

Drive = Callable[..., Any]


@pytest.fixture
def drive(tmp_path: Path) -> Drive:
    """Run an editor in a directory of its own, and return the JSON that it writes to ``summary.json`` there."""

    def run(*command: str) -> Any:
        environment = {
            **os.environ,
            "HOME": str(tmp_path),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "XDG_DATA_HOME": str(tmp_path / "data"),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            # The command is found as a configuration names it.
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "TMPDIR": str(tmp_path),
        }
        before = own_descendants()
        ended = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=3 * DEADLINE_S, check=False
        )
        for pid in own_descendants():
            if pid not in before:
                wait_state(pid, "Z", "")  # The server, which sees that its editor has gone.
                with suppress(ChildProcessError):
                    os.waitpid(pid, 0)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return json.loads((tmp_path / "summary.json").read_text())

    return run
