"""pipe_rpc/server/pump.py: fair to sessions, and never more than the client has room for."""

import fcntl
import sys
from itertools import groupby

import pytest

from tests.server.conftest import MakeBench
from tests.server.harness import OUT, TURNS, Bench
from tests.session.harness import FakeChild, fill_pipe
from tests.support.trace import Message

LOW_WATER = 4096
CHUNK = 1024


@pytest.fixture
def narrow(make_bench: MakeBench) -> Bench:
    """A server that makes output in small pieces and keeps little of it ready."""
    bench = make_bench(outbound_low_water_bytes=LOW_WATER, max_output_bytes=CHUNK, child_read_bytes=CHUNK)
    if sys.platform == "linux":
        fcntl.fcntl(bench.wires.from_server, fcntl.F_SETPIPE_SZ, 4096)
    bench.initialize()
    return bench


def flood(bench: Bench, count: int, size: int = 16 * CHUNK) -> dict[str, FakeChild]:
    """Sessions that have all written so much."""
    children = dict(bench.spawn(attach=["stdout"], backlogBytes=1 << 20) for _ in range(count))
    for child in children.values():
        assert child.write(OUT, b"x" * size) == size
    return children


def outputs(messages: list[Message]) -> list[Message]:
    return [message["params"] for message in messages if message.get("method") == "session/output"]


def read_all(bench: Bench, size: int) -> list[Message]:
    """Read until so many bytes of output have come."""
    found, bench.received = bench.received, []
    for _ in range(TURNS):
        found += bench.wires.receive()
        if sum(params["length"] for params in outputs(found)) >= size:
            return found
        bench.loop.run_turn()
    raise AssertionError(f"only {sum(params['length'] for params in outputs(found))} of {size} bytes came")


def test_sessions_that_flood_take_turns(narrow: Bench) -> None:
    children = flood(narrow, 4)
    came = outputs(read_all(narrow, 4 * 16 * CHUNK))
    order = [params["sessionId"] for params in came]
    longest = max(len(list(run)) for _, run in groupby(order[4:-8]))
    assert longest <= 2, "nobody speaks thrice while others have something to say"
    for session_id in children:
        assert sum(params["length"] for params in came if params["sessionId"] == session_id) == 16 * CHUNK


def test_a_quiet_session_is_heard_among_floods(narrow: Bench) -> None:
    flood(narrow, 3)
    quiet_id, quiet = narrow.spawn(attach=["stdout"])
    narrow.turn(20)
    quiet.write(OUT, b"me")
    came = [params["sessionId"] for params in outputs(read_all(narrow, 3 * 16 * CHUNK + 2))]
    assert came.index(quiet_id) < len(came) // 2


def test_with_a_stalled_client_no_more_is_made_than_the_low_water_mark_and_one_frame(narrow: Bench) -> None:
    fill_pipe(narrow.wires.stdout.fd)
    flood_ids = []
    for _ in range(3):
        narrow.wires.send({"jsonrpc": "2.0", "id": 0, "method": "session/spawn", "params": {"argv": ["a"]}})
        narrow.turn()
        flood_ids.append(narrow.children[-1])
    for child in flood_ids:
        child.write(OUT, b"x" * 16 * CHUNK)
    for _ in range(200):
        narrow.loop.run_turn()
    answers_and_one_frame = LOW_WATER + 2 * CHUNK + 3 * 1024
    assert 0 < narrow.transport.outbound.queued_bytes < answers_and_one_frame


def test_a_stalled_client_is_answered_behind_no_more_than_that(narrow: Bench) -> None:
    flood(narrow, 3)
    narrow.turn(100)
    waiting = narrow.transport.outbound.queued_bytes
    assert waiting <= LOW_WATER + 2 * CHUNK
    narrow.wires.send({"jsonrpc": "2.0", "id": "now", "method": "session/purge"})
    narrow.turn(2)
    came: list[Message] = []
    for _ in range(TURNS):
        came += narrow.wires.receive()
        if any(message.get("id") == "now" for message in came):
            break
        narrow.loop.run_turn()
    size = sum(params["length"] for params in outputs(came))
    assert size <= LOW_WATER + 4096 + 4 * CHUNK, "and what the pipe itself holds"


def test_when_the_client_reads_again_everything_comes_in_order(narrow: Bench) -> None:
    children = flood(narrow, 2)
    narrow.turn(100)
    came = outputs(read_all(narrow, 2 * 16 * CHUNK))
    for session_id in children:
        mine = [params for params in came if params["sessionId"] == session_id]
        assert [params["offset"] for params in mine] == [
            sum(each["length"] for each in mine[:index]) for index in range(len(mine))
        ]


def test_the_loop_may_sleep_when_there_is_nothing_to_tell(bench: Bench) -> None:
    assert bench.pump.pump_and_flush() is False
    bench.spawn()
    bench.take()
    assert bench.pump.pump_and_flush() is False


def test_the_loop_may_sleep_while_the_client_has_no_room(narrow: Bench) -> None:
    flood(narrow, 2)
    narrow.turn(100)
    assert narrow.transport.outbound
    assert narrow.pump.pump_and_flush() is False


def test_the_loop_must_not_sleep_while_there_is_room_and_news(make_bench: MakeBench) -> None:
    bench = make_bench(outbound_low_water_bytes=1, max_output_bytes=1)
    bench.initialize()
    _, child = bench.spawn()
    child.write(OUT, b"abc")
    bench.loop.run_turn()
    assert bench.pump.pump_and_flush() is True, "one frame was written, and more is to tell"
    assert "".join(params["data"] for params in outputs(bench.take())) == "abc"


def test_with_a_client_that_is_gone_children_never_block(narrow: Bench) -> None:
    _, child = narrow.spawn()
    narrow.wires.hang_up()
    written = 0
    for _ in range(200):
        written += child.write(OUT, b"x" * 65536)
        narrow.loop.run_turn()
    assert written > 200 * CHUNK // 2
