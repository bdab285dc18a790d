"""A server that has more to do than what is asked: what others get meanwhile."""

import statistics

from .deadline import Deadline
from .rival import Rival
from .sizes import Sizes
from .work import Goal, Metric, Work, p99, payloads, warm

FLOODS = 20
FLOOD_WINDOW_S = 3.0
"""A rival that a flood stops nearly altogether is not waited for any longer in one round."""
MEDIAN, SLOWEST = (Goal("itself", 500),), (Goal("itself", 4000),)
"""Microseconds beside a flood: people feel neither."""


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
