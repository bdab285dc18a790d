"""What a job said last, as one line for a progress display."""

import re

from pipe_rpc.session.output_stream import OutputStream

_TAIL_BYTES = 4096
_LONGEST = 200
"""Characters; a progress display shows fewer."""
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
"""Control sequences of ECMA-48: CSI, OSC, and the two-character ones."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def last_line(stream: OutputStream) -> str:
    """The last line of the stream that is not blank; a carriage return begins a line, as on a terminal."""
    ring = stream.ring
    tail = ring.read(max(ring.start, ring.end - _TAIL_BYTES), _TAIL_BYTES).decode(errors="replace")
    text = ESCAPES.sub("", tail).replace("\r", "\n")
    lines = [line for line in (_CONTROLS.sub("", each).strip() for each in text.split("\n")) if line]
    return lines[-1][:_LONGEST] if lines else ""
