"""Runs pipe-rpc as on a system that lacks what the first argument names; see tests/support/systems.py.

A program of its own, started by its path: whatever it imports before pipe-rpc does, the server imports early.
"""

from __future__ import annotations

import errno
import os
import pathlib
import select
import signal
import sys
from collections.abc import Callable
from typing import Any

_KEPT_FROM_US = ("/proc/", "/dev/fd")


def _refuse_paths() -> None:
    """/proc is not mounted."""

    def hidden(path: object) -> bool:
        name = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
        return f"{name}/".startswith(_KEPT_FROM_US)

    def refuse(path: Any) -> None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event in {"open", "os.listdir", "os.scandir"} and hidden(arguments[0]) and not _OWN_EYES:
            refuse(arguments[0])

    def guard(call: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(path: Any, *args: Any, **options: Any) -> Any:
            if hidden(path):
                refuse(path)
            return call(path, *args, **options)

        return guarded

    sys.addaudithook(audit)
    for name in ("stat", "lstat", "readlink"):
        setattr(os, name, guard(getattr(os, name)))


_OWN_EYES: list[str] = []
"""Not empty while the doubles of another system look at /proc for themselves."""


def _refuse_prctl() -> None:
    """A filter says no to every option (seccomp(2)); other systems have no prctl at all."""
    from pipe_rpc.child import prctl

    prctl._prctl = lambda option, value: False


def _refuse_group_signals() -> None:
    """A kernel that does not know the flag says EINVAL (pidfd_send_signal(2))."""
    if sys.platform == "linux":
        send = signal.pidfd_send_signal

        def to_one(pidfd: int, number: int, info: None = None, flags: int = 0) -> None:
            if flags:
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            send(pidfd, number, info, flags)

        signal.pidfd_send_signal = to_one


def _become_macos() -> None:
    from tests.support import macos

    macos.install(_OWN_EYES)


def _without(module: Any, *names: str) -> Callable[[], None]:
    def remove() -> None:
        for name in names:
            if hasattr(module, name):
                delattr(module, name)

    return remove


_SWITCHES: dict[str, Callable[[], None]] = {
    "linux": _become_macos,  # first: its doubles are made of what is taken away below
    "pidfd": _without(os, "pidfd_open"),
    "group-signal": _refuse_group_signals,
    "epoll": _without(select, "epoll"),  # selectors then takes poll
    "poll": _without(select, "poll"),  # and then select
    "prctl": _refuse_prctl,
    "proc": _refuse_paths,
    "nowait": _without(os, "RWF_NOWAIT"),
    "waitid": _without(os, "waitid"),
}


def _run() -> int:
    lacks, *arguments = sys.argv[1:]
    # Neither the directory of this file nor the current one holds modules of the server.
    sys.path[0] = str(pathlib.Path(__file__).resolve().parent.parent.parent)
    for feature, switch_off in _SWITCHES.items():
        if feature in lacks.split(","):
            switch_off()
    del sys.path[0]
    from pipe_rpc.conversation import endpoint_process

    # What `pipe-rpc run` starts is under test too.
    endpoint_process.DEFAULT_COMMAND = (sys.executable, "-P", __file__, lacks)

    from pipe_rpc.cli.main import main

    return main(arguments)


if __name__ == "__main__":
    sys.exit(_run())
