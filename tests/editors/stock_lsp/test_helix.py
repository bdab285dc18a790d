"""editors/stock-lsp/helix.toml in a Helix, in a terminal."""

import os
import sys
from pathlib import Path

from tests.editors.screen import Terminal
from tests.editors.stock_lsp.conftest import CONFIGURATIONS
from tests.support.editors import helix

SOURCE = "int main(void) {\n  return missing;\n}\n"
PROGRESS = "[editor.lsp]\ndisplay-progress-messages = true\n"
COMPLAINT = "main.c:2:10: error: missing is undeclared"


def editor(home: Path) -> Terminal:
    """Helix with the configuration and a file in C, for which the configuration names pipe-rpc."""
    folder = home / "config" / "helix"
    folder.mkdir(parents=True)
    (folder / "languages.toml").write_text((CONFIGURATIONS / "helix.toml").read_text())
    (folder / "config.toml").write_text(PROGRESS)
    (home / "main.c").write_text(SOURCE)
    env = {
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        # The command is found as the configuration names it.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    return Terminal([helix(), "main.c"], home, env, ":qa!\r")


def run(shown: Terminal, command: str) -> None:
    """Give a command to the server, once the prompt shows what is typed."""
    line = f":lsp-workspace-command pipe-rpc.{command}"
    shown.type(line)
    shown.wait_for(line)
    shown.type("\r")


def test_helix_runs_jobs_and_shows_their_progress_diagnostics_and_failures(tmp_path: Path) -> None:
    with editor(tmp_path) as shown:
        shown.wait_for("return missing")
        run(shown, 'run "exit 5"')
        while shown.wait_for_one("exit status 5 after", "is not supported") == "is not supported":
            run(shown, 'run "exit 5"')  # The server has yet to start.
        run(shown, f"run \"echo '{COMPLAINT}'; exit 3\"")
        shown.wait_for("exit status 3 after", "missing is undeclared")
        shown.type(" d")
        shown.wait_for("severity", "gcc", "missing is undeclared")
        shown.type("\x1b")
        shown.wait_for_absence("severity")
        run(shown, 'run "echo on my way; exec sleep 1000"')
        shown.wait_for("⋅ on my way")
        run(shown, "terminateAll")
        shown.wait_for("SIGTERM after")
