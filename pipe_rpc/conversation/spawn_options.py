"""What can be said of a new session, in the words of the Python clients."""

import os
from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from pipe_rpc.protocol.types.member import EncodingName, LimitName, OverflowName, StreamName


class SpawnOptions(TypedDict, total=False):
    """The keyword arguments that ``spawn`` and ``run`` share; what is left out, or None, is not sent.

    They are the members of session/spawn in snake_case, with times in seconds.
    """

    cwd: str | os.PathLike[str] | None
    """Where it runs; the server's folder where nothing is said."""
    env: Mapping[str, str | None] | None
    """Laid over the inherited environment; None removes a name."""
    inherit_env: bool | Literal["minimal"] | None
    env_file: str | os.PathLike[str] | None
    """A dotenv file, by its absolute path."""
    rlimits: Mapping[LimitName, int] | None
    """Resource limits, such as ``{"nofile": 64}``: the soft and the hard one, see setrlimit(2)."""
    nice: int | None
    originator: str | None
    """Who asks, for ``list``, ``purge`` and ``terminate_all``; the client's own where nothing is said."""
    command: str | None
    """How the session is shown to people; the words of the command where nothing is said."""
    merge_stderr: bool | None
    """One stream for both, in the order in which the child writes them."""
    stdin: Literal["pipe", "null"] | None
    attach: Sequence[StreamName] | None
    """Which streams are received as they come."""
    encoding: EncodingName | None
    overflow: OverflowName | None
    """What happens when nobody takes the output: "block" pauses the child, "dropOldest" loses its oldest output."""
    backlog_bytes: int | None
    """How much of each stream the server retains."""
    timeout: float | None
    """Seconds after which the session is terminated; the exit reason is "timeout" then."""
    grace: float | None
    """Seconds from SIGTERM to SIGKILL, whenever the session is terminated."""
    tee: Mapping[StreamName, Mapping[str, str | os.PathLike[str]]] | None
    """Files for its streams, such as ``{"stdout": {"path": "/tmp/log", "mode": "append"}}``."""
    session_id: str | None
    """An id of one's own: the same call again, with the same arguments, finds the same session."""
