"""A client that says what comes to its mind, to several sessions at once: the oracle judges all of the conversation."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.children.counter import numbered
from tests.soak.bytes_of_a_trace import Account
from tests.support.dose import dose
from tests.support.fixture_types import StartWire
from tests.support.ledger import Ledger
from tests.support.programs import child, shell
from tests.support.wire_client import DEADLINE_S, Message, WireClient

pytestmark = pytest.mark.attack

REQUESTS = dose(short=100, ci=400, long=20_000)
REQUESTS_PER_SERVER = 250
LARGEST_BURST = 12
MOST_SESSIONS = 8
OWN_ERRORS = range(1001, 1015)
CANCELLED = -32800

WEIGHTS = {
    "session/spawn": 3,
    "session/attach": 6,
    "session/detach": 4,
    "session/read": 4,
    "session/write": 2,
    "session/wait": 2,
    "session/waitFor": 3,
    "session/run": 1,
    "session/tee": 3,
    "session/untee": 2,
    "session/terminate": 1,
    "session/signal": 1,
    "session/info": 1,
    "session/list": 1,
    "session/remove": 2,
    "session/purge": 1,
}


class RandomClient:
    """Sends bursts of requests about sessions that it knows, living and dead."""

    def __init__(self, wire: WireClient, chance: random.Random, folder: Path) -> None:
        self.wire = wire
        self.chance = chance
        self.folder = folder
        self.sessions: list[str] = []
        self.furthest: dict[tuple[str, str], int] = {}
        self.waiting: dict[Any, Message] = {}
        self.answered = 0

    def burst(self, count: int) -> None:
        """Send so many requests at once, and take what comes until some of the answers are there.

        Those to writes are not waited for: most children here never read.
        """
        requests = [self._request() for _ in range(count)]
        self.waiting |= {request["id"]: request for request in requests}
        if self.chance.random() < 0.2:
            victim = self.chance.choice(list(self.waiting))
            requests.append({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": victim}})
        self.wire.send_all(requests)
        patience = self.chance.randrange(count + 1)  # Some answers stay open behind the next burst.
        deadline = time.monotonic() + DEADLINE_S
        while len(overdue := [each for each in self.waiting.values() if each["method"] != "session/write"]) > patience:
            assert time.monotonic() < deadline, f"no answers to {overdue}"
            self._take(self.wire.receive())

    def _take(self, message: Message) -> None:
        params = message.get("params", {})
        if message.get("method") == "session/output":
            self.furthest[params["sessionId"], params["stream"]] = params["offset"] + params["length"]
        elif "method" not in message:
            request = self.waiting.pop(message["id"])
            self.answered += 1
            if "error" in message:
                assert message["error"]["code"] in (*OWN_ERRORS, CANCELLED), (request, message)
            elif request["method"] in ("session/spawn", "session/run"):
                self.sessions.append(message["result"]["sessionId"])
                del self.sessions[:-MOST_SESSIONS]

    def _request(self) -> Message:
        [method] = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values())) if self.sessions else ["session/spawn"]
        makers: dict[str, Callable[[], Message]] = {
            "session/spawn": self._spawn,
            "session/attach": self._attach,
            "session/detach": self._stream,
            "session/read": self._read,
            "session/write": lambda: {"data": "x" * self._pick(0, 1, 5000, 200_000), "close": self._rarely()},
            "session/wait": lambda: {"until": self._pick("exited", "closed"), "timeoutMs": self._pick(0, 1, 20, 50)},
            "session/waitFor": self._wait_for,
            "session/run": self._run,
            "session/tee": lambda: {**self._stream(), **self._file()},
            "session/untee": self._stream,
            "session/terminate": lambda: {"graceMs": self._pick(0, 5, 1000)},
            "session/signal": lambda: {"signal": self._pick("SIGUSR1", "SIGTERM", "SIGCONT", "SIGKILL", "SIGURG")},
            "session/remove": lambda: {"force": not self._rarely()},
        }
        params = makers.get(method, dict)()
        if method not in ("session/spawn", "session/run", "session/list", "session/purge"):
            params["sessionId"] = self._pick(*self.sessions)
        return {"jsonrpc": "2.0", "id": self.wire.next_id(), "method": method, "params": params}

    def _spawn(self) -> Message:
        size = self._pick(1, 16, 5000, 65_536, 200_000)
        argv = self._pick(
            child("counter", "both", size),
            child("counter", "out", 0),
            shell('"$@"; exec cat > /dev/null', *child("counter", "both", size)),
            shell('"$@" & exit 3', *child("counter", "both", size)),
            ["/no/such/program"],
        )
        return {
            "argv": argv,
            "attach": self._pick([], ["stdout"], ["stdout", "stderr"]),
            "encoding": self._pick("utf-8", "base64", "auto"),
            "overflow": self._pick("block", "dropOldest"),
            "backlogBytes": self._pick(1024, 16_384, 1 << 20),
            "graceMs": self._pick(0, 50),
            **self._pick({}, {}, {"timeoutMs": self._pick(1, 30, 200)}),
            **self._pick({}, {}, {"tee": {"stdout": self._file(), "stderr": self._file()}}),
        }

    def _run(self) -> Message:
        return {
            "argv": child("counter", "both", self._pick(1, 16, 5000, 200_000)),
            "maxOutputBytes": self._pick(1, 100, 65_536),
            "yieldMs": self._pick(0, 1, 50),
            "graceMs": 0,
            "backlogBytes": self._pick(1024, 1 << 20),
        }

    def _wait_for(self) -> Message:
        line = numbered(self._pick(0, 16, 4000, 65_520), 16).decode()
        return {
            **self._stream(),
            **self._pick({"literal": line}, {"pattern": f"^{line[:15]}$"}, {"pattern": r"9\d*9$"}, {"literal": "none"}),
            "timeoutMs": self._pick(0, 1, 50),
            **self._pick({}, {"idleMs": self._pick(1, 20)}),
        }

    def _file(self) -> Message:
        """A file of its own for each."""
        return {"path": str(self.folder / f"{self.wire.next_id()}"), "mode": self._pick("append", "truncate")}

    def _stream(self) -> Message:
        return {"stream": self._pick("stdout", "stdout", "stderr")}

    def _attach(self) -> Message:
        offset = self._pick(0, 17, 3000, *self.furthest.values())
        return {**self._stream(), "steal": self._pick(True, False), **self._pick({}, {"fromOffset": offset})}

    def _read(self) -> Message:
        offset = self._pick(0, 100, 70_000, *self.furthest.values())
        return {
            **self._stream(),
            "waitMs": self._pick(0, 0, 10),
            "maxBytes": self._pick(1, 1000, 65_536),
            **self._pick({}, {"fromOffset": offset}),
        }

    def _rarely(self) -> bool:
        return self.chance.random() < 0.1

    def _pick(self, *choices: Any) -> Any:
        return self.chance.choice(choices)


@pytest.mark.timeout(600)
def test_whatever_a_client_asks_of_several_sessions_the_conversation_is_right(
    start_wire: StartWire, ledger: Ledger, tmp_path: Path
) -> None:
    lost = delivered = attachments = files = 0
    for first in range(0, REQUESTS, REQUESTS_PER_SERVER):
        wire = start_wire()
        client = RandomClient(wire, random.Random(first), tmp_path)
        left = min(REQUESTS_PER_SERVER, REQUESTS - first)
        try:
            while left > 0:
                size = min(left, client.chance.randrange(1, LARGEST_BURST))
                client.burst(size)
                left -= size
            wire.finish()
            sums = Account(wire.trace)
            sums.check_files()
        except BaseException as error:
            error.add_note(f"the seed was {first}")
            raise
        wire.trace.clear()
        for path in sums.tees:
            Path(path).unlink()
        files += len(sums.tees)
        lost, delivered, attachments = lost + sums.lost, delivered + sums.delivered, attachments + sums.attachments
    ledger.enter(
        "random requests to several sessions at once",
        tried=REQUESTS,
        lost=lost,
        measured=f"{attachments:,} attachments, {delivered / 1e6:,.0f} MB delivered, {files:,} files",
    )
