"""editors/stock-lsp/eglot.el in an Emacs without a window."""

from pathlib import Path

import pytest

from tests.editors.stock_lsp.conftest import CONFIGURATIONS, Drive
from tests.support.editors import emacs
from tests.support.trace import DEADLINE_S

DRIVER = Path(__file__).parent / "drive.el"


def test_eglot_runs_jobs_and_shows_their_diagnostics(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFIGURATION", str(CONFIGURATIONS / "eglot.el"))
    monkeypatch.setenv("DEADLINE_S", str(DEADLINE_S))
    seen = drive(emacs(), "-q", "--batch", "-l", str(DRIVER))
    assert [line for line, _ in seen["first"]] == [2]
    assert "wrong" in seen["first"][0][1]
    assert [line for line, _ in seen["again"]] == [3]
    assert "other" in seen["again"][0][1]
    assert seen["before"] == "running"
    assert any("exit status 2 after " in each for each in seen["messages"])
    assert not any("SIGTERM" in each for each in seen["messages"]), "what a person ended is not told"
