"""pipe_rpc/client: readers that are late cost neither a byte, nor memory without bound, nor anybody else's time."""

import hashlib
import threading

import pytest

from pipe_rpc.client import PipeRpc, Session, StreamDetached
from tests.support.fixture_types import MakeGate
from tests.support.programs import python

FLOOD_BYTES = 6_000_000
FLOOD = f"""
import hashlib, sys
state, left = b"", {FLOOD_BYTES}
while left:
    state = hashlib.sha256(state).digest()
    piece = (state * 2048)[:left]
    sys.stdout.buffer.write(piece)
    left -= len(piece)
"""


def flooded() -> bytes:
    """What the flood says."""
    state, said = b"", bytearray()
    while len(said) < FLOOD_BYTES:
        state = hashlib.sha256(state).digest()
        said += state * 2048
    return bytes(said[:FLOOD_BYTES])


def in_memory(session: Session) -> int:
    """How many bytes of its stdout the client holds in memory."""
    return session._state.stream("stdout")._queue._in_memory


def test_a_reader_that_sleeps_gets_every_byte_and_holds_up_nobody(gate: MakeGate) -> None:
    asleep, awake = gate(), gate()
    read = bytearray()

    with PipeRpc(buffer_bytes=100_000) as rpc:
        flood = rpc.spawn(python(FLOOD), stdin="null")

        def sleep_then_read() -> None:
            read.extend(flood.stdout.read(1))
            asleep.open_and_release()
            awake.wait()
            read.extend(flood.stdout.read())

        reader = threading.Thread(target=sleep_then_read)
        reader.start()
        asleep.wait()
        other = rpc.spawn(["/bin/cat"])
        for turn in range(20):
            other.write(f"{turn}\n")
            assert other.stdout.read(100, timeout=30) == f"{turn}\n".encode()
        assert flood.wait(timeout=60).exit_code == 0, "its end is not held up either"
        assert in_memory(flood) <= 100_000
        awake.open_and_release()
        reader.join()
    assert bytes(read) == flooded()


def test_a_reader_beyond_the_limit_is_told_where_to_go_on() -> None:
    with PipeRpc(buffer_bytes=50_000, spill_bytes=200_000) as rpc:
        flood = rpc.spawn(python(FLOOD), backlog_bytes=FLOOD_BYTES + 1_000_000)
        assert flood.wait(timeout=60).exit_code == 0
        read = bytearray()
        with pytest.raises(StreamDetached, match="spill_bytes") as caught:  # noqa: PT012 - what comes before counts
            for piece in flood.stdout:
                read += piece
        assert caught.value.offset == len(read) < FLOOD_BYTES
        assert flood.attach(from_offset=len(read)).missed_bytes == 0
        for piece in flood.stdout:  # Nobody else waits, so it is as fast as its reader.
            read += piece
    assert bytes(read) == flooded()


def test_a_reader_that_wakes_late_is_not_buried_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    size = 400_000
    with PipeRpc(buffer_bytes=150_000, spill_bytes=0) as rpc:
        flood = rpc.spawn(python(f"print('x' * {size}, end='')"))
        # Nobody is woken any more: a thread that waits looks again when its sleep is over.
        monkeypatch.setattr(rpc._connected.driver.guard, "notify_all", lambda: None)
        assert flood.stdout.read() == b"x" * size
        monkeypatch.undo()


def test_what_nobody_reads_of_one_stream_does_not_hold_up_the_other() -> None:
    script = "import sys; sys.stderr.write('e' * 2_000_000); print('done')"
    with PipeRpc(buffer_bytes=10_000) as rpc:
        session = rpc.spawn(python(script))
        assert session.stdout.text(timeout=60) == "done\n"
        assert session.stderr.read() == b"e" * 2_000_000


def test_a_reader_that_keeps_pace_needs_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.TemporaryFile", None)
    with PipeRpc() as rpc:
        session = rpc.spawn(python(FLOOD))
        assert session.stdout.read() == flooded()


def test_output_of_a_session_without_a_handle_is_not_kept() -> None:
    with PipeRpc(buffer_bytes=1, spill_bytes=0) as rpc:
        session_id = rpc.spawn(python(FLOOD)).id
        assert rpc.session(session_id).wait(timeout=60).exit_code == 0
