"""`session/write`: answered when every byte is in the child's pipe, in order, within a bound, and never in the way."""

from __future__ import annotations

import base64
import hashlib
import sys

import pytest

from tests.support.fixture_types import MakeGate
from tests.support.programs import child, python, shell
from tests.support.refusals import check_refusal, problems, refusal
from tests.support.wire_client import Message, WireClient

MIB = 1 << 20


def write(wire: WireClient, session: str, data: str = "", **params: object) -> Message:
    """`session/write`, waited for."""
    answer: Message = wire.request("session/write", {"sessionId": session, "data": data, **params})
    return answer


def answered(wire: WireClient, request: int | str) -> bool:
    """Has the answer to the request arrived already?"""
    return any(
        entry.direction == "in"
        and not isinstance(entry.message, bytes)
        and "method" not in entry.message
        and entry.message["id"] == request
        for entry in wire.trace
    )


def answers_in_order(wire: WireClient) -> list[int | str]:
    """The ids of all answers so far, in order of arrival."""
    return [
        entry.message["id"]
        for entry in wire.trace
        if entry.direction == "in" and not isinstance(entry.message, bytes) and "method" not in entry.message
    ]


# ---- bytes


@pytest.mark.parametrize(
    ("data", "encoding", "expected"),
    [
        ("héllo\n", "utf-8", "héllo\n".encode()),
        ("", "utf-8", b""),
        ("a\0b\r\n", "utf-8", b"a\0b\r\n"),
        ("😀", "utf-8", "😀".encode()),
        ("AP/+gA==", "base64", b"\x00\xff\xfe\x80"),
        ("", "base64", b""),
    ],
)
def test_bytes_enter_the_child_as_they_are(wire: WireClient, data: str, encoding: str, expected: bytes) -> None:
    session = wire.spawn(["cat"], encoding="base64")["sessionId"]
    assert write(wire, session, data, encoding=encoding) == {"bytesWritten": len(expected)}
    assert write(wire, session, close=True) == {"bytesWritten": 0}
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == expected


def test_data_may_be_left_out(wire: WireClient) -> None:
    session = wire.spawn(["cat"])["sessionId"]
    assert wire.request("session/write", {"sessionId": session}) == {"bytesWritten": 0}
    assert wire.request("session/info", {"sessionId": session})["stdin"] == {"open": True, "pendingBytes": 0}
    assert wire.request("session/write", {"sessionId": session, "close": True}) == {"bytesWritten": 0}
    wire.wait_closed(session)


def test_a_conversation_with_the_child(wire: WireClient) -> None:
    session = wire.spawn(["cat"])["sessionId"]
    expected = b""
    for number in range(50):
        line = f"line {number}\n"
        write(wire, session, line)
        expected += line.encode()
        assert wire.wait_output(session, "stdout", len(expected)) == expected
    write(wire, session, close=True)
    wire.wait_closed(session)


@pytest.mark.parametrize("data", ["%%%", "QQ=", "Q Q =", "QQ==\n", "é", "A", "====", "QQ==QQ=="])
def test_what_is_not_base64_is_a_wrong_parameter(wire: WireClient, data: str) -> None:
    session = wire.spawn(["cat"])["sessionId"]
    params = {"sessionId": session, "data": data, "encoding": "base64"}
    assert problems(wire, "session/write", params).keys() == {"params.data"}
    assert write(wire, session, "after", close=True) == {"bytesWritten": 5}
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == b"after"


def test_auto_is_no_encoding_to_write_in(wire: WireClient) -> None:
    session = wire.spawn(["cat"], stdin="null")["sessionId"]
    params = {"sessionId": session, "data": "x", "encoding": "auto"}
    assert problems(wire, "session/write", params).keys() == {"params.encoding"}


# ---- when a write is answered


