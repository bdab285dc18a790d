"""The register of sessions: describe, list, forget."""

from pipe_rpc.protocol.types.params import InfoParams, ListParams, PurgeParams, RemoveParams
from pipe_rpc.server import to_wire
from pipe_rpc.server.call import Call
from pipe_rpc.server.to_wire import Members
from pipe_rpc.session.announcement import Forgotten


def info(call: Call, params: InfoParams) -> Members:
    """session/info: a SessionInfo."""
    return to_wire.session_info(call.registry.get(params.session_id), usage=params.usage)


def list_sessions(call: Call, params: ListParams) -> Members:
    """session/list: a ListResult."""
    sessions = call.registry.sessions(params.originator)
    return {"sessions": [to_wire.session_info(each, usage=params.usage) for each in sessions]}


def remove(call: Call, params: RemoveParams) -> Members:
    """session/remove: Empty."""
    session = call.registry.get(params.session_id)
    session.require_removable(force=params.force)
    # Answered before the session lets go of what they hang on, so that each gets the word that fits: not found.
    call.teller.tell(Forgotten(params.session_id))
    for detached in call.registry.remove(session):
        call.teller.tell(detached)
    return {}


def purge(call: Call, params: PurgeParams) -> Members:
    """session/purge: a PurgeResult."""
    before = [each.session_id for each in call.registry.sessions(params.originator)]
    purged, farewells = call.registry.purge(params.originator)
    for detached in farewells:
        call.teller.tell(detached)
    for session_id in before:
        if not call.registry.has(session_id):
            call.teller.tell(Forgotten(session_id))
    return {"purged": purged}
