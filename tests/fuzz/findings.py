"""From a stream that breaks something to the smallest one that still does, and to words that let anybody repeat it."""

from __future__ import annotations

from collections.abc import Sequence

from pipe_rpc.buffers.framer import encode_frame
from tests.fuzz.memory_server import Room
from tests.fuzz.target import attack, frames_of

SHOWN_BYTES = 2000


def failure_of(room: Room, reads: Sequence[bytes]) -> Exception | None:
    """What goes wrong with these reads."""
    try:
        attack(room, reads)
    except Exception as error:  # noqa: BLE001 - whatever escapes from the server is a finding
        return error
    return None


def smallest(room: Room, reads: Sequence[bytes]) -> Sequence[bytes]:
    """Leave out frames for as long as something goes wrong without them; the cuts stay only if they matter."""
    stream = b"".join(reads)
    if failure_of(room, [stream]) is None:
        return reads
    frames = frames_of(stream)
    whole = b"".join(map(encode_frame, frames.bodies))
    if failure_of(room, [whole]) is None:
        return [stream]
    bodies = frames.bodies
    step = max(1, len(bodies) // 2)
    while step:
        at = 0
        while at < len(bodies):
            fewer = bodies[:at] + bodies[at + step :]
            if failure_of(room, [b"".join(map(encode_frame, fewer))]) is not None:
                bodies = fewer
            else:
                at += step
        step //= 2
    return [b"".join(map(encode_frame, bodies))]


def told(error: Exception, reads: Sequence[bytes], origin: str) -> str:
    """What a person needs to repeat it: what went wrong, where the input came from, and the input."""
    shown = [read[:SHOWN_BYTES] for read in reads]
    return (
        f"{type(error).__name__}: {error}\n  found by {origin}\n  in the reads {shown!r}\n"
        "  Mend the server, and add the bytes to tests/fuzz/corpus as a file that is named for what they are."
    )
