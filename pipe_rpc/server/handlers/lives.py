"""The life of a session: spawn, signal, terminate, wait."""

from pipe_rpc.child.exit_status import signal_number
from pipe_rpc.protocol.envelope import DEFERRED, Deferred
from pipe_rpc.protocol.problems import invalid_params
from pipe_rpc.protocol.types.params import SignalParams, SpawnParams, TerminateAllParams, TerminateParams, WaitParams
from pipe_rpc.server import to_wire
from pipe_rpc.server.call import Call
from pipe_rpc.server.handlers.orders import grace_s, spawn_order
from pipe_rpc.server.to_wire import Members
from pipe_rpc.session.announcement import Announcement, Closed, Exited
from pipe_rpc.session.session import Session
from pipe_rpc.session.spawning import SpawnOrder


def spawn(call: Call, params: SpawnParams) -> Members:
    """session/spawn: a SessionInfo."""
    return to_wire.session_info(start(call, params, spawn_order(call, params)))


def start(call: Call, params: SpawnParams, order: SpawnOrder) -> Session:
    """Start a session and its tees, or find the one that the same request has started. Raises PipeRpcError."""
    if not params.tee or call.registry.has(params.session_id):
        return call.registry.spawn(order)
    from pipe_rpc.server.handlers.tees import set_all, tees_of_spawn

    with tees_of_spawn(params) as writers:
        session = call.registry.spawn(order)
    set_all(call, session, writers, params)
    return session


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
