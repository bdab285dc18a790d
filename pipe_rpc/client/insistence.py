"""How firmly several commands are to be ended, by how often that was asked for."""

from enum import Enum, auto


class Step(Enum):
    """What to do next."""

    INTERRUPT = auto()
    """Pass the signal on; each command decides."""
    TERMINATE = auto()
    """End them softly, and hard after their grace."""
    KILL = auto()
    """End them hard at once, and drop output that nobody reads."""
    LEAVE = auto()
    """Go, whatever becomes of them; the endpoint ends them when it notices."""
    WAIT = auto()
    """Nothing: it is under way."""


_STEPS = (Step.INTERRUPT, Step.TERMINATE, Step.KILL, Step.LEAVE)


class Insistence:
    """Turns signals to us into steps that grow harder."""

    def __init__(self) -> None:
        self._taken = 0

    def interrupt(self) -> Step:
        """The person pressed Ctrl-C: each time a harder step."""
        step = _STEPS[min(self._taken, len(_STEPS) - 1)]
        self._taken += 1
        return step

    def end(self) -> Step:
        """We are told to end: softly and then hard, however often, since a terminal that is closed may say it twice."""
        if self._taken >= _STEPS.index(Step.KILL):
            return Step.WAIT
        self._taken = _STEPS.index(Step.KILL)
        return Step.TERMINATE
