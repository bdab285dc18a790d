"""pipe_rpc/cli/main.py: which program is asked for."""

import subprocess
import sys

import pytest

from pipe_rpc.cli.main import main
from tests.cli.command import PIPE_RPC, call


def test_the_first_argument_names_the_program() -> None:
    assert call("run", "--help").stdout.startswith(b"usage: pipe-rpc run ")
    assert call("schema", "--help").stdout.startswith(b"usage: pipe-rpc schema")
    for arguments in (("--help",), ("serve", "--help")):
        assert call(*arguments).stdout.startswith(b"usage: pipe-rpc [")


@pytest.mark.parametrize("platform", ["win32", "cygwin", "emscripten"])
def test_another_system_gets_one_clear_line_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], platform: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert main([]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert platform in captured.err
    assert captured.err.count("\n") == 1


def test_the_console_script_and_the_module_are_the_same_program() -> None:
    script = subprocess.run(["pipe-rpc", "--version"], capture_output=True, check=False, env=_path()).stdout
    assert script == subprocess.run([*PIPE_RPC, "--version"], capture_output=True, check=True).stdout != b""


def _path() -> dict[str, str]:
    import os

    return {**os.environ, "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}


def test_what_only_asks_imports_neither_cattrs_nor_lsprotocol() -> None:
    for arguments in (["--version"], ["--help"], ["run", "--help"]):
        ended = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "pipe_rpc", *arguments], capture_output=True, check=True
        )
        imported = {line.rpartition(b"|")[2].strip() for line in ended.stderr.splitlines()}
        assert b"pipe_rpc.cli.main" in imported
        assert not imported & {b"lsprotocol", b"lsprotocol.types", b"pygls", b"asyncio"}, arguments


def test_a_server_that_nobody_talks_to_has_imported_no_parser_and_no_message_types() -> None:
    for arguments in ([], ["--stdio"], ["serve"]):
        ended = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "pipe_rpc", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        imported = {line.rpartition(b"|")[2].strip() for line in ended.stderr.splitlines()}
        assert b"pipe_rpc.server.app" in imported
        assert not imported & {b"argparse", b"attrs", b"cattrs", b"orjson", b"subprocess"}, arguments
