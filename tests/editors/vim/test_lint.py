"""The Vim script of the plugin: every function compiles, every file can be loaded first, and files are small."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.editors.vim.vim import PLUGIN
from tests.support.editors import vim

SOURCES = sorted(PLUGIN.rglob("*.vim"))
MOST_LINES = 300
MOST_COLUMNS = 120
COMPILE = """
try
  source {path}
catch
  call writefile([v:exception .. ' at ' .. v:throwpoint], '/dev/stderr')
  cquit
endtry
qall!
"""


def test_every_function_compiles_whichever_file_is_loaded_first(tmp_path: Path) -> None:
    copy = tmp_path / "plugin"
    shutil.copytree(PLUGIN, copy)
    scripts = sorted((copy / "autoload").rglob("*.vim"))
    assert len(scripts) > 20
    for script in scripts:
        # Functions are compiled at their first call, and types are checked then.
        script.write_text(script.read_text(encoding="utf-8") + "\ndefcompile\n", encoding="utf-8")
    said = {}
    for script in scripts:
        load = tmp_path / "load.vim"
        load.write_text(COMPILE.format(path=script), encoding="utf-8")
        command = [vim(), "-N", "-u", "NONE", "-i", "NONE", "-n", "-es", "--not-a-term"]
        command += ["--cmd", f"set encoding=utf-8 runtimepath^={copy}", "-S", str(load)]
        ended = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        if ended.returncode != 0 or ended.stderr:
            said[script.name] = ended.stderr
    assert said == {}


def test_files_are_small_and_lines_short() -> None:
    for path in SOURCES:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= MOST_LINES, path
        assert max(map(len, lines)) <= MOST_COLUMNS, path


def test_every_file_says_what_it_is_for() -> None:
    for path in SOURCES:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith('" ') or (lines[0] == "vim9script" and lines[1].startswith("# ")), path
