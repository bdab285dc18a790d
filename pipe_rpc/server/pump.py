"""Fair pull: what sessions have to tell becomes frames only while the client has room for it.

Rules of this file: nothing is queued for a client but what the outbound holds, so a slow client costs no memory and an
answer never waits behind more than the low-water mark and one frame.
"""

from pipe_rpc.limits import Limits
from pipe_rpc.server.teller import Teller
from pipe_rpc.server.transport import Transport
from pipe_rpc.session.registry import SessionRegistry


class Pump:
    """A step before each sleep."""

    def __init__(self, registry: SessionRegistry, teller: Teller, transport: Transport, limits: Limits) -> None:
        self._registry = registry
        self._teller = teller
        self._transport = transport
        self._limits = limits

    def pump_and_flush(self) -> bool:
        """Fill the outbound up to its mark and write it; returns whether the client has room for more.

        While frames are left the loop wakes up for room; while none are left but news is, it must not sleep: one of the
        two always holds.
        """
        while self._transport.outbound.wants_output:
            announcement = self._registry.pull(self._limits.max_output_bytes)
            if announcement is None:
                self._transport.flush()
                return False
            self._teller.tell(announcement)
        self._transport.flush()
        return not self._transport.outbound
