"""The other work that goes on while somebody is hostile: sessions that echo, and how long that takes."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.soak.tallying_client import TallyingClient

ECHOED_BYTES = 32


class Company:
    """Children `cat` that are talked to in turn, each answer awaited and compared."""

    def __init__(self, client: TallyingClient, count: int = 2) -> None:
        self._client = client
        self._sessions = [client.spawn(["cat"], pattern="x" * (ECHOED_BYTES - 1)) for _ in range(count)]
        self.echoes_s: list[float] = []
        self.infos_s: list[float] = []
        self.before_bytes: list[int] = []
        """For each echo, how much output of others came before it."""
        self._others_bytes = 0
        client.on_output = self._count
        self.talk(1)
        self.echoes_s.clear()
        self.before_bytes.clear()

    @property
    def sessions(self) -> list[str]:
        """Their ids."""
        return list(self._sessions)

    def talk(self, rounds: int) -> None:
        """Let each of them echo so often, and ask for its `session/info`."""
        for number in range(rounds * len(self._sessions)):
            session = self._sessions[number % len(self._sessions)]
            self._others_bytes = 0
            self.echoes_s.append(self._client.echo(session, "x" * (ECHOED_BYTES - 1) + "\n"))
            self.before_bytes.append(self._others_bytes)
            before = time.monotonic()
            info = self._client.request("session/info", {"sessionId": session})
            self.infos_s.append(time.monotonic() - before)
            assert info["stdout"]["missedBytes"] == 0

    def figures(self) -> str:
        """For the table: 50 and 99 of a hundred echoes, and of the round trips of `session/info`."""
        echoes = f"p50 {milliseconds(self.echoes_s, 50)}, p99 {milliseconds(self.echoes_s, 99)}"
        infos = f"p50 {milliseconds(self.infos_s, 50)}, p99 {milliseconds(self.infos_s, 99)}"
        return f"echo {echoes}; info {infos}"

    def _count(self, params: dict[str, object]) -> None:
        if params["sessionId"] not in self._sessions:
            length = params["length"]
            assert isinstance(length, int)
            self._others_bytes += length


def percentile(values: Sequence[float], percent: int) -> float:
    """So many of a hundred are not above it."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def milliseconds(seconds: Sequence[float], percent: int) -> str:
    """A percentile, for the table."""
    return f"{1000 * percentile(seconds, percent):.1f} ms"
