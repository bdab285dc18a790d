"""Every message of ours as a type: the single source of validation, schema, tables and client.

What the server reads is imported here and now; what it writes, and its clients read, when somebody asks for it: a good
part of the way to the first output would else be spent on classes that nobody on it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipe_rpc.protocol.types.params import (
    AttachParams,
    DetachParams,
    InfoParams,
    ListParams,
    PurgeParams,
    ReadParams,
    RemoveParams,
    SignalParams,
    SpawnParams,
    TerminateAllParams,
    TerminateParams,
    WaitForParams,
    WaitParams,
    WriteParams,
)

if TYPE_CHECKING:
    from pipe_rpc.protocol.types.notifications import ClosedParams, DetachedParams, ExitedParams, OutputParams
    from pipe_rpc.protocol.types.results import (
        AttachResult,
        DetachResult,
        Empty,
        ExitInfo,
        ListResult,
        LiveUsage,
        PurgeResult,
        ReadResult,
        SessionInfo,
        StdinInfo,
        StreamInfo,
        TerminateAllResult,
        Usage,
        WaitForResult,
        WaitResult,
        WriteResult,
    )

__all__ = [
    "AttachParams",
    "AttachResult",
    "ClosedParams",
    "DetachParams",
    "DetachResult",
    "DetachedParams",
    "Empty",
    "ExitInfo",
    "ExitedParams",
    "InfoParams",
    "ListParams",
    "ListResult",
    "LiveUsage",
    "OutputParams",
    "PurgeParams",
    "PurgeResult",
    "ReadParams",
    "ReadResult",
    "RemoveParams",
    "SessionInfo",
    "SignalParams",
    "SpawnParams",
    "StdinInfo",
    "StreamInfo",
    "TerminateAllParams",
    "TerminateAllResult",
    "TerminateParams",
    "Usage",
    "WaitForParams",
    "WaitForResult",
    "WaitParams",
    "WaitResult",
    "WriteParams",
    "WriteResult",
]


def __getattr__(name: str) -> Any:
    """Import the types that are not imported yet (PEP 562)."""
    if name in __all__:
        for module in ("results", "notifications"):
            if (found := getattr(import_module(f"{__name__}.{module}"), name, None)) is not None:
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
