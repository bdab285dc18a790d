"""How the members of messages are declared, and the values that several of them share.

Rules of this file: a class is a message or a part of one; a field is a member, in snake_case here and in camelCase on
the wire. A member with a default may be left out; null is a value of its own, and fits only where ``nullable`` says so.
"""

from typing import Any, Literal, NewType

import attrs

ProcessText = NewType("ProcessText", str)
"""A string that the system can take: without NUL and lone surrogates."""
EnvironmentName = NewType("EnvironmentName", str)
"""The name of an environment variable: not empty, without "=" and NUL."""

Amount = NewType("Amount", int)
"""A whole number of something, 0 or more."""

InheritEnv = bool | Literal["minimal"]
LimitName = Literal["as", "cpu", "fsize", "nofile", "nproc", "core"]
StreamName = Literal["stdout", "stderr"]
EncodingName = Literal["utf-8", "base64", "auto"]
TextEncodingName = Literal["utf-8", "base64"]
OverflowName = Literal["block", "dropOldest"]
StateName = Literal["running", "terminating", "killing", "exited"]
OutcomeName = Literal["naturalExit", "softExit", "hardKilled"]
ReasonName = Literal["request", "timeout", "shutdown", "limit"]
ContainmentName = Literal["cgroup", "subreaper", "group"]
TeeModeName = Literal["append", "truncate"]
WaitForEndName = Literal["timeout", "idle", "exited", "ended"]
DetachReasonName = Literal["detached", "stolen", "ended", "removed"]


def member(
    doc: str,
    *,
    default: Any = attrs.NOTHING,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    min_items: int | None = None,
    nullable: bool = False,
    fallback: str | None = None,
) -> Any:
    """Declare a member: what it means, its default, and what values it takes.

    ``fallback`` says in words what a left-out member means where that is not a constant.
    """
    bounds = {"minimum": minimum, "maximum": maximum, "above": above, "min_items": min_items}
    return attrs.field(
        default=default,
        metadata={"doc": doc, "bounds": bounds, "nullable": nullable, "fallback": fallback},
    )


def session_id_member() -> Any:
    """Declare the member that nearly every message has."""
    return member("The session.")


def stream_member() -> Any:
    """Declare the member that names an output stream."""
    return member("Which output stream.")
