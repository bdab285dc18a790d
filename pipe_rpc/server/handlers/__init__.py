"""Handlers of ``session/*`` by method name: typed params in, the members of the result out.

A handler either returns its result, raises PipeRpcError, or opens a row of the pending table and returns DEFERRED. News
that belongs before its answer it tells itself.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from pipe_rpc.protocol.converter import structure
from pipe_rpc.protocol.methods import SESSION_METHODS
from pipe_rpc.protocol.types import params as types
from pipe_rpc.server.call import Call
from pipe_rpc.server.handlers import lives, registers, running, streams
from pipe_rpc.server.to_wire import session_forgotten
from pipe_rpc.session.tombstones import SessionForgottenError

Handler = Callable[[Call, Any], Any]


def _later(module: str, name: str) -> Handler:
    """A handler that few ask for, and that is imported when somebody does."""

    def handle_later(call: Call, params: Any) -> Any:
        handler: Handler = getattr(import_module(f"{__name__}.{module}"), name)
        return handler(call, params)

    return handle_later


_HANDLERS: Mapping[str, Handler] = {
    "session/spawn": lives.spawn,
    "session/run": running.run,
    "session/attach": streams.attach,
    "session/detach": streams.detach,
    "session/read": streams.read,
    "session/write": streams.write,
    "session/signal": lives.send_signal,
    "session/terminate": lives.terminate,
    "session/terminateAll": lives.terminate_all,
    "session/wait": lives.wait,
    "session/waitFor": _later("searching", "wait_for"),
    "session/tee": _later("tees", "tee"),
    "session/untee": _later("tees", "untee"),
    "session/info": registers.info,
    "session/list": registers.list_sessions,
    "session/remove": registers.remove,
    "session/purge": registers.purge,
}

_PARAMS: Mapping[str, type[Any]] = {method.name: getattr(types, method.params or "") for method in SESSION_METHODS}


def handle(call: Call, method: str, params: Any) -> Any:
    """Handle one request of ours: its result, or DEFERRED. Raises PipeRpcError."""
    try:
        return _HANDLERS[method](call, structure(params, _PARAMS[method]))
    except SessionForgottenError as error:
        raise session_forgotten(error.tombstone) from None
