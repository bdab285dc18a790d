"""pipe_rpc/server/endpoint.py: phases, dispatch, and one answer to every request."""

import errno
import gc
import json
import signal
from typing import Any

import pytest

from pipe_rpc.buffers.framer import encode_frame
from pipe_rpc.buffers.text import Encoding
from pipe_rpc.child.spawn import SpawnError
from pipe_rpc.errors import ErrorCode
from pipe_rpc.protocol.methods import BASE_METHODS, LSP_METHODS, SESSION_METHODS
from pipe_rpc.server import handlers
from tests.server.conftest import MakeBench
from tests.server.harness import OUT, Bench, error_kind, sent
from tests.support.trace import Message

CANARY = "canary-91c2"
REQUESTS = [row.name for row in (*BASE_METHODS, *SESSION_METHODS, *LSP_METHODS) if row.result is not None]
NOTIFICATIONS = [row.name for row in (*BASE_METHODS, *LSP_METHODS) if row.result is None]


# -------------------------------------------------------------------------------------------------------------- phases


@pytest.mark.parametrize("method", [*(name for name in REQUESTS if name != "initialize"), "unknown", "$/unknown"])
def test_a_request_before_initialize_is_refused(make_bench: MakeBench, method: str) -> None:
    bench = make_bench()
    assert error_kind(bench.request(method, {})) == "ServerNotInitialized"
    assert "capabilities" in bench.initialize()


def test_a_refused_initialize_may_be_sent_again(make_bench: MakeBench) -> None:
    bench = make_bench()
    assert error_kind(bench.request("initialize", {"processId": 0})) == "InvalidParams"
    assert error_kind(bench.request("session/list")) == "ServerNotInitialized"
    assert bench.watched_clients == []
    bench.initialize()
    assert bench.result("session/list") == {"sessions": []}


def test_the_second_initialize_is_refused_and_changes_nothing(bench: Bench) -> None:
    answer = bench.request("initialize", {"processId": 1, "initializationOptions": {"originator": "other"}})
    assert error_kind(answer) == "InvalidRequest"
    assert bench.watched_clients == []
    bench.spawn()
    assert bench.result("session/list")["sessions"][0]["originator"] == ""


def test_the_process_of_the_client_is_watched(make_bench: MakeBench) -> None:
    bench = make_bench()
    bench.initialize(processId=4321)
    assert bench.watched_clients == [4321]


def test_of_the_handshake_no_more_is_kept_than_what_matters(make_bench: MakeBench) -> None:
    bench = make_bench()
    large: list[list[object]] = [[[] for _ in range(10)] for _ in range(10)]
    window = {"workDoneProgress": True, "odd": large}
    bench.initialize(capabilities={"window": window, "odd": large}, workspaceFolders=large, unknown=large)
    connection = bench.endpoint._connection
    assert connection is not None
    assert connection.shows_progress
    assert {type(each) for each in connection} <= {int, float, str, bool, Encoding, type(None)}


@pytest.mark.parametrize("method", [*REQUESTS, "unknown"])
def test_a_request_after_shutdown_is_refused(bench: Bench, method: str) -> None:
    assert bench.result("shutdown") is None
    assert error_kind(bench.request(method, {})) == "InvalidRequest"


def test_a_request_while_the_shutdown_waits_is_refused_too(bench: Bench) -> None:
    bench.spawn()
    shutdown = bench.start("shutdown")
    assert error_kind(bench.request("session/list")) == "InvalidRequest"
    assert error_kind(bench.request("session/list", request_id=shutdown)) == "InvalidRequest"
    assert error_kind(bench.request("shutdown")) == "InvalidRequest"


def test_exit_after_shutdown_is_status_0_and_without_it_status_1(make_bench: MakeBench) -> None:
    orderly, sudden = make_bench(), make_bench()
    for bench in (orderly, sudden):
        bench.initialize()
    orderly.result("shutdown")
    for bench in (orderly, sudden):
        bench.notify("exit")
        assert bench.ending.begun
    assert orderly.ending.exit_status == 0
    assert sudden.ending.exit_status == 1


def test_exit_is_obeyed_before_initialize(make_bench: MakeBench) -> None:
    bench = make_bench()
    bench.notify("exit")
    assert bench.ending.begun
    assert bench.ending.exit_status == 1


