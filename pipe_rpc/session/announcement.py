"""What there is to tell the client of a session: a closed union of values."""

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from pipe_rpc.buffers.text import Encoding

if TYPE_CHECKING:
    from pipe_rpc.session.session import Session
    from pipe_rpc.session.tee import TeeEnd


class StreamName(StrEnum):
    """The output streams of a session."""

    STDOUT = "stdout"
    STDERR = "stderr"


class DetachReason(StrEnum):
    """Why an attachment ended."""

    DETACHED = "detached"
    STOLEN = "stolen"
    ENDED = "ended"
    REMOVED = "removed"


class Output(NamedTuple):
    """The next piece of a stream for its attachment: ``length`` raw bytes from ``offset`` on.

    ``seq`` orders it among those of both streams, as they were read; ``time_s`` is from the spawn to that read.
    """

    session_id: str
    stream: StreamName
    offset: int
    length: int
    data: str
    encoding: Encoding
    missed_bytes: int
    seq: int
    time_s: float


class Detached(NamedTuple):
    """An attachment ended; ``offset`` is the next byte that it would have got."""

    session_id: str
    stream: StreamName
    attachment_id: str
    offset: int
    reason: DetachReason


class TeeFailed(NamedTuple):
    """A stream goes into its file no more, before its time."""

    session_id: str
    stream: StreamName
    end: "TeeEnd"


class Exited(NamedTuple):
    """The process ended, and every byte that it wrote itself was delivered."""

    session: "Session"


class Closed(NamedTuple):
    """Both streams ended, and every byte was delivered."""

    session: "Session"


class Forgotten(NamedTuple):
    """The session is no more: news for those who wait for it, of which the client hears through their answers."""

    session_id: str


Announcement = Output | Detached | TeeFailed | Exited | Closed | Forgotten
