"""The memory of all rings has one bound: beyond it the largest retain less, and every byte that goes is counted."""

from __future__ import annotations

from pipe_rpc.limits import Limits
from tests.support.fixture_types import StartWire
from tests.support.programs import python
from tests.support.wire_client import WireClient

KIBIBYTE = 1024
TOTAL = 1024 * KIBIBYTE
FIRST_PIECE = Limits().child_read_bytes
WRITTEN = 900 * KIBIBYTE

# Eight bytes that say where they stand, again and again.
NUMBERED = python(f"import sys\nfor at in range(0, {WRITTEN}, 8): sys.stdout.write('%07x\\n' % at)")


def numbered(begin: int, end: int) -> bytes:
    """What stands in that part of the output."""
    first = begin // 8 * 8
    return b"".join(b"%07x\n" % at for at in range(first, end, 8))[begin - first : end - first]


def stream_of(wire: WireClient, session_id: str) -> dict[str, int]:
    """What the server tells of a session's stdout."""
    stream: dict[str, int] = wire.request("session/info", {"sessionId": session_id})["stdout"]
    return stream


def test_all_rings_together_stay_within_the_bound_and_what_goes_is_counted(start_wire: StartWire) -> None:
    wire = start_wire(f"--max-total-backlog-bytes={TOTAL}")
    sessions = [wire.spawn(NUMBERED, attach=[], mergeStderr=True, backlogBytes=TOTAL)["sessionId"] for _ in range(4)]
    for session_id in sessions:
        wire.wait_exited(session_id)
    retained = 0
    for session_id in sessions:
        stream = stream_of(wire, session_id)
        assert stream["endOffset"] == WRITTEN
        assert stream["missedBytes"] == stream["startOffset"]
        retained += stream["endOffset"] - stream["startOffset"]
        read = wire.request(
            "session/read", {"sessionId": session_id, "stream": "stdout", "fromOffset": 0, "maxBytes": WRITTEN}
        )
        assert (read["offset"], read["missedBytes"]) == (stream["startOffset"], stream["startOffset"])
        assert read["data"].encode() == numbered(stream["startOffset"], WRITTEN)
    assert TOTAL // 2 <= retained <= TOTAL


def test_when_the_rings_give_way_an_attachment_that_blocks_loses_nothing(start_wire: StartWire) -> None:
    wire = start_wire(f"--max-total-backlog-bytes={TOTAL}")
    with wire.not_reading():
        # This one fills as much of the bound as it gets, since its client does not read; the others want it all.
        lossless = wire.start("session/spawn", {"argv": NUMBERED, "overflow": "block", "mergeStderr": True})
        others = [
            wire.start("session/spawn", {"argv": NUMBERED, "attach": [], "mergeStderr": True, "backlogBytes": TOTAL})
            for _ in range(3)
        ]
    for other in others:
        wire.wait_exited(wire.result(other)["sessionId"])
    session_id = wire.result(lossless)["sessionId"]
    wire.wait_exited(session_id)
    assert wire.collect_output(session_id, "stdout") == numbered(0, WRITTEN)
    assert stream_of(wire, session_id)["missedBytes"] == 0


def test_with_the_smallest_bound_each_ring_still_has_its_first_piece(start_wire: StartWire) -> None:
    wire = start_wire("--max-total-backlog-bytes=1")
    session_id = wire.spawn(NUMBERED, attach=[])["sessionId"]
    wire.wait_exited(session_id)
    stream = stream_of(wire, session_id)
    assert stream["endOffset"] - stream["startOffset"] == FIRST_PIECE
    assert stream["missedBytes"] == WRITTEN - FIRST_PIECE


def test_a_forgotten_session_leaves_its_memory_to_the_others(start_wire: StartWire) -> None:
    wire = start_wire(f"--max-total-backlog-bytes={TOTAL}")
    for _ in range(3):
        session_id = wire.spawn(NUMBERED, attach=[], mergeStderr=True)["sessionId"]
        wire.wait_exited(session_id)
        assert stream_of(wire, session_id)["startOffset"] == 0
        wire.request("session/remove", {"sessionId": session_id})
