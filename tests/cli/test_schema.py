"""pipe_rpc/cli/schema.py."""

import json
import os
import subprocess
import sys

import pytest

from pipe_rpc.protocol.openrpc import openrpc_document
from tests.cli.command import PIPE_RPC, call


def test_it_prints_the_document_and_nothing_else() -> None:
    ended = call("schema")
    assert ended.returncode == 0
    assert ended.stderr == b""
    assert ended.stdout.endswith(b"}\n")
    assert json.loads(ended.stdout) == json.loads(json.dumps(openrpc_document()))


def test_it_takes_no_arguments() -> None:
    ended = call("schema", "extra")
    assert ended.returncode == 2
    assert b"extra" in ended.stderr
    assert ended.stdout == b""


def test_a_reader_that_stops_early_gets_no_traceback_in_its_way() -> None:
    shell = " ".join([*PIPE_RPC, "schema"]) + " | head -c 10"
    ended = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, check=False)
    assert ended.stdout == b'{\n  "openr'
    assert b"Traceback" not in ended.stderr
    assert b"Exception" not in ended.stderr


def test_an_interpreter_without_docstrings_prints_the_same() -> None:
    shown = [
        subprocess.run([sys.executable, *options, "-m", "pipe_rpc", "schema"], capture_output=True, check=True)
        for options in ([], ["-OO"])
    ]
    assert shown[0].stdout == shown[1].stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device")
def test_a_document_that_cannot_be_written_is_told() -> None:
    with open("/dev/full", "wb") as full:
        ended = call("schema", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert ended.returncode == 1
    assert ended.stderr == b"pipe-rpc schema: the document cannot be written: No space left on device\n"
