"""A server of processes, driven by the fast client in the server's own language."""

from collections.abc import Sequence
from time import perf_counter

from .contract_wire import ContractWire
from .deadline import Deadline
from .rival import ColdStart, Rival
from .server_engine import ServerEngine
from .wire import Wire


class ServerRival(Rival):
    """Starts the same server again and again."""

    is_server = True

    def __init__(self, name: str, argv: Sequence[str], wire: type[Wire] = ContractWire) -> None:
        self.name = name
        self._argv = argv
        self._wire = wire

    def start(self, deadline: Deadline, *, pipe_bytes: int | None = None) -> ServerEngine:
        return ServerEngine(self._argv, self._wire, deadline, pipe_bytes)

    def cold_start(self, deadline: Deadline) -> ColdStart:
        started = perf_counter()
        with ServerEngine(self._argv, self._wire, deadline) as engine:
            looked_at = perf_counter()
            engine.warm_up()
            first_session_s = perf_counter() - looked_at
            ready_s = engine.answered_at - started
            return ColdStart(ready_s, ready_s + first_session_s, engine.start_cpu_s)

    def cold_output(self, deadline: Deadline) -> float:
        started = perf_counter()
        with ServerEngine(self._argv, self._wire, deadline) as engine:
            looked_at = perf_counter()
            engine.first_output()
            return engine.answered_at - started + perf_counter() - looked_at
