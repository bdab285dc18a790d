"""How a server that may be any is read: so much at a time, and no message without end."""

from pipe_rpc.buffers.framer import Framer
from pipe_rpc.limits import Limits

READ_BYTES = 64 * 1024
DRAIN_READS = 32
"""More than the largest pipe holds (1 MiB, pipe(7)): what a server has left behind may write for ever."""
_LARGEST_BODY_BYTES = 1 << 30
"""A larger one is no message, but a header gone wrong; nothing is allocated for it."""


def framer() -> Framer:
    """A framer that takes any message."""
    return Framer(max_header_bytes=Limits().max_header_bytes, max_body_bytes=_LARGEST_BODY_BYTES)
