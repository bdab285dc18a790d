"""pipe_rpc/session/read_order.py: which bytes were read before which, within a bound of memory."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipe_rpc.session.announcement import Output, StreamName
from pipe_rpc.session.read_order import ReadOrder, ReadRuns, Run
from tests.session.harness import Bench

OUT, ERR = StreamName
FAR = 1 << 20


def test_what_one_stream_brings_at_once_is_one_run() -> None:
    order = ReadOrder(10.0)
    runs = ReadRuns(order, 8)
    runs.note(0, 10.5, 0)
    runs.note(100, 10.5009, 0)
    runs.note(200, 10.502, 0)
    assert runs.at(0, FAR) == runs.at(199, FAR) == Run(1, 0.5, None)
    assert runs.at(200, FAR) == Run(2, 10.502 - 10.0, None)


def test_a_run_ends_where_the_other_stream_was_read() -> None:
    order = ReadOrder(0.0)
    out, err = ReadRuns(order, 8), ReadRuns(order, 8)
    out.note(0, 0.0, 0)
    err.note(0, 0.0, 0)
    out.note(10, 0.0, 0)
    assert out.at(3, FAR) == Run(1, 0.0, 10)
    assert out.at(3, 7) == Run(1, 0.0, None), "nothing cuts in so near"
    assert err.at(0, FAR) == Run(2, 0.0, None)
    assert out.at(10, FAR) == Run(3, 0.0, None)


@given(
    reads=st.lists(st.tuples(st.booleans(), st.integers(1, 5), st.sampled_from([0.0, 0.0005, 0.002])), max_size=300),
    most=st.integers(2, 12),
    kept=st.integers(1, 400),
)
def test_order_is_never_wrong_and_within_the_bound_it_is_exact(
    reads: list[tuple[bool, int, float]], most: int, kept: int
) -> None:
    order, now = ReadOrder(0.0), 0.0
    streams = (ReadRuns(order, most), ReadRuns(order, most))
    ends = [0, 0]
    truth: list[tuple[int, int]] = []
    for which, size, pause in reads:
        now += pause
        streams[which].note(ends[which], now, max(0, ends[which] - kept))
        truth += [(which, ends[which] + place) for place in range(size)]
        ends[which] += size
    assert all(len(runs._offsets) <= most for runs in streams)
    changes = sum(before[0] != after[0] for before, after in pairwise(truth))
    by_seq = sorted(truth, key=lambda byte: (streams[byte[0]].at(byte[1], FAR).seq, byte[0], byte[1]))
    assert [byte for byte in by_seq if byte[0] == 0] == [byte for byte in truth if byte[0] == 0]
    if changes // 2 + 1 < most // 2 and kept >= sum(ends):
        assert [which for which, _ in by_seq] == [which for which, _ in truth]


def pieces(bench: Bench, limit: int = 100) -> list[tuple[Any, ...]]:
    told = bench.pull_all(limit)
    return [(each.stream, each.data, each.seq, each.time_s) for each in told if isinstance(each, Output)]


def test_output_is_told_in_the_order_in_which_it_was_read() -> None:
    bench = Bench(attach=(OUT, ERR))
    for number, stream in enumerate((OUT, ERR, ERR, OUT, ERR)):
        bench.child.write(stream, b"%d" % number)
        bench.loop.advance(0.01)
    told = pieces(bench)
    # What one stream brought without the other in between comes together.
    assert [(stream, data) for stream, data, _, _ in told] == [(OUT, "0"), (ERR, "12"), (OUT, "3"), (ERR, "4")]
    assert [seq for _, _, seq, _ in told] == [1, 2, 4, 5]
    assert [round(time_s, 3) for _, _, _, time_s in told] == [0.01, 0.02, 0.04, 0.05]
    bench.close()


def test_who_attaches_later_is_told_the_same_order() -> None:
    bench = Bench(attach=())
    for number, stream in enumerate((ERR, OUT, ERR)):
        bench.child.write(stream, b"%d" % number)
        bench.loop.run_turn()
    for stream in (OUT, ERR):
        bench.session.attach(stream, f"late-{stream}", 0, bench.session.description.encoding)
    assert [data for _, data, _, _ in pieces(bench)] == ["0", "1", "2"]
    bench.close()


def test_a_character_that_the_other_stream_cuts_is_told_whole() -> None:
    bench = Bench(attach=(OUT, ERR))
    euro = "€".encode()
    bench.child.write(OUT, b"a" + euro[:1])
    bench.loop.run_turn()
    bench.child.write(ERR, b"!")
    bench.loop.run_turn()
    bench.child.write(OUT, euro[1:] + b"b")
    bench.loop.run_turn()
    assert [(data, seq) for _, data, seq, _ in pieces(bench)] == [("a", 1), ("€", 1), ("!", 2), ("b", 3)]
    bench.close()
