"""Malformed streams against the real server over real pipes: answered or ended in order, never stuck, nothing left.

What is spawned on the way finds `cat` and `true` in its PATH and nothing else, in a directory of its own.
"""

import json
import os
import shutil
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import pytest

from pipe_rpc.buffers.framer import encode_frame
from tests.fuzz.corpus import corpus
from tests.fuzz.judge import PARSE_ERROR, judge
from tests.fuzz.memory_server import MAX_BODY_BYTES, MAX_HEADER_BYTES, SESSION_IDS
from tests.fuzz.mutator import Mutator
from tests.fuzz.reading import Frames
from tests.fuzz.target import LOG_LINE, frames_of
from tests.support.dose import dose
from tests.support.leaks import LeakCheck
from tests.support.ledger import Ledger
from tests.support.wire_client import Message, WireClient

pytestmark = [pytest.mark.attack, pytest.mark.timeout(600)]

SEED = 30_001
STREAMS = dose(short=60, ci=100, long=1_000)
LIVED_THROUGH, ENDED = STREAMS * 7 // 10, STREAMS * 3 // 10
"""How many of the streams leave the boundary known, and how many a server does not survive."""
STREAMS_A_SERVER = 35
FRAMES = 12
OPTIONS = ("--log-level=debug", f"--max-header-bytes={MAX_HEADER_BYTES}", f"--max-frame-bytes={MAX_BODY_BYTES}")
HANDSHAKE: Message = {"processId": None, "capabilities": {}}


class Attacked:
    """A server of its own, and everything that was sent to it."""

    def __init__(self, environment: Mapping[str, str], directory: Path) -> None:
        self._check = LeakCheck()
        self.wire = WireClient(*OPTIONS, env=environment, cwd=directory)
        self._sent = b""
        self._probes = count(1)
        self._session_id = b""

    def greet(self) -> None:
        """Shake hands and spawn a session for the streams to name."""
        self.send(_request("greeting", "initialize", HANDSHAKE))
        self.send(_request("first spawn", "session/spawn", {"argv": ["cat"]}))
        self._session_id = self.wire.answer("first spawn")["result"]["sessionId"].encode()

    def send(self, data: bytes) -> None:
        """Send bytes in which the sessions of the corpus are the one that there is."""
        data = data.replace(SESSION_IDS[0].encode(), self._session_id) if self._session_id else data
        self._sent += data
        self.wire.send_raw(data)

    def probe(self) -> None:
        """Ask for the list of sessions, and wait for the answer."""
        probe = f"probe {next(self._probes)}"
        self.send(_request(probe, "session/list", {}))
        assert "sessions" in self.wire.answer(probe)["result"]

    def end(self) -> int:
        """Wait for the end, then judge all that was said and logged. Returns how many things were left behind."""
        status = self.wire.wait_exit()
        frames = frames_of(self._sent)
        said = [entry.message for entry in self.wire.trace if not isinstance(entry.message, bytes)]
        judge(frames, self._sent, b"".join(map(_encoded, said)), status)
        if frames.is_broken:
            _check_last_word(frames, said, status)
        for line in self.wire.stderr_text().encode().splitlines(keepends=True):
            assert LOG_LINE.fullmatch(line), f"on stderr: {line!r}"
        self.wire.close()
        return len(self._check.leaks())


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    """An environment whose PATH has nothing in it that could do harm."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("cat", "true"):
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)
    return {**os.environ, "PATH": str(programs)}


def test_a_stream_whose_frames_are_whole_is_answered_and_the_server_lives(
    environment: Mapping[str, str], tmp_path: Path, ledger: Ledger
) -> None:
    mutator = Mutator(corpus(), SEED, ends=False)
    leaked = frames = 0
    for begin in range(0, LIVED_THROUGH, STREAMS_A_SERVER):
        server = Attacked(environment, tmp_path)
        try:
            server.greet()
            for _ in range(begin, min(begin + STREAMS_A_SERVER, LIVED_THROUGH)):
                stream = mutator.stream(frames=FRAMES)
                for read in stream.reads:
                    server.send(read)
                server.probe()
                frames += stream.mutated
            server.send(_request("the last", "shutdown", None))
            assert server.wire.answer("the last")["result"] is None
            server.send(_notification("exit"))
            leaked += server.end()
        finally:
            server.wire.close()
    ledger.enter("malformed streams against the process", tried=LIVED_THROUGH, leaked=leaked)


def test_a_stream_that_loses_the_boundary_gets_one_last_word_and_an_orderly_end(
    environment: Mapping[str, str], tmp_path: Path, ledger: Ledger
) -> None:
    mutator = Mutator(corpus(), SEED + 1, ends=False)
    leaked = tried = 0
    while tried < ENDED:
        reads = mutator.stream(breaks=True, frames=FRAMES).reads
        if not frames_of(b"".join(reads)).is_broken:
            continue
        tried += 1
        server = Attacked(environment, tmp_path)
        try:
            for read in reads:
                server.send(read)
            leaked += server.end()
        finally:
            server.wire.close()
    ledger.enter("malformed streams against the process", tried=tried, leaked=leaked)


def _check_last_word(frames: Frames, said: list[Message], status: int) -> None:
    assert status == 1, f"exit status {status} behind {len(frames.bodies)} frames and a lost boundary"
    unattributed = [message for message in said if "method" not in message and message["id"] is None]
    assert unattributed[-1]["error"]["code"] == PARSE_ERROR
    assert unattributed[-1]["error"]["message"].endswith("The connection ends here.")


def _encoded(message: Message) -> bytes:
    return encode_frame(json.dumps(message).encode())


def _request(request_id: str, method: str, params: Message | None) -> bytes:
    members = {} if params is None else {"params": params}
    return _encoded({"jsonrpc": "2.0", "id": request_id, "method": method, **members})


def _notification(method: str) -> bytes:
    return _encoded({"jsonrpc": "2.0", "method": method})
