"""The method table: every message of the wire, whom it goes to, its types, its errors.

Rules of this file: one row for one method, both families: ours, and LSP's, which the language server floor serves.
Types are named rather than imported, because the answer to ``initialize`` needs the names and must not wait for the
types.
"""

from typing import NamedTuple

from pipe_rpc.errors import ErrorCode


class Method(NamedTuple):
    """A request, or where ``result`` is None a notification. ``params`` and ``result`` name classes of ``types``."""

    name: str
    doc: str
    params: str | None = None
    result: str | None = None
    errors: tuple[ErrorCode, ...] = ()


_SESSION = (ErrorCode.SESSION_NOT_FOUND,)
_STREAM = (*_SESSION, ErrorCode.STREAM_UNAVAILABLE)
_SPAWN = (*_STREAM, ErrorCode.SPAWN_FAILED, ErrorCode.TEE_FAILED, ErrorCode.LIMIT_EXCEEDED)

SESSION_METHODS = (
    Method(
        "session/spawn",
        "Start a child process. The answer comes before every notification of the session. With a sessionId of the "
        "client's it is safe to repeat: the same request answers the same session, and nothing runs twice.",
        "SpawnParams",
        "SessionInfo",
        _SPAWN,
    ),
    Method(
        "session/run",
        "Spawn a command, wait until it has exited or yieldMs are over, and answer what it has written so far, its "
        "beginning and its end. It goes on behind yieldMs; a cancelled one is terminated. Its stdin is what input "
        "says, and then ends; no stream is attached unless asked for.",
        "RunParams",
        "RunResult",
        (*_SPAWN, ErrorCode.STDIN_FULL, ErrorCode.REQUEST_CANCELLED),
    ),
    Method(
        "session/attach",
        "Receive a stream from an offset on: retained bytes first, live ones after, each once. Works after exit too.",
        "AttachParams",
        "AttachResult",
        (*_STREAM, ErrorCode.ALREADY_ATTACHED, ErrorCode.OFFSET_OUT_OF_RANGE),
    ),
    Method(
        "session/detach",
        "Stop receiving a stream; no output of it follows the answer.",
        "DetachParams",
        "DetachResult",
        (*_STREAM, ErrorCode.NOT_ATTACHED),
    ),
    Method(
        "session/read",
        "Read retained bytes, attached or not, consuming nothing; waits up to waitMs where there is nothing new.",
        "ReadParams",
        "ReadResult",
        (*_STREAM, ErrorCode.OFFSET_OUT_OF_RANGE, ErrorCode.LIMIT_EXCEEDED, ErrorCode.REQUEST_CANCELLED),
    ),
    Method(
        "session/write",
        "Write to the child's stdin; answered once every byte has entered the child's pipe, in the order of requests. "
        "A cancelled write drops what has not entered it; data.bytesWritten tells what has.",
        "WriteParams",
        "WriteResult",
        (
            *_SESSION,
            ErrorCode.STDIN_CLOSED,
            ErrorCode.STDIN_FULL,
            ErrorCode.LIMIT_EXCEEDED,
            ErrorCode.REQUEST_CANCELLED,
        ),
    ),
    Method(
        "session/signal",
        "Send a signal to the session's process group.",
        "SignalParams",
        "Empty",
        (*_SESSION, ErrorCode.SIGNAL_FAILED),
    ),
    Method(
        "session/terminate",
        "SIGTERM to the group now, SIGKILL to what is left of it after the grace. After exit: kills what is left.",
        "TerminateParams",
        "Empty",
        (*_SESSION, ErrorCode.SIGNAL_FAILED),
    ),
    Method("session/terminateAll", "Terminate every session that matches.", "TerminateAllParams", "TerminateAllResult"),
    Method(
        "session/wait",
        "Wait until the session has exited or closed.",
        "WaitParams",
        "WaitResult",
        (*_SESSION, ErrorCode.LIMIT_EXCEEDED, ErrorCode.REQUEST_CANCELLED),
    ),
    Method(
        "session/waitFor",
        "Wait until a stream says something: a literal, or an RE2 pattern in which ^ and $ match at lines, across the "
        "pieces in which it comes. Reads along without consuming. A match of a pattern at the very end of the output "
        "counts once nothing has followed for matchSettleMs.",
        "WaitForParams",
        "WaitForResult",
        (*_STREAM, ErrorCode.OFFSET_OUT_OF_RANGE, ErrorCode.LIMIT_EXCEEDED, ErrorCode.REQUEST_CANCELLED),
    ),
    Method(
        "session/tee",
        "Let a stream go into a file as well, every byte from now on, whether anybody reads along or not. The child "
        "waits for the disk where that is slower than it; session/closed comes when the file is complete.",
        "TeeParams",
        "TeeResult",
        (*_STREAM, ErrorCode.TEE_FAILED, ErrorCode.ALREADY_TEED),
    ),
    Method(
        "session/untee",
        "End that; answered when all that came before is in the file.",
        "UnteeParams",
        "TeeResult",
        (*_STREAM, ErrorCode.TEE_FAILED, ErrorCode.NOT_TEED, ErrorCode.LIMIT_EXCEEDED, ErrorCode.REQUEST_CANCELLED),
    ),
    Method("session/info", "Describe a session.", "InfoParams", "SessionInfo", _SESSION),
    Method("session/list", "Describe every session that matches, oldest first.", "ListParams", "ListResult"),
    Method(
        "session/remove",
        "Forget a session and its output; nothing of it is heard again.",
        "RemoveParams",
        "Empty",
        (*_SESSION, ErrorCode.SESSION_RUNNING),
    ),
    Method("session/purge", "Forget every closed session that matches.", "PurgeParams", "PurgeResult"),
)

