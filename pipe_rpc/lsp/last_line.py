"""What a job said last, as one line for a progress display."""

from pipe_rpc.buffers.terminal_text import last_line as last_line_of
from pipe_rpc.session.output_stream import OutputStream

_TAIL_BYTES = 4096
_LONGEST = 200
"""Characters; a progress display shows fewer."""


def last_line(stream: OutputStream) -> str:
    """The last line of the stream that is not blank; a carriage return begins a line, as on a terminal."""
    ring = stream.ring
    tail = ring.read(max(ring.start, ring.end - _TAIL_BYTES), _TAIL_BYTES).decode(errors="replace")
    return last_line_of(tail)[:_LONGEST]
