"""Sessions as message types: the domain's seconds and enums become the wire's milliseconds and names."""

from typing import Any

from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.protocol.converter import unstructure
from pipe_rpc.protocol.types import (
    ClosedParams,
    DetachedParams,
    ExitedParams,
    ExitInfo,
    SessionInfo,
    StdinInfo,
    StreamInfo,
    Usage,
)
from pipe_rpc.session.announcement import Closed, Detached, Exited, StreamName
from pipe_rpc.session.description import Exit
from pipe_rpc.session.output_stream import OutputStream
from pipe_rpc.session.session import Session
from pipe_rpc.session.tombstones import Farewell, Tombstone


def session_info(session: Session) -> SessionInfo:
    """A session as it is now."""
    description = session.description
    stderr = session.streams.get(StreamName.STDERR)
    return SessionInfo(
        session_id=description.session_id,
        pid=session.pid,
        state=session.state.value,
        command=description.command,
        argv=list(description.argv),
        cwd=description.cwd,
        originator=description.originator,
        created_at=description.created_at,
        merge_stderr=description.merge_stderr,
        containment=description.containment.value,
        stdin=StdinInfo(open=session.stdin.is_open, pending_bytes=session.stdin.pending_bytes),
        stdout=_stream_info(session.streams[StreamName.STDOUT]),
        stderr=None if stderr is None else _stream_info(stderr),
        exit=None if session.exit is None else exit_info(session.exit),
    )


def session_forgotten(tombstone: Tombstone) -> PipeRpcError:
    """The error for the id of a session that there was: why it is no more, and how it ended."""
    return PipeRpcError(
        ErrorCode.SESSION_NOT_FOUND,
        f"Session {tombstone.session_id} {_WHY_FORGOTTEN[tombstone.farewell]}. "
        "Its output is gone; "
        + ("it ran until then and has not ended yet." if tombstone.exit is None else "data.exit tells how it ended."),
        sessionId=tombstone.session_id,
        forgotten=tombstone.farewell.value,
        exit=None if tombstone.exit is None else unstructure(exit_info(tombstone.exit)),
    )


def exit_info(exit_: Exit) -> ExitInfo:
    """How a session's process ended."""
    return ExitInfo(**_exit_members(exit_))


def detached(announcement: Detached) -> Any:
    """Params of session/detached."""
    return unstructure(
        DetachedParams(
            session_id=announcement.session_id,
            stream=announcement.stream.value,
            attachment_id=announcement.attachment_id,
            offset=announcement.offset,
            reason=announcement.reason.value,
        )
    )


def exited(announcement: Exited) -> Any:
    """Params of session/exited."""
    session = announcement.session
    assert session.exit is not None, "an exit is announced once it is known"
    members = unstructure(
        ExitedParams(
            session_id=session.session_id,
            streams_open=[name.value for name in session.open_streams],
            **_exit_members(session.exit),
        )
    )
    return {"sessionId": members.pop("sessionId"), **members}  # first, as a reader expects it


def closed(announcement: Closed) -> Any:
    """Params of session/closed."""
    return unstructure(ClosedParams(session_id=announcement.session.session_id))


_WHY_FORGOTTEN = {
    Farewell.REMOVED: "was removed by session/remove",
    Farewell.PURGED: "was purged by session/purge",
    Farewell.RETENTION: "had exited and was forgotten to make room for younger ones "
    "(--max-exited-sessions, --max-exited-backlog-bytes)",
}


def _stream_info(stream: OutputStream) -> StreamInfo:
    attachment = stream.attachment
    return StreamInfo(
        start_offset=stream.ring.start,
        end_offset=stream.ring.end,
        missed_bytes=stream.missed_bytes,
        attached=attachment is not None,
        attachment_id=None if attachment is None else attachment.attachment_id,
        ended=stream.ended,
    )


def _exit_members(exit_: Exit) -> dict[str, Any]:
    status = exit_.status
    return {
        "exit_code": status.exit_code,
        "signal": status.signal_name,
        "core_dumped": status.core_dumped,
        "exited_at": exit_.exited_at,
        "duration_ms": _milliseconds(exit_.duration_s),
        "outcome": exit_.outcome.value,
        "reason": None if exit_.reason is None else exit_.reason.value,
        "usage": Usage(
            user_ms=_milliseconds(status.usage.user_s),
            system_ms=_milliseconds(status.usage.system_s),
            max_rss_bytes=status.usage.max_rss_bytes,
        ),
        "processes_left": exit_.processes_left,
    }


def _milliseconds(seconds: float) -> float:
    """To the microsecond: what lies below is noise of the conversion."""
    return round(seconds * 1000, 3)
