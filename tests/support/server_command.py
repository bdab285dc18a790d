"""How the server under test is started."""

from __future__ import annotations

import os
import pathlib
import sys

POOR_SYSTEM = os.environ.get("PIPE_RPC_TEST_SYSTEM") == "poor"
"""Whether every server under test has to do without pidfd and epoll."""

SERVER = (
    [sys.executable, str(pathlib.Path(__file__).with_name("poor_system.py"))]
    if POOR_SYSTEM
    else [sys.executable, "-m", "pipe_rpc"]
)
