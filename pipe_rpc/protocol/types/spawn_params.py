"""Parameters of session/spawn: the one request whose type the way to the first output needs."""

from typing import Literal

import attrs

from pipe_rpc.protocol.types.member import (
    EncodingName,
    EnvironmentName,
    OverflowName,
    ProcessText,
    StreamName,
    member,
)


@attrs.frozen(kw_only=True)
class SpawnParams:
    """What to run, and how."""

    argv: list[ProcessText] = member(
        "The program and its arguments, executed without a shell; argv[0] is looked up in the child's PATH.",
        min_items=1,
    )
    cwd: ProcessText | None = member("The child's working directory.", default=None, fallback="the server's")
    env: dict[EnvironmentName, ProcessText | None] = member(
        "Laid over the inherited environment; null removes a name.", default=attrs.Factory(dict)
    )
    inherit_env: bool = member("False: start from an empty environment.", default=True)
    originator: str | None = member(
        "A tag for listing, purging and bulk termination.", default=None, fallback="the connection's"
    )
    command: str | None = member("What to show for it.", default=None, fallback="argv quoted as a shell would")
    merge_stderr: bool = member(
        "stderr is the same pipe as stdout, in true order; the stream stderr is then unavailable.", default=False
    )
    stdin: Literal["pipe", "null"] = member('"null": the child reads end-of-file at once.', default="pipe")
    attach: list[StreamName] | None = member(
        "Streams attached from offset 0 before the child runs; [] for none.", default=None, fallback="every stream"
    )
    encoding: EncodingName | None = member(
        'Of its output: "auto" is text where the bytes are UTF-8, else base64.',
        default=None,
        fallback="the connection's",
    )
    overflow: OverflowName = member(
        "While attached and the client reads too slowly: pause reading from the child, or let the ring drop.",
        default="block",
    )
    backlog_bytes: int | None = member(
        "The ring of each stream, from minBacklogBytes to maxBacklogBytes.",
        default=None,
        minimum=1,
        fallback="defaultBacklogBytes",
    )
    timeout_ms: float | None = member(
        'Wall-clock limit in milliseconds; then it is terminated, with exit.reason "timeout".',
        default=None,
        above=0,
        fallback="no limit",
    )
    grace_ms: float | None = member(
        "Its grace in milliseconds for time-out, termination and shutdown.",
        default=None,
        minimum=0,
        fallback="the connection's",
    )
