"""How the server under test is started."""

from __future__ import annotations

import pathlib
import sys

from tests.support.systems import LACKS, SYSTEM

SERVER = (
    [sys.executable, "-m", "pipe_rpc"]
    if SYSTEM == "own"
    else [sys.executable, str(pathlib.Path(__file__).with_name("on_system.py")), ",".join(LACKS[SYSTEM])]
)
