"""The works, one after another as they are done."""

from .bare import bare_run_s
from .bulk import Bulk
from .busy import Flood, SlowReader, SpawnBurst
from .deadline import Deadline
from .process import Resident
from .rival import Rival
from .sizes import MIB, Sizes
from .work import PAYLOAD_BYTES, Goal, Metric, Work, payloads, times, warm


class Start(Work):
    name = "cold-start"
    direct = "`python -c pass`, start to end; the first session: one that runs `true` or `echo`"
    metrics = (
        Metric("ready", "cold start to initialize answered", "ms", goals=(Goal("direct", 2.5),)),
        Metric("cpu", "the same, processor time", "ms"),
        Metric("first", "cold start to a first session's exit", "ms"),
        Metric("output", "cold start to the first output of echo", "ms", goals=(Goal("node", 1),)),
        Metric("bare", "the same, divided by a bare interpreter's run", "x", goals=(Goal("itself", 5),)),
    )

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        start = rival.cold_start(deadline)
        figures = {"ready": start.ready_s * 1e3, "first": start.first_session_s * 1e3}
        output_s = rival.cold_output(deadline)
        figures |= {"output": output_s * 1e3, "bare": output_s / bare_run_s("pass", deadline)}
        return figures if start.cpu_s is None else figures | {"cpu": start.cpu_s * 1e3}


class Request(Work):
    name = "request"
    direct = "as many bytes through one `cat`"
    metrics = (
        Metric("time", "request round trip", "µs", goals=(Goal("direct", 2.2), Goal("naive", 25))),
        Metric("p99", "the same, slowest of 100", "µs"),
        Metric("cpu", "request, processor time", "µs", goals=(Goal("naive", 25),)),
    )

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        with warm(rival, deadline) as engine:
            return times(engine.round_trips(sizes.requests))


class Echo(Work):
    name = "echo"
    direct = "`cat | cat | cat`: as many hops"
    metrics = (
        Metric("time", f"echo of {PAYLOAD_BYTES} bytes by a child", "µs", goals=(Goal("direct", 1.7), Goal("node", 1))),
        Metric("p99", "the same, slowest of 100", "µs", goals=(Goal("node", 1),)),
        Metric("cpu", "echo, processor time", "µs"),
    )

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        with warm(rival, deadline) as engine:
            return times(engine.echoes(payloads(0, sizes.echoes)))


class Spawn(Work):
    name = "spawn"
    direct = "`Popen` with three pipes, end of file, `wait`"
    metrics = (
        Metric("time", "spawn true until exited", "µs", goals=(Goal("direct", 1.3),)),
        Metric("cpu", "spawn, server's processor time", "µs"),
    )

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        with warm(rival, deadline) as engine:
            return times(engine.spawns(sizes.spawns))


class Storm(Work):
    name = "sessions"
    direct = "as many `cat`, driven by the client itself"
    metrics = (
        Metric("rate", "echoes by many sessions at once", "1/s", True, (Goal("naive", 25), Goal("nvim", 1))),
        Metric("cpu", "many sessions, processor time an echo", "µs", goals=(Goal("naive", 25),)),
    )

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        texts = [payloads(number, sizes.echoes_per_session) for number in range(sizes.sessions)]
        echoes = sizes.sessions * sizes.echoes_per_session
        with warm(rival, deadline) as engine:
            timed = engine.storm(texts)
        figures = {"rate": echoes / timed.seconds[0]}
        return figures if timed.cpu_s is None else figures | {"cpu": timed.cpu_s / echoes * 1e6}


class Memory(Work):
    name = "memory"
    direct = "a bare interpreter, waiting"
    metrics = (
        Metric("idle", "resident, just started", "MiB", goals=(Goal("itself", 19),)),
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
    Bulk("bulk-coloured", "ansi", "utf-8", (Goal("naive", 5),), share_goals=(Goal("itself", 0.75),)),
    Bulk("bulk-cjk", "cjk", "utf-8", (Goal("naive", 5),), share_goals=(Goal("itself", 0.6),)),
    Bulk("bulk-parsed", "log", "utf-8", (Goal("naive", 3), Goal("node", 3)), parse=True),
    Storm(),
    Flood(),
    SpawnBurst(),
    SlowReader(),
    Memory(),
)


def _known(resident: Resident | None) -> Resident:
    assert resident is not None
    return resident
