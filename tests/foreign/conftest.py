"""What the conversations with foreign clients share: how the server is started, and what has to be installed."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.available import unavailable
from tests.support.server_command import SERVER
from tests.support.trace import DEADLINE_S

Summary = dict[str, Any]
"""What a conversation under Node says that it saw; conversation.cjs documents it."""

NODE = Path(__file__).parent / "node"


@pytest.fixture
def server_command() -> list[str]:
    """The server as an editor's configuration names it."""
    return SERVER


@pytest.fixture
def converse(server_command: list[str]) -> Callable[..., Summary]:
    """Hold one of the conversations of node/conversation.cjs and return what vscode-jsonrpc saw."""
    node = shutil.which("node")
    if node is None:
        unavailable("there is no node; install Node 18 or later")
    if not (NODE / "node_modules" / "vscode-jsonrpc").is_dir():
        unavailable(f"vscode-jsonrpc is not installed; run: npm ci --prefix {os.path.relpath(NODE)}")

    def hold(name: str, *arguments: str) -> Summary:
        command = [node, str(NODE / "conversation.cjs"), name, *server_command, *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        assert ended.returncode == 0, ended.stderr
        summary: Summary = json.loads(ended.stdout)
        return summary

    return hold
