"""The error table: every code that an answer of this server can carry.

Rules of this file: one row for one code; the row says what went wrong, and what the client can do about it. README, the
OpenRPC document and the client's exceptions are made from these rows.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Self


class ErrorCode(IntEnum):
    """A JSON-RPC error code, with its meaning and the client's remedy.

    Codes below -32000 are JSON-RPC's own (JSON-RPC 2.0 §5.1) and LSP's (LSP 3.17, "ErrorCodes"); positive ones are
    ours, outside both reserved ranges.
    """

    meaning: str
    remedy: str

    def __new__(cls, code: int, meaning: str, remedy: str) -> Self:
        """Make a row of the table."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        member.remedy = remedy
        return member

    PARSE_ERROR = (
        -32700,
        "The bytes are not a frame, or the body is not JSON.",
        "Send UTF-8 JSON behind a correct Content-Length header.",
    )
    INVALID_REQUEST = (
        -32600,
        "The JSON is not a JSON-RPC 2.0 message that can be accepted now.",
        "Send one object with jsonrpc, method and a fresh id; initialize once, and nothing but exit after shutdown.",
    )
    METHOD_NOT_FOUND = (-32601, "There is no such method.", "Look at the list of methods in the answer to initialize.")
    INVALID_PARAMS = (
        -32602,
        "The parameters do not fit the method.",
        "Mend what data.problems names: a list of {path, problem}.",
    )
    INTERNAL_ERROR = (-32603, "The server failed; the fault is its own.", "Look at the server's stderr and report it.")
    SERVER_NOT_INITIALIZED = (-32002, "A request came before initialize.", "Send initialize first.")
    REQUEST_CANCELLED = (-32800, "The request was cancelled.", "Nothing: $/cancelRequest asked for it.")

    SESSION_NOT_FOUND = (
        1001,
        "No session has this id.",
        "Use an id that session/list shows. data.forgotten says why one is no more, data.exit how it ended.",
    )
    SPAWN_FAILED = (
        1002,
        "The child could not be started.",
        "data.stage names what failed: exec (program), chdir (cwd), limits, or fork (system); data.errno says why.",
    )
    ALREADY_ATTACHED = (1003, "The stream has an attachment.", "Detach it first, or attach with steal.")
    NOT_ATTACHED = (1004, "The stream has no attachment.", "Attach first.")
    STREAM_UNAVAILABLE = (
        1005,
        "The session has no such stream.",
        "stderr is merged into stdout by mergeStderr: use stdout.",
    )
    STDIN_CLOSED = (
        1006,
        "The child's stdin is closed.",
        "Write no more; data.bytesWritten tells how much of this write the child's pipe took.",
    )
    STDIN_FULL = (1007, "The stdin queue has no room for the write.", "Wait for the answers of earlier writes.")
    SESSION_RUNNING = (1008, "The session is still running.", "Wait for its exit, terminate it, or use force.")
    LIMIT_EXCEEDED = (1009, "A limit of the server is reached.", "End or purge sessions; data names the limit.")
    OFFSET_OUT_OF_RANGE = (1010, "The offset lies beyond the end.", "Use an offset up to data.endOffset.")
    SIGNAL_FAILED = (1011, "The signal could not be sent.", "data.errno says why; ESRCH: nothing is left to signal.")
    TEE_FAILED = (
        1012,
        "The file cannot be written.",
        "data.errno says why; every byte before data.offset is in the file, where there is such an offset.",
    )
    ALREADY_TEED = (1013, "The stream goes into a file already.", "End that with session/untee first.")
    NOT_TEED = (1014, "The stream goes into no file.", "Set one with session/tee.")

    @property
    def kind(self) -> str:
        """The name on the wire, in ``error.data.kind``: SESSION_NOT_FOUND is SessionNotFound."""
        return "".join(word.capitalize() for word in self.name.split("_"))


class PipeRpcError(Exception):
    """A request that fails with a documented code.

    The message is a sentence for a person that says what to do; ``data`` holds JSON values only, and never a value of
    the environment or of stdin.
    """

    def __init__(self, code: ErrorCode, message: str, /, **data: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data: Mapping[str, Any] = data


def shown(text: str) -> str:
    """As much of a client's own text as belongs into a message: enough to recognise it by."""
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


_LONGEST_SHOWN = 80
"""Characters; a megabyte of an unknown session id must not come back twice."""
