"""``initialize``: what the client is, what it wishes, and what it is told.

Rules of this file: LSP's InitializeParams are read leniently, because editors differ in them; our own options strictly.
Nothing here imports the message types: the first answer must not wait for them.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pipe_rpc import __version__
from pipe_rpc.buffers.text import Encoding
from pipe_rpc.limits import Limits
from pipe_rpc.protocol.methods import COMMANDS, METHODS, NOTIFICATIONS
from pipe_rpc.protocol.naming import wire_name
from pipe_rpc.protocol.problems import invalid_params

PROTOCOL_VERSION = 1
"""Grows when a client that relies on the contract would have to change."""


class Connection(NamedTuple):
    """What holds for the whole connection, and no more of ``initialize``, whose params may fill a frame."""

    process_id: int | None
    originator: str
    encoding: Encoding
    grace_s: float
    shows_progress: bool
    """Whether the client can show work done that the server begins."""
    problem_matcher: Any = None
    """For jobs that are started without one: a name, an object, or an array of both, which is read with the first."""


def read_initialize(params: Any, limits: Limits) -> Connection:
    """Read the params of ``initialize``. Raises PipeRpcError: INVALID_PARAMS."""
    problems: list[tuple[str, str]] = []

    def read(holder: Any, path: str, name: str, wanted: str, *accepted: type) -> Any:
        value = holder.get(name)
        if value is not None and type(value) not in accepted:
            problems.append((f"{path}.{name}", f"must be {wanted}"))
            return None
        return value

    if not isinstance(params, dict | None):
        raise invalid_params([("params", "must be an object")])
    given = params or {}
    process_id = read(given, "params", "processId", "an integer or null", int)
    if process_id is not None and process_id <= 0:
        problems.append(("params.processId", "must be greater than 0"))
    client = read(given, "params", "clientInfo", "an object", dict) or {}
    name = read(client, "params.clientInfo", "name", "a string", str)
    path = "params.initializationOptions"
    # Editors whose language has one empty table for both send [] for {}.
    options = read(given, "params", "initializationOptions", "an object", dict, list) or {}
    if isinstance(options, list):
        problems.append((path, "must be an object"))
        options = {}
    originator = read(options, path, "originator", "a string", str)
    longest = limits.max_label_characters
    if originator is not None and len(originator) > longest:
        problems.append((f"{path}.originator", f"must be at most {longest} characters long"))
    encoding = read(options, path, "encoding", "a string", str)
    if encoding is not None and encoding not in list(Encoding):
        problems.append((f"{path}.encoding", 'must be one of "utf-8", "base64", "auto"'))
    grace_ms = read(options, path, "graceMs", "a number", int, float)
    if grace_ms is not None and grace_ms < 0:
        problems.append((f"{path}.graceMs", "must be at least 0"))
    wanted = "the name of a problem matcher, an object, or an array of both"
    problem_matcher = read(options, path, "problemMatcher", wanted, str, dict, list)
    if problems:
        raise invalid_params(problems)
    return Connection(
        process_id=process_id,
        # LSP sets the name no limit, so it is taken at any length, and cut where it stands for what is kept and listed.
        originator=originator if originator is not None else (name or "")[:longest],
        encoding=Encoding(encoding or "utf-8"),
        grace_s=min(limits.default_grace_ms if grace_ms is None else grace_ms, limits.max_grace_ms) / 1000,
        shows_progress=_shows_progress(given),
        problem_matcher=problem_matcher,
    )


def _shows_progress(params: Mapping[str, Any]) -> bool:
    """Whether the client has window.workDoneProgress; what cannot be read is taken for what it has not."""
    found: Any = params
    for name in ("capabilities", "window", "workDoneProgress"):
        found = found.get(name) if isinstance(found, dict) else None
    return found is True


def initialize_result(limits: Limits, max_sessions: int, *, containment: str, guarded: bool) -> Mapping[str, Any]:
    """The answer to ``initialize``; ``max_sessions`` is what the descriptors allow.

    ``containment`` is how new sessions are held together (see SessionInfo); ``guarded`` whether another process cleans
    up should the server be killed.
    """
    in_force = limits._replace(max_sessions=max_sessions)._asdict()
    return {
        "serverInfo": {"name": "pipe-rpc", "version": __version__},
        "capabilities": {
            "executeCommandProvider": {"commands": list(COMMANDS)},
            "experimental": {
                "pipeRpc": {
                    "protocolVersion": PROTOCOL_VERSION,
                    "methods": [method.name for method in METHODS],
                    "notifications": [method.name for method in NOTIFICATIONS],
                    "containment": containment,
                    "guard": guarded,
                    "limits": {wire_name(name): value for name, value in in_force.items()},
                }
            },
        },
    }
