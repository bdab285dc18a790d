"""From the params of a spawn, or of a run, to what is to be spawned."""

import json
from collections.abc import Mapping

import attrs

from pipe_rpc.buffers.text import Encoding
from pipe_rpc.child.spawn import SpawnError
from pipe_rpc.limits import Limits
from pipe_rpc.protocol.problems import invalid_params
from pipe_rpc.protocol.types.member import Amount, LimitName
from pipe_rpc.protocol.types.params import SpawnParams
from pipe_rpc.server.call import Call
from pipe_rpc.session.announcement import StreamName
from pipe_rpc.session.attachment import Overflow
from pipe_rpc.session.spawning import SpawnOrder, spawn_failed


def spawn_order(call: Call, params: SpawnParams) -> SpawnOrder:
    """What is to be spawned, with the connection's defaults filled in.

    Raises PipeRpcError: INVALID_PARAMS, or SPAWN_FAILED where there is no room to read what it needs.
    """
    limits, connection = call.limits, call.connection
    if not params.argv[0]:
        raise invalid_params([("params.argv[0]", "must name a program")])
    if params.cwd == "":
        raise invalid_params([("params.cwd", "must name a directory; leave it out for the server's own")])
    for path, label in (("params.command", params.command), ("params.originator", params.originator)):
        if label is not None and len(label) > limits.max_label_characters:
            raise invalid_params([(path, f"must be at most {limits.max_label_characters} characters long")])
    _check_session_id(params.session_id, limits)
    backlog_bytes = limits.default_backlog_bytes if params.backlog_bytes is None else params.backlog_bytes
    if not limits.min_backlog_bytes <= backlog_bytes <= limits.max_backlog_bytes:
        bounds = f"must be from {limits.min_backlog_bytes} to {limits.max_backlog_bytes}"
        raise invalid_params([("params.backlogBytes", bounds)])
    env: dict[str, str | None] = {str(name): value for name, value in params.env.items()}
    try:
        if params.rlimits:
            _require_possible(params.rlimits)
        if params.env_file is not None:
            env = {**_variables_of(params.env_file, limits), **env}
    except OSError as error:  # There is no descriptor with which to read the file, or to import what few need.
        raise spawn_failed(SpawnError(error, "fork", None)) from None
    return SpawnOrder(
        argv=tuple(params.argv),
        cwd=params.cwd,
        env=env,
        inherit_env=params.inherit_env,
        originator=connection.originator if params.originator is None else params.originator,
        command=params.command,
        merge_stderr=params.merge_stderr,
        stdin_pipe=params.stdin == "pipe",
        attach=None if params.attach is None else tuple(dict.fromkeys(StreamName(name) for name in params.attach)),
        encoding=connection.encoding if params.encoding is None else Encoding(params.encoding),
        overflow=Overflow(params.overflow),
        backlog_bytes=backlog_bytes,
        timeout_s=None if params.timeout_ms is None else params.timeout_ms / 1000,
        grace_s=connection.grace_s if params.grace_ms is None else grace_s(params.grace_ms, limits),
        session_id=params.session_id,
        fingerprint=None if params.session_id is None else _fingerprint(params),
        rlimits=tuple(params.rlimits.items()),
        nice=params.nice,
    )


def _check_session_id(session_id: str | None, limits: Limits) -> None:
    if session_id is None:
        return
    problem = None
    if len(session_id) > limits.max_session_id_characters:
        problem = f"must be at most {limits.max_session_id_characters} characters long"
    elif not session_id or not all(character.isascii() and character.isprintable() for character in session_id):
        problem = "must be one or more printable characters of ASCII"
    elif session_id.startswith("pipe-"):
        problem = 'must not begin with "pipe-", as the ids that the server makes do'
    if problem is not None:
        raise invalid_params([("params.sessionId", problem)])


_OF_THE_ANSWER = ("yield_ms", "max_output_bytes")
"""Members that say nothing of the session."""


def _fingerprint(params: SpawnParams) -> bytes:
    """What two requests for the same session have in common; nothing can be read from it."""
    from hashlib import sha256  # Few name their sessions.

    members = {name: value for name, value in attrs.asdict(params).items() if name not in _OF_THE_ANSWER}
    text = json.dumps([type(params).__name__, members], sort_keys=True)
    return sha256(text.encode()).digest()


def _require_possible(rlimits: Mapping[LimitName, Amount]) -> None:
    from pipe_rpc.child.resource_limits import highest_limit  # Few sessions have limits.

    problems = [
        (f"params.rlimits.{name}", f"must be at most {highest}, the hard limit of the server itself")
        for name, limit in rlimits.items()
        if limit > (highest := highest_limit(name))
    ]
    if problems:
        raise invalid_params(problems)


def _variables_of(env_file: str, limits: Limits) -> Mapping[str, str]:
    from pipe_rpc.session.env_file import EnvFileError, read_env_file  # Few sessions have one.

    try:
        return read_env_file(env_file, max_bytes=limits.max_env_file_bytes, max_blanks=limits.max_env_file_blanks)
    except EnvFileError as error:
        raise invalid_params([("params.envFile", str(error))]) from None


def grace_s(grace_ms: float, limits: Limits) -> float:
    """A grace in seconds, as far as the limit lets it count."""
    return min(grace_ms, limits.max_grace_ms) / 1000
