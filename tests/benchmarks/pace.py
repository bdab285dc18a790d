"""A work whose figures a test has set."""

from .corpus import Corpora
from .deadline import Deadline
from .measure import Outcome, measure
from .rival import Rival
from .server_rival import ServerRival
from .sizes import Sizes
from .work import Goal, Metric, Work

ROUNDS = Sizes(3, 0, 0, 0, Corpora(0), 0, 0, 0, 0, 0, 0.0, 1.0)


class Pace(Work):
    """Takes from the rivals what a test has put there; raises what is no figure."""

    name = "pace"
    direct = "nothing"
    metrics = (Metric("time", "pace", "s"),)

    def __init__(self, paces: dict[str, list[float] | Exception], *goals: Goal, more_is_better: bool = False) -> None:
        self._paces = paces
        self.metrics = (Metric("time", "pace", "s", more_is_better, goals),)

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        paces = self._paces[rival.name]
        if isinstance(paces, Exception):
            raise paces
        return {"time": paces.pop(0)}

    def measured(self) -> Outcome:
        return measure(self, [ServerRival(name, []) for name in self._paces], ROUNDS, lambda _: None)
