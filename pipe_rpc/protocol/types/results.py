"""Results of requests."""

import attrs

from pipe_rpc.protocol.types.member import (
    ContainmentName,
    OutcomeName,
    ReasonName,
    StateName,
    TextEncodingName,
    WaitForEndName,
    member,
    session_id_member,
)


@attrs.frozen(kw_only=True)
class StdinInfo:
    """A child's stdin."""

    open: bool = member("Whether a write would be accepted.")
    pending_bytes: int = member("Bytes that wait for the child to read.")


@attrs.frozen(kw_only=True)
class StreamInfo:
    """An output stream; offsets are absolute and start at 0."""

    start_offset: int = member("The oldest retained byte.")
    end_offset: int = member("The offset behind the newest byte.")
    missed_bytes: int = member("Bytes that were overwritten before any attachment got them.")
    attached: bool = member("Whether it has an attachment.")
    attachment_id: str | None = member("Its attachment.", nullable=True)
    ended: bool = member("Whether the end of file was read.")


@attrs.frozen(kw_only=True)
class Usage:
    """Resources that the process and the children it waited for used."""

    user_ms: float = member("Processor time in user mode.")
    system_ms: float = member("Processor time in the kernel.")
    max_rss_bytes: int = member("The largest resident set; not less than the server's own, where a child begins.")


@attrs.frozen(kw_only=True)
class LiveUsage:
    """What a session that runs uses: with the containment cgroup all that it ever started, else its living family."""

    user_ms: float = member(
        "Processor time in user mode so far. Without cgroup: of the child and its descendants, as far as their parents "
        "are alive, and of the children that these have waited for."
    )
    system_ms: float = member("Processor time in the kernel so far.")
    rss_bytes: int = member("The resident sets of its processes together; what several share counts several times.")
    processes: int = member("How many processes of it are running.")


@attrs.frozen(kw_only=True)
class ExitInfo:
    """How a session's process ended."""

    exit_code: int | None = member("Null after a signal.", nullable=True)
    signal: str | None = member("The name of the signal that ended it, or null.", nullable=True)
    core_dumped: bool = member("Whether it left a core dump.")
    exited_at: float = member("When its end was seen: wall clock, Unix seconds.")
    duration_ms: float = member("From its start to its end, on a monotonic clock.")
    outcome: OutcomeName = member(
        "naturalExit: no termination was asked for; softExit: it ended before SIGKILL was sent; hardKilled."
    )
    reason: ReasonName | None = member("Who asked for the termination, or null.", nullable=True)
    usage: Usage = member("What it used.")
    processes_left: bool | None = member(
        "Whether anything that it started was running when its end was seen, also what was killed with it and had not "
        "ended yet. Null where that cannot be known: the containment is not cgroup, or descriptors had run out.",
        nullable=True,
    )


@attrs.frozen(kw_only=True)
class SessionInfo:
    """A session as it is now."""

    session_id: str = session_id_member()
    pid: int = member("The process id of the child, which is also its process group.")
    state: StateName = member("Where the process is in its life.")
    command: str = member("What to show for it.")
    argv: list[str] = member("The program and its arguments.")
    cwd: str = member("The working directory it was started in.")
    originator: str = member("Its tag.")
    created_at: float = member("Wall clock, Unix seconds.")
    merge_stderr: bool = member("Whether stderr goes into stdout.")
    containment: ContainmentName = member(
        "What ends with it at the hard end. cgroup: everything that it ever started, wherever that went. subreaper: "
        "its process group and the jobs of its kernel session; what left these ends with the server. group: its "
        "process group alone."
    )
    stdin: StdinInfo = member("Its stdin.")
    stdout: StreamInfo = member("Its stdout.")
    stderr: StreamInfo | None = member("Its stderr; null where it is merged.", nullable=True)
    exit: ExitInfo | None = member("Null until it has exited.", nullable=True)
    usage: LiveUsage | None = member(
        "What it uses now; null where the request does not ask for it, where it has exited, and where nobody can know.",
        nullable=True,
    )


