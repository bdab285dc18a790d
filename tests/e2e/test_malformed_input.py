"""What a client may send wrong, and what it then gets: protocol section 1, over the real wire.

Two families. While the boundary between frames is known, the fault is answered and the connection lives: such a test
ends with a probe on the same connection. Once the boundary is lost there is one last answer and an orderly end.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.bare_server import Family
from tests.support.frames import encode_frame
from tests.support.trace import Message
from tests.support.wire_client import WireClient, WireError

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
NOT_INITIALIZED = -32002

KIB = 1024
FRAME_LIMIT = 16 * KIB * KIB
LIST = '"jsonrpc":"2.0","method":"session/list"'
"""The members of a request that would be answered, but for the fault that a row adds."""

REQUESTS = [
    "shutdown",
    "session/spawn",
    "session/attach",
    "session/detach",
    "session/read",
    "session/write",
    "session/signal",
    "session/terminate",
    "session/terminateAll",
    "session/wait",
    "session/info",
    "session/list",
    "session/remove",
    "session/purge",
]


@pytest.fixture
def talk() -> Iterator[WireClient]:
    """An initialized connection."""
    with WireClient() as wire:
        wire.initialize()
        yield wire


def frame(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def list_request(request_id: int | str) -> Message:
    return {"jsonrpc": "2.0", "id": request_id, "method": "session/list"}


def assert_refused(answer: Message, code: int, request_id: int | str | None) -> None:
    assert set(answer) == {"jsonrpc", "id", "error"}
    assert (answer["id"], type(answer["id"])) == (request_id, type(request_id))
    assert answer["error"]["code"] == code
    assert isinstance(answer["error"]["message"], str)
    assert answer["error"]["message"] != ""


def assert_alive(wire: WireClient) -> None:
    """The very next message answers this probe: the connection lives, nothing else was said, nothing was spawned."""
    wire.send(list_request("probe"))
    assert wire.receive() == {"jsonrpc": "2.0", "id": "probe", "result": {"sessions": []}}


# ---------------------------------------------------------------------------------------- no JSON: -32700 with id null

UNPARSABLE: dict[str, bytes] = {
    "an empty body": b"",
    "blanks": b"  \r\n",
    "half an object": b'{"jsonrpc":"2.0","id":1,"method":"session/',
    "garbage after the object": f'{{{LIST},"id":1}} x'.encode(),
    "two objects": f'{{{LIST},"id":1}}{{{LIST},"id":2}}'.encode(),
    "a trailing comma": f'{{{LIST},"id":1,}}'.encode(),
    "single quotes": b"{'jsonrpc':'2.0','id':1,'method':'session/list'}",
    "a comment": f'{{{LIST},"id":1 /* one */}}'.encode(),
    "a raw line feed in a string": b'{"jsonrpc":"2.0","id":1,"method":"session/\nlist"}',
    "a raw NUL in a string": b'{"jsonrpc":"2.0","id":1,"method":"session/\0list"}',
    "an unknown escape": rb'{"jsonrpc":"2.0","id":1,"method":"session\/\list"}',
    "a leading zero": f'{{{LIST},"id":01}}'.encode(),
    "a plus sign": f'{{{LIST},"id":+1}}'.encode(),
    "a byte order mark": b"\xef\xbb\xbf" + f'{{{LIST},"id":1}}'.encode(),
    "UTF-16": f'{{{LIST},"id":1}}'.encode("utf-16"),
    "UTF-16 without a mark": f'{{{LIST},"id":1}}'.encode("utf-16-le"),
    "UTF-32": f'{{{LIST},"id":1}}'.encode("utf-32"),
    "Latin-1": f'{{{LIST},"id":"é"}}'.encode("latin-1"),
    "a surrogate as UTF-8 (WTF-8)": b'{"jsonrpc":"2.0","id":"\xed\xa0\x80","method":"session/list"}',
    "an overlong slash": b'{"jsonrpc":"2.0","id":1,"method":"session\xc0\xaflist"}',
    "a cut character": b'{"jsonrpc":"2.0","id":"\xe2\x82","method":"session/list"}',
    "a code point beyond Unicode": b'{"jsonrpc":"2.0","id":"\xf4\x90\x80\x80","method":"session/list"}',
    "100,000 arrays": b"[" * 100_000 + b"]" * 100_000,
    "100,000 objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "100,000 arrays that never close": b"[" * 100_000,
    "100,000 arrays inside good params": f'{{{LIST},"id":1,"params":{"[" * 100_000}{"]" * 100_000}}}'.encode(),
    "an integer of 4,301 digits": f'{{{LIST},"id":{"1" * 4301}}}'.encode(),
    "an integer of 4,301 digits in params": f'{{{LIST},"id":1,"params":{{"originator":{"9" * 4301}}}}}'.encode(),
    "1e999": f'{{{LIST},"id":1,"params":{{"originator":1e999}}}}'.encode(),
    "-1e999": f'{{{LIST},"id":1,"params":{{"originator":-1e999}}}}'.encode(),
    "1e999 as the id": f'{{{LIST},"id":1e999}}'.encode(),
    "NaN": f'{{{LIST},"id":1,"params":{{"originator":NaN}}}}'.encode(),
    "NaN as the id": f'{{{LIST},"id":NaN}}'.encode(),
    "Infinity": f'{{{LIST},"id":1,"params":[Infinity]}}'.encode(),
    "-Infinity": f'{{{LIST},"id":1,"params":[-Infinity]}}'.encode(),
}


@pytest.mark.parametrize("body", UNPARSABLE.values(), ids=UNPARSABLE.keys())
def test_a_body_that_is_no_json_is_a_parse_error_and_the_connection_lives(talk: WireClient, body: bytes) -> None:
    talk.send_raw(frame(body))

    assert_refused(talk.receive(), PARSE_ERROR, None)
    assert_alive(talk)


def test_a_parse_error_before_initialize_is_answered_too() -> None:
    with WireClient() as wire:
        wire.send_raw(frame(b"{"))
        assert_refused(wire.receive(), PARSE_ERROR, None)
        wire.initialize()
        assert_alive(wire)


# ----------------------------------------------------------------------------------- no JSON-RPC 2.0 request: -32600

NO_REQUEST: dict[str, tuple[Any, int | str | None]] = {
    "null": (None, None),
    "true": (True, None),
    "a number": (1, None),
    "a string": ("session/list", None),
    "an empty batch": ([], None),
    "a batch of one request": ([list_request(7)], None),
    "a batch of two requests": ([list_request(7), list_request(8)], None),
    "a batch of notifications": ([{"jsonrpc": "2.0", "method": "exit"}], None),
    "a batch of numbers": ([1, 2, 3], None),
    "a batch in a batch": ([[list_request(7)]], None),
    "an empty object": ({}, None),
    "an object of something else": ({"foo": "boo"}, None),
    "no jsonrpc": ({"id": 7, "method": "session/list"}, 7),
    "no jsonrpc, and a string id": ({"id": "7", "method": "session/list"}, "7"),
    "jsonrpc 1.0": ({"jsonrpc": "1.0", "id": 7, "method": "session/list"}, 7),
    "jsonrpc 2": ({"jsonrpc": "2", "id": 7, "method": "session/list"}, 7),
    "jsonrpc as a float": ({"jsonrpc": 2.0, "id": 7, "method": "session/list"}, 7),
    "jsonrpc as an integer": ({"jsonrpc": 2, "id": 7, "method": "session/list"}, 7),
    "jsonrpc null": ({"jsonrpc": None, "id": 7, "method": "session/list"}, 7),
    "jsonrpc as a list": ({"jsonrpc": ["2.0"], "id": 7, "method": "session/list"}, 7),
    "a notification without jsonrpc": ({"method": "exit"}, None),
    "id null": ({"jsonrpc": "2.0", "id": None, "method": "session/list"}, None),
    "id true": ({"jsonrpc": "2.0", "id": True, "method": "session/list"}, None),
    "id false": ({"jsonrpc": "2.0", "id": False, "method": "session/list"}, None),
    "id 1.5": ({"jsonrpc": "2.0", "id": 1.5, "method": "session/list"}, None),
    "id 1.0": ({"jsonrpc": "2.0", "id": 1.0, "method": "session/list"}, None),
    "id as an object": ({"jsonrpc": "2.0", "id": {}, "method": "session/list"}, None),
    "id as a list": ({"jsonrpc": "2.0", "id": [1], "method": "session/list"}, None),
    "id null and method exit": ({"jsonrpc": "2.0", "id": None, "method": "exit"}, None),
    "method as a number": ({"jsonrpc": "2.0", "id": 7, "method": 1}, 7),
    "method null": ({"jsonrpc": "2.0", "id": 7, "method": None}, 7),
    "method as a list": ({"jsonrpc": "2.0", "id": 7, "method": ["session/list"]}, 7),
    "method as an object": ({"jsonrpc": "2.0", "id": 7, "method": {}}, 7),
    "method true": ({"jsonrpc": "2.0", "id": 7, "method": True}, 7),
    "params and no method": ({"jsonrpc": "2.0", "id": 7, "params": {}}, 7),
    "a notification whose method is a number": ({"jsonrpc": "2.0", "method": 1, "params": {}}, None),
    "exit as a request": ({"jsonrpc": "2.0", "id": 7, "method": "exit"}, 7),
    "initialized as a request": ({"jsonrpc": "2.0", "id": 7, "method": "initialized", "params": {}}, 7),
    "$/setTrace as a request": ({"jsonrpc": "2.0", "id": 7, "method": "$/setTrace", "params": {"value": "off"}}, 7),
    "$/cancelRequest as a request": ({"jsonrpc": "2.0", "id": 7, "method": "$/cancelRequest", "params": {"id": 1}}, 7),
}


@pytest.mark.parametrize(("message", "request_id"), NO_REQUEST.values(), ids=NO_REQUEST.keys())
def test_json_that_is_no_request_is_refused_once_with_its_id_where_it_has_one(
    talk: WireClient, message: Any, request_id: int | str | None
) -> None:
    talk.send_raw(encode_frame(message))

    assert_refused(talk.receive(), INVALID_REQUEST, request_id)
    assert_alive(talk)


DUPLICATES: dict[str, tuple[str, int | None]] = {
    "method": ('{"jsonrpc":"2.0","id":7,"method":"session/list","method":"session/purge"}', 7),
    "method, both the same": ('{"jsonrpc":"2.0","id":7,"method":"session/list","method":"session/list"}', 7),
    "jsonrpc": ('{"jsonrpc":"1.0","jsonrpc":"2.0","id":7,"method":"session/list"}', 7),
    "params": ('{"jsonrpc":"2.0","id":7,"method":"session/list","params":{},"params":{}}', 7),
    "id": ('{"jsonrpc":"2.0","id":7,"id":8,"method":"session/list"}', None),
    "a member of params": (
        '{"jsonrpc":"2.0","id":7,"method":"session/spawn","params":{"argv":["true"],"argv":["false"]}}',
        7,
    ),
    "a name in env": (
        '{"jsonrpc":"2.0","id":7,"method":"session/spawn","params":{"argv":["true"],"env":{"A":"1","A":"2"}}}',
        7,
    ),
    "a key spelt with an escape": ('{"jsonrpc":"2.0","id":7,"method":"session/list","m\\u0065thod":"exit"}', 7),
}


@pytest.mark.parametrize(("body", "request_id"), DUPLICATES.values(), ids=DUPLICATES.keys())
def test_a_duplicate_key_is_refused_because_no_reading_of_it_is_the_right_one(
    talk: WireClient, body: str, request_id: int | None
) -> None:
    talk.send_raw(frame(body.encode()))

    assert_refused(talk.receive(), INVALID_REQUEST, request_id)
    assert_alive(talk)


# ----------------------------------------------------------------------------------------------------- ids

IDS: list[int | str] = [
    0,
    -1,
    2**31,
    2**53 - 1,
    2**53 + 1,
    2**63 - 1,
    2**63,
    2**64 - 1,
    2**64,
    2**64 + 1,
    -(2**63),
    -(2**63) - 1,
    10**40 + 7,
    "",
    "0",
    "null",
    "a b",
    'quoted "\\" \n\t\0',
    "äöü€😀",
    "x" * 300,
]


@pytest.mark.parametrize("request_id", IDS, ids=lambda value: ascii(value)[:40])
def test_an_id_is_echoed_exactly(talk: WireClient, request_id: int | str) -> None:
    talk.send(list_request(request_id))

    answer = talk.receive()
    assert answer == {"jsonrpc": "2.0", "id": request_id, "result": {"sessions": []}}
    assert type(answer["id"]) is type(request_id)
    assert_alive(talk)


@pytest.mark.parametrize("request_id", IDS, ids=lambda value: ascii(value)[:40])
def test_an_id_is_echoed_exactly_in_an_error(talk: WireClient, request_id: int | str) -> None:
    talk.send({"jsonrpc": "2.0", "id": request_id, "method": "no/such"})

    assert_refused(talk.receive(), METHOD_NOT_FOUND, request_id)
    assert_alive(talk)


def test_an_id_that_is_a_lone_surrogate_gets_one_answer(talk: WireClient) -> None:
    talk.send_raw(frame(b'{"jsonrpc":"2.0","id":"\\ud800","method":"session/list"}'))

    assert talk.receive()["id"] in ("\ud800", None)
    assert_alive(talk)


def test_ids_1_and_the_string_1_are_two_requests_in_flight(talk: WireClient) -> None:
    session = talk.spawn(["cat"], attach=[])["sessionId"]
    talk.start("session/wait", {"sessionId": session}, id=1)
    talk.start("session/wait", {"sessionId": session}, id="1")
    talk.notify("$/cancelRequest", {"id": "1"})

    assert talk.answer("1")["error"]["code"] == -32800
    talk.request("session/terminate", {"sessionId": session})
    assert talk.answer(1)["result"]["exit"]["signal"] == "SIGTERM"


@pytest.mark.parametrize("request_id", [5, "five"])
def test_an_id_in_flight_is_refused_a_second_time_and_the_first_request_is_untouched(
    talk: WireClient, request_id: int | str
) -> None:
    session = talk.spawn(["cat"], attach=[])["sessionId"]
    talk.start("session/wait", {"sessionId": session}, id=request_id)
    talk.send(list_request(request_id))

    assert_refused(talk.receive(), INVALID_REQUEST, request_id)
    talk.request("session/terminate", {"sessionId": session})
    assert talk.answer(request_id)["result"]["exit"]["outcome"] == "softExit"
    talk.wait_closed(session)
    talk.request("session/purge")
    talk.send(list_request(request_id))
    assert talk.answer(request_id)["result"] == {"sessions": []}


# ------------------------------------------------------------------------------------- methods and notifications


@pytest.mark.parametrize(
    "method", ["no/such", "session/Spawn", "session/spawn ", "", "$/whatIsThis", "rpc.discover", "__init__", "é", "\0"]
)
def test_an_unknown_method_is_answered_as_such(talk: WireClient, method: str) -> None:
    talk.send({"jsonrpc": "2.0", "id": 7, "method": method})

    assert_refused(talk.receive(), METHOD_NOT_FOUND, 7)
    assert_alive(talk)


@pytest.mark.parametrize("method", ["no/such", "$/whatIsThis", "$/progress", "textDocument/didOpen", "", "\0"])
def test_an_unknown_notification_is_ignored(talk: WireClient, method: str) -> None:
    talk.notify(method, {"any": "thing"})
    talk.notify(method)

    assert_alive(talk)


def test_an_unknown_dollar_notification_is_not_even_logged(talk: WireClient) -> None:
    talk.notify("$/whatIsThis", {"any": "thing"})
    assert_alive(talk)

    assert "whatIsThis" not in talk.stderr_text()


def test_a_request_method_without_an_id_is_not_executed(talk: WireClient) -> None:
    talk.notify("session/spawn", {"argv": ["sleep", "1000"]})
    talk.notify("shutdown")
    talk.notify("initialize", {"processId": None, "capabilities": {}})

    assert_alive(talk)


def test_a_notification_with_wrong_params_gets_no_answer(talk: WireClient) -> None:
    for params in [[], [1], {}, {"id": None}, {"id": {}}, {"id": [1]}, {"id": 1.5}, {"id": "unknown"}, {"id": 99}]:
        talk.notify("$/cancelRequest", params)
    talk.notify("$/cancelRequest")
    talk.notify("$/setTrace")
    talk.notify("$/setTrace", {"value": "loud"})
    talk.notify("$/setTrace", ["off"])
    talk.notify("initialized", [])
    talk.notify("initialized")

    assert_alive(talk)


@pytest.mark.parametrize(
    "response",
    [
        {"id": 99, "result": None},
        {"id": "no-such", "result": {"a": 1}},
        {"id": 99, "error": {"code": -32601, "message": "no"}},
        {"id": None, "error": {"code": -32700, "message": "no"}},
        {"id": None, "result": 1},
        {"id": {}, "result": 1},
        {"id": [1], "result": 1},
        {"id": 1.5, "result": 1},
        {"id": True, "result": 1},
        {"id": 99, "error": "not an object"},
        {"id": 99, "result": 1, "error": {"code": 1, "message": "both"}},
        {"id": 99, "result": {"jsonrpc": "2.0", "id": 1, "method": "exit"}},
    ],
    ids=json.dumps,
)
def test_an_answer_that_nobody_asked_for_is_ignored(talk: WireClient, response: Message) -> None:
    talk.send({"jsonrpc": "2.0", **response})

    assert_alive(talk)


def test_a_member_beside_the_envelope_is_no_fault(talk: WireClient) -> None:
    talk.send({**list_request(7), "traceparent": "00-abc", "_meta": {"a": [1]}})

    assert talk.receive() == {"jsonrpc": "2.0", "id": 7, "result": {"sessions": []}}
    assert_alive(talk)


@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("session/list", {"sessions": []}),
        ("session/purge", {"purged": 0}),
        ("session/terminateAll", {"terminated": 0}),
    ],
)
def test_params_may_be_left_out_where_all_are_optional(talk: WireClient, method: str, result: Message) -> None:
    assert talk.request(method) == result
    assert talk.request(method, {}) == result
    assert_alive(talk)


@pytest.mark.parametrize("method", REQUESTS)
def test_a_request_before_initialize_is_refused(method: str) -> None:
    with WireClient() as wire:
        wire.send({"jsonrpc": "2.0", "id": 7, "method": method, "params": {}})

        assert_refused(wire.receive(), NOT_INITIALIZED, 7)
        wire.initialize()
        assert_alive(wire)


def test_a_notification_before_initialize_is_dropped() -> None:
    with WireClient() as wire:
        wire.notify("initialized", {})
        wire.notify("no/such", {})
        wire.notify("$/setTrace", {"value": "off"})
        wire.notify("session/spawn", {"argv": ["true"]})
        wire.initialize()
        assert_alive(wire)


def test_a_second_initialize_is_refused_and_changes_nothing(talk: WireClient) -> None:
    again = {"processId": None, "capabilities": {}, "initializationOptions": {"originator": "second"}}
    talk.send({"jsonrpc": "2.0", "id": 7, "method": "initialize", "params": again})

    assert_refused(talk.receive(), INVALID_REQUEST, 7)
    assert talk.spawn(["true"])["originator"] == "wire-client"


# ------------------------------------------------------------------------------------------ params: -32602

TRUE = {"argv": ["true"]}
SOME = {"sessionId": "pipe-0000000000000000-00000000"}
STREAM = {**SOME, "stream": "stdout"}
READ = {**STREAM, "fromOffset": 0}

WRONG_PARAMS: dict[str, tuple[str, Any, str]] = {
    "argv missing": ("session/spawn", {}, "params.argv"),
    "argv a string": ("session/spawn", {"argv": "ls"}, "params.argv"),
    "argv null": ("session/spawn", {"argv": None}, "params.argv"),
    "argv an object": ("session/spawn", {"argv": {"0": "ls"}}, "params.argv"),
    "argv empty": ("session/spawn", {"argv": []}, "params.argv"),
    "argv[0] empty": ("session/spawn", {"argv": [""]}, "params.argv[0]"),
    "argv[0] a number": ("session/spawn", {"argv": [1]}, "params.argv[0]"),
    "argv[1] null": ("session/spawn", {"argv": ["ls", None]}, "params.argv[1]"),
    "argv[1] true": ("session/spawn", {"argv": ["ls", True]}, "params.argv[1]"),
    "argv[1] a list": ("session/spawn", {"argv": ["ls", ["-l"]]}, "params.argv[1]"),
    "argv[1] with NUL": ("session/spawn", {"argv": ["ls", "a\0b"]}, "params.argv[1]"),
    "cwd a number": ("session/spawn", {**TRUE, "cwd": 1}, "params.cwd"),
    "cwd with NUL": ("session/spawn", {**TRUE, "cwd": "/a\0b"}, "params.cwd"),
    "env a list": ("session/spawn", {**TRUE, "env": ["A=1"]}, "params.env"),
    "env value a number": ("session/spawn", {**TRUE, "env": {"A": 1}}, "params.env"),
    "env value true": ("session/spawn", {**TRUE, "env": {"A": True}}, "params.env"),
    "env value with NUL": ("session/spawn", {**TRUE, "env": {"A": "a\0b"}}, "params.env"),
    "env name empty": ("session/spawn", {**TRUE, "env": {"": "1"}}, "params.env"),
    "env name with =": ("session/spawn", {**TRUE, "env": {"A=B": "1"}}, "params.env"),
    "env name with NUL": ("session/spawn", {**TRUE, "env": {"A\0": "1"}}, "params.env"),
    "inheritEnv a string": ("session/spawn", {**TRUE, "inheritEnv": "false"}, "params.inheritEnv"),
    "inheritEnv 0": ("session/spawn", {**TRUE, "inheritEnv": 0}, "params.inheritEnv"),
    "inheritEnv another word": ("session/spawn", {**TRUE, "inheritEnv": "most"}, "params.inheritEnv"),
    "envFile relative": ("session/spawn", {**TRUE, "envFile": ".env"}, "params.envFile"),
    "envFile with NUL": ("session/spawn", {**TRUE, "envFile": "/a\0b"}, "params.envFile"),
    "envFile a device": ("session/spawn", {**TRUE, "envFile": "/dev/zero"}, "params.envFile"),
    "rlimits a list": ("session/spawn", {**TRUE, "rlimits": [["cpu", 1]]}, "params.rlimits"),
    "rlimits with an unknown name": ("session/spawn", {**TRUE, "rlimits": {"stack": 1}}, "params.rlimits.stack"),
    "a limit below 0": ("session/spawn", {**TRUE, "rlimits": {"cpu": -1}}, "params.rlimits.cpu"),
    "a limit that is a float": ("session/spawn", {**TRUE, "rlimits": {"cpu": 1.0}}, "params.rlimits.cpu"),
    "a limit that is too high": ("session/spawn", {**TRUE, "rlimits": {"as": 1 << 64}}, "params.rlimits.as"),
    "nice below 0": ("session/spawn", {**TRUE, "nice": -1}, "params.nice"),
    "nice above 19": ("session/spawn", {**TRUE, "nice": 20}, "params.nice"),
    "usage a number": ("session/info", {**SOME, "usage": 1}, "params.usage"),
    "originator a number": ("session/spawn", {**TRUE, "originator": 1}, "params.originator"),
    "command a list": ("session/spawn", {**TRUE, "command": ["true"]}, "params.command"),
    "mergeStderr 1": ("session/spawn", {**TRUE, "mergeStderr": 1}, "params.mergeStderr"),
    "stdin unknown": ("session/spawn", {**TRUE, "stdin": "inherit"}, "params.stdin"),
    "stdin null": ("session/spawn", {**TRUE, "stdin": None}, "params.stdin"),
    "attach a string": ("session/spawn", {**TRUE, "attach": "stdout"}, "params.attach"),
    "attach unknown": ("session/spawn", {**TRUE, "attach": ["stdout", "stdin"]}, "params.attach[1]"),
    "encoding unknown": ("session/spawn", {**TRUE, "encoding": "latin-1"}, "params.encoding"),
    "overflow unknown": ("session/spawn", {**TRUE, "overflow": "drop"}, "params.overflow"),
    "backlogBytes too small": ("session/spawn", {**TRUE, "backlogBytes": 1023}, "params.backlogBytes"),
    "backlogBytes too large": ("session/spawn", {**TRUE, "backlogBytes": 64 * KIB * KIB + 1}, "params.backlogBytes"),
    "backlogBytes a float": ("session/spawn", {**TRUE, "backlogBytes": 2048.5}, "params.backlogBytes"),
    "backlogBytes a string": ("session/spawn", {**TRUE, "backlogBytes": "2048"}, "params.backlogBytes"),
    "backlogBytes true": ("session/spawn", {**TRUE, "backlogBytes": True}, "params.backlogBytes"),
    "timeoutMs 0": ("session/spawn", {**TRUE, "timeoutMs": 0}, "params.timeoutMs"),
    "timeoutMs negative": ("session/spawn", {**TRUE, "timeoutMs": -1}, "params.timeoutMs"),
    "timeoutMs a string": ("session/spawn", {**TRUE, "timeoutMs": "5"}, "params.timeoutMs"),
    "timeoutMs true": ("session/spawn", {**TRUE, "timeoutMs": True}, "params.timeoutMs"),
    "timeoutMs misspelt": ("session/spawn", {**TRUE, "timeoutms": 5}, "params.timeoutms"),
    "graceMs negative": ("session/spawn", {**TRUE, "graceMs": -0.5}, "params.graceMs"),
    "graceMs a string": ("session/spawn", {**TRUE, "graceMs": "0"}, "params.graceMs"),
    "attach without sessionId": ("session/attach", {"stream": "stdout"}, "params.sessionId"),
    "attach without stream": ("session/attach", SOME, "params.stream"),
    "attach to stdin": ("session/attach", {**SOME, "stream": "stdin"}, "params.stream"),
    "steal a string": ("session/attach", {**STREAM, "steal": "false"}, "params.steal"),
    "fromOffset negative": ("session/attach", {**STREAM, "fromOffset": -1}, "params.fromOffset"),
    "fromOffset a float": ("session/attach", {**STREAM, "fromOffset": 0.5}, "params.fromOffset"),
    "sessionId a number": ("session/info", {"sessionId": 1}, "params.sessionId"),
    "sessionId null": ("session/info", {"sessionId": None}, "params.sessionId"),
    "detach without stream": ("session/detach", SOME, "params.stream"),
    "read with maxBytes 0": ("session/read", {**READ, "maxBytes": 0}, "params.maxBytes"),
    "read with maxBytes true": ("session/read", {**READ, "maxBytes": True}, "params.maxBytes"),
    "read with waitMs negative": ("session/read", {**READ, "waitMs": -1}, "params.waitMs"),
    "read with fromOffset negative": ("session/read", {**READ, "fromOffset": -1}, "params.fromOffset"),
    "write data a list": ("session/write", {**SOME, "data": ["a"]}, "params.data"),
    "write close a string": ("session/write", {**SOME, "close": "true"}, "params.close"),
    "write encoding unknown": ("session/write", {**SOME, "encoding": "latin-1"}, "params.encoding"),
    "signal missing": ("session/signal", SOME, "params.signal"),
    "signal a number": ("session/signal", {**SOME, "signal": 15}, "params.signal"),
    "terminate graceMs a word": ("session/terminate", {**SOME, "graceMs": "soon"}, "params.graceMs"),
    "terminate with an unknown member": ("session/terminate", {**SOME, "grace": 1}, "params.grace"),
    "terminateAll olderThanMs negative": ("session/terminateAll", {"olderThanMs": -1}, "params.olderThanMs"),
    "terminateAll originator a list": ("session/terminateAll", {"originator": ["a"]}, "params.originator"),
    "wait until unknown": ("session/wait", {**SOME, "until": "done"}, "params.until"),
    "wait timeoutMs a string": ("session/wait", {**SOME, "timeoutMs": "5"}, "params.timeoutMs"),
    "list with an unknown member": ("session/list", {"all": True}, "params.all"),
    "remove force a number": ("session/remove", {**SOME, "force": 1}, "params.force"),
    "purge originator a number": ("session/purge", {"originator": 0}, "params.originator"),
}


@pytest.mark.parametrize(("method", "params", "path"), WRONG_PARAMS.values(), ids=WRONG_PARAMS.keys())
def test_wrong_params_are_named_by_path_and_nothing_is_coerced(
    talk: WireClient, method: str, params: Any, path: str
) -> None:
    talk.send({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})

    answer = talk.receive()
    assert_refused(answer, INVALID_PARAMS, 7)
    [problem] = answer["error"]["data"]["problems"]
    assert set(problem) == {"path", "problem"}
    if path == "params.env":  # How a name in a map is written is not agreed.
        assert problem["path"].startswith(path)
    else:
        assert problem["path"] == path
    assert isinstance(problem["problem"], str)
    assert problem["problem"] != ""
    assert_alive(talk)


def test_every_problem_is_told_at_once(talk: WireClient) -> None:
    params = {"argv": ["ls", 1, None], "inheritEnv": "false", "timeoutms": 5}
    talk.send({"jsonrpc": "2.0", "id": 7, "method": "session/spawn", "params": params})

    answer = talk.receive()
    assert_refused(answer, INVALID_PARAMS, 7)
    paths = sorted(problem["path"] for problem in answer["error"]["data"]["problems"])
    assert paths == ["params.argv[1]", "params.argv[2]", "params.inheritEnv", "params.timeoutms"]
    assert_alive(talk)


@pytest.mark.parametrize("method", [method for method in REQUESTS if method.startswith("session/")])
@pytest.mark.parametrize("params", [[], [{"argv": ["true"]}], "argv", 1, True], ids=json.dumps)
def test_params_that_are_no_object_are_refused(talk: WireClient, method: str, params: Any) -> None:
    talk.send({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})

    assert_refused(talk.receive(), INVALID_PARAMS, 7)
    assert_alive(talk)


LONE_SURROGATES: dict[str, tuple[str, str]] = {
    "argv": ('{"argv":["echo","\\ud800"]}', "params.argv[1]"),
    "argv, a low one": ('{"argv":["echo","\\udc80"]}', "params.argv[1]"),
    "cwd": ('{"argv":["true"],"cwd":"/\\ud800"}', "params.cwd"),
    "env value": ('{"argv":["true"],"env":{"A":"\\ud800"}}', "params.env"),
    "env name": ('{"argv":["true"],"env":{"\\ud800":"1"}}', "params.env"),
}


@pytest.mark.parametrize(("params", "path"), LONE_SURROGATES.values(), ids=LONE_SURROGATES.keys())
def test_a_lone_surrogate_where_bytes_are_needed_is_a_wrong_parameter(talk: WireClient, params: str, path: str) -> None:
    talk.send_raw(frame(f'{{"jsonrpc":"2.0","id":7,"method":"session/spawn","params":{params}}}'.encode()))

    answer = talk.receive()
    assert_refused(answer, INVALID_PARAMS, 7)
    [problem] = answer["error"]["data"]["problems"]
    assert problem["path"].startswith(path)
    assert_alive(talk)


@pytest.mark.parametrize("name", ["SIGNOPE", "", "TERM", "sigterm", "15", "SIG_DFL", "SIGRTMAX+1"])
def test_what_is_no_signal_name_is_a_wrong_parameter(talk: WireClient, name: str) -> None:
    session = talk.spawn(["cat"])["sessionId"]
    with pytest.raises(WireError) as refused:
        talk.request("session/signal", {"sessionId": session, "signal": name})

    assert refused.value.code == INVALID_PARAMS
    assert [problem["path"] for problem in refused.value.data["problems"]] == ["params.signal"]
    assert talk.request("session/info", {"sessionId": session})["state"] == "running"


@pytest.mark.parametrize(
    ("data", "encoding"), [("%%%", "base64"), ("QQ", "base64"), ("QQ==\n", "base64"), ("Q Q==", "base64")]
)
def test_data_that_is_no_base64_is_refused_and_nothing_is_written(talk: WireClient, data: str, encoding: str) -> None:
    session = talk.spawn(["cat"])["sessionId"]
    with pytest.raises(WireError) as refused:
        talk.request("session/write", {"sessionId": session, "data": data, "encoding": encoding})

    assert refused.value.code == INVALID_PARAMS
    assert [problem["path"] for problem in refused.value.data["problems"]] == ["params.data"]
    talk.request("session/write", {"sessionId": session, "close": True})
    talk.wait_closed(session)
    assert talk.collect_output(session, "stdout") == b""


def test_a_lone_surrogate_to_write_is_refused_and_nothing_is_written(talk: WireClient) -> None:
    session = talk.spawn(["cat"])["sessionId"]
    params = f'{{"sessionId":"{session}","data":"a\\ud800"}}'
    talk.send_raw(frame(f'{{"jsonrpc":"2.0","id":"w","method":"session/write","params":{params}}}'.encode()))

    assert_refused(talk.answer("w"), INVALID_PARAMS, "w")
    talk.request("session/write", {"sessionId": session, "close": True})
    talk.wait_closed(session)
    assert talk.collect_output(session, "stdout") == b""


def test_a_nested_member_named_jsonrpc_is_data(talk: WireClient) -> None:
    env = {"jsonrpc": "2.0", "id": "5", "method": "exit", "params": "{}", "MY-VAR": "1", "result": "r"}
    program = "import json, os; print(json.dumps({name: os.environ[name] for name in " + repr(list(env)) + "}))"
    session = talk.spawn([sys.executable, "-c", program], env=env, command="jsonrpc")["sessionId"]
    talk.wait_closed(session)

    assert json.loads(talk.collect_output(session, "stdout")) == env


# ------------------------------------------------------------------------------------ header fields that are fine

BODY = json.dumps(list_request("x")).encode()
LENGTH = b"%d" % len(BODY)

GOOD_HEADERS: dict[str, bytes] = {
    "plain": b"Content-Length: " + LENGTH,
    "lower case": b"content-length: " + LENGTH,
    "upper case": b"CONTENT-LENGTH: " + LENGTH,
    "mixed case": b"cOnTeNt-LeNgTh: " + LENGTH,
    "no blank after the colon": b"Content-Length:" + LENGTH,
    "many blanks": b"Content-Length: \t  " + LENGTH + b" \t ",
    "Content-Type before": b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: " + LENGTH,
    "Content-Type after": b"Content-Length: " + LENGTH + b"\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8",
    "charset utf8": b"Content-Length: " + LENGTH + b"\r\nContent-Type: application/vscode-jsonrpc; charset=utf8",
    "charset UTF-8": b"Content-Length: " + LENGTH + b"\r\ncontent-type: application/vscode-jsonrpc;CHARSET=UTF-8",
    "no charset": b"Content-Length: " + LENGTH + b"\r\nContent-Type: application/vscode-jsonrpc",
    "unknown fields": b"X-Trace: 1\r\nContent-Length: " + LENGTH + b"\r\nX-Empty:\r\nX-Colons: a:b:c",
    "the same length twice": b"Content-Length: " + LENGTH + b"\r\ncontent-length: " + LENGTH,
    "nearly 8 KiB": b"X-Long: " + b"x" * (8 * KIB - 100) + b"\r\nContent-Length: " + LENGTH,
}


@pytest.mark.parametrize("header", GOOD_HEADERS.values(), ids=GOOD_HEADERS.keys())
def test_a_header_may_be_written_in_any_of_the_ways_that_mean_the_same(talk: WireClient, header: bytes) -> None:
    talk.send_raw(header + b"\r\n\r\n" + BODY)

    assert talk.receive() == {"jsonrpc": "2.0", "id": "x", "result": {"sessions": []}}
    assert_alive(talk)


def test_a_body_of_exactly_the_frame_limit_is_accepted(talk: WireClient) -> None:
    talk.send_raw(frame(BODY + b" " * (FRAME_LIMIT - len(BODY))))

    assert talk.receive() == {"jsonrpc": "2.0", "id": "x", "result": {"sessions": []}}
    assert_alive(talk)


# -------------------------------------------------------------------- header fields that lose the boundary: the end

LOST: dict[str, bytes] = {
    "no length": b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n",
    "an empty header": b"\r\n\r\n",
    "length -1": b"Content-Length: -1\r\n\r\n",
    "length -0": b"Content-Length: -0\r\n\r\n",
    "length +5": b"Content-Length: +5\r\n\r\n12345",
    "length in two words": b"Content-Length: 5 5\r\n\r\n12345",
    "length in two words, as one list": b"Content-Length: 5, 5\r\n\r\n12345",
    "length in hexadecimal": b"Content-Length: 0x10\r\n\r\n",
    "length with an exponent": b"Content-Length: 1e1\r\n\r\n",
    "length with a fraction": b"Content-Length: 5.0\r\n\r\n",
    "length with an underscore": b"Content-Length: 1_0\r\n\r\n",
    "length in Arabic digits": "Content-Length: ٣\r\n\r\n".encode(),
    "length as a superscript": "Content-Length: ²\r\n\r\n".encode(),
    "length in Latin-1 superscripts": b"Content-Length: \xb2\r\n\r\n",
    "length empty": b"Content-Length:\r\n\r\n",
    "length blank": b"Content-Length:  \r\n\r\n",
    "length a word": b"Content-Length: five\r\n\r\n",
    "length with a vertical tab": b"Content-Length: 5\x0b\r\n\r\n12345",
    "length of 5,000 digits": b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "length of 5,000 zeros and a 5": b"Content-Length: " + b"0" * 5000 + b"5\r\n\r\n12345",
    "length 10 to the 13": b"Content-Length: 10000000000000\r\n\r\n",
    "length 8 GiB": b"Content-Length: 8589934592\r\n\r\n",
    "length one above the frame limit": b"Content-Length: %d\r\n\r\n" % (FRAME_LIMIT + 1),
    "two different lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n123456",
    "two different lengths, one in lower case": b"Content-Length: 5\r\ncontent-length: 6\r\n\r\n123456",
    "a good and a bad length": b"Content-Length: 5\r\nContent-Length: five\r\n\r\n12345",
    "charset utf-16": b"Content-Length: 4\r\nContent-Type: application/vscode-jsonrpc; charset=utf-16\r\n\r\n",
    "charset latin-1": b"Content-Length: 4\r\nContent-Type: application/vscode-jsonrpc; charset=iso-8859-1\r\n\r\n",
    "bare line feeds": b"Content-Length: %b\n\n" % LENGTH + BODY,
    "a bare line feed after the length": b"Content-Length: %b\n\r\n" % LENGTH + BODY,
    "a line without a colon": b"Content-Length: 5\r\nwhat is this\r\n\r\n12345",
    "JSON lines, as other protocols have them": BODY + b"\n",
    "noise": bytes(range(128, 256)) * 8 + b"\r\n\r\n",
    "a header of more than 8 KiB": b"X-Long: " + b"x" * (8 * KIB) + b"\r\nContent-Length: 5\r\n\r\n12345",
    "a header of many fields above 8 KiB": b"X-A: b\r\n" * 1100 + b"Content-Length: 5\r\n\r\n12345",
    "a header without end": b"X-Long: " + b"x" * (9 * KIB),
    "a header without end or colon": b"x" * (9 * KIB),
}


@pytest.mark.parametrize("header", LOST.values(), ids=LOST.keys())
def test_a_lost_boundary_is_answered_once_and_the_server_ends_in_order(talk: WireClient, header: bytes) -> None:
    session = talk.spawn(["sleep", "1000"], attach=[])["sessionId"]
    with Family(talk.pid) as family:
        # The request that follows must not be executed: it may be a piece of some body.
        talk.send_raw(header + frame(b'{"jsonrpc":"2.0","id":"after","method":"session/list"}'))
        messages = receive_to_end(talk)

        assert_refused(messages[0], PARSE_ERROR, None)
        assert [message.get("method") for message in messages[1:]] == ["session/exited", "session/closed"]
        assert messages[1]["params"]["sessionId"] == session
        assert (messages[1]["params"]["outcome"], messages[1]["params"]["reason"]) == ("softExit", "shutdown")
        assert talk.wait_exit() == 1
        assert family.survivors() == []


@pytest.mark.parametrize(
    "unfinished",
    [
        b"Content-Length: %b\n\n%b" % (LENGTH, BODY),
        BODY + b"\n",
        b"what is this\r\n",
        b"x" * (9 * KIB),
    ],
    ids=["bare line feeds", "JSON lines", "a line without a colon", "a header without end"],
)
def test_a_lost_boundary_is_told_at_once_and_not_when_more_bytes_come(talk: WireClient, unfinished: bytes) -> None:
    talk.send_raw(unfinished)

    [last] = receive_to_end(talk)
    assert_refused(last, PARSE_ERROR, None)
    assert talk.wait_exit() == 1


def test_the_requests_before_a_lost_boundary_are_answered(talk: WireClient) -> None:
    talk.send_raw(encode_frame(list_request(1)) + encode_frame(list_request(2)) + b"Content-Length: five\r\n\r\n")

    first, second, last = receive_to_end(talk)
    assert [first["id"], second["id"]] == [1, 2]
    assert_refused(last, PARSE_ERROR, None)
    assert talk.wait_exit() == 1


def test_a_lost_boundary_before_initialize_ends_the_server_too() -> None:
    with WireClient() as wire:
        wire.send_raw(b"Content-Length: five\r\n\r\n")

        [last] = receive_to_end(wire)
        assert_refused(last, PARSE_ERROR, None)
        assert wire.wait_exit() == 1


@pytest.mark.parametrize("difference", [-1, 1], ids=["too short", "too long"])
def test_a_wrong_length_never_executes_bytes_from_inside_a_body(talk: WireClient, difference: int) -> None:
    body = json.dumps(list_request("first")).encode()
    inner = frame(b'{"jsonrpc":"2.0","id":"inner","method":"session/list"}')
    talk.send_raw(b"Content-Length: %d\r\n\r\n%b%b%b" % (len(body) + difference, body, inner, inner))

    messages = receive_to_end(talk)
    assert messages != []
    for message in messages:
        assert_refused(message, PARSE_ERROR, None)
    assert talk.wait_exit() == 1


def receive_to_end(wire: WireClient) -> list[Message]:
    """Every message up to the end of the server's stdout; its stdin stays open."""
    messages: list[Message] = []
    while True:
        try:
            messages.append(wire.receive())
        except EOFError:
            return messages
