"""The budget of stages in its smallest form, and that what it says of the server is still so."""

import pytest

from pipe_rpc.buffers.framer import encode_header
from pipe_rpc.buffers.outbound import Outbound
from pipe_rpc.buffers.ring import Ring
from pipe_rpc.buffers.text import Encoding, encode_piece

from . import stopwatch
from .encoder import PIECE_BYTES
from .parts import parts
from .round_trip import Budget, budgets
from .stages import COPIES, main, text_of
from .stopwatch import Figure, Laps, figure_of, timed

REQUEST = [
    "select",
    "read",
    "frame",
    "decode envelope",
    "structure params",
    "handle",
    "encode",
    "frame and queue",
    "write",
]
OUTPUT = [
    f"output: {stage}" for stage in ("select", "read into ring", "take", "text", "encode", "frame and queue", "write")
]


def test_each_stage_of_both_round_trips_is_timed() -> None:
    info, echo = budgets(5, warm_ups=3)
    assert [stage.name for stage in info.stages] == REQUEST
    assert [stage.name for stage in echo.stages] == [*REQUEST, *OUTPUT]
    for budget in (info, echo):
        assert all(stage.median_us > 0 for stage in budget.stages if stage.name != "output: take")
        assert budget.whole.median_us >= budget.whole.low_us > 0


def test_every_part_is_timed() -> None:
    figures = list(parts(3))
    assert [figure.name.partition(":")[0] for figure in figures] == [
        *["ring"] * 4,
        *["framer"] * 2,
        *["encoder"] * 4,
        "loop",
    ]
    assert all(figure.median_us >= figure.low_us > 0 for figure in figures)


def test_laps_are_told_apart_and_what_is_moved_is_not_counted_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = 0
    monkeypatch.setattr(stopwatch, "perf_counter_ns", lambda: now_ns)
    laps = Laps()
    laps.start()
    laps.lap("forgotten")
    laps.forget()
    for _ in range(3):
        laps.start()
        now_ns += 20_000
        laps.lap("outer")
        now_ns += 15_000
        laps.lap("inner")
        laps.move("inner", "outer")
    outer, inner = laps.figures()
    assert (outer.name, outer.median_us, outer.low_us) == ("outer", 5.0, 5.0)
    assert (inner.name, inner.median_us, inner.low_us) == ("inner", 15.0, 15.0)


def test_the_median_and_the_lowest_twentieth_are_of_one_operation() -> None:
    figure = figure_of("any", [10_000 * number for number in range(1, 101)], count=10)
    assert (figure.median_us, figure.low_us) == (50.5, 6.0)


def test_an_operation_is_done_as_often_as_asked() -> None:
    done: list[None] = []
    assert timed("any", lambda: done.append(None), 7).name == "any"
    assert len(done) == 7


def test_what_no_stage_explains_has_a_row() -> None:
    stages = [Figure("one", 2.0, 1.0), Figure("two", 3.0, 2.0)]
    budget = Budget("trip", stages, Figure("whole", 10.0, 8.0))
    rows = [line.split() for line in text_of([budget], [Figure("part", 2.0, 1.0, 4000)]).splitlines()]
    assert ["between", "them", "5", "50%"] in rows
    assert ["whole,", "by", "the", "loop", "10", "8", "100%"] in rows
    assert ["part", "2", "1", "2,000"] in rows


def test_copies_are_where_the_table_says() -> None:
    copies = {copy.step: copy.copies for copy in COPIES}
    ring = Ring(100_000)
    ring.append(b"x" * 50_000)
    with ring.view(0, PIECE_BYTES) as view:
        text = encode_piece(view, Encoding.UTF_8, final=True).text
        assert (view.obj is ring._memory, len(text), copies["ring to str"]) == (True, 50_000, 1)
    ring.close()
    header, body = encode_header(len(text)), text.encode()
    outbound = Outbound(low_water_bytes=1)
    outbound.append(header, body)
    assert ([view.obj is part for view, part in zip(outbound.front(), (header, body), strict=True)]) == [True, True]
    assert copies["frame and queue"] == 0


def test_all_of_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--repeats", "2"]) == 0
    told = capsys.readouterr().out
    for heading in ("session/info ", "echo of 32 bytes ", "part ", "a byte of bulk output "):
        assert sum(line.startswith(heading) for line in told.splitlines()) == 1


def test_nothing_repeated_is_refused() -> None:
    with pytest.raises(SystemExit):
        main(["--repeats", "0"])
