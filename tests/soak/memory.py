"""What the server may hold in memory, as a formula over the limits that it advertises.

The server's resident memory is at most the sum of

- its base: what it holds when the first session has come and gone;
- the rings of open sessions: what was asked for by `backlogBytes`, for each stream, as far as it was ever filled, and
  in total at most `maxTotalBacklogBytes`, or `childReadBytes` for each stream where that is more;
- closed sessions, their rings and texts: at most `maxExitedBacklogBytes`, and for a moment those of one more session;
- for each child that does not read its stdin: `maxStdinBytes`, for all of them at most `maxTotalStdinBytes`, and as
  much again for the writes that are under way;
- answers that the client has not read: `maxOutboundBytes` and one more answer; output only up to
  `outboundLowWaterBytes` and one more notification;
- one request: `maxFrameBytes`, and what Python makes of it while it is handled: `TEXT_AMPLIFICATION` times as much, and
  `VALUE_BYTES` for each of `maxMessageValues`; less of short ones, which hold fewer values;
- requests that wait behind a spawn: `maxQueuedRequestBytes` and one more;
- one `envFile` while it is read: `ENV_FILE_AMPLIFICATION` times `maxEnvFileBytes`;
- patterns that are waited for: `PATTERN_BYTES` each, at most `maxPatterns`;
- problems of jobs that are shown: `PROBLEM_BYTES` each, at most `maxProblems`;
- bookkeeping: `SESSION_BYTES` for each session, open or kept, besides its arguments and labels, which are at most
  `maxArgumentBytes` of open ones; `TOMBSTONE_BYTES` for each of `maxTombstones`; and `PENDING_BYTES` for each request
  that waits.

The allocator keeps some of what was freed: `SLACK` on everything.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

JSON_AMPLIFICATION = 60
"""Bytes of memory for a byte of JSON at its worst, as long as no limit on values is reached: a list in a list takes two
characters and 104 bytes; besides, there are the frame, its body and the text of it."""
TEXT_AMPLIFICATION = 12
"""Bytes of memory for a byte of one long string with an emoji in it: that makes four bytes of every character, in the
text of the body, in the string, and once more in what the decoder puts together after an escape."""
VALUE_BYTES = 256
"""A value or a name at its worst: an object of 184 bytes for one name that no other has, the name, and the decoder's
notes of both."""
ENV_FILE_AMPLIFICATION = 200
"""Bytes of memory for a byte of a file of variables: the parser remembers each character of a quoted value."""
ANSWER_AMPLIFICATION = 3
"""An answer stands in memory as text, as bytes and as a frame before it is queued."""
ESCAPED_BYTES = 6
"""A raw byte of output is at its worst a replacement character, which JSON in ASCII writes as \\ufffd."""
SESSION_BYTES = 28 * 1024
"""Objects, the first page of each ring, and the order in which what they hold was read: 24 bytes for each of
`maxReadRuns` runs of each stream."""
PENDING_BYTES = 12 * 1024
"""The row, the id, and the answer where one piece of news answers all of them at once."""
PATTERN_BYTES = 300 * 1024
"""What the engine may keep of a compiled pattern, and what is searched at once."""
PROBLEM_BYTES = 20 * 1024
"""A line of `maxProblemLineBytes`: its text, the address of its file, and both once more while they are told."""
SLACK = 1.25
TOMBSTONE_BYTES = 1024
"""What is remembered of a forgotten session."""
ALLOCATOR_BYTES = 4 * 1024 * 1024
"""What the allocator may keep of small things, however few there are."""


class Load(NamedTuple):
    """What clients and children have brought about."""

    sessions: int = 0
    """Open or kept."""
    ring_bytes: int = 0
    """`backlogBytes` of each stream of the open sessions."""
    keeps_closed: bool = False
    """Whether closed sessions with output are kept."""
    stdin_bytes: int = 0
    """Written and not yet read by children."""
    argument_bytes: int = 0
    """Arguments and labels of all sessions together."""
    lists: bool = True
    """Whether `session/list` is asked for, which answers with all of them."""
    tombstones: int = 0
    """Forgotten sessions that are remembered."""
    patterns: int = 0
    """Different ones that are waited for."""
    problems: int = 0
    """Found in the output of jobs."""
    pending: int = 0
    """Requests that wait."""
    outbound_bytes: int = 0
    """Answers that wait for the client, where it is known; at most `maxOutboundBytes`."""
    answer_bytes: int = 64 * 1024
    """The largest answer."""
    request_bytes: int = 64 * 1024
    """The largest request."""
    env_file_bytes: int = 0
    """The largest file of variables."""
    amplification: int = JSON_AMPLIFICATION
    """What Python makes of a byte of that request; 4 for one long string of ASCII."""


def bound(base: int, limits: Mapping[str, int], load: Load) -> int:
    """The formula, in bytes: what the server may hold under this load, whatever else clients and children do."""
    least_rings = 2 * load.sessions * limits["childReadBytes"]
    open_rings = min(load.ring_bytes, max(limits["maxTotalBacklogBytes"], least_rings))
    closed = limits["maxExitedBacklogBytes"] if load.keeps_closed else 0
    stdin = min(load.stdin_bytes, limits["maxTotalStdinBytes"])
    texts = min(load.argument_bytes, limits["maxArgumentBytes"] + limits["maxExitedBacklogBytes"])
    answer = max(load.answer_bytes, ESCAPED_BYTES * texts if load.lists else 0)
    answers = min(load.outbound_bytes, limits["maxOutboundBytes"]) + ANSWER_AMPLIFICATION * answer
    output = limits["outboundLowWaterBytes"] + ANSWER_AMPLIFICATION * ESCAPED_BYTES * limits["maxOutputBytes"]
    frame = min(load.request_bytes, limits["maxFrameBytes"])
    most = TEXT_AMPLIFICATION * frame + VALUE_BYTES * limits["maxMessageValues"]
    request = min(load.amplification * frame, most)
    bookkeeping = load.sessions * SESSION_BYTES + load.pending * PENDING_BYTES + 2 * texts
    bookkeeping += min(load.tombstones, limits["maxTombstones"]) * TOMBSTONE_BYTES
    queued = limits["maxQueuedRequestBytes"] + frame
    file = ENV_FILE_AMPLIFICATION * min(load.env_file_bytes, limits["maxEnvFileBytes"])
    patterns = min(load.patterns, limits["maxPatterns"]) * PATTERN_BYTES
    problems = min(load.problems, limits["maxProblems"]) * PROBLEM_BYTES
    held = (
        patterns + problems + open_rings + closed + 2 * stdin + answers + output + request + queued + file + bookkeeping
    )
    return base + ALLOCATOR_BYTES + int(SLACK * held)


def worst(limits: Mapping[str, int]) -> Load:
    """The load that no client can exceed."""
    open_sessions = limits["maxSessions"]
    return Load(
        sessions=open_sessions + limits["maxExitedSessions"],
        ring_bytes=2 * open_sessions * limits["maxBacklogBytes"],
        keeps_closed=True,
        stdin_bytes=open_sessions * limits["maxStdinBytes"],
        argument_bytes=limits["maxArgumentBytes"] + limits["maxExitedBacklogBytes"],
        tombstones=limits["maxTombstones"],
        patterns=limits["maxPatterns"],
        problems=limits["maxProblems"],
        pending=limits["maxPendingRequests"],
        outbound_bytes=limits["maxOutboundBytes"],
        answer_bytes=ESCAPED_BYTES * limits["maxReadBytes"],
        request_bytes=limits["maxFrameBytes"],
        env_file_bytes=limits["maxEnvFileBytes"],
    )


class Gauge:
    """The memory of one process (Linux): now, and at its highest since the last `reset`."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def reset(self) -> int:
        """Forget what was; returns the resident memory now (clear_refs, proc(5))."""
        with open(f"/proc/{self._pid}/clear_refs", "w", encoding="ascii") as clear:
            clear.write("5")
        return self.now()

    def now(self) -> int:
        """Resident bytes."""
        return self._read("VmRSS")

    def highest(self) -> int:
        """The most that was ever resident since `reset`: no moment is missed between two looks."""
        return self._read("VmHWM")

    def highest_or(self, other: int) -> int:
        """The same, or `other` where the process has ended."""
        try:
            return self.highest()
        except (FileNotFoundError, ProcessLookupError, StopIteration):
            return other

    def descriptors(self) -> int:
        """How many descriptors the process has open."""
        return len(os.listdir(f"/proc/{self._pid}/fd"))

    def _read(self, name: str) -> int:
        with open(f"/proc/{self._pid}/status", encoding="ascii", errors="replace") as status:
            line = next(line for line in status if line.startswith(name + ":"))
        return int(line.split()[1]) * 1024


def mib(size: int) -> str:
    """A size for the table."""
    return f"{size / (1 << 20):.0f} MiB"
