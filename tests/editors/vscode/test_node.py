"""The parts of the extension that need no VS Code, in plain Node."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.editors import vscode_extension
from tests.support.leaks import own_descendants
from tests.support.processes import wait_state


@pytest.mark.parametrize("name", ["connection", "reader", "terminal"])
def test_parts_keep_their_promises(name: str) -> None:
    vscode_extension()
    script = Path(__file__).parent / "node" / f"{name}.test.cjs"
    command = ["node", "--test", str(script)]
    before = own_descendants()
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, start_new_session=True)
    for pid in own_descendants():
        if pid not in before:
            wait_state(pid, "Z", "")  # Servers whose end nobody waited for.
    assert told.returncode == 0, told.stdout
