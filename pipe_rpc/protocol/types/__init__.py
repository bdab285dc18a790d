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
    RunParams,
    SignalParams,
    SpawnParams,
    TeeParams,
    TeeTarget,
    TerminateAllParams,
    TerminateParams,
    UnteeParams,
    WaitForParams,
    WaitParams,
    WriteParams,
)

if TYPE_CHECKING:
    from pipe_rpc.protocol.types.notifications import (
        ClosedParams,
        DetachedParams,
        ExitedParams,
        OutputParams,
        TeeErrorParams,
    )
    from pipe_rpc.protocol.types.results import (
        AttachResult,
        DetachResult,
        Empty,
        Excerpt,
        ExitInfo,
        ListResult,
        LiveUsage,
        PurgeResult,
        ReadResult,
        RunResult,
        SessionInfo,
        StdinInfo,
        StreamInfo,
        TeeResult,
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
    "Excerpt",
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
    "RunParams",
    "RunResult",
    "SessionInfo",
    "SignalParams",
    "SpawnParams",
    "StdinInfo",
    "StreamInfo",
    "TeeErrorParams",
    "TeeParams",
    "TeeResult",
    "TeeTarget",
    "TerminateAllParams",
    "TerminateAllResult",
    "TerminateParams",
    "UnteeParams",
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
