"""Where the server is found, and what users are told when it is missing, wrong or silent."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.editors.vscode.vscode import node

LAUNCHER = f'#!/bin/sh\nexec {sys.executable} -m pipe_rpc "$@"\n'
OTHER_VERSION = """
import json, sys
body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"serverInfo": {"name": "pipe-rpc", "version": "9"},
  "capabilities": {"experimental": {"pipeRpc": {"protocolVersion": %s}}}}})
sys.stdout.write(f"Content-Length: {len(body)}\\r\\n\\r\\n{body}")
sys.stdout.flush()
sys.stdin.read()
"""


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def served(command: list[str] | None, path: str = os.environ["PATH"], **settings: Any) -> dict[str, Any]:
    """What a server is, or the problem with it."""
    found: dict[str, Any] = node("serve.cjs", json.dumps({"command": command, **settings}), env={"PATH": path})
    return found


def test_the_server_is_looked_for_on_path_in_python_and_by_uvx(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()

    def found() -> Any:
        return node("find.cjs", env={"PIPE_RPC_TEST_PATH": str(programs)})

    assert "run `pipx install pipe-rpc`, or say where it is" in found()
    put(programs, "uvx", "#!/bin/sh\n")
    assert found() == "by uvx, which downloads it where needed"
    put(programs, "python3", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    assert found() == "as a module of python3"
    put(programs, "pipe-rpc", LAUNCHER)
    assert found() == "on PATH"
    described = served(None, f"{programs}:{os.environ['PATH']}")
    assert described == {"how": "on PATH", "command": ["pipe-rpc", "--stdio"], "protocol": 1}


def test_a_server_that_is_not_there_is_told_with_what_to_do() -> None:
    told = served(["/no/such/server"])["problem"]
    assert told.endswith("names /no/such/server, which is no executable program: mend or remove it")


@pytest.mark.parametrize(("version", "what"), [(0, "update the server"), (2, "update the extension")])
def test_another_version_of_the_protocol_is_told_with_what_to_update(version: int, what: str) -> None:
    told = served([sys.executable, "-c", OTHER_VERSION % version])["problem"]
    assert told.endswith(f"it speaks version {version} of the protocol and this extension version 1: {what}")


def test_another_program_is_no_server() -> None:
    assert "the server ended with status 1 before it answered" in served(["false"])["problem"]


def test_a_program_that_floods_is_no_server() -> None:
    """A reader that looks for the end of its header in all of that would stand still for minutes."""
    assert "what it wrote first is no message" in served(["yes"])["problem"]


def test_a_server_that_says_nothing_is_given_up() -> None:
    told = served(["sleep", "1000"], startTimeoutMs=50)["problem"]
    assert told.endswith("raise the setting pipe-rpc.startTimeoutMs")
