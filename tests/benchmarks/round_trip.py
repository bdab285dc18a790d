"""Where the time of one round trip goes inside the server.

Rules of this file: the stages are the server's own calls in its own order, on its own objects. A change there has to be
made here too; what `whole` takes beyond them is what stands between the calls.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter_ns

from pipe_rpc.buffers.text import encode_piece
from pipe_rpc.protocol.converter import structure
from pipe_rpc.protocol.envelope import Request, encode_notification, encode_result, parse
from pipe_rpc.server import handlers, to_wire
from pipe_rpc.server.call import Call
from pipe_rpc.session.announcement import Output

from .deadline import RivalError
from .fast_client import frame
from .in_process import InProcess
from .stopwatch import Figure, Laps, figure_of
from .work import payload

WARM_UPS = 300
"""As many answers as it takes until the faster encoder is imported."""


@dataclass(frozen=True)
class Budget:
    """One kind of round trip."""

    name: str
    stages: list[Figure]
    whole: Figure
    """The same by the server's loop, which knows nothing of stages."""

    @property
    def between_us(self) -> float:
        """What the stages leave unexplained."""
        return self.whole.median_us - sum(stage.median_us for stage in self.stages)


def budgets(repeats: int, warm_ups: int = WARM_UPS) -> list[Budget]:
    """Of a `session/info` and of an echo of 32 bytes."""
    with InProcess() as inside:
        session_id = inside.call("session/spawn", {"argv": ["cat"]})["sessionId"]
        info = frame({"jsonrpc": "2.0", "id": 17, "method": "session/info", "params": {"sessionId": session_id}})
        params = {"sessionId": session_id, "data": payload(0, 0).decode()}
        write = frame({"jsonrpc": "2.0", "id": 18, "method": "session/write", "params": params})
        trips = _RoundTrips(inside, session_id)
        return [
            Budget(
                "session/info",
                trips.stages(lambda: trips.request_by_hand(info), repeats, warm_ups),
                trips.whole("whole", lambda: trips.request_by_loop(info), repeats),
            ),
            Budget(
                "echo of 32 bytes",
                trips.stages(lambda: trips.echo_by_hand(write), repeats, warm_ups),
                trips.whole("whole", lambda: trips.echo_by_loop(write), repeats),
            ),
        ]


class _RoundTrips:
    """One session of a server in this process."""

    def __init__(self, inside: InProcess, session_id: str) -> None:
        self._inside = inside
        self._server = inside.server
        self._stream = next(iter(inside.server._registry.get(session_id).streams.values()))
        self._laps = Laps()

    def stages(self, trip: Callable[[], None], repeats: int, warm_ups: int) -> list[Figure]:
        for _ in range(warm_ups):
            trip()
        self._laps.forget()
        for _ in range(repeats):
            trip()
        figures = self._laps.figures()
        self._laps.forget()
        return figures

    def whole(self, name: str, trip: Callable[[], int], repeats: int) -> Figure:
        """What one trip leaves to be written is written in the next one's time, and so on."""
        trip()
        times_ns = [trip() for _ in range(repeats)]
        self._inside.settle()
        self._inside.receive()
        return figure_of(name, times_ns)

    def request_by_loop(self, request: bytes) -> int:
        self._inside.send(request)
        started = perf_counter_ns()
        self._server._loop.run_turn()
        took_ns = perf_counter_ns() - started
        self._inside.receive()
        return took_ns

    def echo_by_loop(self, write: bytes) -> int:
        took_ns = self.request_by_loop(write)
        self._inside.await_child(self._stream._descriptor.fd)
        started = perf_counter_ns()
        self._server._loop.run_turn()
        took_ns += perf_counter_ns() - started
        self._inside.receive()
        return took_ns

    def echo_by_hand(self, write: bytes) -> None:
        self.request_by_hand(write)
        self._inside.await_child(self._stream._descriptor.fd)
        self._output_by_hand()

    def request_by_hand(self, request: bytes) -> None:
        server, laps = self._server, self._laps
        transport, endpoint = server._transport, server._endpoint
        self._inside.send(request)
        laps.start()
        server._loop._select(None)
        laps.lap("select")
        size = transport._stdin.read_into([transport._buffer])
        laps.lap("read")
        transport._framer.feed(transport._buffer[:size])
        body = transport._framer.next_body()
        transport._framer.next_body()
        laps.lap("frame")
        assert body is not None
        message = parse(body, server._endpoint._limits.max_message_values)
        laps.lap("decode envelope")
        assert isinstance(message, Request)
        params = structure(message.params, handlers._PARAMS[message.method])
        laps.lap("structure params")
        connection = endpoint._connection
        assert connection is not None
        call = Call(
            message.id,
            connection,
            endpoint._registry,
            endpoint._pending,
            endpoint._teller,
            endpoint._loop,
            endpoint._searches,
            endpoint._limits,
        )
        outcome = handlers._HANDLERS[message.method](call, params)
        laps.lap("handle")
        answer = encode_result(message.id, outcome)
        laps.lap("encode")
        transport.send(answer)
        laps.lap("frame and queue")
        transport.flush()
        laps.lap("write")
        if not self._inside.receive():
            raise RivalError("no answer was written")

    def _output_by_hand(self) -> None:
        server, laps, stream = self._server, self._laps, self._stream
        transport = server._transport
        before = stream.ring.end
        laps.start()
        server._loop._select(None)
        laps.lap("output: select")
        stream._on_readable()
        laps.lap("output: read into ring")
        announcement = server._registry.pull(self._inside.limits.max_output_bytes)
        laps.lap("output: take")
        # Taking a piece encodes it, so that is done once more to tell the two apart.
        data = stream.ring.read(before, stream.ring.end - before)
        assert isinstance(announcement, Output)
        laps.start()
        encode_piece(data, announcement.encoding, final=False)
        laps.lap("output: text")
        laps.move("output: text", "output: take")
        notification = encode_notification("session/output", to_wire.output(announcement))
        laps.lap("output: encode")
        transport.send(notification)
        laps.lap("output: frame and queue")
        transport.flush()
        laps.lap("output: write")
        server._registry.pull(self._inside.limits.max_output_bytes)  # It has nothing more, and notes that.
        if not self._inside.receive():
            raise RivalError("no output was written")
