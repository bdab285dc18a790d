"""A server that has more to do than what is asked: what others get meanwhile."""

import statistics
from functools import partial

from .deadline import Deadline
from .rival import Rival
from .sizes import MIB, Sizes
from .work import Goal, Metric, Work, p99, payload, payloads, warm

FLOODS = 20
FLOOD_WINDOW_S = 3.0
"""A rival that a flood stops nearly altogether is not waited for any longer in one round."""
MEDIAN, SLOWEST = (Goal("itself", 500),), (Goal("itself", 4000),)
"""Microseconds beside a flood: people feel neither."""
BYTES_PER_S = 1_000_000
MOST_BYTES = 1024 * MIB
"""A rival that keeps what the client has not read is stopped here."""


class Flood(Work):
    name = "flood"
    direct = f"as echo and request, the output of {FLOODS} `yes` read by the same poll"
    metrics = (
        Metric("echo", f"echo while {FLOODS} others flood, median", "µs", goals=MEDIAN),
        Metric("echo_p99", "the same, slowest of 100", "µs", goals=SLOWEST),
        Metric("request", f"request while {FLOODS} sessions flood, median", "µs", goals=MEDIAN),
        Metric("request_p99", "the same, slowest of 100", "µs", goals=SLOWEST),
        Metric("rate", "the flood, meanwhile", "MB/s", True),
    )

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        with warm(rival, deadline) as engine:
            flooded = engine.flooded(FLOODS, payloads(0, sizes.flooded), FLOOD_WINDOW_S)
        return {
            "echo": statistics.median(flooded.echoes_s) * 1e6,
            "echo_p99": p99(flooded.echoes_s) * 1e6,
            "request": statistics.median(flooded.requests_s) * 1e6,
            "request_p99": p99(flooded.requests_s) * 1e6,
            "rate": flooded.flood_bytes_per_s / 1e6,
        }


class SpawnBurst(Work):
    """Each echo is asked for behind the spawns: a server that takes requests in order lets the first wait for all."""

    name = "burst"
    direct = "`cat | cat | cat` echoes between one `Popen` and the next"
    metrics = (
        Metric("echo", "echo while many spawns wait, median", "µs"),
        Metric("echo_p99", "the same, slowest of 100", "µs", goals=(Goal("itself", 20_000),)),
        Metric("rate", "spawns in one go, until all have exited", "1/s", True),
    )

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        with warm(rival, deadline) as engine:
            burst = engine.burst(sizes.burst, partial(payload, 0))
        return {
            "echo": statistics.median(burst.echoes_s) * 1e6,
            "echo_p99": p99(burst.echoes_s) * 1e6,
            "rate": burst.spawns_per_s,
        }


class SlowReader(Work):
    name = "slow-reader"
    direct = "nothing that could grow"
    once = True
    metrics = (
        Metric("most", "resident while `yes` floods a client of 1 MB/s, most", "MiB"),
        Metric("grown", "the same, growth", "MiB", goals=(Goal("itself", 4),)),
    )

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        with warm(rival, deadline.later(sizes.slow_read_s)) as engine:
            read = engine.read_slowly(BYTES_PER_S, sizes.slow_read_s, MOST_BYTES)
        if read is None:
            return {}
        return {"most": read.most_bytes / MIB, "grown": (read.most_bytes - read.before_bytes) / MIB}