def test_a_request_is_refused_while_the_server_ends(bench: Bench) -> None:
    bench.spawn()
    bench.notify("exit")
    assert error_kind(bench.request("session/spawn", {"argv": ["late"]})) == "InvalidRequest"
    assert len(bench.children) == 1


# ------------------------------------------------------------------------------------------------------------ dispatch


@pytest.mark.parametrize("method", ["", "session/", "session/Spawn", "$/unknown", "rpc.discover", "textDocument/hover"])
def test_an_unknown_method_is_answered_as_such(bench: Bench, method: str) -> None:
    error = bench.refusal(method)
    assert error["code"] == -32601
    assert error["data"] == {"kind": "MethodNotFound"}


def test_the_name_of_an_unknown_method_is_told_in_short(bench: Bench) -> None:
    assert len(bench.refusal("m" * 50_000)["message"]) < 300


@pytest.mark.parametrize("method", NOTIFICATIONS)
def test_a_notification_with_an_id_is_refused_and_not_obeyed(bench: Bench, method: str) -> None:
    assert error_kind(bench.request(method)) == "InvalidRequest"
    assert not bench.ending.begun


@pytest.mark.parametrize("params", [None, {}, [], 5, {"value": "verbose"}])
@pytest.mark.parametrize("method", ["initialized", "$/setTrace", "$/unknown", "unknown"])
def test_other_notifications_change_nothing(bench: Bench, method: str, params: Any) -> None:
    bench.notify(method, params)
    assert bench.take() == []
    assert method not in bench.log_text()


def test_a_request_without_an_id_is_not_executed_and_logged(bench: Bench) -> None:
    bench.notify("session/spawn", {"argv": ["fake"], "env": {"SECRET": CANARY}})
    assert bench.children == []
    assert bench.take() == []
    assert "session/spawn came without an id" in bench.log_text()
    assert CANARY not in bench.log_text()


@pytest.mark.parametrize("params", [None, [], {}, {"id": None}, {"id": 1.5}, {"id": []}, {"id": True}, {"id": "x"}, 5])
def test_a_cancellation_of_nothing_is_ignored(bench: Bench, params: Any) -> None:
    bench.notify("$/cancelRequest", params)
    assert bench.take() == []


@pytest.mark.parametrize(
    "response",
    [
        {"id": 1, "result": None},
        {"id": "x", "error": {"code": 1, "message": "m"}},
        {"id": [], "result": 1},
        {"id": None, "result": 1},
    ],
)
def test_an_answer_that_nobody_asked_for_is_ignored(bench: Bench, response: Any) -> None:
    assert bench.send({"jsonrpc": "2.0", **response}) == []
    assert bench.result("session/list") == {"sessions": []}


def test_params_null_are_the_same_as_none(bench: Bench) -> None:
    (answer,) = bench.send({"jsonrpc": "2.0", "id": 9, "method": "session/list", "params": None})
    assert answer["result"] == {"sessions": []}


@pytest.mark.parametrize(
    ("body", "code", "request_id"),
    [
        (b"", -32700, None),
        (b"\xff", -32700, None),
        (b"{", -32700, None),
        (b"[]", -32600, None),
        (b'{"jsonrpc":"2.0","id":"a","method":5}', -32600, "a"),
        (b'{"id":5,"method":"session/list"}', -32600, 5),
        (b'{"jsonrpc":"2.0","id":1.0,"method":"session/list"}', -32600, None),
    ],
)
def test_a_malformed_body_gets_one_answer_and_the_connection_lives(
    bench: Bench, body: bytes, code: int, request_id: Any
) -> None:
    bench.wires.write(encode_frame(body))
    (answer,) = bench.take()
    assert answer["error"]["code"] == code
    assert answer["id"] == request_id
    assert bench.result("session/list") == {"sessions": []}


def test_what_a_client_sends_cannot_steer_the_terminal_that_shows_the_log(bench: Bench) -> None:
    escape = "\x1b[2J\x9b\x07\r\n"
    for method in (escape, "session/list"):
        bench.send({"jsonrpc": "2.0", "id": escape, "method": method, "params": {escape: escape}})
        bench.send({"jsonrpc": "2.0", "method": method, "params": escape})
        bench.send({"jsonrpc": escape, "id": 1, "method": method})
    bench.wires.write(encode_frame(json.dumps({"a": 1}).encode()[:-1] + b',"\\u001b[2J":1,"\\u001b[2J":2}'))
    bench.take()
    assert not set(bench.log_text()) & set("\x1b\x9b\x07\r")


