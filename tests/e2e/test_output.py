"""`session/output`: every byte once, in order, at its offset, in the encoding that was asked for."""

from __future__ import annotations

import hashlib
import sys
from itertools import pairwise

import pytest

from tests.children.spew import pattern
from tests.support.dose import dose
from tests.support.fixture_types import MakeGate, StartWire
from tests.support.processes import WatchedProcess, cpu_seconds, descendants, resident_bytes
from tests.support.programs import child, python, shell
from tests.support.wire_client import WireClient, decode_data

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
MIB = 1 << 20


def wait_in_ring(wire: WireClient, session: str, end: int) -> None:
    """Return when the server has read so many bytes of the child's stdout."""
    read = {"sessionId": session, "stream": "stdout", "fromOffset": end - 1, "maxBytes": 1, "waitMs": 30_000}
    assert wire.request("session/read", {**read, "encoding": "base64"})["length"] == 1


# ---- as it is written


def test_bytes_are_delivered_before_there_is_a_newline(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("printf 'Password: '; read _ < $1; printf done", held.path))["sessionId"]
    assert wire.wait_output(session, "stdout", 10) == b"Password: "
    held.open_and_release()
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == b"Password: done"


@pytest.mark.parametrize("text", [r"\r\n\n\r", r" 42%%\r 43%%\r", r"\n\n\n", r"\033[31mred\033[0m", r"a\000b"])
def test_line_ends_and_control_characters_are_left_alone(wire: WireClient, text: str) -> None:
    session = wire.spawn(["printf", text])["sessionId"]
    wire.wait_closed(session)
    expected = text.replace("%%", "%").encode().decode("unicode_escape").encode()
    assert wire.collect_output(session, "stdout") == expected


def test_the_streams_are_told_apart_and_counted_apart(wire: WireClient) -> None:
    session = wire.spawn(shell("printf 12345; printf 123 >&2; printf 6789"))["sessionId"]
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == b"123456789"
    assert wire.collect_output(session, "stderr") == b"123"
    info = wire.request("session/info", {"sessionId": session})
    for stream, length in (("stdout", 9), ("stderr", 3)):
        assert sum(output["length"] for output in wire.delivered(session, stream)) == length
        assert info[stream] == {
            "startOffset": 0,
            "endOffset": length,
            "missedBytes": 0,
            "attached": False,
            "attachmentId": None,
            "ended": True,
        }


def test_offsets_begin_at_zero_and_the_next_is_offset_plus_length(wire: WireClient) -> None:
    session = wire.spawn(child("spew", "stdout", 3 * MIB))["sessionId"]
    wire.wait_closed(session)
    outputs = wire.delivered(session, "stdout")
    assert outputs[0]["offset"] == 0
    for output, following in pairwise(outputs):
        assert following["offset"] == output["offset"] + output["length"]
    assert outputs[-1]["offset"] + outputs[-1]["length"] == 3 * MIB
    assert all(0 < output["length"] <= 64 * 1024 for output in outputs)
    assert all("missedBytes" not in output for output in outputs)
    ended = wire.wait_notification("session/detached", sessionId=session, stream="stdout")
    assert (ended["offset"], ended["reason"]) == (3 * MIB, "ended")


@pytest.mark.parametrize("encoding", ["utf-8", "base64", "auto"])
@pytest.mark.timeout(240)
def test_many_mebibytes_arrive_unchanged(wire: WireClient, encoding: str) -> None:
    size = dose(short=16, ci=16, long=64) * MIB
    session = wire.spawn(child("spew", "stdout", size), encoding=encoding)["sessionId"]
    wire.wait_closed(session)
    digest = hashlib.sha256()
    for output in wire.delivered(session, "stdout"):
        digest.update(decode_data(output))
    assert digest.hexdigest() == hashlib.sha256(pattern(size)).hexdigest()


def test_a_long_output_without_a_newline_is_delivered_in_pieces(wire: WireClient) -> None:
    session = wire.spawn(["head", "-c", str(8 * MIB), "/dev/zero"])["sessionId"]
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == bytes(8 * MIB)


def test_single_byte_writes_are_all_delivered(wire: WireClient) -> None:
    source = "import os\nfor n in range(20_000): os.write(1, b'%d' % (n % 10))"
    session = wire.spawn(python(source))["sessionId"]
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == b"0123456789" * 2000


