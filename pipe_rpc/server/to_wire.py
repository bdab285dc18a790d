"""Sessions as JSON: the domain's seconds become the wire's milliseconds; its enumerations are the wire's words already.

Rules of this file: each function writes the members of one message type, which its docstring names. They are written
straight from their values, since this is the way of every answer; that they fit the type is for the tests to show.
"""

import errno
from typing import TYPE_CHECKING, Any

from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.session.announcement import Closed, Detached, Exited, Output, StreamName, TeeFailed
from pipe_rpc.session.description import Exit
from pipe_rpc.session.excerpt import Excerpt
from pipe_rpc.session.output_stream import OutputStream
from pipe_rpc.session.session import Session
from pipe_rpc.session.tombstones import Farewell, Tombstone

if TYPE_CHECKING:
    from pipe_rpc.session.tee import TeeEnd

Members = dict[str, Any]
"""Of a message or of a part of one, by their names on the wire."""
_STDOUT, _STDERR = StreamName


def session_info(session: Session, *, usage: bool = False) -> Members:
    """SessionInfo: a session as it is now; what it uses is looked for only with ``usage``."""
    description = session.description
    stderr = session.streams.get(_STDERR)
    return {
        "sessionId": description.session_id,
        "pid": session.pid,
        "state": session.state,
        "command": description.command,
        "argv": list(description.argv),
        "cwd": description.cwd,
        "originator": description.originator,
        "createdAt": description.created_at,
        "mergeStderr": description.merge_stderr,
        "containment": description.containment,
        "stdin": {"open": session.stdin.is_open, "pendingBytes": session.stdin.pending_bytes},
        "stdout": _stream_info(session.streams[_STDOUT]),
        "stderr": None if stderr is None else _stream_info(stderr),
        "exit": None if session.exit is None else exit_info(session.exit),
        "usage": _live_usage(session) if usage else None,
    }


def session_forgotten(tombstone: Tombstone) -> PipeRpcError:
    """The error for the id of a session that there was: why it is no more, and how it ended."""
    return PipeRpcError(
        ErrorCode.SESSION_NOT_FOUND,
        f"Session {tombstone.session_id} {_WHY_FORGOTTEN[tombstone.farewell]}. "
        "Its output is gone; "
        + ("it ran until then and has not ended yet." if tombstone.exit is None else "data.exit tells how it ended."),
        sessionId=tombstone.session_id,
        forgotten=tombstone.farewell,
        exit=None if tombstone.exit is None else exit_info(tombstone.exit),
    )


def exit_info(exit_: Exit) -> Members:
    """ExitInfo: how a session's process ended."""
    status = exit_.status
    return {
        "exitCode": status.exit_code,
        "signal": status.signal_name,
        "coreDumped": status.core_dumped,
        "exitedAt": exit_.exited_at,
        "durationMs": _milliseconds(exit_.duration_s),
        "outcome": exit_.outcome,
        "reason": exit_.reason,
        "usage": {
            "userMs": _milliseconds(status.usage.user_s),
            "systemMs": _milliseconds(status.usage.system_s),
            "maxRssBytes": status.usage.max_rss_bytes,
        },
        "processesLeft": exit_.processes_left,
    }


def excerpt(shown: Excerpt) -> Members:
    """Excerpt: the beginning and the end of a stream."""
    return {
        "head": shown.head,
        "tail": shown.tail,
        "encoding": shown.encoding,
        "omittedBytes": shown.omitted_bytes,
        "nextOffset": shown.next_offset,
    }


def output(announcement: Output) -> Members:
    """OutputParams."""
    members = {
        "sessionId": announcement.session_id,
        "stream": announcement.stream,
        "offset": announcement.offset,
        "length": announcement.length,
        "data": announcement.data,
        "encoding": announcement.encoding,
        "seq": announcement.seq,
        "timeMs": _milliseconds(announcement.time_s),
    }
    if announcement.missed_bytes:
        members["missedBytes"] = announcement.missed_bytes
    return members


def detached(announcement: Detached) -> Members:
    """DetachedParams."""
    return {
        "sessionId": announcement.session_id,
        "stream": announcement.stream,
        "attachmentId": announcement.attachment_id,
        "offset": announcement.offset,
        "reason": announcement.reason,
    }


def tee_failed(announcement: TeeFailed) -> Members:
    """TeeErrorParams."""
    return {
        "sessionId": announcement.session_id,
        "stream": announcement.stream,
        **tee_end(announcement.end),
    }


def tee_end(end: "TeeEnd") -> Members:
    """Where a tee ended that failed, and why."""
    return {
        "path": end.path,
        "offset": end.offset,
        "errno": errno.errorcode.get(end.errno, str(end.errno)),
        "message": end.reason,
    }


def exited(announcement: Exited) -> Members:
    """ExitedParams."""
    session = announcement.session
    assert session.exit is not None, "an exit is announced once it is known"
    return {"sessionId": session.session_id, **exit_info(session.exit), "streamsOpen": session.streams.open_names}


def closed(announcement: Closed) -> Members:
    """ClosedParams."""
    return {"sessionId": announcement.session.session_id}


_WHY_FORGOTTEN = {
    Farewell.REMOVED: "was removed by session/remove",
    Farewell.PURGED: "was purged by session/purge",
    Farewell.RETENTION: "had exited and was forgotten to make room for younger ones "
    "(--max-exited-sessions, --max-exited-backlog-bytes)",
}


def _stream_info(stream: OutputStream) -> Members:
    attachment = stream.attachment
    return {
        "startOffset": stream.ring.start,
        "endOffset": stream.ring.end,
        "missedBytes": stream.missed_bytes,
        "attached": attachment is not None,
        "attachmentId": None if attachment is None else attachment.attachment_id,
        "ended": stream.ended,
    }


def _live_usage(session: Session) -> Members | None:
    used = session.usage()
    if used is None:
        return None
    return {
        "userMs": _milliseconds(used.user_s),
        "systemMs": _milliseconds(used.system_s),
        "rssBytes": used.rss_bytes,
        "processes": used.processes,
    }


def _milliseconds(seconds: float) -> float:
    """To the microsecond: what lies below is noise of the conversion."""
    return round(seconds * 1000, 3)