@attrs.frozen(kw_only=True)
class Excerpt:
    """As much of a stream as was asked for: all of it, or its beginning and its end."""

    head: str = member("All of it, or its beginning.")
    tail: str = member("Its end; empty where nothing was omitted.")
    encoding: TextEncodingName = member("How head and tail are written.")
    omitted_bytes: int = member("Raw bytes between head and tail.")
    next_offset: int = member("Where to go on: every byte before it is in head or tail, or counted as omitted.")


@attrs.frozen(kw_only=True)
class RunResult:
    """What came of a command so far."""

    session_id: str = session_id_member()
    running: bool = member("Whether it runs still: go on with session/read, session/wait and the others.")
    exit: ExitInfo | None = member("How it ended; null while it runs.", nullable=True)
    stdout: Excerpt = member("Of its stdout.")
    stderr: Excerpt | None = member("Of its stderr; null where it is merged.", nullable=True)


@attrs.frozen(kw_only=True)
class Empty:
    """Nothing: it was done."""


@attrs.frozen(kw_only=True)
class AttachResult:
    """A new attachment."""

    attachment_id: str = member("Names it in session/detached.")
    offset: int = member("The first byte that session/output will bring.")
    missed_bytes: int = member("Bytes between the one wanted and this one, which were overwritten.")


@attrs.frozen(kw_only=True)
class DetachResult:
    """Where the attachment ended."""

    offset: int = member("The next undelivered byte: attach from it to lose and repeat nothing.")


@attrs.frozen(kw_only=True)
class ReadResult:
    """A piece of a ring."""

    offset: int = member("Of the first byte in data.")
    length: int = member("Raw bytes in data.")
    data: str = member("The bytes.")
    encoding: TextEncodingName = member("How data is written.")
    missed_bytes: int = member("Bytes between the one wanted and offset, which were overwritten.")
    next_offset: int = member("Where to go on.")
    ended: bool = member("Whether nothing will ever follow.")


@attrs.frozen(kw_only=True)
class WriteResult:
    """Every byte has entered the child's pipe."""

    bytes_written: int = member("How many.")


@attrs.frozen(kw_only=True)
class TeeResult:
    """Where the file begins or ends."""

    offset: int = member("session/tee: of the first byte that goes into the file; session/untee: behind the last one.")


@attrs.frozen(kw_only=True)
class TerminateAllResult:
    """How many were asked to end."""

    terminated: int = member("Running sessions that matched.")


@attrs.frozen(kw_only=True)
class WaitResult:
    """How the wait ended."""

    exit: ExitInfo | None = member("Null: the time ran out.", nullable=True)


@attrs.frozen(kw_only=True)
class WaitForResult:
    """What was found, or why nothing was."""

    matched: bool = member("Whether it was found.")
    reason: WaitForEndName | None = member(
        "Null where it was found. exited: the child has exited, and all that it wrote was searched; ended: the stream "
        "has, before the child.",
        nullable=True,
    )
    offset: int | None = member("Of the first byte of the match.", nullable=True)
    length: int = member("Raw bytes of the match.")
    text: str = member("The match; bytes that are not UTF-8 are U+FFFD.")
    groups: list[str | None] = member("What the groups of the pattern took; null where one took no part.")
    named: dict[str, str | None] = member("The same of the groups that have names.")
    next_offset: int = member("Where to go on: behind the match, or where one could still begin.")
    missed_bytes: int = member("Bytes that were overwritten before they could be searched.")


@attrs.frozen(kw_only=True)
class ListResult:
    """The sessions that matched, oldest first."""

    sessions: list[SessionInfo] = member("The sessions.")


@attrs.frozen(kw_only=True)
class PurgeResult:
    """How many were forgotten."""

    purged: int = member("Closed sessions that matched.")
