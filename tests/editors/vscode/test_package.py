"""The extension as users get it."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path

from tests.support.editors import vscode, vscode_extension


def test_the_package_can_be_installed(vsix: Path, tmp_path: Path) -> None:
    editor = vscode()
    command = [editor.node, str(editor.code_server / "out" / "node" / "entry.js")]
    command += ["--extensions-dir", str(tmp_path / "extensions"), "--user-data-dir", str(tmp_path / "data")]
    env = {**os.environ, "HOME": str(tmp_path)}
    for words in (["--install-extension", str(vsix)], ["--list-extensions"]):
        told = subprocess.run([*command, *words], capture_output=True, text=True, check=False, env=env, timeout=60)
        assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[-1] == "pipe-rpc.pipe-rpc"


def test_the_package_holds_what_it_needs_and_no_more(vsix: Path) -> None:
    with zipfile.ZipFile(vsix) as packed:
        names = sorted(name for name in packed.namelist() if name.startswith("extension/"))
    assert names == [
        f"extension/{name}" for name in ("dist/extension.js", "media/jobs.svg", "package.json", "readme.md")
    ]


def test_every_command_of_the_manifest_is_registered_and_described() -> None:
    folder = vscode_extension()
    manifest = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    registered = (folder / "src" / "commands.ts").read_text(encoding="utf-8")
    for command in manifest["contributes"]["commands"]:
        name = command["command"].removeprefix("pipe-rpc.")
        assert f"\n    {name}: " in registered or f"\n    {name},\n" in registered, name
        assert command["category"] == "Pipe RPC"
