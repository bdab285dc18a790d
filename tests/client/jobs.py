"""Jobs as they are after some time, made without running anything."""

from typing import Any

from pipe_rpc.client.job import Job
from pipe_rpc.protocol.types import ExitedParams, Usage


def job(name: str = "job", started_at: float | None = 10.0) -> Job:
    """A job that runs since 10 s, or waits."""
    made = Job(f"run-{name}", name, [name])
    if started_at is not None:
        made.start(started_at)
    return made


def ended(name: str = "job", code: int | None = 0, **others: Any) -> Job:
    """A job that ran for a second and a half."""
    made = job(name)
    told: dict[str, Any] = {
        "exit_code": code,
        "signal": None,
        "core_dumped": False,
        "exited_at": 0.0,
        "duration_ms": 1500.0,
        "outcome": "naturalExit",
        "reason": None,
        "usage": Usage(user_ms=1.0, system_ms=1.0, max_rss_bytes=1),
        "processes_left": False,
        "session_id": made.session_id,
        "streams_open": [],
        **others,
    }
    made.exit(ExitedParams(**told), 11.5)
    return made
