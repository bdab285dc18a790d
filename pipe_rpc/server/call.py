"""What a handler gets beside its params."""

from typing import NamedTuple

from pipe_rpc.limits import Limits
from pipe_rpc.loop.loop import Loop
from pipe_rpc.protocol.envelope import Id
from pipe_rpc.server.handshake import Connection
from pipe_rpc.server.pending import PendingRequests
from pipe_rpc.server.teller import Teller
from pipe_rpc.session.registry import SessionRegistry
from pipe_rpc.session.searches import Searches


class Call(NamedTuple):
    """One request and all that it may act on."""

    request_id: Id
    connection: Connection
    registry: SessionRegistry
    pending: PendingRequests
    teller: Teller
    loop: Loop
    searches: Searches
    limits: Limits