# ----------------------------------------------------------------------------------------------------------- in flight


def test_an_id_in_flight_is_refused_and_the_first_request_is_untouched(bench: Bench) -> None:
    session_id, child = bench.spawn()
    waiting = bench.start("session/wait", {"sessionId": session_id})
    assert error_kind(bench.request("session/list", request_id=waiting)) == "InvalidRequest"
    assert bench.result("session/list")["sessions"]
    assert error_kind(bench.request("session/info", {}, request_id=str(waiting))) == "InvalidParams"
    bench.exit(child)
    assert bench.answer(waiting)["result"]["exit"]["exitCode"] == 0
    assert "result" in bench.request("session/list", request_id=waiting), "answered, so the id is fresh again"


def test_a_request_that_waits_is_answered_once_when_it_is_cancelled(bench: Bench) -> None:
    session_id, child = bench.spawn()
    waiting = bench.start("session/wait", {"sessionId": session_id})
    bench.notify("$/cancelRequest", {"id": str(waiting)})
    bench.notify("$/cancelRequest", {"id": waiting})
    bench.notify("$/cancelRequest", {"id": waiting})
    bench.exit(child)
    answers = [message for message in bench.take() if message.get("id") == waiting]
    assert [answer["error"]["code"] for answer in answers] == [-32800]


# ------------------------------------------------------------------------------------------------------------ failures


@pytest.mark.parametrize("error", [ValueError(CANARY), KeyError(CANARY), MemoryError(), RecursionError(CANARY)])
def test_a_failing_handler_is_answered_without_a_word_of_the_inside(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(call: Any, params: Any) -> Any:
        raise error

    monkeypatch.setitem(handlers._HANDLERS, "session/list", fail)
    answer = bench.request("session/list")
    assert answer["error"]["code"] == ErrorCode.INTERNAL_ERROR
    assert answer["error"]["data"] == {"kind": "InternalError"}
    text = json.dumps(answer)
    for inside in (CANARY, type(error).__name__, "Traceback", ".py", "/", "at fail", "swordfish"):
        assert inside not in text, inside
    log = bench.log_text()
    assert f"session/list failed: {type(error).__name__}" in log
    assert f"at {__file__}" in log
    assert CANARY not in log, "what an exception says may hold an environment value"
    assert bench.result("session/purge") == {"purged": 0}, "the server lives"


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("no/such/method", {}),
        ("session/info", {"sessionId": "pipe-0"}),
        ("session/spawn", {"argv": "ls"}),
        ("session/write", {"sessionId": "pipe-0", "data": "?", "encoding": "base64"}),
    ],
)
def test_a_refused_request_does_not_wait_in_memory_for_the_collector(bench: Bench, method: str, params: Any) -> None:
    bench.request(method, params)
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            assert "error" in bench.request(method, params)
        assert gc.collect() < 20
    finally:
        gc.enable()


