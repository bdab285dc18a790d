"""The benchmark itself works: each rival does each work, each row is there, and who is wrong is not shown as fast."""

import sys
from collections.abc import Iterator

import pytest

from .corpus import Corpus, log_lines
from .deadline import Deadline, RivalError, TooLateError, WrongResultError
from .fast_client import FastClient, frame, method_of, raw_length_of
from .measure import Outcome, measure
from .process import Process
from .rival import Rival
from .rivals import NAIVE_SERVER, RIVALS
from .server_rival import ServerRival
from .table import FAILED, HEADER, rows_of, text_of
from .works import WORKS, Metric, Sizes, Work, tiny_sizes

SABOTAGE = f"""
import sys
sys.path.insert(0, {str(NAIVE_SERVER.parent)!r})
import naive_pygls_server as naive
honest = naive.encoded
naive.encoded = lambda chunk, encoding: honest(%s, encoding)
naive.server.start_io()
"""
"""A server that is honest but for what it puts in place of a chunk."""


@pytest.fixture(scope="module")
def sizes() -> Iterator[Sizes]:
    with tiny_sizes() as tiny:
        yield tiny


@pytest.fixture(scope="module")
def outcomes(sizes: Sizes) -> list[Outcome]:
    return [measure(work, RIVALS, sizes, lambda _: None) for work in WORKS]


def test_every_rival_does_every_work(outcomes: list[Outcome]) -> None:
    assert {outcome.work.name: outcome.failures for outcome in outcomes if outcome.failures} == {}


def test_every_metric_of_every_work_has_a_row(outcomes: list[Outcome]) -> None:
    rows = rows_of(outcomes)
    assert [(row.work, row.cells[0]) for row in rows] == [
        (work.name, metric.label) for work in WORKS for metric in work.metrics
    ]
    assert {len(row.cells) for row in rows} == {len(HEADER)}
    text = text_of(outcomes)
    assert all(cell in text for row in rows for cell in row.cells)


@pytest.mark.skipif(
    sys.platform != "linux", reason="processor time and memory of other processes are read on Linux only"
)
def test_servers_have_a_figure_in_every_row(outcomes: list[Outcome]) -> None:
    missing = [
        (rival.name, outcome.work.name, metric.key)
        for outcome in outcomes
        for metric in outcome.work.metrics
        for rival in RIVALS
        if rival.is_server and outcome.median(metric, rival.name) is None
    ]
    assert missing == []


@pytest.mark.parametrize("chunk", ["chunk.swapcase()", "chunk[:-1]"], ids=["changes bytes", "loses a byte"])
def test_a_server_that_relays_wrong_bytes_has_failed(sizes: Sizes, chunk: str) -> None:
    liar = ServerRival("naive", [sys.executable, "-c", SABOTAGE % chunk])
    bulk, echo = (next(work for work in WORKS if work.name == name) for name in ("bulk-utf-8", "echo"))
    for work in (bulk, echo):
        outcome = measure(work, [liar], sizes, lambda _: None)
        assert outcome.failures["naive"].startswith(WrongResultError.__name__)
        assert outcome.median(work.metrics[0], "naive") is None
        assert FAILED in text_of([outcome])


def test_a_server_that_never_answers_is_late_and_ends() -> None:
    mute = ServerRival("mute", [sys.executable, "-c", "import sys; sys.stdin.read()"])
    with pytest.raises(RivalError, match="not done within"):
        mute.start(Deadline(0.3))


def test_a_server_that_does_not_start_fails_with_its_last_words() -> None:
    broken = ServerRival("broken", [sys.executable, "-c", "raise SystemExit('no such luck')"])
    with pytest.raises(RivalError, match="no such luck"):
        broken.start(Deadline(10))


class _Pace(Work):
    """Takes from the rivals what a test has put there."""

    name = "pace"
    direct = "nothing"
    metrics = (Metric("time", "pace", "s"),)

    def __init__(self, paces: dict[str, list[float]]) -> None:
        self._paces = paces

    def run(self, rival: Rival, sizes: Sizes, deadline: Deadline) -> dict[str, float]:
        return {"time": self._paces[rival.name].pop(0)}


def test_ratios_are_taken_inside_rounds(sizes: Sizes) -> None:
    # The machine slows down by the round; in each, pipe-rpc takes twice as long as direct and a tenth of naive.
    paces = {"pipe-rpc": [2.0, 4.0, 8.0], "direct": [1.0, 2.0, 4.0], "naive": [20.0, 40.0, 80.0]}
    three_rounds = Sizes(3, 0, 0, 0, sizes.corpus, 0, 0, 0, 1.0)
    outcome = measure(_Pace(paces), RIVALS, three_rounds, lambda _: None)
    ratio = outcome.ratio(_Pace.metrics[0], "pipe-rpc", "direct")
    assert ratio is not None
    assert (ratio.low, ratio.median, ratio.high) == (2.0, 2.0, 2.0)
    (row,) = rows_of([outcome])
    assert row.cells[2:8] == ("4", "2", "40", "x 2.00", "2.00 to 2.00", "10.0 x")


def test_frames_of_every_size_arrive_whole() -> None:
    lengths = [0, 1, 500, 70_000, 600_000, 3]
    with Process(["cat"]) as cat:
        client = FastClient(cat.stdin_fd, cat.stdout_fd, Deadline(10))
        # More than both pipes hold: the client has to read while it writes.
        client.send(b"".join(frame(_output("x" * length)) for length in lengths))
        for length in lengths:
            body = client.next_body()
            assert method_of(body) == b"session/output"
            assert raw_length_of(body) == length
            assert bytes(body).count(b"x") == length
        assert not client.has_unread()


def test_members_are_found_before_and_behind_the_text_but_not_in_it() -> None:
    behind = frame({"method": "session/output", "params": {"data": '"length":7' * 500, "length": 5}})
    view = memoryview(behind)
    assert raw_length_of(view) == 5
    assert method_of(view) == b"session/output"
    answer = frame({"jsonrpc": "2.0", "id": 1, "result": {"command": '"method":"session/output"'}})
    assert method_of(memoryview(answer)) is None


def test_a_corpus_is_as_long_as_asked_and_plain_text() -> None:
    with log_lines(1_000_001) as corpus:
        assert isinstance(corpus, Corpus)
        data = corpus.path.read_bytes()
        assert len(data) == corpus.size_bytes == 1_000_001
        assert data.isascii()
    assert not corpus.path.exists()


def test_a_deadline_that_passed_is_told() -> None:
    with pytest.raises(TooLateError, match="not done within 0 s"):
        Deadline(0).remaining_s()


def _output(text: str) -> dict[str, object]:
    params = {"sessionId": "a", "offset": 0, "length": len(text), "data": text}
    return {"jsonrpc": "2.0", "method": "session/output", "params": params}
