"""The blocking client, for any number of threads at once, and what ``pipe-rpc run`` is made of.

**Invariant:** what needs no waiting is in ``pipe_rpc.conversation``. ``driver`` and ``stdin`` are written for threads;
``relay``, ``sink`` and ``trace`` are ``pipe-rpc run``, on our own loop; ``record``, ``recording_file`` and ``proxy``
are ``pipe-rpc record``, and ``replay`` is ``pipe-rpc replay``; the other files are made of those of ``pipe_rpc.aio``.
"""

from pipe_rpc.client.output import OutputStream
from pipe_rpc.client.rpc import PipeRpc
from pipe_rpc.client.session import Session
from pipe_rpc.client.stdin import Stdin
from pipe_rpc.conversation.errors import (
    AlreadyAttached,
    AlreadyTeed,
    CallTimeout,
    ClientError,
    EndpointGone,
    EventsMissed,
    InternalError,
    InvalidParams,
    InvalidRequest,
    LimitExceeded,
    MethodNotFound,
    NotAttached,
    NotTeed,
    OffsetOutOfRange,
    ParseError,
    PatternNotFound,
    RequestCancelled,
    RpcError,
    ServerNotInitialized,
    SessionNotFound,
    SessionRunning,
    SignalFailed,
    SpawnFailed,
    StdinClosed,
    StdinFull,
    StreamDetached,
    StreamUnavailable,
    TeeFailed,
)
from pipe_rpc.conversation.event_log import LifeEvent
from pipe_rpc.conversation.read_result import ReadResult
from pipe_rpc.conversation.server_info import ServerInfo
from pipe_rpc.conversation.spawn_options import SpawnOptions
from pipe_rpc.protocol.types import (
    AttachResult,
    ClosedParams,
    DetachedParams,
    DetachResult,
    ExitedParams,
    ExitInfo,
    RunResult,
    SessionInfo,
    TeeErrorParams,
    WaitForResult,
)

__all__ = [
    "AlreadyAttached",
    "AlreadyTeed",
    "AttachResult",
    "CallTimeout",
    "ClientError",
    "ClosedParams",
    "DetachResult",
    "DetachedParams",
    "EndpointGone",
    "EventsMissed",
    "ExitInfo",
    "ExitedParams",
    "InternalError",
    "InvalidParams",
    "InvalidRequest",
    "LifeEvent",
    "LimitExceeded",
    "MethodNotFound",
    "NotAttached",
    "NotTeed",
    "OffsetOutOfRange",
    "OutputStream",
    "ParseError",
    "PatternNotFound",
    "PipeRpc",
    "ReadResult",
    "RequestCancelled",
    "RpcError",
    "RunResult",
    "ServerInfo",
    "ServerNotInitialized",
    "Session",
    "SessionInfo",
    "SessionNotFound",
    "SessionRunning",
    "SignalFailed",
    "SpawnFailed",
    "SpawnOptions",
    "Stdin",
    "StdinClosed",
    "StdinFull",
    "StreamDetached",
    "StreamUnavailable",
    "TeeErrorParams",
    "TeeFailed",
    "WaitForResult",
]
