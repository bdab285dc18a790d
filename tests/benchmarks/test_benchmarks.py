"""The benchmark itself works: each rival does each work, each row is there, and who is wrong is not shown as fast."""

import hashlib
import sys
from collections.abc import Iterator

import pytest

from tests.support.dose import dose

from .corpus import Corpora, Kind
from .deadline import Deadline, RivalError, TooLateError, WrongResultError
from .fast_client import FastClient, frame, method_of, raw_length_of
from .measure import measure
from .process import Process
from .rivals import NAIVE_SERVER, field
from .server_rival import ServerRival
from .sizes import Sizes, tiny_sizes
from .table import FAILED, rows_of, text_of
from .work import PAYLOAD_BYTES, Work, payloads
from .works import WORKS

FIELD = field()

SABOTAGE = f"""
import sys
sys.path.insert(0, {str(NAIVE_SERVER.parent)!r})
import naive_pygls_server as naive
honest = naive.Text.encoded
naive.Text.encoded = lambda coding, chunk: (honest(coding, %s)[0], len(chunk))
naive.server.start_io()
"""
"""A server that is honest but for what it puts in place of a chunk."""


@pytest.fixture(scope="module")
def sizes() -> Iterator[Sizes]:
    with tiny_sizes() as tiny:
        yield tiny


@pytest.mark.parametrize("work", WORKS[:: dose(short=4, ci=6, long=1)], ids=lambda work: work.name)
def test_every_rival_does_every_work(sizes: Sizes, work: Work) -> None:
    outcome = measure(work, FIELD.rivals, sizes, lambda _: None)
    assert outcome.failures == {}
    # Whoever speaks the wire contract offers everything.
    assert set(outcome.not_offered) <= {"nvim", "codex"}
    if sys.platform == "linux":  # Processor time and memory of other processes are read there only.
        missing = [
            (rival.name, metric.key)
            for metric in work.metrics
            for rival in FIELD.rivals
            if rival.is_server and rival.name not in outcome.not_offered and outcome.median(metric, rival.name) is None
        ]
        assert missing == []
    text = text_of([outcome], FIELD.absent)
    assert [row.cells[0] for row in rows_of([outcome])] == [metric.label for metric in work.metrics]
    assert all(cell in text for row in rows_of([outcome]) for cell in row.cells)


def test_goals_are_about_somebody() -> None:
    rivals = {rival.name for rival in FIELD.rivals} | set(FIELD.absent) | {"itself"}
    assert {goal.of for work in WORKS for metric in work.metrics for goal in metric.goals} <= rivals


def test_payloads_are_as_long_as_they_say_and_differ() -> None:
    lines = [*payloads(0, 10), *payloads(499, 10)]
    assert {len(line) for line in lines} == {PAYLOAD_BYTES}
    assert len(set(lines)) == 20


def test_works_have_names_of_their_own() -> None:
    assert len({work.name for work in WORKS}) == len(WORKS)


@pytest.mark.parametrize("chunk", ["chunk.swapcase()", "chunk[:-1]"], ids=["changes bytes", "loses a byte"])
def test_a_server_that_relays_wrong_bytes_has_failed(sizes: Sizes, chunk: str) -> None:
    liar = ServerRival("naive", [sys.executable, "-c", SABOTAGE % chunk])
    for work in (work for work in WORKS if work.name in ("bulk-utf-8", "echo")):
        outcome = measure(work, [liar], sizes, lambda _: None)
        assert outcome.failures["naive"].startswith(WrongResultError.__name__)
        assert outcome.median(work.metrics[0], "naive") is None
        assert FAILED in text_of([outcome], {})


def test_a_client_that_parses_sees_that_text_is_missing(sizes: Sizes) -> None:
    liar = ServerRival("naive", [sys.executable, "-c", SABOTAGE % "chunk[:-1]"])
    corpus = sizes.corpora.of("log")
    with liar.start(Deadline(10)) as engine:
        engine.stream(corpus, "utf-8")
        with pytest.raises(WrongResultError, match="bytes of text"):
            engine.stream(corpus, "utf-8", parse=True)


def test_a_server_that_never_answers_is_late_and_ends() -> None:
    mute = ServerRival("mute", [sys.executable, "-c", "import sys; sys.stdin.read()"])
    with pytest.raises(RivalError, match="not done within"):
        mute.start(Deadline(0.3))


def test_a_server_that_does_not_start_fails_with_its_last_words() -> None:
    broken = ServerRival("broken", [sys.executable, "-c", "raise SystemExit('no such luck')"])
    with pytest.raises(RivalError, match="no such luck"):
        broken.start(Deadline(10))


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


@pytest.mark.parametrize("kind", ["log", "ansi", "cjk", "binary"])
def test_a_corpus_is_as_long_as_asked_and_of_its_kind(kind: Kind) -> None:
    with Corpora(1_000_001) as corpora:
        corpus = corpora.of(kind)
        data = corpus.path.read_bytes()
        assert len(data) == corpus.size_bytes == 1_000_001
        assert hashlib.sha256(data).hexdigest() == corpus.sha256
        assert data.isascii() == (kind in ("log", "ansi"))
        assert (b"\x1b" in data) == (kind in ("ansi", "binary"))
        if kind == "binary":
            assert len(set(data)) == 256
        else:
            data.decode()
    assert not corpus.path.exists()


def test_a_later_deadline_is_later_by_as_much() -> None:
    deadline = Deadline(10)
    assert deadline.later(5).remaining_s() - deadline.remaining_s() == pytest.approx(5, abs=0.1)


def test_a_deadline_that_passed_is_told() -> None:
    with pytest.raises(TooLateError, match="not done within 0 s"):
        Deadline(0).remaining_s()


def _output(text: str) -> dict[str, object]:
    params = {"sessionId": "a", "offset": 0, "length": len(text), "data": text}
    return {"jsonrpc": "2.0", "method": "session/output", "params": params}
