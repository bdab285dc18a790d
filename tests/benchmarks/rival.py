"""What every rival can do, and how its doing is timed.

A rival is started afresh for every round, so that no round inherits another's memory layout, garbage or backlog.
"""

import gc
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Literal, Self, TypeVar

from .corpus import Corpus
from .deadline import Deadline
from .process import Resident, cpu_s

FLOOD_ARGV = ("yes", "a line that a flooding session writes again and again")
"""What floods: it never ends by itself."""

Encoding = Literal["utf-8", "base64"]
Item = TypeVar("Item")

WARM_UP_SHARE = 10
"""One in so many operations, the first ones, are done but not counted."""


@dataclass(frozen=True)
class Timed:
    """What a series of equal operations took."""

    seconds: list[float]
    """Of each operation that counts."""
    cpu_s: float | None
    """Processor seconds of the rival's processes for each operation; None without processes or where nothing tells."""


@dataclass(frozen=True)
class Flooded:
    """What others got while some sessions flooded."""

    echoes_s: list[float]
    """Seconds of each echo that counts."""
    requests_s: list[float]
    """Seconds of each request that counts."""
    flood_bytes_per_s: float
    """How much of the flood the client got meanwhile."""


@dataclass(frozen=True)
class Burst:
    """What came of many spawns in one go."""

    echoes_s: list[float]
    """Seconds of each echo of another session meanwhile."""
    spawns_per_s: float
    """From the first wish to the last exit."""


@dataclass(frozen=True)
class SlowRead:
    """Memory of a server whose client reads less than a child writes."""

    before_bytes: int
    most_bytes: int
    """Resident set of its largest process."""


@dataclass(frozen=True)
class ColdStart:
    """Seconds since the start of the process."""

    ready_s: float
    """Until it was ready for work."""
    first_session_s: float
    """Until the first child, `true`, was known to have exited."""
    cpu_s: float | None
    """Processor seconds until it was ready; None without processes or where nothing tells."""


def time_each(operation: Callable[[Item], None], items: Sequence[Item], pids: Sequence[int]) -> Timed:
    """Do `operation` for each of `items`; `pids` are the rival's processes."""
    seconds: list[float] = []
    gc.collect()
    gc.disable()
    try:
        cpu_before = cpu_s(pids)
        for item in items:
            started = perf_counter()
            operation(item)
            seconds.append(perf_counter() - started)
        cpu_after = cpu_s(pids)
    finally:
        gc.enable()
    cpu = (cpu_after - cpu_before) / len(items) if pids and cpu_before is not None and cpu_after is not None else None
    return Timed(seconds[len(items) // WARM_UP_SHARE :], cpu)


class Engine(ABC):
    """A started rival; use it in a `with` block.

    Each method checks what came back, after its clock has stopped, and raises `RivalError` when it is wrong or late, or
    `NotOfferedError` when the rival has no such thing.
    """

    @abstractmethod
    def warm_up(self) -> None:
        """One session from its spawn to its exit, so that what is loaded at first use is loaded."""

    @abstractmethod
    def round_trips(self, count: int) -> Timed:
        """`count` requests, each answered before the next."""

    @abstractmethod
    def echoes(self, payloads: Sequence[bytes]) -> Timed:
        """Each of `payloads` written to a child `cat` and back again before the next."""

    @abstractmethod
    def spawns(self, count: int) -> Timed:
        """`count` times `true`, from the wish to the knowledge that it has exited."""

    @abstractmethod
    def stream(self, corpus: Corpus, encoding: Encoding | None, *, parse: bool = False) -> Timed:
        """One operation: a child writes all of `corpus`; its bytes are counted and forgotten.

        Without an `encoding` they come in the one that the rival uses when it is not told. With `parse`, which needs a
        `corpus` of ASCII, each message is decoded and its text taken out of it.
        """

    @abstractmethod
    def check_stream(self, corpus: Corpus, encoding: Encoding) -> None:
        """The same, but every byte is decoded and compared."""

    @abstractmethod
    def storm(self, payloads: Sequence[Sequence[bytes]]) -> Timed:
        """One operation: for each of `payloads` a child `cat` echoes its members in turn, all children at once."""

    @abstractmethod
    def flooded(self, floods: int, payloads: Sequence[bytes], window_s: float) -> Flooded:
        """While so many children flood, each of `payloads` is echoed by another `cat`, and a request made after each.

        It ends early, after at least one of each, when `window_s` have passed.
        """

    @abstractmethod
    def burst(self, count: int, payload: Callable[[int], bytes]) -> Burst:
        """So many children `true`, all asked for in one go; until all have exited, another `cat` echoes.

        `payload` makes the text of each echo out of its number.
        """

    @abstractmethod
    def read_slowly(self, bytes_per_s: int, seconds: float, most_bytes: int) -> SlowRead | None:
        """A child floods, and the client reads so much a second; None where there is nothing to measure.

        It ends early once the rival takes more than `most_bytes` of memory. The rival is of no more use then.
        """

    @abstractmethod
    def first_output(self) -> None:
        """A child `echo` from its spawn to its first output."""

    @abstractmethod
    def hold_sessions(self, count: int) -> None:
        """Start so many children `cat` that do nothing."""

    @abstractmethod
    def resident(self) -> Resident | None:
        """The memory of its own processes, without those of its sessions; None where the kernel does not tell."""

    @abstractmethod
    def close(self) -> None:
        """End all its processes."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Rival(ABC):
    """One way of getting the work done."""

    name: str
    is_server: bool
    """Whether it holds sessions, and so has memory of its own to measure."""

    @abstractmethod
    def start(self, deadline: Deadline, *, pipe_bytes: int | None = None) -> Engine:
        """Ready for work; `deadline` holds for all of it, `pipe_bytes` is the capacity of the client's pipes."""

    @abstractmethod
    def cold_start(self, deadline: Deadline) -> ColdStart:
        """From nothing to a first session that has come and gone."""

    @abstractmethod
    def cold_output(self, deadline: Deadline) -> float:
        """Seconds from nothing to the first output of a first session."""
