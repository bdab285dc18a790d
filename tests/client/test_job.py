"""pipe_rpc/client/job.py: what is known of a command of several."""

from pipe_rpc.client.job import KEPT_LINES, JobState
from tests.client.jobs import ended, job


def test_its_last_lines_are_kept_of_both_streams_together() -> None:
    known = job()
    assert known.hear("stdout", b"one\ntw") == [b"one\n"]
    assert known.hear("stderr", b"error\n") == [b"error\n"]
    assert known.last_piece == b"error\n"
    assert known.hear("stdout", b"o\nthr") == [b"two\n"]
    assert known.last_piece == b"thr"
    assert known.flush("stdout") == [b"thr\n"]
    assert known.flush("stderr") == []
    assert list(known.tail) == [b"one\n", b"error\n", b"two\n", b"thr\n"]


def test_few_lines_are_kept_and_of_long_ones_the_beginning() -> None:
    known = job()
    known.hear("stdout", b"".join(b"%d\n" % number for number in range(100)))
    known.hear("stdout", b"x" * 5000 + b"\n")
    assert len(known.tail) == KEPT_LINES
    assert known.tail[0] == b"91\n"
    assert known.tail[-1] == b"x" * 1024 + b"\n"


def test_processors_are_counted_from_one_figure_to_the_next() -> None:
    known = job(started_at=10.0)
    known.measure(1.0, 4096, 12.0)
    assert known.consumption == (0.5, 4096)
    known.measure(4.0, 8192, 13.0)
    assert known.consumption == (3.0, 8192)
    known.measure(3.0, 8192, 14.0)  # Without control groups what a process used is forgotten when nobody waited for it.
    assert known.consumption == (0.0, 8192)


def test_what_it_uses_is_told_only_while_it_runs() -> None:
    known = job()
    known.measure(1.0, 4096, 12.0)
    known.fail_to_start(127, 13.0)
    assert (known.state, known.status, known.consumption, known.has_failed) == (JobState.ENDED, 127, None, True)


def test_it_fails_by_its_status_alone() -> None:
    assert not ended(code=0).has_failed
    assert ended(code=1).has_failed
    assert ended(code=None, signal="SIGTERM").status == 143
    waiting = job(started_at=None)
    waiting.abandon()
    assert (waiting.state, waiting.is_over, waiting.has_failed) == (JobState.NOT_STARTED, True, False)
