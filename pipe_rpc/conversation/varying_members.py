"""What varies from one run of a conversation to the next, by the names that the contract gives it.

Rules of this file: a member has one meaning wherever it stands. What is named here is not compared by its value in a
recording that the recorder made; a person may write a value in its place.
"""

from collections.abc import Mapping
from typing import Final

NAMED: Final = frozenset({"sessionId", "attachmentId", "token"})
"""Members whose value comes again, and is the same then."""

WILD: Final[Mapping[str, str]] = {
    # Whose they are, and where.
    "pid": "${pid}",
    "processGroup": "${pid}",
    "cwd": "${string}",
    "containment": "${string}",
    "guard": "${boolean}",
    "version": "${string}",
    # Sentences for people, which may be said better; codes, kinds and paths stay.
    "message": "${string}",
    "problem": "${string}",
    # Times, and what depends on them.
    "createdAt": "${number}",
    "exitedAt": "${number}",
    "durationMs": "${number}",
    "timeMs": "${number}",
    "seq": "${number}",
    "pendingBytes": "${number}",
    "processesLeft": "${any}",
    # What a child cost.
    "userMs": "${number}",
    "systemMs": "${number}",
    "maxRssBytes": "${number}",
    "rssBytes": "${number}",
    "processes": "${number}",
    # What a newer server may have more of.
    "methods": "${array}",
    "notifications": "${array}",
    "limits": "${object}",
    "commands": "${array}",
}
"""Members of which only the kind of value is compared. Null stays null where the contract has it for "none"."""
