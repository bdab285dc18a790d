"""A command in one call: session/run."""

from contextlib import suppress

from pipe_rpc.errors import PipeRpcError
from pipe_rpc.protocol.envelope import DEFERRED, Deferred
from pipe_rpc.protocol.problems import invalid_params
from pipe_rpc.protocol.types.params import RunParams
from pipe_rpc.server import to_wire
from pipe_rpc.server.call import Call
from pipe_rpc.server.handlers.lives import start
from pipe_rpc.server.handlers.orders import spawn_order
from pipe_rpc.server.handlers.streams import decode
from pipe_rpc.server.to_wire import Members
from pipe_rpc.session.announcement import Announcement, Exited, StreamName
from pipe_rpc.session.excerpt import excerpt
from pipe_rpc.session.head import Head
from pipe_rpc.session.session import Session


def run(call: Call, params: RunParams) -> Members | Deferred:
    """session/run: a RunResult."""
    data = None if params.input is None else decode(params.input, params.input_encoding, "params.input")
    if data is not None and len(data) > call.limits.max_stdin_bytes:
        limit = call.limits.max_stdin_bytes
        problem = f"must be at most {limit} bytes (maxStdinBytes); spawn the command and write in pieces"
        raise invalid_params([("params.input", problem)])
    call.pending.require_room(call.request_id)
    order = spawn_order(call, params)
    tried = call.registry.spawns_tried
    order = order._replace(stdin_pipe=order.stdin_pipe or data is not None, attach=order.attach or ())
    session = start(call, params, order)
    if data is not None and call.registry.spawns_tried != tried:  # Else the request was repeated, and has written.
        _write(call, session, data, close=params.stdin == "null")
    return _Run(call, params, session).begin()


def _write(call: Call, session: Session, data: bytes, *, close: bool) -> None:
    """Hand over what it is to read. Raises PipeRpcError: STDIN_FULL, and kills it then."""

    def done(_written: int, _error: PipeRpcError | None) -> None:
        """What it does not read is its own business."""

    try:
        session.stdin.write(data, done, close=close)
    except PipeRpcError:
        call.registry.terminate(session, 0.0)
        raise


class _Run:
    """One request: a session whose end, or the time, is waited for."""

    def __init__(self, call: Call, params: RunParams, session: Session) -> None:
        limits = call.limits
        self._call = call
        self._params = params
        self._session = session
        self._max_bytes = min(params.max_output_bytes or limits.default_read_bytes, limits.max_read_bytes)
        self._encoding = session.description.encoding
        self._heads: dict[StreamName, Head] = {}

    def begin(self) -> Members | Deferred:
        """The result where it is known already; else it comes with the exit or when the time is up."""
        session, params = self._session, self._params
        if session.exit_announced:
            return self._result()
        for name, stream in session.streams.items():
            self._heads[name] = stream.keep_head((self._max_bytes + 1) // 2)
        pending = self._call.pending.open(self._call.request_id, session.session_id)

        def on_announcement(announcement: Announcement) -> None:
            if isinstance(announcement, Exited):
                pending.answer(self._result())

        pending.on_announcement = on_announcement
        pending.on_removal = lambda: None if session.exit is None else self._result()
        pending.cancelled = self._cancel
        pending.release = self._release
        if params.yield_ms is not None:
            pending.answer_at(self._call.loop.now + params.yield_ms / 1000, self._result)
        return DEFERRED

    def _result(self) -> Members:
        session = self._session
        return {
            "sessionId": session.session_id,
            "running": session.exit is None,
            "exit": None if session.exit is None else to_wire.exit_info(session.exit),
            "stdout": self._excerpt(StreamName.STDOUT),
            "stderr": self._excerpt(StreamName.STDERR) if StreamName.STDERR in session.streams else None,
        }

    def _excerpt(self, name: StreamName) -> Members:
        stream = self._session.streams[name]
        head = self._heads.get(name)
        kept = b"" if head is None else bytes(head.data)
        final = stream.ended or stream.ring.end == stream.child_end
        return to_wire.excerpt(excerpt(kept, stream.ring, self._max_bytes, self._encoding, final=final))

    def _cancel(self) -> Members:
        """Who gives up on a command does not want it to go on."""
        with suppress(PipeRpcError):  # What may not be signalled lives on, as session/info shows.
            self._call.registry.terminate(self._session, None)
        return {"sessionId": self._session.session_id}

    def _release(self) -> None:
        for head in self._heads.values():
            head.close()
