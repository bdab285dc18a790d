"""The works: what is done, what is measured of it, and how good pipe-rpc wants to be."""

import math
import statistics
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from .corpus import Kind
from .deadline import Deadline
from .process import Resident
from .rival import Encoding, Engine, Rival, Timed
from .sizes import MIB, Sizes

PAYLOAD_BYTES = 32
FLOODS = 20
FLOOD_WINDOW_S = 3.0
"""A rival that a flood stops nearly altogether is not waited for any longer in one round."""


@dataclass(frozen=True)
class Goal:
    """A bound that pipe-rpc wants to keep."""

    of: str
    """What is bounded: `direct`, pipe-rpc's figure divided by direct's; `itself`, the figure; else the name of a rival,
    and how many times better than that one it is."""
    bound: float
    """At most this much where less is better, at least where more is; against other servers always at least."""


@dataclass(frozen=True)
class Metric:
    """One row of the table."""

    key: str
    label: str
    unit: str
    more_is_better: bool = False
    goals: tuple[Goal, ...] = ()


class Work(ABC):
    """Something that every rival does."""

    name: str
    direct: str
    """What the direct rival does for it."""
    metrics: tuple[Metric, ...]

    def check(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> None:
        """Done once before the rounds: what a measured round cannot check without measuring the check."""
        return

    @abstractmethod
    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        """One round: figures by the key of their metric. Raises `RivalError`."""


class Start(Work):
    name = "cold-start"
    direct = "`python -c pass`, start to end; the first session: one that runs `true` or `echo`"
    metrics = (
        Metric("ready", "cold start to initialize answered", "ms", goals=(Goal("direct", 2.0),)),
        Metric("cpu", "the same, processor time", "ms"),
        Metric("first", "cold start to a first session's exit", "ms"),
        Metric("output", "cold start to the first output of echo", "ms"),
    )

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        start = rival.cold_start(deadline)
        figures = {"ready": start.ready_s * 1e3, "first": start.first_session_s * 1e3}
        figures["output"] = rival.cold_output(deadline) * 1e3
        return figures if start.cpu_s is None else figures | {"cpu": start.cpu_s * 1e3}


class Request(Work):
    name = "request"
    direct = "as many bytes through one `cat`"
    metrics = (
        Metric("time", "request round trip", "µs", goals=(Goal("direct", 2.2), Goal("naive", 25))),
        Metric("cpu", "request, processor time", "µs", goals=(Goal("naive", 25),)),
    )

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        with _warm(rival, deadline) as engine:
            return _times(engine.round_trips(sizes.requests), 1e6)


class Echo(Work):
    name = "echo"
    direct = "`cat | cat | cat`: as many hops"
    metrics = (
        Metric("time", f"echo of {PAYLOAD_BYTES} bytes by a child", "µs", goals=(Goal("direct", 1.7),)),
        Metric("cpu", "echo, processor time", "µs"),
    )

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        with _warm(rival, deadline) as engine:
            return _times(engine.echoes(_payloads(0, sizes.echoes)), 1e6)


class Spawn(Work):
    name = "spawn"
    direct = "`Popen` with three pipes, end of file, `wait`"
    metrics = (
        Metric("time", "spawn true until exited", "µs", goals=(Goal("direct", 1.3),)),
        Metric("cpu", "spawn, server's processor time", "µs"),
    )

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        with _warm(rival, deadline) as engine:
            return _times(engine.spawns(sizes.spawns), 1e6)


class Bulk(Work):
    direct = "`cat FILE | cat`, read by the same client"

    def __init__(
        self, name: str, kind: Kind, encoding: Encoding, goals: tuple[Goal, ...], pipe_bytes: int | None = None
    ) -> None:
        """`pipe_bytes`: capacity of the client's pipes; None for the system's default, 64 KiB on Linux."""
        self.name = name
        self._kind = kind
        self._encoding = encoding
        self._pipe_bytes = pipe_bytes
        pipes = "" if pipe_bytes is None else f", {pipe_bytes // MIB} MiB pipes"
        label = f"bulk {_KINDS[kind]}, {encoding}{pipes}"
        self.metrics = (
            Metric("rate", label, "MB/s", True, goals),
            Metric("cpu", f"{label}: processor time", "s/GB"),
        )

    def check(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> None:
        with rival.start(deadline, pipe_bytes=self._pipe_bytes) as engine:
            engine.check_stream(sizes.corpora.of(self._kind), self._encoding)

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        corpus = sizes.corpora.of(self._kind)
        with _warm(rival, deadline, self._pipe_bytes) as engine:
            timed = engine.stream(corpus, self._encoding)
        figures = {"rate": corpus.size_bytes / timed.seconds[0] / 1e6}
        return figures if timed.cpu_s is None else figures | {"cpu": timed.cpu_s / corpus.size_bytes * 1e9}


_KINDS: dict[Kind, str] = {"log": "log lines", "ansi": "coloured text", "cjk": "CJK text", "binary": "binary"}


class Storm(Work):
    name = "sessions"
    direct = "as many `cat`, driven by the client itself"
    metrics = (
        Metric("rate", "echoes by many sessions at once", "1/s", True, (Goal("naive", 25),)),
        Metric("cpu", "many sessions, processor time an echo", "µs", goals=(Goal("naive", 25),)),
    )

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        payloads = [_payloads(number, sizes.echoes_per_session) for number in range(sizes.sessions)]
        echoes = sizes.sessions * sizes.echoes_per_session
        with _warm(rival, deadline) as engine:
            timed = engine.storm(payloads)
        figures = {"rate": echoes / timed.seconds[0]}
        return figures if timed.cpu_s is None else figures | {"cpu": timed.cpu_s / echoes * 1e6}


class Flood(Work):
    name = "flood"
    direct = f"as echo and request, the output of {FLOODS} `yes` read by the same poll"
    metrics = (
        Metric("echo", f"echo while {FLOODS} others flood, median", "µs"),
        Metric("echo_p99", "the same, slowest of 100", "µs"),
        Metric("request", f"request while {FLOODS} sessions flood, median", "µs"),
        Metric("request_p99", "the same, slowest of 100", "µs"),
        Metric("rate", "the flood, meanwhile", "MB/s", True),
    )

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        with _warm(rival, deadline) as engine:
            flooded = engine.flooded(FLOODS, _payloads(0, sizes.flooded), FLOOD_WINDOW_S)
        return {
            "echo": statistics.median(flooded.echoes_s) * 1e6,
            "echo_p99": _p99(flooded.echoes_s) * 1e6,
            "request": statistics.median(flooded.requests_s) * 1e6,
            "request_p99": _p99(flooded.requests_s) * 1e6,
            "rate": flooded.flood_bytes_per_s / 1e6,
        }


class Memory(Work):
    name = "memory"
    direct = "a bare interpreter, waiting"
    metrics = (
        Metric("idle", "resident, just started", "MiB", goals=(Goal("itself", 16),)),
        Metric("idle_all", "the same, all its processes, shared pages once", "MiB"),
        Metric("used", "resident, after a first session", "MiB"),
        Metric("session", "resident, for each idle session", "KiB", goals=(Goal("itself", 12),)),
        Metric("bulk", "resident, after bulk", "MiB"),
    )

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        with rival.start(deadline) as engine:
            idle = engine.resident()
            if idle is None:
                return {}
            figures = {"idle": idle.largest_bytes / MIB, "idle_all": idle.all_bytes / MIB}
            if not rival.is_server:
                return figures
            engine.warm_up()
            used = _known(engine.resident())
            engine.hold_sessions(sizes.idle_sessions)
            held = _known(engine.resident())
            figures["used"] = used.largest_bytes / MIB
            figures["session"] = (held.largest_bytes - used.largest_bytes) / 1024 / sizes.idle_sessions
        with rival.start(deadline) as engine:
            engine.stream(sizes.corpora.of("log"), None)
            figures["bulk"] = _known(engine.resident()).largest_bytes / MIB
        return figures


WORKS: tuple[Work, ...] = (
    Start(),
    Request(),
    Echo(),
    Spawn(),
    Bulk("bulk-utf-8", "log", "utf-8", (Goal("direct", 0.95), Goal("naive", 5))),
    Bulk("bulk-base64", "log", "base64", (Goal("naive", 5),)),
    Bulk("bulk-utf-8-1m", "log", "utf-8", (Goal("direct", 0.85), Goal("naive", 5)), MIB),
    Bulk("bulk-base64-1m", "log", "base64", (Goal("direct", 0.85), Goal("naive", 5)), MIB),
    Bulk("bulk-binary", "binary", "base64", (Goal("naive", 5),)),
    Bulk("bulk-coloured", "ansi", "utf-8", (Goal("naive", 5),)),
    Bulk("bulk-cjk", "cjk", "utf-8", (Goal("naive", 5),)),
    Storm(),
    Flood(),
    Memory(),
)


@contextmanager
def _warm(rival: Rival, deadline: Deadline, pipe_bytes: int | None = None) -> Iterator[Engine]:
    """The rival, started and warm."""
    with rival.start(deadline, pipe_bytes=pipe_bytes) as engine:
        engine.warm_up()
        yield engine


def _times(timed: Timed, units_per_second: float) -> dict[str, float]:
    figures = {"time": statistics.median(timed.seconds) * units_per_second}
    return figures if timed.cpu_s is None else figures | {"cpu": timed.cpu_s * units_per_second}


def _p99(seconds: Sequence[float]) -> float:
    """99 of 100 took no longer; of few the slowest."""
    return sorted(seconds)[math.ceil(len(seconds) * 0.99) - 1]


def _payloads(session: int, count: int) -> Sequence[bytes]:
    """`count` different lines of 32 bytes."""
    return [b"session %05d echo %011d\n".ljust(PAYLOAD_BYTES) % (session, number) for number in range(count)]


def _known(resident: Resident | None) -> Resident:
    assert resident is not None
    return resident
