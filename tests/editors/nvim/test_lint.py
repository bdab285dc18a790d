"""The Lua of the plugin: linted, formatted, and in small files."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.editors.nvim.neovim import PLUGIN
from tests.support.available import unavailable

NODE = PLUGIN.parents[1] / "tests" / "foreign" / "node"
STYLUA = NODE / "node_modules" / "@johnnymorganz" / "stylua"
SOURCES = sorted(PLUGIN.rglob("*.lua"))
MADE = ("constants.lua", "types.lua")
MOST_LINES = 300


def test_luacheck_has_nothing_to_say() -> None:
    luacheck = shutil.which("luacheck")
    if luacheck is None:
        unavailable("there is no luacheck; on Debian: apt install lua-check")
    said = subprocess.run([luacheck, "--no-color", "-q", "."], cwd=PLUGIN, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout


def test_stylua_would_format_nothing_otherwise() -> None:
    node = shutil.which("node")
    if node is None or not STYLUA.is_dir():
        unavailable(f"stylua is not installed; run: npm ci --prefix {os.path.relpath(NODE)}")
    script = Path(__file__).with_name("stylua.cjs")
    command = [node, str(script), str(STYLUA), str(PLUGIN / ".stylua.toml"), *map(str, SOURCES)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == ""


def test_files_are_small() -> None:
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES and name not in MADE} == {}
