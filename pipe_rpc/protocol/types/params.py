"""Parameters of requests."""

from typing import Any, Literal

import attrs

from pipe_rpc.protocol.types.member import (
    Amount,
    EncodingName,
    EnvironmentName,
    InheritEnv,
    LimitName,
    OverflowName,
    ProcessText,
    StreamName,
    TeeModeName,
    TextEncodingName,
    member,
    session_id_member,
    stream_member,
)


def _grace_ms() -> Any:
    return member(
        "Milliseconds from SIGTERM to SIGKILL; 0 kills at once. At most maxGraceMs counts.",
        default=None,
        minimum=0,
        fallback="the session's own",
    )


def _usage() -> Any:
    return member("Tell in usage what it uses now; that takes time for each of its processes.", default=False)


def _originator_filter() -> Any:
    return member('Only sessions of this originator; "" matches all.', default="")


@attrs.frozen(kw_only=True)
class TeeTarget:
    """The file that a stream goes into."""

    path: ProcessText = member("An absolute path.")
    mode: TeeModeName = member("What becomes of what is in the file already.", default="append")


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
    inherit_env: InheritEnv = member(
        'False: start from an empty environment. "minimal": from what a program needs to run and to be told where and '
        "who it is.",
        default=True,
    )
    env_file: ProcessText | None = member(
        "The absolute path of a dotenv file that is read now: laid over the inherited environment, and under env. "
        "Values are taken as they stand, without interpolation.",
        default=None,
        fallback="none",
    )
    rlimits: dict[LimitName, Amount] = member(
        "Resource limits, soft and hard alike, in the units of setrlimit(2): as, fsize and core in bytes, cpu in "
        "seconds. Each up to the server's own hard limit; those that are left out stay the original ones.",
        default=attrs.Factory(dict),
    )
    nice: int = member(
        "Added to the niceness, so that others go first when processors are short.", default=0, minimum=0, maximum=19
    )
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
    tee: dict[StreamName, TeeTarget] = member(
        "Files that streams go into as well, from their first byte on; see session/tee.", default=attrs.Factory(dict)
    )
    session_id: str | None = member(
        "An id of the client's choice, so that the request can be repeated, and others sent behind it before the "
        "answer.",
        default=None,
        fallback="the server makes one",
    )


@attrs.frozen(kw_only=True)
class RunParams(SpawnParams):
    """What to run, and how much to tell of it."""

    stdin: Literal["pipe", "null"] = member(
        '"null": the child reads input and then end-of-file; "pipe" leaves stdin open for session/write.',
        default="null",
    )
    attach: list[StreamName] | None = member(
        "Streams whose output is told as it comes, too.", default=None, fallback="none"
    )
    input: str | None = member("What the child reads first.", default=None, fallback="nothing")
    input_encoding: TextEncodingName = member("How input is written.", default="utf-8")
    yield_ms: float | None = member(
        "Answer after so long if it still runs, in milliseconds.", default=None, minimum=0, fallback="when it exits"
    )
    max_output_bytes: int | None = member(
        "Raw bytes told of each stream, half of them from its beginning; up to maxReadBytes.",
        default=None,
        minimum=1,
        fallback="defaultReadBytes",
    )


@attrs.frozen(kw_only=True)
class AttachParams:
    """Which stream to read along, and from where."""

    session_id: str = session_id_member()
    stream: StreamName = stream_member()
    steal: bool = member("Take the stream from the attachment that has it.", default=False)
    from_offset: int | None = member(
        "The first byte wanted.", default=None, minimum=0, fallback="the oldest retained byte"
    )
    encoding: EncodingName | None = member("Of its output.", default=None, fallback="the session's")


@attrs.frozen(kw_only=True)
class DetachParams:
    """Which stream to leave."""

    session_id: str = session_id_member()
    stream: StreamName = stream_member()