def test_a_write_is_answered_when_its_last_byte_has_entered_the_pipe(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(child("slow_reader", held.path))["sessionId"]
    request = wire.start("session/write", {"sessionId": session, "data": "x" * MIB, "close": True})
    stdin = wire.request("session/info", {"sessionId": session})["stdin"]
    assert not answered(wire, request)
    assert 0 < stdin["pendingBytes"] < MIB
    held.open_and_release()
    assert wire.result(request) == {"bytesWritten": MIB}
    wire.wait_closed(session)
    expected = f"{MIB} {hashlib.sha256(b'x' * MIB).hexdigest()}\n"
    assert wire.collect_output(session, "stdout").decode() == expected
    assert wire.request("session/info", {"sessionId": session})["stdin"] == {"open": False, "pendingBytes": 0}


def test_what_fits_into_the_pipe_is_answered_though_the_child_reads_nothing(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(child("slow_reader", held.path))["sessionId"]
    assert write(wire, session, "x" * 1000) == {"bytesWritten": 1000}
    held.open_and_release()
    write(wire, session, close=True)
    wire.wait_closed(session)


def test_a_child_that_never_reads_blocks_nobody(wire: WireClient) -> None:
    deaf = wire.spawn(child("stubborn"), graceMs=0)["sessionId"]
    pending = wire.start("session/write", {"sessionId": deaf, "data": "x" * MIB})
    session = wire.spawn(["cat"])["sessionId"]
    for number in range(20):
        assert write(wire, session, f"{number}\n")["bytesWritten"] == len(f"{number}\n")
    write(wire, session, close=True)
    wire.wait_closed(session)
    assert not answered(wire, pending)
    wire.request("session/terminate", {"sessionId": deaf})
    error = check_refusal(wire, "StdinClosed", pending)
    assert 0 <= error.data["bytesWritten"] < MIB


def test_writes_keep_the_order_of_requests(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("read _ < $1; exec cat", held.path))["sessionId"]
    pieces = [f"[{number}:{'x' * (number * 37 % 5000)}]" for number in range(1000)]
    requests = [wire.start("session/write", {"sessionId": session, "data": piece}) for piece in pieces]
    closing = wire.start("session/write", {"sessionId": session, "close": True})
    wire.fence()
    assert not answered(wire, closing)
    held.open_and_release()
    for request, piece in zip(requests, pieces, strict=True):
        assert wire.result(request) == {"bytesWritten": len(piece)}
    assert wire.result(closing) == {"bytesWritten": 0}
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout").decode() == "".join(pieces)
    writes = {*requests, closing}
    assert [request for request in answers_in_order(wire) if request in writes] == [*requests, closing]


def test_ten_mebibytes_through_cat_arrive_unchanged(wire: WireClient) -> None:
    session = wire.spawn(["cat"], encoding="base64")["sessionId"]
    block = bytes(range(256)) * 4096
    encoded = base64.b64encode(block).decode()
    for _ in range(10):
        assert write(wire, session, encoded, encoding="base64") == {"bytesWritten": MIB}
    write(wire, session, close=True)
    wire.wait_closed(session)
    assert hashlib.sha256(wire.collect_output(session, "stdout")).digest() == hashlib.sha256(block * 10).digest()


SMALL_PIPES = """
import fcntl, os
for descriptor in (0, 1):
    fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, 4096)
os.write(2, b"small")
while data := os.read(0, 1 << 16):
    while data:
        data = data[os.write(1, data):]
"""


@pytest.mark.skipif(sys.platform != "linux", reason="sets the capacity of pipes")
def test_nothing_depends_on_how_much_a_pipe_holds(wire: WireClient) -> None:
    # A user's pipes shrink once there are many of them (pipe(7), pipe-user-pages-soft).
    session = wire.spawn(python(SMALL_PIPES), encoding="base64", backlogBytes=1024)["sessionId"]
    wire.wait_output(session, "stderr", len("small"))
    block = bytes(range(256)) * 4096
    write(wire, session, base64.b64encode(block).decode(), encoding="base64", close=True)
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == block


# ---- too much


def test_a_write_above_the_limit_is_refused_whole(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(child("slow_reader", held.path))["sessionId"]
    refusal(wire, "StdinFull", "session/write", {"sessionId": session, "data": "x" * (9 * MIB)})
    assert wire.request("session/info", {"sessionId": session})["stdin"] == {"open": True, "pendingBytes": 0}
    assert write(wire, session, "small") == {"bytesWritten": 5}
    write(wire, session, close=True)
    held.open_and_release()
    wire.wait_closed(session)
    expected = f"5 {hashlib.sha256(b'small').hexdigest()}\n"
    assert wire.collect_output(session, "stdout").decode() == expected


def test_writes_that_wait_count_towards_the_limit(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(child("slow_reader", held.path))["sessionId"]
    first = wire.start("session/write", {"sessionId": session, "data": "a" * (5 * MIB)})
    # A refused write is refused whole: neither its bytes nor its close happen.
    second = wire.start("session/write", {"sessionId": session, "data": "b" * (5 * MIB), "close": True})
    check_refusal(wire, "StdinFull", second)
    third = wire.start("session/write", {"sessionId": session, "data": "c" * MIB, "close": True})
    held.open_and_release()
    assert wire.result(first) == {"bytesWritten": 5 * MIB}
    assert wire.result(third) == {"bytesWritten": MIB}
    wire.wait_closed(session)
    digest = hashlib.sha256(b"a" * (5 * MIB) + b"c" * MIB).hexdigest()
    assert wire.collect_output(session, "stdout").decode() == f"{6 * MIB} {digest}\n"


# ---- the end of stdin


def test_close_comes_after_the_bytes(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(child("slow_reader", held.path))["sessionId"]
    requests = [wire.start("session/write", {"sessionId": session, "data": "y" * 300_000}) for _ in range(3)]
    closing = wire.start("session/write", {"sessionId": session, "data": "end", "close": True})
    held.open_and_release()
    assert [wire.result(request) for request in requests] == [{"bytesWritten": 300_000}] * 3
    assert wire.result(closing) == {"bytesWritten": 3}
    wire.wait_closed(session)
    digest = hashlib.sha256(b"y" * 900_000 + b"end").hexdigest()
    assert wire.collect_output(session, "stdout").decode() == f"900003 {digest}\n"


def test_to_write_nothing_is_no_error_even_after_close_and_exit(wire: WireClient) -> None:
    session = wire.spawn(["cat"])["sessionId"]
    write(wire, session, "x", close=True)
    assert wire.request("session/write", {"sessionId": session}) == {"bytesWritten": 0}
    wire.wait_closed(session)
    assert wire.request("session/write", {"sessionId": session, "data": ""}) == {"bytesWritten": 0}


@pytest.mark.parametrize("params", [{"data": "x"}, {"close": True}, {"data": "x", "close": True}])
def test_nothing_can_be_written_after_close(wire: WireClient, gate: MakeGate, params: Message) -> None:
    held = gate()
    session = wire.spawn(shell("cat; read _ < $1", held.path))["sessionId"]
    write(wire, session, "x", close=True)
    error = refusal(wire, "StdinClosed", "session/write", {"sessionId": session, **params})
    assert error.data["bytesWritten"] == 0
    assert wire.request("session/info", {"sessionId": session})["stdin"]["open"] is False
    held.open_and_release()
    wire.wait_closed(session)


def test_nothing_can_be_written_behind_a_close_that_still_waits(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(child("slow_reader", held.path))["sessionId"]
    closing = wire.start("session/write", {"sessionId": session, "data": "x" * MIB, "close": True})
    refusal(wire, "StdinClosed", "session/write", {"sessionId": session, "data": "late"})
    held.open_and_release()
    assert wire.result(closing) == {"bytesWritten": MIB}
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout").startswith(b"%d " % MIB)


def test_a_child_that_closes_its_stdin_refuses_the_rest(wire: WireClient, gate: MakeGate) -> None:
    report, held, end = gate(), gate(), gate()
    late_closer = shell('read _ < "$1"; shift; exec "$@"', held.path, *child("closer", 0, report.path, end.path))
    session = wire.spawn(late_closer)["sessionId"]
    pending = wire.start("session/write", {"sessionId": session, "data": "x" * MIB})
    wire.fence()
    assert not answered(wire, pending)
    held.open_and_release()
    report.wait()
    error = check_refusal(wire, "StdinClosed", pending)
    assert 0 < error.data["bytesWritten"] < MIB
    again = refusal(wire, "StdinClosed", "session/write", {"sessionId": session, "data": "x"})
    assert again.data["bytesWritten"] == 0
    info = wire.request("session/info", {"sessionId": session})
    assert info["state"] == "running"
    assert info["stdin"] == {"open": False, "pendingBytes": 0}
    end.open_and_release()
    assert wire.wait_exited(session)["exitCode"] == 0


def test_a_child_that_exits_refuses_the_rest(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("read _ < $1", held.path))["sessionId"]
    requests = [wire.start("session/write", {"sessionId": session, "data": "x" * MIB}) for _ in range(3)]
    wire.fence()
    held.open_and_release()
    written = [check_refusal(wire, "StdinClosed", request).data["bytesWritten"] for request in requests]
    assert 0 < written[0] < MIB
    assert written[1:] == [0, 0]
    wire.wait_closed(session)
    error = refusal(wire, "StdinClosed", "session/write", {"sessionId": session, "data": "x"})
    assert error.data["bytesWritten"] == 0


def test_after_the_exit_nothing_is_written_to_a_survivor_that_holds_stdin(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(child("orphan", "stdin+stdout", held.path))["sessionId"]
    assert wire.wait_exited(session)["streamsOpen"] == ["stdout"]
    refusal(wire, "StdinClosed", "session/write", {"sessionId": session, "data": "x"})
    assert wire.request("session/info", {"sessionId": session})["stdin"]["open"] is False
    held.open_and_release()
    wire.wait_closed(session)


def test_many_idle_sessions_hold_up_no_end_of_file(wire: WireClient) -> None:
    others = [wire.spawn(["cat"])["sessionId"] for _ in range(20)]
    for session in others:
        write(wire, session, close=True)
        assert wire.wait_exited(session)["exitCode"] == 0