BASE_METHODS = (
    Method("initialize", "LSP's handshake; the answer tells methods, notifications and limits.", result="object"),
    Method("initialized", "Accepted."),
    Method("shutdown", "Terminate every session; answered when no process of any session is left.", result="null"),
    Method("exit", "End: status 0 after shutdown, else 1; nothing is left running."),
    Method("$/cancelRequest", "Answer a request that waits with RequestCancelled."),
    Method("$/setTrace", "Accepted."),
)

LSP_METHODS = (
    Method("workspace/executeCommand", "Run, list or terminate jobs from any LSP client.", result="object"),
    Method("window/workDoneProgress/cancel", "Terminate the job whose progress this is."),
)

NOTIFICATIONS = (
    Method("session/output", "The next piece of an attached stream.", "OutputParams"),
    Method("session/detached", "An attachment ended.", "DetachedParams"),
    Method("session/teeError", "Once: a tee failed, and the stream goes into the file no more.", "TeeErrorParams"),
    Method(
        "session/exited",
        "Once, after every byte that the child itself wrote was delivered to the attachments that it had; never waits "
        "for a process that the child left behind.",
        "ExitedParams",
    ),
    Method("session/closed", "Once and last: both streams ended and were delivered.", "ClosedParams"),
)

COMMANDS = {
    "pipe-rpc.run": "Run a command as a job: a session with progress, where the client shows it, diagnostics from its "
    "output, where there is a problemMatcher, and a message when it fails; answers its SessionInfo. Without arguments "
    "it runs the last job again.",
    "pipe-rpc.rerunLast": "Run the last job again: the same params in the same directory.",
    "pipe-rpc.list": "Answer every session, as session/list does.",
    "pipe-rpc.terminate": "Terminate one session by its id, several, or without arguments every job that runs.",
    "pipe-rpc.terminateAll": "Terminate every job that runs; sessions that session/spawn started go on.",
}
"""What workspace/executeCommand takes."""

METHODS = (*BASE_METHODS, *SESSION_METHODS, *LSP_METHODS)
