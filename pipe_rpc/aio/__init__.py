"""The asyncio client: the same names and shapes as ``pipe_rpc.client``, to be awaited.

**Invariant:** what needs no waiting is in ``pipe_rpc.conversation``. ``driver`` and ``stdin`` are written for asyncio;
the other files are written once, here, and ``python -m tests.house.generate`` makes the blocking ones of them.
"""

from pipe_rpc.aio.output import OutputStream
from pipe_rpc.aio.rpc import PipeRpc
from pipe_rpc.aio.session import Session
from pipe_rpc.aio.stdin import Stdin
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
