"""The table of what grows, in its smallest form."""

import re
import sys
from collections.abc import Callable

import pytest

from . import growth
from .deadline import RivalError
from .growth import Extent, Line, lines_of, main, text_of
from .rivals import NAIVE_SERVER
from .server_engine import ServerEngine
from .server_rival import ServerRival

TINY = Extent((10, 12), 24, (1000, 100_000), 2, 20.0)


def whats(lines: list[Line]) -> list[str]:
    return [line.what for line in lines]


def test_every_line_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    idle: list[int] = []
    hold = ServerEngine.hold_sessions

    def hold_and_tell(engine: ServerEngine, count: int) -> None:
        idle.append(count)
        hold(engine, count)

    monkeypatch.setattr(ServerEngine, "hold_sessions", hold_and_tell)
    lines = list(lines_of(ServerRival("pipe-rpc", [sys.executable, "-m", "pipe_rpc"]), TINY))
    assert whats(lines[:5]) == [
        "echo, 10 of 10 open sessions",
        "echo, 10 of 12 open sessions",
        "echo, 12 of 12 open sessions",
        "stream of 0 MiB",
        "stream of 0 MiB",
    ]
    assert idle == [0, 2, 0]
    assert whats(lines[5:]) == [f"spawn {2 * part + 1} to {2 * part + 2}" for part in range(10)]
    assert all(line.rate > 0 for line in lines)
    if sys.platform == "linux":
        assert all(line.cpu is not None and line.cpu > 0 for line in lines)


def test_a_stream_of_another_length_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "FLOOD_ARGV", ("echo", "short"))
    lines = lines_of(ServerRival("naive", [sys.executable, str(NAIVE_SERVER)]), Extent((), 0, (1000,), 0, 20.0))
    with pytest.raises(RivalError, match="6 of 1000 bytes"):
        list(lines)


def test_the_table_tells_what_is_not_known() -> None:
    text = text_of([Line("one", None, "µs", 2.0, "1/s"), Line("another", 3.5, "µs", 20.0, "1/s")])
    assert re.sub(" +", " ", text).splitlines()[2:] == ["one - µs 2 1/s", "another 3.5 µs 20 1/s"]
    assert len({line.index("µs") for line in text.splitlines()[2:]}) == 1


def failing(*_: object) -> list[Line]:
    raise RivalError("no such luck")


@pytest.mark.parametrize(
    ("lines", "status"), [(lambda *_: [Line("one", 1.0, "µs", 2.0, "1/s")], 0), (failing, 1)], ids=["done", "failed"]
)
def test_the_status_tells_whether_it_could_be_done(
    lines: Callable[..., list[Line]],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("make_room_for_pipes", "signal"):
        monkeypatch.setattr(growth, name, _Nothing())
    monkeypatch.setattr(growth, "lines_of", lines)
    assert main(["--quick"]) == status
    told = capsys.readouterr()
    assert ("one" in told.out, "no such luck" in told.err) == (status == 0, status == 1)


class _Nothing:
    """This process's limits and handlers stay as they are."""

    SIGTERM = 15

    def __call__(self) -> None:
        return

    def signal(self, *_: object) -> None:
        return