@attrs.frozen(kw_only=True)
class ReadParams:
    """What to read from a ring."""

    session_id: str = session_id_member()
    stream: StreamName = stream_member()
    from_offset: int | None = member(
        "The first byte wanted.", default=None, minimum=0, fallback="the oldest retained byte"
    )
    max_bytes: int | None = member(
        "Raw bytes at most, up to maxReadBytes.", default=None, minimum=1, fallback="defaultReadBytes"
    )
    wait_ms: float = member("How long to wait where there is nothing new, in milliseconds.", default=0, minimum=0)
    encoding: EncodingName | None = member("Of the data.", default=None, fallback="the session's")


@attrs.frozen(kw_only=True)
class WriteParams:
    """What to write to a child's stdin."""

    session_id: str = session_id_member()
    data: str = member("The text, or the bytes in base64.", default="")
    encoding: TextEncodingName = member("How data is written.", default="utf-8")
    close: bool = member("Close stdin after the bytes.", default=False)


@attrs.frozen(kw_only=True)
class SignalParams:
    """Which signal to send to a session's process group."""

    session_id: str = session_id_member()
    signal: str = member('A name such as "SIGINT".')


@attrs.frozen(kw_only=True)
class TerminateParams:
    """Which session to end, and how patiently."""

    session_id: str = session_id_member()
    grace_ms: float | None = _grace_ms()


@attrs.frozen(kw_only=True)
class TerminateAllParams:
    """Which sessions to end, and how patiently."""

    originator: str = _originator_filter()
    older_than_ms: float = member("Only sessions that are at least so old, in milliseconds.", default=0, minimum=0)
    grace_ms: float | None = _grace_ms()


@attrs.frozen(kw_only=True)
class WaitParams:
    """What to wait for."""

    session_id: str = session_id_member()
    until: Literal["exited", "closed"] = member("Which event ends the wait.", default="exited")
    timeout_ms: float | None = member(
        "How long to wait at most, in milliseconds.", default=None, minimum=0, fallback="no limit"
    )


@attrs.frozen(kw_only=True)
class WaitForParams:
    """What to look for in a stream: a pattern or a literal."""

    session_id: str = session_id_member()
    stream: StreamName = stream_member()
    pattern: str | None = member("In RE2's syntax; ^ and $ match at lines.", default=None, fallback="literal says it")
    literal: str | None = member("The text itself.", default=None, fallback="pattern says it")
    from_offset: int | None = member(
        "Where the search begins.", default=None, minimum=0, fallback="the oldest retained byte"
    )
    idle_ms: float | None = member(
        "Give up when the stream has brought nothing for so long, in milliseconds.",
        default=None,
        above=0,
        fallback="never",
    )
    timeout_ms: float | None = member(
        "How long to wait at most, in milliseconds; 0 looks at what is there.",
        default=None,
        minimum=0,
        fallback="no limit",
    )


@attrs.frozen(kw_only=True)
class TeeParams:
    """Which stream goes into which file."""

    session_id: str = session_id_member()
    stream: StreamName = stream_member()
    path: ProcessText = member("An absolute path.")
    mode: TeeModeName = member("What becomes of what is in the file already.", default="append")


@attrs.frozen(kw_only=True)
class UnteeParams:
    """Which stream goes into a file no more."""

    session_id: str = session_id_member()
    stream: StreamName = stream_member()


@attrs.frozen(kw_only=True)
class InfoParams:
    """Which session to describe."""

    session_id: str = session_id_member()
    usage: bool = _usage()


@attrs.frozen(kw_only=True)
class ListParams:
    """Which sessions to list."""

    originator: str = _originator_filter()
    usage: bool = _usage()


@attrs.frozen(kw_only=True)
class RemoveParams:
    """Which session to forget."""

    session_id: str = session_id_member()
    force: bool = member("Kill it first if it is running.", default=False)


@attrs.frozen(kw_only=True)
class PurgeParams:
    """Which sessions to forget."""

    originator: str = _originator_filter()
