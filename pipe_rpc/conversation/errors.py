"""What can go wrong for a client.

ClientError
├── RpcError         the server refused the request; one class for each code of the error table
├── CallTimeout      the answer did not come in time (it is a TimeoutError)
├── PatternNotFound  the output that was waited for cannot come any more, or has paused too long
├── StreamDetached   an output stream is not received any more, though it has not ended
├── EventsMissed     a reader of events came too late for the oldest
└── EndpointGone     the server has ended, or the client was closed

Rules of this file: the names of refusals are those of the wire, without a suffix.
"""
# ruff: noqa: N818

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from pipe_rpc.errors import ErrorCode
from pipe_rpc.protocol.types import WaitForResult
from pipe_rpc.protocol.types.member import DetachReasonName, StreamName

T = TypeVar("T")


class ClientError(Exception):
    """Anything that a client can raise but TypeError and ValueError for arguments that make no sense."""


class Datum(Generic[T]):
    """A member of ``error.data``; None where the server does not tell it, or tells a value of another kind."""

    def __init__(self, name: str, kind: type[T]) -> None:
        self._name = name
        self._kind = kind

    def __get__(self, error: "RpcError | None", owner: type["RpcError"]) -> T | None:
        value = None if error is None else error.data.get(self._name)
        return value if isinstance(value, self._kind) else None


