"""editors/stock-lsp/jupyter_server_config.py in a Jupyter server, through the gateway of jupyter-lsp."""

from pathlib import Path

from tests.editors.stock_lsp.conftest import CONFIGURATIONS, Drive
from tests.support.editors import jupyter
from tests.support.trace import DEADLINE_S

DRIVER = Path(__file__).parent / "drive_jupyter.py"


def test_jupyter_runs_a_job_and_gets_its_failure_and_diagnostics(drive: Drive, tmp_path: Path) -> None:
    configuration = str(CONFIGURATIONS / "jupyter_server_config.py")
    seen = drive(jupyter(), str(DRIVER), configuration, str(tmp_path), str(DEADLINE_S))
    assert seen["server"] == "pipe-rpc"
    assert "exit status 3 after" in seen["message"]
    assert seen["diagnostics"] == ["x undeclared"]