# ---- encodings


@pytest.mark.parametrize("encoding", ["base64", "auto"])
def test_every_byte_value_arrives_unchanged(wire: WireClient, encoding: str) -> None:
    session = wire.spawn(child("every_byte", 4096), encoding=encoding)["sessionId"]
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == bytes(range(256)) * 4096


def test_bytes_that_are_not_utf8_become_replacement_characters(wire: WireClient) -> None:
    session = wire.spawn(child("every_byte", 4096))["sessionId"]
    wire.wait_closed(session)
    outputs = wire.delivered(session, "stdout")
    assert {output["encoding"] for output in outputs} == {"utf-8"}
    assert sum(output["length"] for output in outputs) == 4096 * 256
    text = "".join(output["data"] for output in outputs)
    assert text == (bytes(range(256)) * 4096).decode("utf-8", "replace")


@pytest.mark.parametrize(
    "data",
    [
        "😀".encode(),
        "aé€😀z".encode(),
        b"\xff\xfe\xfd",
        b"a\xc3",  # a character that never ends
        b"\xe2\x82z",  # a character broken off by another
        b"\xf0\x9f\x98\xf0\x9f\x98\x80",  # broken off by its like
        b"\xed\xa0\x80",  # a surrogate
        b"\xc0\xaf",  # overlong
        b"\xf4\x90\x80\x80",  # beyond Unicode
        b"\xef\xbb\xbfbom",
        "\ufffd".encode(),
    ],
    ids=lambda data: data.hex(),
)
def test_however_bytes_are_split_the_text_is_that_of_the_whole(wire: WireClient, gate: MakeGate, data: bytes) -> None:
    held = gate()
    session = wire.spawn(child("bytewise", data.hex(), held.path))["sessionId"]
    for end in range(1, len(data) + 1):
        held.open_and_release()
        wait_in_ring(wire, session, end)
    wire.wait_closed(session)
    outputs = wire.delivered(session, "stdout")
    assert "".join(output["data"] for output in outputs) == data.decode("utf-8", "replace")
    assert sum(output["length"] for output in outputs) == len(data)


