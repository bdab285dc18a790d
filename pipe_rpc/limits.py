"""Every number that a user may meet, with its unit in the name and its reason beside it.

Rules of this file: one frozen table; built by the command line, passed down, advertised at ``initialize`` and printed
in the README. Nothing else in the package refuses anything for its size or number; how much of a text or of a list is
shown is settled where it is shown.
"""

from typing import Annotated, NamedTuple


class Limits(NamedTuple):
    """The limits in force: name with unit, default, reason."""

    max_frame_bytes: Annotated[int, "The largest request body; a larger one is a mistake or an attack."] = (
        16 * 1024 * 1024
    )
    max_header_bytes: Annotated[int, "The largest frame header; a header that never ends must not fill the memory."] = (
        8 * 1024
    )
    max_message_values: Annotated[
        int,
        "JSON values and member names in one message; each costs many times its bytes, and time that others wait.",
    ] = 100_000
    max_sessions: Annotated[
        int,
        "Sessions that are not closed yet; each takes up to four descriptors, so a lower hard RLIMIT_NOFILE lowers it.",
    ] = 1024
    max_exited_sessions: Annotated[
        int, "Closed sessions that are kept for reading; beyond it the oldest are forgotten."
    ] = 256
    max_exited_backlog_bytes: Annotated[
        int,
        "Memory of what closed sessions retain, output and the texts that describe them; beyond it the oldest go.",
    ] = 64 * 1024 * 1024
    max_tombstones: Annotated[
        int, "Forgotten sessions whose ends are still told to who asks for them; beyond it the oldest are unknown ids."
    ] = 4096
    default_backlog_bytes: Annotated[int, "What each output stream retains: a screenful many times over."] = 1024 * 1024
    min_backlog_bytes: Annotated[int, "The smallest ring; smaller ones would cost more in frames than they save."] = (
        1024
    )
    max_backlog_bytes: Annotated[int, "The largest ring that a spawn may ask for."] = 64 * 1024 * 1024
    max_total_backlog_bytes: Annotated[
        int,
        "Memory of all rings together; beyond it the largest retain less, and each keeps at least childReadBytes.",
    ] = 256 * 1024 * 1024
    max_output_bytes: Annotated[
        int,
        "Raw bytes in one output notification: what one read brings, a multiple of 3 for base64, and as text with its "
        "frame still less than a default pipe holds.",
    ] = 60 * 1024
    max_session_id_characters: Annotated[
        int, "The longest id that a client may choose for a session; a UUID has 36."
    ] = 128
    max_label_characters: Annotated[
        int, "The longest command and originator of a session: they are shown, listed and kept, not executed."
    ] = 64 * 1024
    max_argument_bytes: Annotated[
        int, "Memory of the arguments and labels of open sessions, which session/list tells all at once."
    ] = 64 * 1024 * 1024
    max_env_file_bytes: Annotated[int, "The largest envFile; others wait while one is read, and few have 4 KiB."] = (
        64 * 1024
    )
    max_env_file_blanks: Annotated[
        int, "Blanks in a row in an envFile; the time to read them grows with their square, and others wait."
    ] = 256
    default_read_bytes: Annotated[int, "What session/read returns at most unless maxBytes says otherwise."] = 64 * 1024
    max_read_bytes: Annotated[int, "What session/read returns at most whatever maxBytes says."] = 1024 * 1024
    max_stdin_bytes: Annotated[int, "Bytes that wait for one child to read its stdin; a write above it is refused."] = (
        8 * 1024 * 1024
    )
    max_total_stdin_bytes: Annotated[
        int, "Bytes that wait for all children together to read their stdin; a write above it is refused."
    ] = 256 * 1024 * 1024
    default_grace_ms: Annotated[int, "From SIGTERM to SIGKILL unless the client says otherwise."] = 2000
    max_grace_ms: Annotated[int, "A longer grace counts as this: a server that was told to end must end."] = 3_600_000
    max_pending_requests: Annotated[int, "Requests whose answers wait at once; one more is refused."] = 4096
    max_pending_id_bytes: Annotated[
        int, "Memory of the ids of requests whose answers wait; a UUID takes a tenth of each one's share."
    ] = 4 * 1024 * 1024
    max_token_characters: Annotated[
        int, "The longest progress token of a client: it is kept as long as its job; a UUID has 36."
    ] = 4096
    max_pattern_characters: Annotated[int, "The longest pattern or literal to search for; none needs more."] = 1024
    max_pattern_size: Annotated[
        int, "Instructions of a compiled pattern; each may be tried at each byte of output."
    ] = 250
    max_patterns: Annotated[
        int, "Different patterns, literals aside, that are waited for or match problems at once; each may take 256 KiB."
    ] = 64
    max_match_bytes: Annotated[
        int,
        "The longest match of a pattern that is sure to be found whole; so much is searched again when more comes.",
    ] = 4096
    match_settle_ms: Annotated[
        int, "After so long without output a match at its very end counts, since it does not grow any more."
    ] = 20
    outbound_low_water_bytes: Annotated[
        int, "Output is made only while fewer bytes wait for the client, so that answers never queue behind much."
    ] = 64 * 1024
    max_outbound_bytes: Annotated[
        int, "Answers that a client has not read; beyond it no request is handled, and who reads nothing is given up."
    ] = 64 * 1024 * 1024
    child_read_bytes: Annotated[
        int, "Read from one stream of a child in one turn, so that none starves the others: whole pages of a full pipe."
    ] = 60 * 1024
    requests_per_turn: Annotated[int, "Requests handled in one turn, so that a burst of them starves no child."] = 64
    max_queued_request_bytes: Annotated[
        int, "Requests that wait behind a spawn while others pass by; beyond it nothing more is taken in meanwhile."
    ] = 1024 * 1024
    max_read_runs: Annotated[
        int, "How often output that waits may change between stdout and stderr and still be told in its order."
    ] = 256
    tee_stall_ms: Annotated[
        int, "How long the file of a tee may take nothing; a disk that takes longer holds up the output of its child."
    ] = 5000
    kill_timeout_ms: Annotated[
        int, "How long a server that ends waits for killed processes to vanish; one stuck in the kernel may never."
    ] = 2000
    client_poll_ms: Annotated[
        int, "How often to look for the end of the client's process where no descriptor tells of it."
    ] = 2000
    progress_interval_ms: Annotated[
        int, "From one progress report of a job to the next; people read no faster, and a flood must not become one."
    ] = 250
    long_job_ms: Annotated[
        int, "From which duration on the end of a job that went well is told to a person, who has looked away by then."
    ] = 10_000
    max_problem_line_bytes: Annotated[
        int, "How much of a line of a job's output its problem matchers look at; messages for people are shorter."
    ] = 2048
    max_matchers_size: Annotated[
        int, "Instructions of all patterns of one job's problem matchers; each may be tried at each byte of output."
    ] = 1000
    max_file_problems: Annotated[
        int, "Diagnostics of one job in one file; the first ones are shown, since others often follow from them."
    ] = 100
    max_job_problems: Annotated[int, "Diagnostics of one job; who has more mends the first ones first."] = 1000
    max_problems: Annotated[
        int, "Diagnostics of all jobs together, those that have ended among them; each may take 20 KiB of memory."
    ] = 4000
    publish_interval_ms: Annotated[
        int, "From one publication of a file's diagnostics to the next: each brings all of them again."
    ] = 200
    flush_timeout_ms: Annotated[
        int, "How long a client may read nothing, while the server ends or too many answers wait."
    ] = 5000


def reason(name: str) -> str:
    """Why the limit is what it is, as a sentence for people."""
    text: str = Limits.__annotations__[name].__metadata__[0]
    return text


def option_name(name: str) -> str:
    """The command-line option: max_frame_bytes is --max-frame-bytes."""
    return "--" + name.replace("_", "-")
