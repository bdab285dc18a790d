"""pipe_rpc/client/relay.py: endpoints that fail, and descriptors that are not ours alone."""

import fcntl
import os
import select
import subprocess
import sys
from typing import Any

import pytest

from tests.support.bare_server import read_some
from tests.support.processes import wait_until_alone
from tests.support.trace import DEADLINE_S

RELAY = """
import sys
from pipe_rpc.conversation.endpoint_process import EndpointProcess
from pipe_rpc.client.relay import Relay, RelayOptions
sys.exit(Relay(EndpointProcess(sys.argv[1:]), ["/bin/cat"], RelayOptions(None, None, False)).run())
"""
WITHOUT_PER_CALL = """
import os, sys
del os.RWF_NOWAIT
from pipe_rpc.conversation.endpoint_process import DEFAULT_COMMAND, EndpointProcess
from pipe_rpc.client.relay import Relay, RelayOptions
sys.exit(Relay(EndpointProcess(DEFAULT_COMMAND), sys.argv[1:], RelayOptions(None, None, False)).run())
"""


def relay(*endpoint: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run a command through an endpoint of the test's choice."""
    chosen: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "timeout": DEADLINE_S, **options}
    return subprocess.run([sys.executable, "-c", RELAY, *endpoint], check=False, **chosen)


@pytest.mark.parametrize("script", ["", "import sys; sys.stdin.buffer.read(10)"])
def test_an_endpoint_that_ends_first_is_status_125_with_a_word(script: str) -> None:
    ended = relay(sys.executable, "-c", script)
    assert ended.returncode == 125
    assert ended.stderr == b"pipe-rpc run: the endpoint ended before the command did\n"


@pytest.mark.parametrize(
    "said",
    [
        "no frame at all\\r\\n\\r\\n",
        "Content-Length: 2\\r\\n\\r\\n{]",
        'Content-Length: 64\\r\\n\\r\\n{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"No."}}',
    ],
)
def test_an_endpoint_that_speaks_nonsense_is_status_125_without_a_traceback(said: str) -> None:
    script = f"import sys; sys.stdout.write('''{said}'''); sys.stdout.flush(); sys.stdin.read()"
    ended = relay(sys.executable, "-c", script)
    assert ended.returncode == 125
    assert b"Traceback" not in ended.stderr
    assert ended.stderr.startswith(b"pipe-rpc run: ")


FAILS_LATE = """
import json, os, sys
from pipe_rpc.buffers.framer import encode_frame
def say(**message):
    data = encode_frame(json.dumps({"jsonrpc": "2.0", **message}).encode())
    while data:
        data = data[os.write(1, data):]
os.read(0, 65536)
say(id=1, result={})
os.read(0, 65536)
say(id=2, result={"sessionId": "s"})
if sys.argv[1] == "deaf":
    os.close(0)
for number in range(8):
    output = {"stream": "stdout", "offset": number * 16384, "length": 16384, "data": "x" * 16384, "encoding": "utf-8"}
    output |= {"seq": number + 1, "timeMs": 0.5}
    say(method="session/output", params={"sessionId": "s", **output})
if sys.argv[1] == "nonsense":
    os.write(1, b"nonsense\\r\\n\\r\\n")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of the endpoint")
@pytest.mark.parametrize("how", ["gone", "deaf", "nonsense"])
def test_what_an_endpoint_said_before_it_failed_is_written_all_the_same(how: str) -> None:
    command = [sys.executable, "-c", RELAY, sys.executable, "-c", FAILS_LATE, how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        ready, _, _ = select.select([process.stdout], [], [], DEADLINE_S)
        assert ready
        process.stdin.write(b"to the command")
        process.stdin.flush()
        wait_until_alone(process.pid)
        assert len(process.stdout.read()) == 8 * 16384
        assert process.wait(DEADLINE_S) == 125
        said = process.stderr.read()
    if how == "nonsense":
        assert said.startswith(b"pipe-rpc run: the endpoint does not keep the contract: ")
    else:
        assert said == b"pipe-rpc run: the endpoint ended before the command did\n"


def test_an_endpoint_that_there_is_not_is_status_125_without_a_traceback() -> None:
    script = (
        "import sys; from pipe_rpc.cli import run; run.DEFAULT_COMMAND = sys.argv[1:]; sys.exit(run.main(['true']))"
    )
    command = [sys.executable, "-c", script, "/nonexistent/endpoint"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE_S, check=False)
    assert ended.returncode == 125
    assert ended.stderr == b"pipe-rpc run: the endpoint cannot be started: No such file or directory\n"


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
def test_where_no_call_can_be_told_not_to_wait_the_flags_are_given_back(name: str) -> None:
    their_in, our_in = os.pipe()
    our_out, their_out = os.pipe()
    our_err, their_err = os.pipe()
    theirs: dict[str, Any] = {"stdin": their_in, "stdout": their_out, "stderr": their_err}
    found = fcntl.fcntl(theirs[name], fcntl.F_GETFL)
    command = [sys.executable, "-c", WITHOUT_PER_CALL, "/bin/cat"]
    with subprocess.Popen(command, **theirs) as process:
        os.write(our_in, b"x")
        assert read_some(our_out) == b"x"
        os.close(our_in)
        assert process.wait(DEADLINE_S) == 0
    given_back = fcntl.fcntl(theirs[name], fcntl.F_GETFL)
    for fd in (their_in, our_out, their_out, our_err, their_err):
        os.close(fd)
    assert given_back == found