def test_a_removed_session_and_what_was_asked_of_it_do_not_wait_in_memory_for_the_collector(bench: Bench) -> None:
    def come_and_go() -> None:
        session_id, child = bench.spawn(attach=[])
        read = bench.start("session/read", {"sessionId": session_id, "stream": "stdout", "waitMs": 5000})
        child.write(OUT, b"x")
        assert bench.answer(read)["result"]["length"] == 1
        bench.result("session/write", {"sessionId": session_id, "data": "x" * 60_000})
        write = bench.start("session/write", {"sessionId": session_id, "data": "x" * 60_000})
        child.read_stdin()
        bench.answer(write)
        wait = bench.start("session/wait", {"sessionId": session_id})
        bench.exit(child)
        bench.answer(wait)
        bench.result("session/remove", {"sessionId": session_id})
        bench.children.clear()

    come_and_go()
    gc.collect()
    gc.disable()
    try:
        come_and_go()
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_result_that_cannot_be_encoded_is_an_internal_error_too(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(handlers._HANDLERS, "session/list", lambda call, params: {"x": object()})
    assert error_kind(bench.request("session/list")) == "InternalError"
    assert bench.result("session/purge") == {"purged": 0}


def test_a_failing_notification_does_not_end_the_server(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(request_id: Any) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr(bench.pending, "cancel", fail)
    bench.notify("$/cancelRequest", {"id": 1})
    assert bench.result("session/list") == {"sessions": []}


# --------------------------------------------------------------------------------------------------------------- order


def test_the_answer_to_a_spawn_precedes_every_notification(bench: Bench) -> None:
    request_id = 77
    bench.wires.send({"jsonrpc": "2.0", "id": request_id, "method": "session/spawn", "params": {"argv": ["fake"]}})
    bench.turn(2)
    bench.children[0].write(OUT, b"early")
    bench.exit(bench.children[0])
    first, *rest = bench.take()
    assert first["id"] == request_id
    assert rest[0]["method"] == "session/output"
    assert rest[-1]["method"] == "session/closed"


def test_one_spawn_is_the_whole_share_of_a_turn(bench: Bench) -> None:
    bench.wires.send(
        *({"jsonrpc": "2.0", "id": number, "method": "session/spawn", "params": {"argv": ["a"]}} for number in range(3))
    )
    counts = []
    for _ in range(3):
        bench.loop.run_turn()
        counts.append(len(bench.children))
    assert counts == [1, 2, 3]


def test_shutdown_is_answered_behind_the_last_word_of_every_session(bench: Bench) -> None:
    _, child = bench.spawn()
    shutdown = bench.start("shutdown")
    assert [signal.Signals(number).name for number in sent(child)] == ["SIGTERM", "SIGCONT"]
    child.write(OUT, b"farewell")
    bench.exit(child)
    bench.loop.advance(1)
    messages = bench.take()
    assert messages[-1] == {"jsonrpc": "2.0", "id": shutdown, "result": None}
    assert [message["method"] for message in messages[:-1]] == [
        "session/output",
        "session/detached",
        "session/detached",
        "session/exited",
        "session/closed",
    ]


SPAWN = {"method": "session/spawn", "params": {"argv": ["fake"]}}


def numbered(*messages: Any) -> list[Message]:
    """Requests with ids 0, 1, …; a string is a method without params."""
    whole = [{"method": message, "params": {}} if isinstance(message, str) else message for message in messages]
    return [{"jsonrpc": "2.0", "id": number, **message} for number, message in enumerate(whole)]


def ids(messages: list[Message]) -> list[Any]:
    """The ids of answers."""
    return [message["id"] for message in messages if "id" in message]


@pytest.mark.parametrize("fails", [False, True], ids=["a spawn", "a spawn that fails"])
def test_requests_about_a_session_that_there_is_pass_spawns_that_wait(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    bench = make_bench()
    bench.initialize()
    session_id, _ = bench.spawn()
    if fails:

        def fail(*_: object) -> None:
            raise SpawnError(OSError(errno.ENOENT, "none"), "exec", "fake")

        monkeypatch.setattr("pipe_rpc.session.spawning.spawn", fail)
    info = {"method": "session/info", "params": {"sessionId": session_id}}
    write = {"method": "session/write", "params": {"sessionId": session_id, "data": "x"}}
    answers = bench.send(*numbered(SPAWN, SPAWN, SPAWN, info, write))
    bench.turn(5)
    answers += bench.take()
    assert ids(answers) == [0, 3, 4, 1, 2]


@pytest.mark.parametrize(
    "other",
    [
        "session/list",
        "session/purge",
        "unknown",
        {"method": "session/info", "params": {"sessionId": "none"}},
        {"method": "session/info", "params": {"sessionId": ["none"]}},
        {"method": "session/info", "params": ["none"]},
        {"method": "workspace/executeCommand", "params": {"command": "pipe-rpc.list"}},
        "shutdown",
    ],
)
def test_every_other_request_keeps_its_place_behind_spawns(bench: Bench, other: Any) -> None:
    answers = bench.send(*numbered(SPAWN, SPAWN, SPAWN, other))
    bench.turn(5)
    for child in bench.children:
        bench.exit(child)
    bench.turn()
    bench.loop.advance(1.0)
    answers += bench.take()
    assert ids(answers) == [0, 1, 2, 3]


def test_requests_about_one_session_keep_their_order_behind_its_spawn(bench: Bench) -> None:
    """A client that goes on as soon as the spawn is answered must not overtake what it has said before."""
    mine = {"method": "session/spawn", "params": {"argv": ["fake"], "sessionId": "mine"}}
    first = {"method": "session/write", "params": {"sessionId": "mine", "data": "first "}}
    later = {"method": "session/write", "params": {"sessionId": "mine", "data": "later", "close": True}}
    bench.wires.send(*numbered(SPAWN, mine, SPAWN, SPAWN, first))
    answers: list[Message] = []
    while 1 not in ids(answers):
        bench.loop.run_turn()
        answers += bench.wires.receive()
    bench.wires.send({"jsonrpc": "2.0", "id": 5, **later})
    bench.turn(8)
    answers += bench.take()
    assert ids(answers) == [0, 1, 2, 3, 4, 5]
    assert bench.children[1].read_stdin() == b"first later"


def test_nothing_passes_a_shutdown_that_waits(bench: Bench) -> None:
    session_id, _ = bench.spawn()
    info = {"method": "session/info", "params": {"sessionId": session_id}}
    answers = bench.send(*numbered(SPAWN, SPAWN, SPAWN, "shutdown", info))
    for child in bench.children:
        bench.exit(child)
    bench.turn(20)
    answers += bench.take()
    assert error_kind(next(answer for answer in answers if answer.get("id") == 4)) == "InvalidRequest"


def test_a_list_behind_spawns_shows_all_of_them(bench: Bench) -> None:
    answers = bench.send(*numbered(SPAWN, SPAWN, SPAWN, "session/list"))
    bench.turn(5)
    listed = [*answers, *bench.take()][-1]["result"]["sessions"]
    assert len(listed) == len(bench.children) == 3


def test_a_spawn_of_which_nothing_was_tried_keeps_nobody_waiting(bench: Bench) -> None:
    wrong = {"method": "session/spawn", "params": {"argv": []}}
    bench.wires.send(*numbered(wrong, wrong, "session/list"))
    bench.loop.run_turn()
    assert not bench.queue
    assert ids(bench.take()) == [0, 1, 2]


def test_a_request_that_waits_can_be_cancelled(bench: Bench) -> None:
    cancel = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 3}}
    answers = bench.send(*numbered(SPAWN, SPAWN, SPAWN, SPAWN, "session/list"), cancel)
    bench.turn(5)
    answers += bench.take()
    by_id = {answer["id"]: answer for answer in answers if "id" in answer}
    assert by_id[3]["error"]["code"] == ErrorCode.REQUEST_CANCELLED
    assert len(by_id[4]["result"]["sessions"]) == len(bench.children) == 3


def test_the_id_of_a_request_that_waits_is_in_flight(bench: Bench) -> None:
    again = {"jsonrpc": "2.0", "id": 2, "method": "session/list"}
    answers = bench.send(*numbered(SPAWN, SPAWN, SPAWN), again)
    bench.turn(5)
    answers += bench.take()
    assert [error_kind(answer) for answer in answers if "error" in answer] == ["InvalidRequest"]
    assert ids(answers) == [0, 2, 1, 2]


def test_exit_keeps_its_place_and_a_second_one_changes_nothing(bench: Bench) -> None:
    leave = {"jsonrpc": "2.0", "method": "exit"}
    answers = bench.send(*numbered(SPAWN, SPAWN, SPAWN), leave, leave)
    bench.turn(5)
    answers += bench.take()
    assert ids(answers) == [0, 1, 2]
    assert all("result" in answer for answer in answers if "id" in answer)
    assert bench.ending.begun


def test_a_server_that_ends_by_itself_refuses_the_spawns_that_wait(bench: Bench) -> None:
    bench.wires.send(*numbered(SPAWN, SPAWN, SPAWN, SPAWN))
    bench.loop.run_turn()
    bench.ending.end("a signal")
    bench.turn(5)
    answers = [answer for answer in bench.take() if "id" in answer]
    assert ids(answers) == [0, 1, 2, 3]
    assert [error_kind(answer) for answer in answers[-2:]] == ["InvalidRequest"] * 2
