"""Who takes part."""

import sys
from pathlib import Path

from .direct_rival import DirectRival
from .rival import Rival
from .server_rival import ServerRival

NAIVE_SERVER = Path(__file__).with_name("naive_pygls_server.py")

RIVALS: tuple[Rival, ...] = (
    ServerRival("pipe-rpc", [sys.executable, "-m", "pipe_rpc"]),
    DirectRival(),
    ServerRival("naive", [sys.executable, str(NAIVE_SERVER)]),
)
