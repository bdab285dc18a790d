"""Checks of what a client names: the id of a session, new or known, and an offset of a stream."""

from pipe_rpc.errors import ErrorCode, PipeRpcError, shown
from pipe_rpc.session.announcement import StreamName
from pipe_rpc.session.session import Session
from pipe_rpc.session.spawning import SpawnOrder


def session_not_found(session_id: str) -> PipeRpcError:
    """The error for an id that no session has."""
    return PipeRpcError(
        ErrorCode.SESSION_NOT_FOUND,
        f"No session has the id {shown(session_id)!r}: it never had one, or the session was removed or purged. "
        "session/list shows those that there are.",
        sessionId=shown(session_id),
    )


def require_offset(session: Session, name: StreamName, offset: int) -> int:
    """Check that the offset is not beyond the stream's end. Raises PipeRpcError: OFFSET_OUT_OF_RANGE."""
    end = session.stream(name).ring.end
    if offset > end:
        raise PipeRpcError(
            ErrorCode.OFFSET_OUT_OF_RANGE,
            f"{name} of session {session.session_id} ends at offset {end}; {offset} lies beyond it.",
            sessionId=session.session_id,
            stream=name,
            endOffset=end,
        )
    return offset


def require_same(session: Session, order: SpawnOrder) -> Session:
    """The session, where ``order`` asks for it again. Raises PipeRpcError: INVALID_PARAMS."""
    if session.description.fingerprint != order.fingerprint:
        problem = f"names the session of {shown(session.description.command)!r}, which was asked for in other words"
        raise PipeRpcError(
            ErrorCode.INVALID_PARAMS,
            f"params.sessionId: {problem}. Choose another id, or repeat the same request.",
            problems=[{"path": "params.sessionId", "problem": problem}],
        )
    return session
