"""A real VS Code: its server, its extension host, and a window in a browser without a screen."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.editors import vscode, vscode_extension
from tests.support.leaks import LeakCheck
from tests.support.processes import descendants
from tests.support.server_command import SERVER

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
VSIX = "pipe-rpc.vsix"
SUITE = HERE / "suite" / "run.cjs"
START_AND_SUITE_S = 240
"""How long a window may take to open and to run a whole suite."""
SETTINGS = {
    "pipe-rpc.command": [*SERVER, "--stdio"],
    # So that no test waits for one.
    "pipe-rpc.graceMs": 200,
    # What is drawn by a graphics card cannot be read from the page.
    "terminal.integrated.gpuAcceleration": "off",
    "chat.disableAIFeatures": True,
    "chat.agentHost.enabled": False,
    "workbench.startupEditor": "none",
}


def package(place: Path) -> None:
    """Build the extension as it is published, a VSIX."""
    command = ["npm", "run", "--silent", "package", "--", "--out", str(place / VSIX)]
    made = subprocess.run(command, cwd=vscode_extension(), capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr


class Workbench:
    """One VS Code with the extension of a VSIX, and a module of `suite` that runs in its extension host.

    It keeps everything that it writes in `place`. End it by `close`.
    """

    def __init__(self, place: Path, vsix: Path, suite: Path, env: Mapping[str, str] | None = None) -> None:
        editor = vscode()
        # What a browser leaves behind finds other parents: whatever is new here belongs to it.
        self._before = LeakCheck()
        self.place = place
        self.folder = place / "workspace"
        self.folder.mkdir()
        settings = place / "data" / "data" / "Machine" / "settings.json"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps(SETTINGS), encoding="utf-8")
        (place / "builtin").mkdir()
        (place / "builtin" / "theme").symlink_to(editor.folder / "extensions" / "theme-defaults")
        with zipfile.ZipFile(vsix) as packed:
            packed.extractall(place / "vsix")
        config = {
            "vscode": str(editor.folder),
            "chromium": editor.chromium,
            "place": str(place),
            "folder": str(self.folder),
            "extension": str(place / "vsix" / "extension"),
            "suite": str(suite),
        }
        self._log = (place / "log").open("wb")
        self._process = subprocess.Popen(
            [editor.node, str(HERE / "drive.cjs"), json.dumps(config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, **self._surroundings(), **(env or {})},
            start_new_session=True,
            bufsize=0,
        )
        self.server: int = self.hear("server")

    def _surroundings(self) -> dict[str, str]:
        home = {"HOME": str(self.place), "SHELL": "/bin/sh", "PYTHONPATH": str(ROOT)}
        return {**home, "PIPE_RPC_TEST_EXTENSION": str(vscode_extension())}

    def hear(self, what: str) -> Any:
        """Return what the driver says of `what`; it says nothing else before."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + START_AND_SUITE_S
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self._process.stdout], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"VS Code says nothing of {what}: {self.log()}"
            data = os.read(self._process.stdout.fileno(), 1)
            assert data, f"VS Code has ended: {self.log()}"
            line += data
        return json.loads(line)[what]

    def family(self) -> list[int]:
        """Every process of it, the jobs included, but for those of the test: driver and browser."""
        return [self.server, *descendants(self.server)]

    def close_window(self) -> None:
        """Close the window, as a user does."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"close window\n")

    def log(self) -> str:
        """The newest of what VS Code has to say."""
        return (self.place / "log").read_text(encoding="utf-8", errors="replace")[-3000:]

    def close(self) -> None:
        """End everything that belongs to it, and return when that is gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._before.leaks()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
        self._log.close()


def node(script: str, *arguments: str, env: Mapping[str, str] | None = None) -> Any:
    """Run a script of the folder `node` and return the JSON that it prints."""
    vscode_extension()
    command = ["node", str(HERE / "node" / script), *arguments]
    whole = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=whole)
    assert told.returncode == 0, told.stdout + told.stderr
    return json.loads(told.stdout) if told.stdout else None
