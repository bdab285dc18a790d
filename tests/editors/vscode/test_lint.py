"""The TypeScript of the extension: its types hold, it is linted, and it lies in small files."""

from __future__ import annotations

import subprocess

from tests.support.editors import vscode_extension

MADE = "wire.ts"
MOST_LINES = 300


def run(tool: str, *arguments: str) -> None:
    folder = vscode_extension()
    program = str(folder / "node_modules" / ".bin" / tool)
    said = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout == ""


def test_types_hold() -> None:
    run("tsc", "--noEmit")


def test_eslint_has_nothing_to_say() -> None:
    run("eslint", "--max-warnings", "0", ".")


def test_files_are_small() -> None:
    sources = (vscode_extension() / "src").glob("*.ts")
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES and name != MADE} == {}
