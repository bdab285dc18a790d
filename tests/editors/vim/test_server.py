"""Where the server is found, and what users are told when it is missing, wrong or dead."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.editors.vim.conftest import StartVim
from tests.editors.vim.vim import Vim

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


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder that is all of PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    return folder


def found(vim: Vim) -> str:
    vim.command("let g:pipe_rpc = #{grace_ms: 100}")
    how: str = vim.value("pipe_rpc#lookup#Find()->{found -> get(found, 'how', get(found, 'problem'))}()")
    return how


def test_the_server_is_looked_for_on_path_in_python_and_by_uvx(start_vim: StartVim, programs: Path) -> None:
    vim = start_vim(env={"PATH": str(programs)})
    assert "run `pipx install pipe-rpc`, or set cmd" in found(vim)
    put(programs, "uvx", "#!/bin/sh\n")
    assert found(vim) == "by uvx, which downloads it where needed"
    put(programs, "python3", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    assert found(vim) == "as a module of python3"
    put(programs, "pipe-rpc", LAUNCHER)
    assert found(vim) == "on PATH"
    vim.run({"argv": ["/bin/echo", "hello"]})
    vim.wait_output("hello")


def test_a_server_that_is_not_there_is_told_with_what_to_do(start_vim: StartVim) -> None:
    vim = start_vim({"cmd": ["/no/such/server"]})
    vim.run({"argv": ["true"]})
    notice = vim.wait_notice("/no/such/server, which is no executable program: mend or remove it")
    assert vim.info()["state"] == "failed"
    assert notice.startswith("pipe-rpc: true: ")


@pytest.mark.parametrize(("version", "what"), [(0, "update the server"), (2, "update the plugin")])
def test_another_version_of_the_protocol_is_told_with_what_to_update(
    start_vim: StartVim, version: int, what: str
) -> None:
    vim = start_vim({"cmd": [sys.executable, "-c", OTHER_VERSION % version]})
    vim.run({"argv": ["true"]})
    assert what in vim.wait_notice(f"it speaks version {version} of the protocol and this plugin version 1")


def test_another_program_is_no_server(start_vim: StartVim) -> None:
    vim = start_vim({"cmd": ["false"]})
    vim.run({"argv": ["true"]})
    vim.wait_notice("the server ended with status 1 before it answered")


def test_a_server_that_says_nothing_is_given_up(start_vim: StartVim) -> None:
    vim = start_vim({"cmd": ["sleep", "1000"], "start_timeout_ms": 50})
    vim.run({"argv": ["true"]})
    vim.wait_notice("raise start_timeout_ms")
    vim.wait_gone_but(0)


@pytest.mark.parametrize("which", [0, 1], ids=["guard", "server"])
def test_when_the_server_dies_jobs_are_lost_and_the_next_use_starts_another(vim: Vim, which: int) -> None:
    vim.run({"shell": "echo ready; exec sleep 1000"})
    vim.wait_output("ready")
    os.kill(vim.server_pids()[which], signal.SIGKILL)
    vim.wait_notice("and took 1 running job with it. It is started again at the next use.")
    vim.wait_output("[lost: the server ")
    vim.command("PipeRpc write hello")
    vim.wait_notice("the server has no job 1 (lost): rerun it")
    vim.command("PipeRpc rerun")
    vim.wait_state("running")
    assert len(vim.notices()) == 2


def test_a_program_that_is_not_there_is_told_and_the_buffer_says_so(vim: Vim) -> None:
    vim.command("PipeRpc run no-such-program")
    assert "no-such-program" in vim.wait_notice("pipe-rpc: no-such-program: ")
    vim.wait_output("[failed: ")


def test_a_folder_that_is_not_there_is_told(vim: Vim) -> None:
    vim.command("PipeRpc run ++cwd=/no/such/folder true")
    assert "/no/such/folder" in vim.wait_notice("pipe-rpc: true: ")
