"""The table of editors/README.md is true: a cell names a test that there is, or says none; READMEs are alike."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

EDITORS = Path(__file__).resolve().parents[2] / "editors"
CELL = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
CELLS = CELL.findall((EDITORS / "README.md").read_text(encoding="utf-8"))
NONE = "\N{EN DASH}"
"""A cell of an editor that cannot have the feature, or needs none."""
CHAPTERS = [
    "What you get",
    "Install",
    "Use",
    "Settings",
    "Health and trouble",
    "How it is tested",
    "Known limits",
]


def test_every_row_names_a_test() -> None:
    rows = [line for line in (EDITORS / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [cell.strip() for row in rows[1:] for cell in row.strip("|").split("|")[1:]]
    assert len(cells) == (len(rows) - 1) * (rows[0].count("|") - 2)
    assert all(cell == NONE or CELL.fullmatch(cell) for cell in cells)
    assert cells.count(NONE) + len(CELLS) == len(cells)


@pytest.mark.parametrize(("file", "test"), CELLS, ids=[test for _, test in CELLS])
def test_a_cell_names_a_test_that_there_is(file: str, test: str) -> None:
    tree = ast.parse((Path(__file__).parent / file).read_text(encoding="utf-8"))
    assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("readme", sorted(EDITORS.glob("*/README.md")), ids=lambda path: path.parent.name)
def test_the_readme_of_a_plugin_has_the_chapters_that_all_have(readme: Path) -> None:
    assert re.findall(r"^## (.*)$", readme.read_text(encoding="utf-8"), re.MULTILINE) == CHAPTERS
