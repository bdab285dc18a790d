"""System calls of a running server that fail in the kernel's stead, by strace (Linux).

Rules of this file: strace comes to a server that runs already, since a fault while Python imports something breaks the
loader rather than the server; it counts calls for each process, and does not follow children, who are not under test.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.available import unavailable
from tests.support.bare_server import read_line
from tests.support.processes import wait_state

ASLEEP_OR_GONE = ("S", "Z", "")


class Traced:
    """What strace saw."""

    def __init__(self, calls: Path) -> None:
        self._calls = calls

    @property
    def injected(self) -> int:
        """How many calls failed."""
        return self._calls.read_text().count("(INJECTED)")


@contextmanager
def failing(pid: int, calls: str, error: str, when: str, tmp_path: Path) -> Iterator[Traced]:
    """Within this block calls of a process fail; ``when`` counts them: see strace(1), "Tampering"."""
    strace = shutil.which("strace")
    if strace is None:
        unavailable("this test needs strace; run: apt-get install strace")
    seen = tmp_path / f"{calls}-{error}-{when}"
    command = [strace, "-o", str(seen), "-e", f"trace={calls}", "-e", f"inject={calls}:error={error}:when={when}"]
    with subprocess.Popen([*command, "-p", str(pid)], stderr=subprocess.PIPE) as tracing:
        try:
            assert tracing.stderr is not None
            attached = read_line(tracing.stderr.fileno())
            assert b"attached" in attached, attached
            yield Traced(seen)
        finally:
            # While the process sleeps no call of it is being tampered with, and a tracer that is killed lets go of it
            # without waking it. One that is asked to end would interrupt it, and leave the next call undone (ENOSYS).
            wait_state(pid, *ASLEEP_OR_GONE)
            tracing.kill()
            tracing.communicate()
