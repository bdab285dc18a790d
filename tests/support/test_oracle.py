"""The oracle is able to fail: a correct trace passes, and each breach of the contract is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.oracle import OpenSessions, check_trace
from tests.support.trace import Message, TraceEntry

SESSION = "pipe-17f0000000000000-00000001"
STREAM = {"startOffset": 0, "endOffset": 0, "missedBytes": 0, "attached": True, "attachmentId": "a1", "ended": False}
INFO: Message = {
    "sessionId": SESSION,
    "pid": 77,
    "state": "running",
    "command": "x",
    "argv": ["x"],
    "cwd": "/",
    "originator": "",
    "createdAt": 1.5,
    "mergeStderr": False,
    "containment": "cgroup",
    "stdin": {"open": True, "pendingBytes": 0},
    "stdout": STREAM,
    "stderr": {**STREAM, "attachmentId": "a2"},
    "exit": None,
    "usage": None,
}
EXIT: Message = {
    "exitCode": 0,
    "signal": None,
    "coreDumped": False,
    "exitedAt": 2.5,
    "durationMs": 3.5,
    "outcome": "naturalExit",
    "reason": None,
    "usage": {"userMs": 1, "systemMs": 1.5, "maxRssBytes": 4096},
    "processesLeft": None,
}


def asked(request: int, method: str, **params: Any) -> Message:
    return {"jsonrpc": "2.0", "id": request, "method": method, "params": params}


def answered(request: int, result: Any) -> Message:
    return {"jsonrpc": "2.0", "id": request, "result": result}


def told(method: str, **params: Any) -> Message:
    return {"jsonrpc": "2.0", "method": f"session/{method}", "params": {"sessionId": SESSION, **params}}


def output(offset: int, data: str, **more: Any) -> Message:
    piece = {"offset": offset, "length": len(data), "data": data, "encoding": "utf-8", "seq": 1, "timeMs": 0.5}
    return told("output", stream="stdout", **piece, **more)


def detached(stream: str, attachment: str, offset: int, reason: str) -> Message:
    return told("detached", stream=stream, attachmentId=attachment, offset=offset, reason=reason)


def conversation() -> list[Message]:
    """A correct conversation in which most rules have a part. Requests have `method` and `id`; the rest comes in."""
    return [
        asked(1, "session/spawn", argv=["x"]),  # 0
        answered(1, INFO),  # 1
        output(0, "abc"),  # 2
        asked(2, "session/attach", sessionId=SESSION, stream="stdout", steal=True, fromOffset=1),  # 3
        detached("stdout", "a1", 3, "stolen"),  # 4
        answered(2, {"attachmentId": "a3", "offset": 1, "missedBytes": 0}),  # 5
        output(1, "bc"),  # 6
        output(5, "f", missedBytes=2),  # 7
        asked(3, "session/detach", sessionId=SESSION, stream="stdout"),  # 8
        detached("stdout", "a3", 6, "detached"),  # 9
        answered(3, {"offset": 6}),  # 10
        asked(4, "session/attach", sessionId=SESSION, stream="stdout", fromOffset=6),  # 11
        answered(4, {"attachmentId": "a4", "offset": 6, "missedBytes": 0}),  # 12
        output(6, "g"),  # 13
        detached("stderr", "a2", 0, "ended"),  # 14
        detached("stdout", "a4", 7, "ended"),  # 15
        told("exited", **EXIT, streamsOpen=[]),  # 16
        told("closed"),  # 17
        asked(5, "session/wait", sessionId=SESSION),  # 18
        answered(5, {"exit": EXIT}),  # 19
        asked(6, "session/attach", sessionId=SESSION, stream="stdout", fromOffset=6),  # 20
        answered(6, {"attachmentId": "a5", "offset": 6, "missedBytes": 0}),  # 21
        output(6, "g"),  # 22
        detached("stdout", "a5", 7, "ended"),  # 23
        asked(7, "session/remove", sessionId=SESSION),  # 24
        answered(7, {}),  # 25
        asked(8, "shutdown"),  # 26
        answered(8, None),  # 27
    ]


def as_trace(messages: list[Message]) -> list[TraceEntry]:
    return [
        TraceEntry("out" if "id" in message and "method" in message else "in", message, float(number))
        for number, message in enumerate(messages)
    ]


def test_a_correct_conversation_passes() -> None:
    check_trace(as_trace(conversation()), complete=True)


def change(index: int, *path: str, to: Any) -> Callable[[list[Message]], None]:
    """Give one member of one message another value."""

    def apply(messages: list[Message]) -> None:
        target = messages[index]
        for name in path[:-1]:
            target = target[name]
        target[path[-1]] = to

    return apply


def leave_out(*indices: int) -> Callable[[list[Message]], None]:
    def apply(messages: list[Message]) -> None:
        for index in sorted(indices, reverse=True):
            del messages[index]

    return apply


def swap(first: int, second: int) -> Callable[[list[Message]], None]:
    def apply(messages: list[Message]) -> None:
        messages[first], messages[second] = messages[second], messages[first]

    return apply


def repeat(index: int) -> Callable[[list[Message]], None]:
    def apply(messages: list[Message]) -> None:
        messages.insert(index, copy.deepcopy(messages[index]))

    return apply


def insert(index: int, message: Message) -> Callable[[list[Message]], None]:
    def apply(messages: list[Message]) -> None:
        messages.insert(index, message)

    return apply


BREACHES: dict[str, Callable[[list[Message]], None]] = {
    "a hole": change(6, "params", "offset", to=2),
    "a repetition": change(6, "params", "offset", to=0),
    "a lost notification": leave_out(2),
    "a gap counted wrong": change(7, "params", "missedBytes", to=1),
    "a gap not counted": lambda messages: messages[7]["params"].pop("missedBytes"),
    "a gap of nothing": change(2, "params", "missedBytes", to=0),
    "a length that lies": change(2, "params", "length", to=2),
    "an empty output": change(2, "params", "length", to=0),
    "data that is no base64": change(2, "params", "encoding", to="base64"),
    "an encoding that nobody asked for": lambda messages: messages[2]["params"].update(data="YWJj", encoding="base64"),
    "a notification before the spawn answer": swap(1, 2),
    "output before the theft is told": lambda messages: messages.insert(6, messages.pop(4)),
    "output after detach": insert(11, output(6, "g")),
    "a detach answer that skips": change(10, "result", "offset", to=7),
    "an end too early": change(15, "params", "offset", to=6),
    "an attachment of another id": change(15, "params", "attachmentId", to="a9"),
    "an attachment id used twice": change(21, "result", "attachmentId", to="a4"),
    "an attachment told without its id": change(1, "result", "stdout", "attachmentId", to=None),
    "an exit before the output": swap(13, 16),
    "an exit twice": repeat(16),
    "closed before exited": swap(16, 17),
    "closed twice": repeat(17),
    "closed while attached": leave_out(15),
    "an attachment named after closed": swap(15, 17),
    "an answer twice": repeat(19),
    "an answer to nothing": insert(3, answered(99, {})),
    "no answer": leave_out(19),
    "no exit": leave_out(16, 17, 18, 19, 24, 25),
    "a member too many": change(17, "params", "more", to=1),
    "a member too few": lambda messages: messages[16]["params"].pop("usage"),
    "an exit with code and signal": change(16, "params", "signal", to="SIGTERM"),
    "a natural exit with a reason": change(16, "params", "reason", to="request"),
    "an integer for a time": change(16, "params", "exitedAt", to=2),
    "another exit": change(19, "result", "exit", "exitCode", to=1),
    "a stream that nobody has": change(16, "params", "streamsOpen", to=["stdin"]),
    "attached told wrong": lambda messages: messages[1]["result"].update(stdout={**STREAM, "attached": False}),
    "a removed session": insert(26, told("closed")),
    "an attach that lies about its gap": change(5, "result", "missedBytes", to=1),
    "a shutdown that answers": change(27, "result", to={}),
    "an unknown notification": insert(3, told("progress")),
    "a request to the client": insert(3, {**told("output"), "id": 5, "params": {}}),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_found(breach: str) -> None:
    messages = copy.deepcopy(conversation())
    BREACHES[breach](messages)
    with pytest.raises(AssertionError):
        check_trace(as_trace(messages), complete=True)


def test_an_exit_may_leave_a_stream_open() -> None:
    messages = conversation()
    messages[16]["params"]["streamsOpen"] = ["stdout"]
    messages.insert(14, messages.pop(16))  # exited, then the ends
    messages.insert(13, messages.pop(14))  # exited, then the last output
    check_trace(as_trace(messages), complete=True)


def test_errors_are_answers_and_have_a_shape() -> None:
    error: Message = {"code": 1001, "message": "there is no such session", "data": {"kind": "SessionNotFound"}}
    request = asked(1, "session/info", sessionId=SESSION)
    check_trace(as_trace([request, {"jsonrpc": "2.0", "id": 1, "error": error}]), complete=True)
    for wrong in ({"kind": "NotAttached"}, {}, None):
        with pytest.raises(AssertionError):
            check_trace(as_trace([request, {"jsonrpc": "2.0", "id": 1, "error": {**error, "data": wrong}}]))


def test_nameless_errors_answer_what_cannot_be_read_and_nothing_else() -> None:
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "this is not JSON"}}
    unreadable = TraceEntry("out", b"Content-Length: 1\r\n\r\n{", 0.0)
    check_trace([unreadable, TraceEntry("in", error, 1.0)])
    with pytest.raises(AssertionError):
        check_trace([unreadable, TraceEntry("in", error, 1.0), TraceEntry("in", error, 2.0)])
    with pytest.raises(AssertionError):
        check_trace([TraceEntry("in", error, 1.0)])


def test_open_sessions_are_those_that_have_not_had_their_last_word() -> None:
    trace: list[TraceEntry] = []
    left = OpenSessions(trace)
    entries = as_trace(conversation())
    assert left.names() == set()
    trace += entries[:2]
    assert left.names() == {SESSION}
    trace += entries[2:17]
    assert left.names() == {SESSION}
    trace += entries[17:]
    assert left.names() == set()
