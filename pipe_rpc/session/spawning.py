"""From what a session is to be to a running child, or to an error that says what to do."""

import errno
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from pipe_rpc.buffers.text import Encoding
from pipe_rpc.child.cgroup_tree import CgroupTree
from pipe_rpc.child.descriptor_limit import DescriptorLimit
from pipe_rpc.child.spawn import Child, SpawnError, SpawnSpec, spawn
from pipe_rpc.errors import ErrorCode, PipeRpcError, shown
from pipe_rpc.session.announcement import StreamName
from pipe_rpc.session.attachment import Overflow

if TYPE_CHECKING:
    from pipe_rpc.session.environment import Inheritance

_LONGEST_PATH = 4096
"""PATH_MAX; what is longer names nothing."""


class SpawnOrder(NamedTuple):
    """What a session is to be; times in seconds."""

    argv: tuple[str, ...]
    cwd: str | None
    env: Mapping[str, str | None]
    inherit_env: "Inheritance"
    originator: str
    command: str | None
    merge_stderr: bool
    stdin_pipe: bool
    attach: tuple[StreamName, ...] | None
    """None: every stream that it has."""
    encoding: Encoding
    overflow: Overflow
    backlog_bytes: int
    timeout_s: float | None
    grace_s: float
    session_id: str | None = None
    """The client's choice; None: the server makes one."""
    fingerprint: bytes | None = None
    """Of the request, where the client chose: the same again asks for the same session."""
    rlimits: tuple[tuple[str, int], ...] = ()
    nice: int = 0
    """See SpawnSpec."""


def start(
    order: SpawnOrder,
    environment: Mapping[str, str],
    descriptor_limit: DescriptorLimit,
    cgroups: CgroupTree,
) -> Child:
    """Start the child; ``environment`` is what it may inherit.

    Raises PipeRpcError: STREAM_UNAVAILABLE or SPAWN_FAILED.
    """
    if order.merge_stderr and StreamName.STDERR in (order.attach or ()):
        raise PipeRpcError(
            ErrorCode.STREAM_UNAVAILABLE,
            "With mergeStderr there is no stderr to attach to: its bytes are in stdout.",
            stream=StreamName.STDERR,
        )
    try:
        env = _child_environment(order, environment)
        spec = SpawnSpec(order.argv, order.cwd, env, order.merge_stderr, order.stdin_pipe, order.rlimits, order.nice)
        return spawn(spec, descriptor_limit, cgroups)
    except SpawnError as error:
        raise spawn_failed(error, order.cwd) from None
    except OSError as error:  # There is no descriptor with which to import what few need.
        raise spawn_failed(SpawnError(error, "fork", None)) from None


def working_directory(cwd: str | None) -> str:
    """Where a child that is given ``cwd`` starts, as an absolute path."""
    try:
        return os.path.join(os.getcwd(), cwd or "").rstrip("/") or "/"
    except OSError:
        return cwd or ""  # The server's own directory was deleted under it, or is hidden: a child may live there still.


def _child_environment(order: SpawnOrder, environment: Mapping[str, str]) -> Mapping[str, str] | None:
    if order.inherit_env is True and not order.env:
        return None
    from pipe_rpc.session.environment import child_environment  # Most children inherit all of it.

    return child_environment(order.inherit_env, environment, order.env)


def _is_file(program: str | None, cwd: str | None) -> bool:
    """Whether a program that was named by its path is there; without a slash it was looked for in the child's PATH."""
    return program is not None and "/" in program and os.path.isfile(os.path.join(cwd or "", program))


def spawn_failed(error: SpawnError, cwd: str | None = None) -> PipeRpcError:
    """The error that says at which stage a spawn in ``cwd`` failed, why, and what to do."""
    path = None if error.path is None else shown(error.path)
    match error.stage:
        case "chdir":
            what = f"The working directory {path!r} cannot be entered: {error.reason}. Check cwd."
        case "exec" if error.errno == errno.ENOENT and _is_file(error.path, cwd):
            what = f"{path!r} is there, but the interpreter in its first line is not: {error.reason}."
        case "exec" if error.errno == errno.ENOEXEC:
            what = f"{path!r} is no program: {error.reason}. A script needs a first line such as '#!/bin/sh'."
        case "exec" if error.errno == errno.ETXTBSY:
            what = f"{path!r} is being written: {error.reason}. Spawn again once whoever writes it has closed it."
        case "exec":
            what = f"The program {path!r} cannot be executed: {error.reason}. Check argv[0] and the child's PATH."
        case "limits":
            what = f"What rlimits and nice ask for cannot be set up ({path!r}): {error.reason}. Ask for other limits."
        case "fork":
            what = f"The system has no room for another process: {error.reason}. End some sessions and try again."
    return PipeRpcError(
        ErrorCode.SPAWN_FAILED,
        what,
        errno=errno.errorcode.get(error.errno, str(error.errno)),
        message=error.reason,
        path=None if error.path is None else error.path[:_LONGEST_PATH],
        stage=error.stage,
    )
