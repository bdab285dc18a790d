"""editors/stock-lsp/neovim.lua in a Neovim without a window."""

from pathlib import Path

from tests.editors.stock_lsp.conftest import CONFIGURATIONS, Drive
from tests.support.editors import neovim
from tests.support.trace import DEADLINE_S

DRIVER = Path(__file__).parent / "drive.lua"
ERROR = 1


def test_neovim_runs_jobs_and_shows_their_progress_and_diagnostics(drive: Drive) -> None:
    configuration = str(CONFIGURATIONS / "neovim.lua")
    deadline_ms = str(int(DEADLINE_S * 1000))
    seen = drive(neovim(0, 11), "--headless", "-u", "NONE", "-i", "NONE", "-l", str(DRIVER), configuration, deadline_ms)
    assert seen["diagnostics"] == [["a.c", 2, 10, ERROR, "gcc", "missing is undeclared"]]
    assert seen["quickfix"] == [2]
    assert seen["both"] == 2, "jobs do not replace each other's diagnostics"
    assert seen["cancelled"].startswith("SIGTERM after ")
    assert seen["stopped"].startswith("SIGTERM after ")
    assert [each["kind"] for each in seen["progress"]].count("begin") == 5
    assert "exit status 2 after " in seen["messages"]
    assert "SIGTERM" not in seen["messages"], "what a person ended is not told"
