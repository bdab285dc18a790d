"""pipe_rpc/client/live_cells.py: what a live view says, and of whom."""

import pytest

from pipe_rpc.client.job import Cause
from pipe_rpc.client.live_cells import cells_of, most_telling, size_text, time_text
from tests.client.jobs import ended, job


def test_a_running_job_tells_what_it_uses_and_what_it_writes() -> None:
    known = job("web")
    known.hear("stdout", b"10%\r\x1b[32m20%\x1b[0m\tof")
    known.measure(1.0, 3 << 20, 12.0)
    assert cells_of(known, 75.0).texts == ("web", "running", "1:05", "50%", "3 MiB", "20% of")
    known.cause = Cause("terminated by SIGINT")
    assert cells_of(known, 75.0).texts[1] == "ending"


def test_an_ended_job_tells_how() -> None:
    failed = cells_of(ended("a", 2), 100.0)
    assert (failed.texts, failed.style) == (("a", "exit 2", "1 s", "", "", ""), "bold red")
    assert cells_of(ended("a"), 100.0).style == "green"
    assert cells_of(ended("a", None, signal="SIGKILL"), 100.0).texts[1] == "SIGKILL"


def test_a_waiting_job_has_no_time() -> None:
    assert cells_of(job("c", started_at=None), 100.0).texts == ("c", "waiting", "", "", "", "")


def test_where_there_is_no_room_running_ones_are_shown_and_the_others_counted() -> None:
    jobs = [ended("a"), job("b"), ended("c", 1), job("d", started_at=None), job("e"), ended("f")]
    assert most_telling(jobs, 6) == (jobs, "")
    shown, note = most_telling(jobs, 4)
    assert ([known.name for known in shown], note) == (["b", "c", "e"], "… and 3 more: 1 waiting, 2 ended")
    shown, note = most_telling(jobs, 2)
    assert ([known.name for known in shown], note) == (["b"], "… and 5 more: 1 waiting, 1 running, 3 ended")
    assert most_telling(jobs, 1) == ([], "1 waiting, 2 running, 3 ended")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.9, "59 s"), (60, "1:00"), (3599, "59:59"), (7200, "2:00:00")]
)
def test_times_are_short(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (5 << 20, "5 MiB"), (3 << 29, "1.5 GiB")]
)
def test_sizes_are_short(size: int, text: str) -> None:
    assert size_text(size) == text
