"""How a child with limits of its own is started: by a launcher that sets them, and then becomes the program.

Rules of this file: the launcher runs with the Python of the server, and with as little of an environment as that needs;
the child's own environment is kept from it, since variables that fit the program may be wrong for Python.
"""

import errno
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from pipe_rpc.child.resource_limits import RESOURCES

_LAUNCHER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "launcher.py")
_FOR_THE_LINKER = ("LD_", "DYLD_")
"""What the Python of the server may need to be loaded (ld.so(8), dyld(1))."""
_NO_ROOM = frozenset({errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE})
"""Why a program that was found is not executed where its own limits leave no room for it."""


class Failure(NamedTuple):
    """Why no program was started. ``member`` is the param that is to blame where ``stage`` is "limits"."""

    errno: int
    reason: str
    stage: Literal["exec", "limits"]
    member: str


class Launch:
    """One start: the command and the environment of the launcher, and its report.

    Making one raises OSError where there are no descriptors for the report.
    """

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str] | None, rlimits: Sequence[tuple[str, int]], nice: int
    ) -> None:
        variables = os.environ if env is None else env
        self.env = {name: value for name, value in os.environ.items() if name.startswith(_FOR_THE_LINKER)}
        # Others may see the arguments of a process, and only its owner the environment.
        self.env |= {str(at): f"{name}={value}" for at, (name, value) in enumerate(variables.items())}
        limits = ",".join(f"{RESOURCES[name]}={limit}" for name, limit in rlimits)
        self._report, self.report_fd = os.pipe()
        """``report_fd`` is for the launcher."""
        python = (sys.executable, "-I", "-S", "-X", "utf8")
        self.argv = (*python, _LAUNCHER, str(self.report_fd), str(nice), limits, *argv)

    def failure(self) -> Failure | None:
        """Wait for the launcher's report, once it was started, and close it; None: it has become the program.

        Raises OSError where the system refuses to read it.
        """
        os.close(self.report_fd)
        self.report_fd = -1
        report = b""
        while piece := os.read(self._report, 64):
            report += piece
        return _failure(report.decode())

    def close(self) -> None:
        """Close what is open of the report."""
        for fd in (self._report, self.report_fd):
            if fd >= 0:
                os.close(fd)
        self._report = self.report_fd = -1


def _failure(report: str) -> Failure | None:
    if report == "r":
        return None
    match report.removeprefix("r").split():
        case ["exec", number] if int(number) in _NO_ROOM:
            return Failure(int(number), os.strerror(int(number)), "limits", "rlimits")
        case ["exec", number]:
            return Failure(int(number), os.strerror(int(number)), "exec", "")
        case ["limits", number, which]:
            members = {str(resource): f"rlimits.{name}" for name, resource in RESOURCES.items()}
            return Failure(int(number), os.strerror(int(number)), "limits", members.get(which, which))
    return Failure(errno.ENOEXEC, "Python, which sets them, ended before it had", "limits", "rlimits")
