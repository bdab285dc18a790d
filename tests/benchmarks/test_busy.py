"""What is measured of servers that a test has made: those that keep a flood, and those that give nothing of it."""

import os
import sys
from itertools import count

import pytest

from .burst import SpawnBurst
from .contract_wire import ContractWire
from .deadline import Deadline, WrongResultError
from .fast_client import FastClient, frame
from .process import Process, Resident, resident
from .slow_reader import read_slowly
from .work import payload

MIB = 1024 * 1024
RATE = 1_000_000


def hoarder(grow_bytes: int) -> list[str]:
    """Keeps so much more with each line that it writes."""
    return [sys.executable, "-c", f"kept = []\nwhile True: kept.append(b'x' * {grow_bytes}); print('y' * 999)"]


@pytest.mark.skipif(sys.platform != "linux", reason="memory of other processes is read there only")
def test_a_server_that_keeps_a_flood_is_seen_to_grow_and_is_stopped() -> None:
    with Process(hoarder(MIB)) as process:
        deadline = Deadline(240)
        before = resident([process.pid])
        assert before is not None
        read = read_slowly(process, before, lambda: resident([process.pid]), RATE, 120.0, 100 * MIB, deadline)
    assert read.most_bytes > 100 * MIB
    assert deadline.remaining_s() > 120
    assert read.most_bytes > read.before_bytes


def test_a_server_whose_memory_stays_is_read_to_the_end_of_the_time() -> None:
    sizes = iter([7, 6, *[5] * 100])
    with Process(["yes"]) as process:
        deadline = Deadline(10)
        read = read_slowly(process, Resident(5, 0), lambda: Resident(next(sizes), 0), RATE, 0.6, 100, deadline)
    assert (read.before_bytes, read.most_bytes) == (5, 7)
    assert deadline.remaining_s() <= 9.4


def test_a_server_that_gives_nothing_of_a_flood_is_wrong() -> None:
    with (
        Process(["sh", "-c", "while echo y; do sleep 0.01; done"]) as process,
        pytest.raises(WrongResultError, match="only"),
    ):
        read_slowly(process, Resident(1, 1), lambda: Resident(1, 1), RATE, 0.5, 100, Deadline(10))


def test_a_burst_ends_with_the_last_exit_and_keeps_what_is_to_be_checked() -> None:
    told_fd, tell_fd = os.pipe()
    heard_fd, hear_fd = os.pipe()
    client = FastClient(hear_fd, told_fd, Deadline(10))
    answers = [frame({"jsonrpc": "2.0", "id": request_id, "result": {}}) for request_id in (1, 2, 100, 101)]
    outputs = [
        frame({"method": "session/output", "params": {"sessionId": session, "offset": 0, "length": length}})
        for session, length in (("quiet", 32), ("loud", 5), ("quiet", 20), ("quiet", 12))
    ]
    exits = [frame({"method": "session/exited", "params": {"sessionId": name, "exitCode": 0}}) for name in "ab"]
    os.write(tell_fd, b"".join([*answers, *outputs[:3], *exits, outputs[3]]))
    burst = SpawnBurst(client, ContractWire(client), "quiet", count(100))
    figures = burst.measure([b"spawn", b"spawn"], lambda number: payload(0, number))
    assert len(figures.echoes_s) == 2
    assert figures.spawns_per_s > 0
    assert burst.write_ids == [100, 101]
    assert [event.session for event in burst.exits] == ["a", "b"]
    assert [output.size_bytes for output in burst.echoed] == [32, 20, 12]
    for fd in (told_fd, tell_fd, heard_fd, hear_fd):
        os.close(fd)
