"""What servers tell, each in its own language, and what a flood makes of it; no server is needed for that."""

import base64
from collections.abc import Iterator, Sequence

import msgpack
import orjson
import pytest

from .codex_wire import CodexWire
from .contract_wire import ContractWire
from .deadline import Deadline, NotOfferedError, WrongResultError
from .fast_client import FastClient, frame
from .flood import Flood
from .nvim_wire import NvimWire
from .process import Process
from .wire import Answer, Closed, Event, Exited, Output, Wire, kept


@pytest.fixture
def repeater() -> Iterator[FastClient]:
    """Reads what it sends."""
    with Process(["cat"]) as cat:
        yield FastClient(cat.stdin_fd, cat.stdout_fd, Deadline(10))


def events_of(wire: Wire, count: int) -> list[Event]:
    events = (wire.next_event() for _ in range(count))
    return [kept(event) if isinstance(event, Answer | Output) else event for event in events]


def test_the_contract_tells_offsets_and_encodings(repeater: FastClient) -> None:
    output = {"sessionId": "s", "stream": "stdout", "offset": 9, "length": 5, "encoding": "utf-8", "data": "größ"}
    exited = {"sessionId": "s", "exitCode": 3}
    repeater.send(frame({"method": "session/detached", "params": {"sessionId": "s"}}))
    repeater.send(frame({"method": "session/output", "params": output}))
    repeater.send(frame({"method": "session/exited", "params": exited}))
    wire = ContractWire(repeater)
    told, ended = events_of(wire, 2)
    assert isinstance(told, Output)
    assert (told.session, told.size_bytes, wire.offset_of(told)) == ("s", 5, 9)
    assert wire.bytes_of(told, "utf-8") == "größ".encode()
    assert wire.text_of(told) == "größ"
    with pytest.raises(WrongResultError, match="utf-8 where base64 was asked for"):
        wire.bytes_of(told, "base64")
    assert ended == Exited("s", 3)


@pytest.mark.parametrize("size_bytes", range(1, 7))
def test_codex_sizes_are_told_by_the_length_of_base64(repeater: FastClient, size_bytes: int) -> None:
    data = bytes(range(250, 250 + size_bytes - 1)) + b"\0"
    params = {"processId": "p1", "seq": 1, "stream": "stdout", "chunk": base64.b64encode(data).decode()}
    for method, of_it in (
        ("process/output", params | {"stream": "stderr"}),
        ("process/output", params),
        ("process/exited", {"processId": "p1", "seq": 2, "exitCode": 0}),
        ("process/closed", {"processId": "p1", "seq": 3}),
    ):
        repeater.send(orjson.dumps({"method": method, "params": of_it}) + b"\n")
    wire = CodexWire(repeater)
    told, exited, closed = events_of(wire, 3)
    assert isinstance(told, Output)
    assert (told.size_bytes, wire.bytes_of(told), wire.text_of(told)) == (size_bytes, data, data)
    assert (exited, closed) == (Exited("p1", 0), Closed("p1"))


def test_the_contracts_base64_becomes_bytes(repeater: FastClient) -> None:
    output = {"sessionId": "s", "offset": 0, "length": 2, "encoding": "base64", "data": "/wA="}
    repeater.send(frame({"method": "session/output", "params": output}))
    wire = ContractWire(repeater)
    (told,) = events_of(wire, 1)
    assert isinstance(told, Output)
    assert wire.text_of(told) == wire.bytes_of(told, "base64") == b"\xff\0"


def test_codex_has_base64_only(repeater: FastClient) -> None:
    with pytest.raises(NotOfferedError, match="base64 only"):
        CodexWire(repeater).spawn(1, ["true"], "utf-8")


def test_a_write_that_codex_did_not_accept_is_wrong(repeater: FastClient) -> None:
    repeater.send(b'{"id":1,"result":{"status":"accepted"}}\n{"id":2,"result":{"status":"stdinClosed"}}\n')
    wire = CodexWire(repeater)
    accepted, refused = events_of(wire, 2)
    assert isinstance(accepted, Answer)
    assert isinstance(refused, Answer)
    assert wire.result_of(accepted)[0] == 1
    with pytest.raises(WrongResultError, match="stdinClosed"):
        wire.result_of(refused)


def test_neovims_lines_are_bytes_again(repeater: FastClient) -> None:
    messages = [
        [2, "output", [7, [b"one", b"t\nw\xff", b""]]],
        [2, "stderr", [7, [b"not this"]]],
        [2, "exited", [7, 0]],
        [1, 5, None, {"id": 7}],
        [1, 6, [0, b"no such channel"], None],
    ]
    repeater.send(b"".join(map(msgpack.packb, messages)))
    wire = NvimWire(repeater)
    told, exited, good, bad = events_of(wire, 4)
    assert isinstance(told, Output)
    data = b"one\nt\0w\xff\n"
    assert (told.session, told.size_bytes, wire.bytes_of(told)) == (7, len(data), data)
    assert exited == Exited(7, 0)
    assert isinstance(good, Answer)
    assert isinstance(bad, Answer)
    assert wire.session_of(wire.result_of(good)[1]) == 7
    with pytest.raises(WrongResultError, match="no such channel"):
        wire.result_of(bad)
    assert not wire.has_unread()


def outputs(*chunks: tuple[str, int, str]) -> list[bytes]:
    return [
        frame({"method": "session/output", "params": {"sessionId": session, "offset": offset, "length": len(data)}})
        for session, offset, data in chunks
    ]


ANSWER = frame({"jsonrpc": "2.0", "id": 1, "result": {}})


def flood(client: FastClient, messages: Sequence[bytes]) -> Flood:
    """One turn of five bytes, while these messages come."""
    flood = Flood(client, ContractWire(client), "quiet")
    flood.measure([(b"".join(messages), 5, b"")], 1.0)
    return flood


def test_a_flood_is_counted_and_the_quiet_session_is_heard(repeater: FastClient) -> None:
    told = outputs(("a", 100, "12345678"), ("quiet", 0, "abc"), ("a", 108, "1"), ("quiet", 3, "de"))
    heard = flood(repeater, [*told[:3], ANSWER, told[3], ANSWER])
    assert len(heard.answers) == 2
    assert [output.size_bytes for output in heard.echoed] == [3, 2]


def test_a_flood_that_loses_bytes_is_wrong(repeater: FastClient) -> None:
    told = outputs(("a", 100, "12345678"), ("a", 109, "1"), ("quiet", 0, "abcde"))
    with pytest.raises(WrongResultError, match="a lost bytes before 109"):
        flood(repeater, [*told, ANSWER, ANSWER])


def test_a_flood_without_a_flood_is_wrong(repeater: FastClient) -> None:
    with pytest.raises(WrongResultError, match="no session flooded"):
        flood(repeater, [*outputs(("quiet", 0, "abcde")), ANSWER, ANSWER])
