"""pipe_rpc/server/stdio.py: what becomes of descriptors 0, 1 and 2, each time in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

REPORT = """
import fcntl, json, os, signal, sys
from pipe_rpc.server.stdio import claim_stdio, reset_signals

def target(fd):
    return os.readlink(f"/proc/self/fd/{fd}")

def report(**found):
    fd = os.open(os.environ["REPORT"], os.O_WRONLY)
    os.write(fd, json.dumps(found).encode())
    os.close(fd)
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what a descriptor is")


def run(script: str, tmp_path: Any, **popen: Any) -> tuple[dict[str, Any], subprocess.CompletedProcess[bytes]]:
    """Run a script behind REPORT; what it reported, and what came out of it."""
    report = tmp_path / "report"
    report.touch()
    options: dict[str, Any] = {"input": b"input\n", "capture_output": True, **popen}
    ended = subprocess.run(
        [sys.executable, "-c", REPORT + script], env={**os.environ, "REPORT": str(report)}, check=False, **options
    )
    text = report.read_text()
    assert text, ended.stderr.decode()
    found: dict[str, Any] = json.loads(text)
    return found, ended


def closing(*fds: int) -> Callable[[], None]:
    def close() -> None:
        for fd in fds:
            os.close(fd)

    return close


@linux
def test_the_protocol_lives_on_private_numbers_that_no_child_inherits(tmp_path: Any) -> None:
    found, ended = run(
        """
before = target(0), target(1)
stdio = claim_stdio()
fds = stdio.stdin.fd, stdio.stdout.fd
report(same=[target(fd) for fd in fds] == list(before), fds=fds,
       inherited=[os.get_inheritable(fd) for fd in fds], stdin=target(0), log=target(1) == target(2))
""",
        tmp_path,
    )
    assert ended.returncode == 0
    assert found["same"]
    assert min(found["fds"]) >= 3
    assert found["inherited"] == [False, False]
    assert found["stdin"] == os.devnull
    assert found["log"]


def test_whatever_is_printed_goes_to_stderr_and_nothing_is_read_from_the_client(tmp_path: Any) -> None:
    found, ended = run(
        """
stdio = claim_stdio()
print("a stray word", flush=True)
os.write(1, b"a raw word\\n")
os.system("echo a word of a child")
buffer = bytearray(100)
left = os.read(0, 100)
size = stdio.stdin.read_into([memoryview(buffer)])
stdio.stdout.write([memoryview(b"FRAME")])
report(left=left.decode(), read=bytes(buffer[:size]).decode())
""",
        tmp_path,
    )
    assert ended.stdout == b"FRAME"
    for word in (b"a stray word", b"a raw word", b"a word of a child"):
        assert word in ended.stderr
    assert found == {"left": "", "read": "input\n"}


@linux
@pytest.mark.parametrize("fd", [0, 2])
def test_a_closed_descriptor_is_filled_before_anything_else_gets_its_number(tmp_path: Any, fd: int) -> None:
    found, ended = run(
        """
stdio = claim_stdio()
report(targets=[target(fd) for fd in (0, 1, 2)], fds=[stdio.stdin.fd, stdio.stdout.fd])
""",
        tmp_path,
        preexec_fn=closing(fd),
        input=None,
        stdin=subprocess.DEVNULL,
    )
    assert ended.returncode == 0
    assert found["targets"][fd] == os.devnull
    assert found["targets"][1] == found["targets"][2]
    assert min(found["fds"]) >= 3


def test_a_closed_stdout_is_an_error(tmp_path: Any) -> None:
    found, _ = run(
        """
try:
    claim_stdio()
except OSError as error:
    report(errno=error.errno)
""",
        tmp_path,
        preexec_fn=closing(1),
    )
    assert found["errno"] == 9


def test_inherited_dispositions_and_masks_are_reset(tmp_path: Any) -> None:
    names = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGCHLD", "SIGUSR1", "SIGUSR2", "SIGTSTP", "SIGTTIN"]

    def ignore_and_block() -> None:
        for name in names:
            signal.signal(signal.Signals[name], signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1})

    found, _ = run(
        f"""
names = {names!r}
before = [signal.getsignal(getattr(signal, name)) is signal.SIG_IGN for name in names]
reset_signals()
after = [signal.getsignal(getattr(signal, name)) is signal.SIG_DFL for name in names]
report(before=before, after=after, blocked=len(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
       sigpipe=signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN)
""",
        tmp_path,
        preexec_fn=ignore_and_block,
    )
    assert all(found["before"])
    assert all(found["after"])
    assert found["blocked"] == 0
    assert found["sigpipe"]
