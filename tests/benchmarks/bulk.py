"""A child writes much: how fast that gets to the client."""

from .corpus import Kind
from .deadline import Deadline
from .encoder import encoder_rate
from .rival import Encoding, Rival
from .sizes import MIB, Sizes
from .work import Goal, Metric, Work, warm


class Bulk(Work):
    direct = "`cat FILE | cat`, read by the same client"

    def __init__(
        self,
        name: str,
        kind: Kind,
        encoding: Encoding,
        goals: tuple[Goal, ...],
        pipe_bytes: int | None = None,
        *,
        parse: bool = False,
        share_goals: tuple[Goal, ...] | None = None,
    ) -> None:
        """`pipe_bytes`: capacity of the client's pipes; None for the system's default, 64 KiB on Linux.

        `parse`: whether the client takes each message apart. `share_goals`: those of the rate as a share of the JSON
        encoder's; None where that is not measured.
        """
        self.name = name
        self._kind = kind
        self._encoding = encoding
        self._pipe_bytes = pipe_bytes
        self._parse = parse
        self._has_share = share_goals is not None
        pipes = "" if pipe_bytes is None else f", {pipe_bytes // MIB} MiB pipes"
        label = f"bulk {_KINDS[kind]}, {encoding}{pipes}{', parsed' if parse else ''}"
        metrics = [Metric("rate", label, "MB/s", True, goals), Metric("cpu", f"{label}: processor time", "s/GB")]
        if share_goals is not None:
            metrics.append(Metric("share", f"{label}: share of the encoder's rate", "x", True, share_goals))
        self.metrics = tuple(metrics)

    def check(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> None:
        with rival.start(deadline, pipe_bytes=self._pipe_bytes) as engine:
            engine.check_stream(sizes.corpora.of(self._kind), self._encoding)

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        corpus = sizes.corpora.of(self._kind)
        with warm(rival, deadline, self._pipe_bytes) as engine:
            timed = engine.stream(corpus, self._encoding, parse=self._parse)
        figures = {"rate": corpus.size_bytes / timed.seconds[0] / 1e6}
        if timed.cpu_s is not None:
            figures["cpu"] = timed.cpu_s / corpus.size_bytes * 1e9
        if self._has_share:
            figures["share"] = figures["rate"] / encoder_rate(corpus)
        return figures


_KINDS: dict[Kind, str] = {"log": "log lines", "ansi": "coloured text", "cjk": "CJK text", "binary": "binary"}
