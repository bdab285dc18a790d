"""The life of a session: spawn, signal, terminate, wait."""

from collections.abc import Mapping

from pipe_rpc.buffers.text import Encoding
from pipe_rpc.child.exit_status import signal_number
from pipe_rpc.child.spawn import SpawnError
from pipe_rpc.limits import Limits
from pipe_rpc.protocol.envelope import DEFERRED, Deferred
from pipe_rpc.protocol.problems import invalid_params
from pipe_rpc.protocol.types.member import Amount, LimitName
from pipe_rpc.protocol.types.params import SignalParams, SpawnParams, TerminateAllParams, TerminateParams, WaitParams
from pipe_rpc.server import to_wire
from pipe_rpc.server.call import Call
from pipe_rpc.server.to_wire import Members
from pipe_rpc.session.announcement import Announcement, Closed, Exited, StreamName
from pipe_rpc.session.output_stream import Overflow
from pipe_rpc.session.spawning import SpawnOrder, spawn_failed


def spawn(call: Call, params: SpawnParams) -> Members:
    """session/spawn: a SessionInfo."""
    return to_wire.session_info(call.registry.spawn(spawn_order(call, params)))


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
        rlimits=tuple(params.rlimits.items()),
        nice=params.nice,
    )


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


def send_signal(call: Call, params: SignalParams) -> Members:
    """session/signal: Empty."""
    session = call.registry.get(params.session_id)
    number = signal_number(params.signal)
    if number is None:
        raise invalid_params([("params.signal", 'must be the name of a signal, such as "SIGINT"')])
    session.send_signal(number)
    return {}


def terminate(call: Call, params: TerminateParams) -> Members:
    """session/terminate: Empty."""
    session = call.registry.get(params.session_id)
    call.registry.terminate(session, _optional_grace_s(call, params.grace_ms))
    return {}


def terminate_all(call: Call, params: TerminateAllParams) -> Members:
    """session/terminateAll: a TerminateAllResult."""
    grace = _optional_grace_s(call, params.grace_ms)
    return {"terminated": call.registry.terminate_all(params.originator, params.older_than_ms / 1000, grace)}


def wait(call: Call, params: WaitParams) -> Members | Deferred:
    """session/wait: a WaitResult."""
    session = call.registry.get(params.session_id)

    def outcome() -> Members:
        return {"exit": None if session.exit is None else to_wire.exit_info(session.exit)}

    if session.closed_announced or (session.exit_announced and params.until == "exited"):
        return outcome()
    if params.timeout_ms == 0:
        return {"exit": None}
    call.pending.require_room(call.request_id)
    pending = call.pending.open(call.request_id, params.session_id)
    awaited = (Exited, Closed) if params.until == "exited" else Closed

    def on_announcement(announcement: Announcement) -> None:
        if isinstance(announcement, awaited):
            pending.answer(outcome())

    pending.on_announcement = on_announcement
    if params.until == "exited":
        pending.on_removal = lambda: None if session.exit is None else outcome()
    if params.timeout_ms is not None:
        pending.answer_at(call.loop.now + params.timeout_ms / 1000, lambda: {"exit": None})
    return DEFERRED


def _optional_grace_s(call: Call, grace_ms: float | None) -> float | None:
    return None if grace_ms is None else grace_s(grace_ms, call.limits)
