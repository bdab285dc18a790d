"""Jobs are started with what they need, and said to be over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.editors.emacs.conftest import StartEmacs
from tests.editors.emacs.driven import Emacs, LispError


def test_a_command_runs_and_its_output_and_status_are_shown(emacs: Emacs) -> None:
    emacs.type("\x1bxpipe-rpc-run\rprintf 'one\\ntwo\\n'\r")
    emacs.wait("(and (featurep 'pipe-rpc) (pipe-rpc-job 1))")
    assert emacs.wait_output("[exit 0 after").startswith("one\ntwo\n[exit 0 after ")
    emacs.wait_for("one", "two", "Job:exit 0", "*pipe-rpc 1: printf")
    assert emacs.eval("(buffer-name)") == "*scratch*"
