"""Parameters of notifications to the client."""

import attrs

from pipe_rpc.protocol.types.member import (
    DetachReasonName,
    StreamName,
    TextEncodingName,
    member,
    session_id_member,
    stream_member,
)
from pipe_rpc.protocol.types.results import ExitInfo


@attrs.frozen(kw_only=True)
class OutputParams:
    """A piece of output; the next one has the offset ``offset + length``."""

    session_id: str = session_id_member()
    stream: StreamName = stream_member()
    offset: int = member("Of the first byte in data.")
    length: int = member("Raw bytes in data.")
    data: str = member("The bytes.")
    encoding: TextEncodingName = member("How data is written.")
    seq: int = member(
        "Orders the output of both streams as it was read: by seq, and pieces of the same seq by offset. The order of "
        "output that waits behind more than maxReadRuns changes of the stream is told in coarser steps."
    )
    time_ms: float = member("When it was read: milliseconds since the spawn, on a monotonic clock.")
    missed_bytes: int | None = member(
        "Bytes overwritten right before offset.", default=None, minimum=1, fallback="none were"
    )


@attrs.frozen(kw_only=True)
class DetachedParams:
    """An attachment ended."""

    session_id: str = session_id_member()
    stream: StreamName = stream_member()
    attachment_id: str = member("The attachment.")
    offset: int = member("The next byte that it would have got.")
    reason: DetachReasonName = member("ended: end of file, and every byte delivered.")


@attrs.frozen(kw_only=True)
class TeeErrorParams:
    """A stream goes into its file no more; the session and the stream go on."""

    session_id: str = session_id_member()
    stream: StreamName = stream_member()
    path: str = member("The file.")
    offset: int = member("Every byte before it is in the file, from where the tee was set.")
    errno: str = member('Why: a name such as "ENOSPC"; "ETIMEDOUT" where the file took nothing for teeStallMs.')
    message: str = member("The same for people.")


@attrs.frozen(kw_only=True)
class ExitedParams(ExitInfo):
    """The process ended, and every byte that it wrote itself was delivered."""

    session_id: str = session_id_member()
    streams_open: list[StreamName] = member("Streams that some other process still holds.")


@attrs.frozen(kw_only=True)
class ClosedParams:
    """Both streams ended and were delivered: the last word of the session."""

    session_id: str = session_id_member()
