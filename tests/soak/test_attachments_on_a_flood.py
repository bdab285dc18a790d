"""Attaching, stealing and detaching while a child floods: no byte is lost, repeated or wrong, and each gap is exact."""

import random
from typing import Any

import pytest

from tests.soak.bytes_of_a_trace import Account
from tests.support.dose import dose
from tests.support.fixture_types import StartWire
from tests.support.ledger import Ledger
from tests.support.programs import child
from tests.support.wire_client import Message, WireClient

pytestmark = pytest.mark.attack

CHANGES = dose(short=100, ci=1000, long=20_000)
CHANGES_PER_SERVER = 500
"""A trace is kept whole until it is judged, so each server hears only so many."""
LARGEST_BURST = 8


class Flood:
    """One session that never stops writing, and a client that attaches to it in every way."""

    def __init__(self, wire: WireClient, overflow: str, chance: random.Random) -> None:
        self.wire = wire
        self.chance = chance
        params = {"overflow": overflow, "backlogBytes": chance.choice([4096, 65536, 1 << 20])}
        self.session = wire.spawn(child("counter", "out", 0), **params)["sessionId"]
        self.furthest = 0

    def change(self, count: int) -> None:
        """Make so many changes in one burst, with or without reading meanwhile, and hear the answers out."""
        requests = [self._change() for _ in range(count)]
        if self.chance.random() < 0.3:
            with self.wire.not_reading():  # The rings fill meanwhile.
                for request in requests:
                    self.wire.send(request)
        else:
            self.wire.send_all(requests)
        waiting = {request["id"] for request in requests}
        while waiting:
            self._take(self.wire.receive(), waiting)

    def listen(self) -> None:
        """Read until some more has come."""
        goal = self.furthest + self.chance.randrange(1, 100_000)
        while self.furthest < goal:
            self._take(self.wire.receive(), set())

    def _take(self, message: Message, waiting: set[Any]) -> None:
        if message.get("method") == "session/output":
            self.furthest = message["params"]["offset"] + message["params"]["length"]
        elif "method" not in message:
            waiting.discard(message["id"])
            if "error" in message:
                assert message["error"]["code"] in (1003, 1004), message  # AlreadyAttached, NotAttached

    def _change(self) -> Message:
        params: Message = {"sessionId": self.session, "stream": "stdout"}
        method = self.chance.choice(["session/attach", "session/attach", "session/detach"])
        if method == "session/attach":
            params["steal"] = self.chance.random() < 0.7
            if self.chance.random() < 0.6:
                params["fromOffset"] = max(0, self.furthest - self.chance.choice([0, 0, 1, 17, 5000, 1 << 21]))
            params["encoding"] = self.chance.choice(["utf-8", "base64", "auto"])
        return {"jsonrpc": "2.0", "id": self.wire.next_id(), "method": method, "params": params}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("overflow", ["block", "dropOldest"])
def test_on_a_flood_every_change_of_attachment_is_exact_to_the_byte(
    start_wire: StartWire, overflow: str, ledger: Ledger
) -> None:
    lost = delivered = missed = 0
    for first in range(0, CHANGES, CHANGES_PER_SERVER):
        chance = random.Random(f"{overflow} {first}")
        wire = start_wire()
        flood = Flood(wire, overflow, chance)
        left = min(CHANGES_PER_SERVER, CHANGES - first)
        while left > 0:
            size = min(left, chance.randrange(1, LARGEST_BURST))
            flood.change(size)
            left -= size
            if chance.random() < 0.2:
                wire.request("session/attach", {"sessionId": flood.session, "stream": "stdout", "steal": True})
                flood.listen()
        wire.request("session/terminate", {"sessionId": flood.session, "graceMs": 0})
        wire.finish()
        sums = Account(wire.trace)
        wire.trace.clear()
        lost, delivered, missed = lost + sums.lost, delivered + sums.delivered, missed + sums.missed
    assert overflow == "dropOldest" or missed == 0, "with block nothing is missed while somebody is attached"
    ledger.enter(
        f"attach, steal and detach on a live flood, {overflow}",
        tried=CHANGES,
        lost=lost,
        measured=f"{delivered / 1e6:,.0f} MB delivered, {missed / 1e6:,.0f} MB in exact gaps",
    )