def test_a_character_waits_for_its_last_byte(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(child("bytewise", "a😀b".encode().hex(), held.path))["sessionId"]
    for end in range(1, 5):
        held.open_and_release()
        wait_in_ring(wire, session, end)
    wire.fence()
    assert [output["data"] for output in wire.delivered(session, "stdout")] == ["a"]
    held.open_and_release()
    wire.wait_output(session, "stdout", 5)
    held.open_and_release()
    wire.wait_closed(session)
    assert "".join(output["data"] for output in wire.delivered(session, "stdout")) == "a😀b"
    (emoji,) = [output for output in wire.delivered(session, "stdout") if "😀" in output["data"]]
    assert emoji["offset"] == 1


def test_base64_does_not_wait_for_characters(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(child("bytewise", "😀".encode().hex(), held.path), encoding="base64")["sessionId"]
    for length in range(1, 5):
        held.open_and_release()
        assert wire.wait_output(session, "stdout", length) == "😀".encode()[:length]
    wire.wait_closed(session)


def test_auto_is_text_where_it_is_text_and_base64_where_not(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    script = r"printf 'h\303\251'; read _ < $1; printf '\377\376'; read _ < $1; printf again"
    session = wire.spawn(shell(script, held.path), encoding="auto")["sessionId"]
    wire.wait_output(session, "stdout", 3)
    held.open_and_release()
    wire.wait_output(session, "stdout", 5)
    held.open_and_release()
    wire.wait_closed(session)
    told = [(output["encoding"], output["data"], output["length"]) for output in wire.delivered(session, "stdout")]
    assert told == [("utf-8", "hé", 3), ("base64", "//4=", 2), ("utf-8", "again", 5)]


def test_auto_keeps_a_text_of_wide_characters_text(wire: WireClient) -> None:
    session = wire.spawn(child("spew", "stdout", MIB), encoding="auto")["sessionId"]
    wire.wait_closed(session)
    assert {output["encoding"] for output in wire.delivered(session, "stdout")} == {"utf-8"}
    assert wire.collect_output(session, "stdout") == pattern(MIB)


# ---- a client that does not read


@pytest.mark.parametrize("overflow", [{}, {"overflow": "block"}])
def test_block_loses_nothing_when_the_client_does_not_read(
    wire: WireClient, gate: MakeGate, overflow: dict[str, str]
) -> None:
    size, written = 16 * MIB, gate()
    other = wire.spawn(child("stubborn"), graceMs=0)
    wire.wait_output(other["sessionId"], "stdout", 6)
    with wire.not_reading(), WatchedProcess(other["pid"]) as watched:
        spawned = wire.start(
            "session/spawn",
            {"argv": child("spew", "stdout", size, written.path), "backlogBytes": 65536, **overflow},
        )
        # Requests are still read and carried out, and other sessions live: this one dies when it is told to.
        wire.start("session/terminate", {"sessionId": other["sessionId"], "graceMs": 0})
        watched.wait_gone()
        # The pipes, the ring and the server's buffer together hold far less than the child has to write.
        assert not written.has_news()
    session = wire.result(spawned)["sessionId"]
    wire.wait_closed(session)
    assert written.wait() == b"written\n"
    outputs = wire.delivered(session, "stdout")
    assert all("missedBytes" not in output for output in outputs)
    assert hashlib.sha256(wire.collect_output(session, "stdout")).digest() == hashlib.sha256(pattern(size)).digest()


@pytest.mark.parametrize("encoding", ["utf-8", "base64"])
def test_drop_oldest_never_delays_the_child_and_counts_the_gap(wire: WireClient, gate: MakeGate, encoding: str) -> None:
    size, backlog, written = 8 * MIB, 65536, gate()
    with wire.not_reading():
        spawned = wire.start(
            "session/spawn",
            {
                "argv": child("spew", "stdout", size, written.path),
                "overflow": "dropOldest",
                "backlogBytes": backlog,
                "encoding": encoding,
            },
        )
        assert written.wait() == b"written\n"  # The child has written all of it, and nobody has read a byte.
    session = wire.result(spawned)["sessionId"]
    wire.wait_closed(session)
    whole, end, missed = pattern(size), 0, 0
    for output in wire.delivered(session, "stdout"):
        missed += output.get("missedBytes", 0)
        assert output["offset"] == end + output.get("missedBytes", 0)
        end = output["offset"] + output["length"]
        if encoding == "base64":
            assert decode_data(output) == whole[output["offset"] : end]
        else:
            assert output["data"] == whole[output["offset"] : end].decode("utf-8", "replace")
    assert end == size
    assert missed > 0
    assert missed + sum(output["length"] for output in wire.delivered(session, "stdout")) == size
    info = wire.request("session/info", {"sessionId": session})["stdout"]
    assert (info["startOffset"], info["endOffset"]) == (size - backlog, size)


@linux_only
def test_memory_stays_bounded_while_the_client_does_not_read(wire: WireClient, gate: MakeGate) -> None:
    session = wire.spawn(["true"])["sessionId"]
    wire.wait_closed(session)
    server = [wire.pid, *descendants(wire.pid)]
    before, written = sum(map(resident_bytes, server)), gate()
    with wire.not_reading():
        for _ in range(4):
            params = {"argv": child("spew", "stdout", 16 * MIB, written.path), "overflow": "dropOldest"}
            wire.start("session/spawn", params)
        lines = b""
        while lines.count(b"\n") < 4:
            lines += written.wait()
        after = sum(map(resident_bytes, server))
    # Four rings of 1 MiB and the buffer to the client, and the interpreter's own slack; 64 MiB were written.
    assert after - before < 16 * MIB


def test_a_client_may_write_much_without_reading_anything(wire: WireClient) -> None:
    flood = wire.spawn(["yes"], graceMs=0)["sessionId"]
    wire.wait_output(flood, "stdout", 1)
    with wire.not_reading():
        # The server's stdout is full; if it stopped reading its stdin now, both would wait for ever.
        requests = [wire.start("no/such/method", {"filler": "x" * MIB}) for _ in range(64)]
        requests += [wire.start("session/info", {"sessionId": flood}) for _ in range(5000)]
    wire.request("session/terminate", {"sessionId": flood})
    answers = [wire.answer(request) for request in requests]
    assert [answer["error"]["code"] for answer in answers[:64]] == [-32601] * 64
    assert [answer["result"]["sessionId"] for answer in answers[64:]] == [flood] * 5000
    wire.wait_closed(flood)


@linux_only
def test_memory_does_not_grow_with_the_sessions_that_have_come_and_gone(start_wire: StartWire) -> None:
    wire = start_wire("--max-exited-sessions=20")

    def come_and_go(count: int) -> int:
        for _ in range(count):
            session = wire.spawn(["head", "-c", str(MIB), "/dev/zero"], attach=[])["sessionId"]
            wire.wait_closed(session)
        return sum(resident_bytes(pid) for pid in [wire.pid, *descendants(wire.pid)])

    before = come_and_go(40)
    after = come_and_go(120)
    assert after - before < 8 * MIB
    assert len(wire.request("session/list", {})["sessions"]) == 20


def test_a_session_that_floods_delays_no_answer_and_no_other_session(wire: WireClient) -> None:
    flood = wire.spawn(["yes"], graceMs=0)["sessionId"]
    for _ in range(20):
        session = wire.spawn(["echo", "quick"])["sessionId"]
        wire.wait_closed(session)
        assert wire.collect_output(session, "stdout") == b"quick\n"
    wire.request("session/terminate", {"sessionId": flood})
    wire.wait_closed(flood)


# ---- end of a stream


@pytest.mark.parametrize("descriptors", ["1", "2", "1+2"])
def test_a_stream_may_end_while_the_child_lives_on(wire: WireClient, gate: MakeGate, descriptors: str) -> None:
    report, held = gate(), gate()
    session = wire.spawn(child("closer", descriptors, report.path, held.path))["sessionId"]
    report.wait()
    for stream, descriptor in (("stdout", "1"), ("stderr", "2")):
        if descriptor in descriptors:
            ended = wire.wait_notification("session/detached", sessionId=session, stream=stream)
            assert (ended["offset"], ended["reason"]) == (0, "ended")
    info = wire.request("session/info", {"sessionId": session})
    assert info["state"] == "running"
    assert info["stdout"]["ended"] is ("1" in descriptors)
    assert info["stderr"]["ended"] is ("2" in descriptors)
    assert not wire.queued("session/exited", sessionId=session)
    held.open_and_release()
    assert wire.wait_exited(session)["exitCode"] == 0
    wire.wait_closed(session)


@linux_only
def test_streams_that_have_ended_cost_no_processor_time(wire: WireClient, gate: MakeGate) -> None:
    report, held = gate(), gate()
    session = wire.spawn(child("closer", "0+1+2", report.path, held.path))["sessionId"]
    report.wait()
    wire.wait_notification("session/detached", sessionId=session, stream="stderr")
    family = [wire.pid, *descendants(wire.pid)]
    before = sum(cpu_seconds(pid) for pid in family)
    assert wire.request("session/wait", {"sessionId": session, "timeoutMs": 1000}) == {"exit": None}
    assert sum(cpu_seconds(pid) for pid in family) - before < 0.1
    held.open_and_release()
    wire.wait_closed(session)


def test_an_empty_stream_has_no_output_but_an_end(wire: WireClient) -> None:
    session = wire.spawn(["true"])["sessionId"]
    for stream in ("stdout", "stderr"):
        ended = wire.wait_notification("session/detached", sessionId=session, stream=stream)
        assert (ended["offset"], ended["reason"]) == (0, "ended")
    wire.wait_closed(session)
    assert wire.delivered(session, "stdout") == []


@pytest.mark.parametrize("text", ["é", "😀", "a😀" * 5, "a😀b" * 5])
@pytest.mark.parametrize("overflow", ["block", "dropOldest"])
def test_in_the_smallest_ring_every_character_becomes_whole(start_wire: StartWire, text: str, overflow: str) -> None:
    wire = start_wire("--child-read-bytes=8", "--min-backlog-bytes=8", "--max-total-backlog-bytes=1")
    session = wire.spawn(["printf", "%s", text], backlogBytes=8, overflow=overflow)["sessionId"]
    wire.wait_exited(session)
    if overflow == "block":
        assert wire.collect_output(session, "stdout").decode() == text
    wire.wait_closed(session)
