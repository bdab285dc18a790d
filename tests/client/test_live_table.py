"""pipe_rpc/client/live_table.py: rows that are never wider than the terminal."""

import re

import pytest
from rich.cells import cell_len

from pipe_rpc.client.live_cells import Cells
from pipe_rpc.client.live_region import TerminalSize
from pipe_rpc.client.live_table import LiveTable

ROWS = [
    Cells(
        ("web", "running", "1:05", "150%", "12 MiB", "[bold]markup[/] :smile: 漢字漢字漢字漢字" + "x" * 200),
        "",
    ),
    Cells(("worker", "exit 1", "0 s", "", "", ""), "bold red"),
]


def test_the_last_line_gives_way_first() -> None:
    header, web, worker, note = LiveTable(colour=False).draw(ROWS, "… and 3 more", TerminalSize(70, 24))
    assert header.text.split() == ["command", "state", "time", "CPU", "memory", "last", "line"]
    assert web.text.startswith("web      running  1:05  150%  12 MiB  [bold]markup[/] :smile: 漢字")
    assert web.text.rstrip().endswith("…")
    assert worker.text.split() == ["worker", "exit", "1", "0", "s"]
    assert note.text.rstrip() == "… and 3 more"


@pytest.mark.parametrize("columns", [*range(1, 40), 80, 500])
def test_no_row_is_wider_than_the_terminal(columns: int) -> None:
    drawn = LiveTable(colour=False).draw(ROWS, "… and 3 more", TerminalSize(columns, 24))
    assert len(drawn) == 4
    for row in drawn:
        assert "\n" not in row.text
        assert cell_len(row.text) == row.cells <= columns


def test_colours_are_there_only_where_they_are_wanted() -> None:
    size = TerminalSize(80, 24)
    assert not any("\x1b" in row.text for row in LiveTable(colour=False).draw(ROWS, "note", size))
    coloured = LiveTable(colour=True).draw(ROWS, "note", size)
    assert "\x1b[1;31mexit 1" in coloured[2].text
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", row.text) for row in coloured]
    assert plain == [row.text for row in LiveTable(colour=False).draw(ROWS, "note", size)]
