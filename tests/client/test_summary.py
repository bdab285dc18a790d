"""pipe_rpc/client/summary.py: how several commands ended, in words."""

import pytest

from pipe_rpc.client.job import Cause, Job
from pipe_rpc.client.summary import end_of, summary
from tests.client.jobs import ended, job


def because(known: Job, what: str, **how: bool) -> Job:
    known.cause = Cause(what, **how)
    return known


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (ended(), "exit 0 after 1.5 s"),
        (ended(code=3), "exit 3 after 1.5 s"),
        (ended(code=None, signal="SIGSEGV", core_dumped=True), "SIGSEGV after 1.5 s"),
        (
            ended(code=None, signal="SIGTERM", outcome="softExit", reason="timeout"),
            "SIGTERM after 1.5 s, its time was up",
        ),
        (
            because(ended(code=None, signal="SIGKILL", outcome="hardKilled", reason="request"), "terminated by SIGINT"),
            "SIGKILL after 1.5 s, terminated by SIGINT, killed after its grace",
        ),
        (
            because(ended(code=5, outcome="softExit"), "terminated since web failed"),
            "exit 5 after 1.5 s, terminated since web failed",
        ),
        (because(ended(code=5), "terminated since web failed"), "exit 5 after 1.5 s"),
        (because(ended(code=5), "interrupted", may_be_heeded=True), "exit 5 after 1.5 s, interrupted"),
        (
            because(ended(code=None, signal="SIGKILL", outcome="hardKilled"), "killed by SIGINT", kills=True),
            "SIGKILL after 1.5 s, killed by SIGINT",
        ),
    ],
)
def test_an_end_is_told_with_its_time_and_its_reason(known: Job, words: str) -> None:
    assert end_of(known) == words


def test_what_never_ran_or_was_lost_is_told_as_such() -> None:
    unstarted, waiting, lost = job(), job(started_at=None), job()
    unstarted.fail_to_start(126, 11.0)
    for known in (waiting, lost):
        known.abandon()
    assert [end_of(known) for known in (unstarted, waiting, lost)] == [
        "exit 126, it could not be started",
        "not started",
        "unknown, since the endpoint is gone",
    ]


def test_all_are_told_in_their_order_and_then_counted() -> None:
    waiting = job("c", started_at=None)
    waiting.abandon()
    assert summary([ended("a"), ended("b", 2), waiting], 2.04) == [
        "a: exit 0 after 1.5 s",
        "b: exit 2 after 1.5 s",
        "c: not started",
        "3 commands in 2.0 s: 1 succeeded, 1 failed, 1 not started",
    ]
    assert summary([ended("a")], 61.0)[-1] == "1 command in 61.0 s: 1 succeeded"
