"""The table of editors/README.md is true: each cell names a test that there is, and each plugin's README is alike."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

EDITORS = Path(__file__).resolve().parents[2] / "editors"
CELL = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
NOTHING = "\N{EN DASH}"
CELLS = CELL.findall((EDITORS / "README.md").read_text(encoding="utf-8"))
CHAPTERS = [
    "What you get",
    "Install",
    "Use",
    "Settings",
    "Health and trouble",
    "How it is tested",
    "Known limits",
]


def test_every_cell_names_a_test_or_that_there_is_no_such_feature() -> None:
    rows = [line for line in (EDITORS / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    columns = rows[0].count(" | ")
    cells = [cell for row in rows[1:] for cell in row.removesuffix(" |").split(" | ")[1:]]
    assert len(cells) == columns * (len(rows) - 1)
    assert len([cell for cell in cells if cell != NOTHING]) == len(CELLS)


@pytest.mark.parametrize(("file", "test"), CELLS, ids=[test for _, test in CELLS])
def test_a_cell_names_a_test_that_there_is(file: str, test: str) -> None:
    tree = ast.parse((Path(__file__).parent / file).read_text(encoding="utf-8"))
    assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("readme", sorted(EDITORS.glob("*/README.md")), ids=lambda path: path.parent.name)
def test_the_readme_of_a_plugin_has_the_chapters_that_all_have(readme: Path) -> None:
    assert re.findall(r"^## (.*)$", readme.read_text(encoding="utf-8"), re.MULTILINE) == CHAPTERS
