"""The parts of the extension that need no VS Code, in plain Node."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.editors import vscode_extension


@pytest.mark.parametrize("name", ["connection", "reader", "terminal"])
def test_parts_keep_their_promises(name: str) -> None:
    vscode_extension()
    script = Path(__file__).parent / "node" / f"{name}.test.cjs"
    told = subprocess.run(["node", "--test", str(script)], capture_output=True, text=True, check=False, timeout=60)
    assert told.returncode == 0, told.stdout
