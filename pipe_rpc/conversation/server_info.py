"""What the server says of itself in the handshake."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class ServerInfo(NamedTuple):
    """The answer to ``initialize``, as far as it is ours."""

    version: str
    protocol_version: int
    containment: str
    """How new sessions are held together: "cgroup", "subreaper" or "group"."""
    guard: bool
    """Whether another process cleans up should the server be killed."""
    limits: Mapping[str, int]
    """The limits in force, under their names on the wire, such as "maxSessions"."""
    methods: Sequence[str]
    notifications: Sequence[str]


def server_info(result: Mapping[str, Any]) -> ServerInfo:
    """Read the answer. Raises KeyError and TypeError where it is not that of such a server."""
    own = result["capabilities"]["experimental"]["pipeRpc"]
    return ServerInfo(
        version=result["serverInfo"]["version"],
        protocol_version=own["protocolVersion"],
        containment=own["containment"],
        guard=own["guard"],
        limits=own["limits"],
        methods=own["methods"],
        notifications=own["notifications"],
    )