class RpcError(ClientError):
    """The server answered with an error: its ``code``, its sentence for people, and its ``data``.

    Itself it is raised for codes that this client does not know.
    """

    CODE: ClassVar[ErrorCode | None] = None

    def __init__(self, code: int, message: str, data: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.code = next((each for each in ErrorCode if each == code), code)
        self.message = message
        self.data = data

    @property
    def kind(self) -> str:
        """The name of the code, such as "SessionNotFound"."""
        return str(self.data.get("kind", self.code))


class ParseError(RpcError):
    """The bytes were not JSON: a fault of this client."""

    CODE = ErrorCode.PARSE_ERROR


class InvalidRequest(RpcError):
    """Not a message that can be accepted now, such as any request after shutdown."""

    CODE = ErrorCode.INVALID_REQUEST


class MethodNotFound(RpcError):
    """The server has no such method; it is older than this client, or another."""

    CODE = ErrorCode.METHOD_NOT_FOUND


class InvalidParams(RpcError):
    """An argument does not fit; ``problems`` is a list of ``{"path": …, "problem": …}``."""

    CODE = ErrorCode.INVALID_PARAMS
    problems = Datum("problems", list)


class InternalError(RpcError):
    """The server failed; its stderr tells more."""

    CODE = ErrorCode.INTERNAL_ERROR


class ServerNotInitialized(RpcError):
    """A request came before the handshake."""

    CODE = ErrorCode.SERVER_NOT_INITIALIZED


class RequestCancelled(RpcError):
    """The request was cancelled; of a write, ``bytes_written`` tells how much the child's pipe had taken."""

    CODE = ErrorCode.REQUEST_CANCELLED
    bytes_written = Datum("bytesWritten", int)


class SessionNotFound(RpcError):
    """No session has this id; ``forgotten`` says why one is no more, and ``exit`` how it ended, as the wire has it."""

    CODE = ErrorCode.SESSION_NOT_FOUND
    session_id = Datum("sessionId", str)
    forgotten = Datum("forgotten", str)
    exit = Datum("exit", dict)


class SpawnFailed(RpcError):
    """The child could not be started: ``stage`` is "exec", "chdir", "limits" or "fork", ``errno`` is as "ENOENT" is."""

    CODE = ErrorCode.SPAWN_FAILED
    errno = Datum("errno", str)
    stage = Datum("stage", str)
    path = Datum("path", str)


class AlreadyAttached(RpcError):
    """The stream has an attachment; detach it first, or attach with ``steal``."""

    CODE = ErrorCode.ALREADY_ATTACHED


class NotAttached(RpcError):
    """The stream has no attachment."""

    CODE = ErrorCode.NOT_ATTACHED


class StreamUnavailable(RpcError):
    """The session has no such stream: its stderr is merged into stdout."""

    CODE = ErrorCode.STREAM_UNAVAILABLE


class StdinClosed(RpcError):
    """The child's stdin is closed; ``bytes_written`` tells how much of the write the child's pipe had taken."""

    CODE = ErrorCode.STDIN_CLOSED
    bytes_written = Datum("bytesWritten", int)


class StdinFull(RpcError):
    """Too much waits for the child to read; wait for earlier writes."""

    CODE = ErrorCode.STDIN_FULL


class SessionRunning(RpcError):
    """The session is still running."""

    CODE = ErrorCode.SESSION_RUNNING


class LimitExceeded(RpcError):
    """A limit of the server is reached; ``limit`` is its name on the wire, such as "maxSessions"."""

    CODE = ErrorCode.LIMIT_EXCEEDED
    limit = Datum("limit", str)


class OffsetOutOfRange(RpcError):
    """The offset lies beyond the end of the stream, which is ``end_offset``."""

    CODE = ErrorCode.OFFSET_OUT_OF_RANGE
    end_offset = Datum("endOffset", int)


class SignalFailed(RpcError):
    """The signal could not be sent; ``errno`` is "ESRCH" where nothing is left to signal."""

    CODE = ErrorCode.SIGNAL_FAILED
    errno = Datum("errno", str)


class TeeFailed(RpcError):
    """The file cannot be written; every byte before ``offset``, where there is one, is in it."""

    CODE = ErrorCode.TEE_FAILED
    errno = Datum("errno", str)
    path = Datum("path", str)
    offset = Datum("offset", int)


class AlreadyTeed(RpcError):
    """The stream goes into a file already."""

    CODE = ErrorCode.ALREADY_TEED


class NotTeed(RpcError):
    """The stream goes into no file."""

    CODE = ErrorCode.NOT_TEED


class CallTimeout(ClientError, TimeoutError):
    """No answer within the time that the caller gave; the request was cancelled.

    ``bytes_written`` tells, of a write, how much the child's pipe had taken; else it is None.
    """

    def __init__(self, message: str, bytes_written: int | None = None) -> None:
        super().__init__(message)
        self.bytes_written = bytes_written


class PatternNotFound(ClientError):
    """The output does not say what was waited for: ``reason`` is "exited", "ended" or "idle"."""

    def __init__(self, result: WaitForResult) -> None:
        super().__init__(f"The stream does not say it: {result.reason}. Read what it says instead.")
        self.result = result
        self.reason = result.reason


class StreamDetached(ClientError):
    """Nothing more of the stream is received, though it has not ended.

    ``offset`` is the next byte: ``session.attach(stream, from_offset=offset)`` goes on there. ``reason`` is that of
    session/detached, or None where there was no attachment.
    """

    def __init__(self, stream: StreamName, offset: int, reason: DetachReasonName | None, why: str) -> None:
        super().__init__(f"{stream} is not received from offset {offset} on: {why} Attach from there to go on.")
        self.stream = stream
        self.offset = offset
        self.reason = reason


class EventsMissed(ClientError):
    """More events came than are kept for a reader that does not take them; ``count`` is how many it has missed."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} events were not taken in time. Go on with the next, or look at session/list.")
        self.count = count


class EndpointGone(ClientError):
    """The server has ended, or the client was not started or is closed; nothing can be asked any more.

    ``exit_status`` is the server's (negative: the number of the signal that ended it), or None where it is not known.
    ``stderr_tail`` is the end of what it said there.
    """

    def __init__(self, message: str, exit_status: int | None, stderr_tail: str) -> None:
        how = "" if exit_status is None else f" Its exit status is {exit_status}."
        said = f" It said: {stderr_tail.strip()}" if stderr_tail.strip() else ""
        super().__init__(f"{message}{how}{said}")
        self.exit_status = exit_status
        self.stderr_tail = stderr_tail


_REFUSALS = {each.CODE: each for each in RpcError.__subclasses__()}


def refusal(code: int, message: str, data: Mapping[str, Any]) -> RpcError:
    """The exception for an error of the wire: of the class of its code."""
    known = next((each for each in ErrorCode if each == code), None)
    return _REFUSALS.get(known, RpcError)(code, message, data)
