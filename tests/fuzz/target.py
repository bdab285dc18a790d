"""The target of every attack in process: a stream in some reads goes in, and the contract is judged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from tests.fuzz.judge import BrokenContractError, judge
from tests.fuzz.memory_server import MAX_BODY_BYTES, MAX_HEADER_BYTES, Room
from tests.fuzz.reading import Frames, read_frames

PROBE_ID = "probe 1b4e28ba"
PROBE = b'{"jsonrpc":"2.0","id":"%s","method":"session/list"}' % PROBE_ID.encode()
PROBE_FRAME = b"Content-Length: %d\r\n\r\n%b" % (len(PROBE), PROBE)
LOG_LINE = re.compile(rb"[0-9T:+-]+ pipe-rpc\[\d+\] (?:debug|info|warning): [^\x00-\x1f\x7f]*\n")
"""A line of the log, not an error, and nothing in it that steers a terminal."""


class Verdict(NamedTuple):
    """What a stream came to."""

    handled: int
    """Bodies that reached the endpoint; none does behind the end."""
    answers: int
    was_probed: bool
    was_broken: bool


def attack(room: Room, reads: Sequence[bytes]) -> Verdict:
    """Give a fresh server these reads, probe it, end it, and judge everything that it said.

    An unfinished body is filled up with blanks first. Raises AssertionError, or whatever escaped from the server.
    """
    stream = b"".join(reads)
    frames = frames_of(stream)
    with room.server() as server:
        server.feed(reads)
        if frames.missing:
            rest = b" " * frames.missing
            server.feed([rest])
            frames = frames_of(stream + rest)
        if frames.is_broken and not server.is_ending:
            raise BrokenContractError("the boundary between frames is lost, and the server goes on")
        can_be_probed = not frames.is_broken and not server.is_ending and frames.missing == 0
        if can_be_probed:
            before = server.output
            server.feed([PROBE_FRAME])
            if b'"id":"%s"' % PROBE_ID.encode() not in server.output[len(before) :]:
                raise BrokenContractError("the probe was not answered")
            frames.bodies.append(PROBE)
        server.end()
        for line in server.log_lines:
            if LOG_LINE.fullmatch(line) is None:
                raise BrokenContractError(f"in the log: {line!r}")
        answers = judge(frames, stream, server.output, server.exit_status)
    return Verdict(server.handled, answers, can_be_probed, frames.is_broken)


def frames_of(stream: bytes) -> Frames:
    """The frames of a stream, under the limits of the servers in process."""
    return read_frames(stream, max_header_bytes=MAX_HEADER_BYTES, max_body_bytes=MAX_BODY_BYTES)
