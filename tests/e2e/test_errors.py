"""The errors of the sessions: each with its code, its name and a sentence; and no parameter is ever coerced."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.fixture_types import MakeGate
from tests.support.programs import child, shell
from tests.support.refusals import CODES, check_refusal, is_sentence, problems, refusal
from tests.support.wire_client import Message, WireClient, WireError

UNKNOWN_SESSION = "pipe-0000000000000000-00000001"

NEEDS_SESSION: dict[str, Message] = {
    "session/attach": {"stream": "stdout"},
    "session/detach": {"stream": "stdout"},
    "session/read": {"stream": "stdout", "fromOffset": 0},
    "session/write": {"data": "x"},
    "session/signal": {"signal": "SIGTERM"},
    "session/terminate": {},
    "session/wait": {},
    "session/waitFor": {"stream": "stdout", "literal": "x"},
    "session/tee": {"stream": "stdout", "path": "/dev/null"},
    "session/untee": {"stream": "stdout"},
    "session/info": {},
    "session/remove": {},
}


# ---- the table of errors


def test_each_error_has_its_code_its_name_and_a_sentence(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    running = wire.spawn(child("slow_reader", held.path))["sessionId"]
    merged = wire.spawn(["true"], mergeStderr=True)["sessionId"]
    wire.wait_closed(merged)
    stdout: Message = {"sessionId": running, "stream": "stdout"}
    errors = [
        refusal(wire, "SessionNotFound", "session/info", {"sessionId": UNKNOWN_SESSION}),
        refusal(wire, "SpawnFailed", "session/spawn", {"argv": ["/no/such/program"]}),
        refusal(wire, "AlreadyAttached", "session/attach", stdout),
        refusal(wire, "NotAttached", "session/detach", {"sessionId": merged, "stream": "stdout"}),
        refusal(wire, "StreamUnavailable", "session/attach", {"sessionId": merged, "stream": "stderr"}),
        refusal(wire, "StdinClosed", "session/write", {"sessionId": merged, "data": "x"}),
        refusal(wire, "StdinFull", "session/write", {"sessionId": running, "data": "x" * (9 << 20)}),
        refusal(wire, "SessionRunning", "session/remove", {"sessionId": running}),
        refusal(wire, "OffsetOutOfRange", "session/attach", {**stdout, "steal": True, "fromOffset": 1}),
        refusal(wire, "SignalFailed", "session/signal", {"sessionId": merged, "signal": "SIGTERM"}),
        refusal(wire, "TeeFailed", "session/tee", {**stdout, "path": "/no/such/folder/file"}),
        refusal(wire, "NotTeed", "session/untee", stdout),
    ]
    wire.request("session/tee", {**stdout, "path": "/dev/null"})
    errors.append(refusal(wire, "AlreadyTeed", "session/tee", {**stdout, "path": "/dev/null"}))
    assert {error.code for error in errors} == set(CODES.values()) - {CODES["LimitExceeded"]}
    assert len({error.message for error in errors}) == len(errors)
    # A theft that is refused has taken nothing away.
    assert wire.request("session/info", {"sessionId": running})["stdout"]["attached"] is True
    held.open_and_release()
    wire.request("session/write", {"sessionId": running, "close": True})
    wire.wait_closed(running)


@pytest.mark.parametrize("method", NEEDS_SESSION)
def test_an_unknown_session_is_not_found(wire: WireClient, method: str) -> None:
    for session in (UNKNOWN_SESSION, "", "nonsense", "pipe-", "é" * 300):
        refusal(wire, "SessionNotFound", method, {"sessionId": session, **NEEDS_SESSION[method]})


@pytest.mark.parametrize("method", NEEDS_SESSION)
def test_a_removed_session_is_not_found(wire: WireClient, method: str) -> None:
    session = wire.spawn(["true"])["sessionId"]
    wire.wait_closed(session)
    wire.request("session/remove", {"sessionId": session})
    refusal(wire, "SessionNotFound", method, {"sessionId": session, **NEEDS_SESSION[method]})


@pytest.mark.parametrize("method", NEEDS_SESSION)
def test_a_purged_session_is_not_found(wire: WireClient, method: str) -> None:
    session = wire.spawn(["true"])["sessionId"]
    wire.wait_closed(session)
    wire.request("session/purge", {})
    refusal(wire, "SessionNotFound", method, {"sessionId": session, **NEEDS_SESSION[method]})


def test_stdin_closed_tells_how_much_was_written(wire: WireClient, gate: MakeGate) -> None:
    held = gate()
    session = wire.spawn(shell("read _ < $1", held.path))["sessionId"]
    request = wire.start("session/write", {"sessionId": session, "data": "x" * (1 << 20)})
    wire.fence()
    held.open_and_release()
    error = check_refusal(wire, "StdinClosed", request)
    assert type(error.data["bytesWritten"]) is int
    assert 0 < error.data["bytesWritten"] < 1 << 20


def test_environment_and_stdin_never_appear_in_errors_or_logs(wire: WireClient) -> None:
    secret = "Xyzzy-4711-canary"
    refusal(wire, "SpawnFailed", "session/spawn", {"argv": ["/no/such/program"], "env": {"TOKEN": secret}})
    session = wire.spawn(["true"], env={"TOKEN": secret})["sessionId"]
    wire.wait_closed(session)
    refusal(wire, "StdinClosed", "session/write", {"sessionId": session, "data": secret})
    wrong: list[tuple[str, Message]] = [
        ("session/spawn", {"argv": "ls", "env": {"TOKEN": secret}}),
        ("session/spawn", {"argv": ["ls"], "env": {"TOKEN": [secret]}}),
        ("session/write", {"sessionId": session, "data": [secret]}),
        ("session/write", {"sessionId": session, "data": f"{secret}!", "encoding": "base64"}),
    ]
    for method, params in wrong:
        problems(wire, method, params)
    wire.fence()
    received = [repr(entry.message) for entry in wire.trace if entry.direction == "in"]
    assert not [text for text in received if secret in text]
    assert secret not in wire.stderr_text()


# ---- wrong parameters

NOT_A_STRING: list[Any] = [1, 1.5, True, None, [], ["x"], {}]
NOT_A_BOOL: list[Any] = ["false", "true", "", 0, 1, [], {}]
NOT_A_COUNT: list[Any] = ["1", "", 1.5, True, False, [], {}, -1]
NOT_A_DURATION: list[Any] = ["1", "", True, False, [], {}, -1, -0.5]
NOT_A_LIST: list[Any] = ["ls", "", 1, True, {}, {"0": "ls"}]
NOT_A_CHOICE: list[Any] = ["", "nonsense", "UTF-8", 1, True, [], {}, ["utf-8"]]
NOT_A_STREAM: list[Any] = ["", "stdin", "Stdout", 1, True, None, [], {}, ["stdout"]]
OPTIONAL_NOT_A_STRING = [value for value in NOT_A_STRING if value is not None]


@dataclass(frozen=True)
class Method:
    """A method's parameters: a correct call, which of them are required, and wrong values of each."""

    correct: Message
    required: tuple[str, ...]
    wrong: dict[str, list[Any]] = field(default_factory=dict)


def methods(session: str) -> dict[str, Method]:
    """Every method with parameters, for a session that exists."""
    of_session: Message = {"sessionId": session}
    session_id = {"sessionId": NOT_A_STRING}
    stream = {"stream": NOT_A_STREAM}
    encoding = {"encoding": NOT_A_CHOICE}
    return {
        "session/spawn": Method(
            {"argv": ["true"]},
            ("argv",),
            {
                "argv": [*NOT_A_LIST, None, []],
                "cwd": OPTIONAL_NOT_A_STRING,
                "env": [[], "A=1", 1, True, [["A", "1"]]],
                "inheritEnv": NOT_A_BOOL,
                "envFile": [*OPTIONAL_NOT_A_STRING, "", "relative", "/no/such/file", "/"],
                "rlimits": [[], "cpu=1", 1, True, [["cpu", 1]]],
                "nice": [*NOT_A_COUNT, 20],
                "originator": OPTIONAL_NOT_A_STRING,
                "command": OPTIONAL_NOT_A_STRING,
                "mergeStderr": NOT_A_BOOL,
                "stdin": ["", "PIPE", "inherit", 1, True, [], {}],
                "attach": ["stdout", 1, True, {}],
                "encoding": NOT_A_CHOICE,
                "overflow": ["", "drop", "dropNewest", 1, True, [], {}],
                "backlogBytes": [*NOT_A_COUNT, 0, 1023, (64 << 20) + 1, 1 << 70],
                "timeoutMs": [*NOT_A_DURATION, 0, 0.0],
                "graceMs": NOT_A_DURATION,
            },
        ),
        "session/attach": Method(
            {**of_session, "stream": "stdout"},
            ("sessionId", "stream"),
            {**session_id, **stream, "steal": NOT_A_BOOL, "fromOffset": NOT_A_COUNT, **encoding},
        ),
        "session/detach": Method({**of_session, "stream": "stdout"}, ("sessionId", "stream"), {**session_id, **stream}),
        "session/read": Method(
            {**of_session, "stream": "stdout", "fromOffset": 0},
            ("sessionId", "stream"),
            {
                **session_id,
                **stream,
                "fromOffset": [*NOT_A_COUNT, None],
                "maxBytes": NOT_A_COUNT,
                "waitMs": NOT_A_DURATION,
                **encoding,
            },
        ),
        "session/write": Method(
            of_session,
            ("sessionId",),
            {**session_id, "data": OPTIONAL_NOT_A_STRING, "encoding": [*NOT_A_CHOICE, "auto"], "close": NOT_A_BOOL},
        ),
        "session/signal": Method(
            {**of_session, "signal": "SIGCONT"},
            ("sessionId", "signal"),
            {**session_id, "signal": [*NOT_A_STRING, 15, "SIGNOTHING"]},
        ),
        "session/terminate": Method(of_session, ("sessionId",), {**session_id, "graceMs": NOT_A_DURATION}),
        "session/terminateAll": Method(
            {},
            (),
            {"originator": OPTIONAL_NOT_A_STRING, "olderThanMs": NOT_A_DURATION, "graceMs": NOT_A_DURATION},
        ),
        "session/wait": Method(
            of_session,
            ("sessionId",),
            {**session_id, "until": ["", "Exited", "ended", 1, True, [], {}], "timeoutMs": NOT_A_DURATION},
        ),
        "session/info": Method(of_session, ("sessionId",), {**session_id, "usage": NOT_A_BOOL}),
        "session/list": Method({}, (), {"originator": OPTIONAL_NOT_A_STRING, "usage": NOT_A_BOOL}),
        "session/remove": Method(of_session, ("sessionId",), {**session_id, "force": NOT_A_BOOL}),
        "session/purge": Method({}, (), {"originator": OPTIONAL_NOT_A_STRING}),
    }


METHODS = tuple(methods(""))


@pytest.fixture
def session(wire: WireClient) -> str:
    """A session that lives to the end of the test: what is refused must not have touched it."""
    name: str = wire.spawn(["cat"], graceMs=0)["sessionId"]
    return name


def _untouched(wire: WireClient, session: str) -> None:
    sessions = wire.request("session/list", {})["sessions"]
    assert [info["sessionId"] for info in sessions] == [session]
    assert sessions[0]["state"] == "running"
    assert sessions[0]["stdin"] == {"open": True, "pendingBytes": 0}
    assert sessions[0]["stdout"]["attached"] is True


@pytest.mark.parametrize("name", METHODS)
def test_a_parameter_of_a_wrong_type_is_refused_and_named(wire: WireClient, session: str, name: str) -> None:
    method = methods(session)[name]
    mismatches = []
    for parameter, values in method.wrong.items():
        for value in values:
            answer = wire.answer(wire.start(name, {**method.correct, parameter: value}))
            found = answer.get("error", {})
            paths = [problem["path"] for problem in (found.get("data") or {}).get("problems", [])]
            named = [path for path in paths if path.split("[")[0] == f"params.{parameter}"]
            if found.get("code") != -32602 or not named or len(named) != len(paths):
                mismatches.append((parameter, value, answer.get("error", answer.get("result"))))
    assert not mismatches, "\n".join(map(repr, mismatches))
    _untouched(wire, session)


@pytest.mark.parametrize("name", METHODS)
def test_an_unknown_parameter_is_refused_and_named(wire: WireClient, session: str, name: str) -> None:
    method = methods(session)[name]
    for unknown in ("timoutMs", "session_id", "SessionId", "", "x y", "__class__"):
        found = problems(wire, name, {**method.correct, unknown: 1})
        assert len(found) == 1, found
        (path,) = found
        assert unknown in path
        assert is_sentence(found[path]) or found[path]
    _untouched(wire, session)


@pytest.mark.parametrize("name", METHODS)
def test_a_missing_parameter_is_refused_and_named(wire: WireClient, session: str, name: str) -> None:
    method = methods(session)[name]
    for missing in method.required:
        params = {parameter: value for parameter, value in method.correct.items() if parameter != missing}
        assert problems(wire, name, params).keys() == {f"params.{missing}"}
    if method.required:
        assert set(problems(wire, name, {})) == {f"params.{missing}" for missing in method.required}
        assert set(problems(wire, name, None)) == {f"params.{missing}" for missing in method.required}
    _untouched(wire, session)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("params", [[], [1], ["x", "stdout"]], ids=repr)
def test_parameters_by_position_are_refused(wire: WireClient, session: str, name: str, params: list[Any]) -> None:
    assert problems(wire, name, params).keys() == {"params"}
    _untouched(wire, session)


def test_every_wrong_parameter_is_told_at_once(wire: WireClient) -> None:
    params = {"argv": "ls", "mergeStderr": "false", "timoutMs": 5, "env": {"A": 1}}
    found = problems(wire, "session/spawn", params)
    assert found.keys() == {"params.argv", "params.mergeStderr", "params.timoutMs", "params.env.A"}
    assert all(found.values())


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"argv": ["ls", 1]}, "params.argv[1]"),
        ({"argv": [None]}, "params.argv[0]"),
        ({"argv": ["ls", ["a"]]}, "params.argv[1]"),
        ({"argv": ["ls", "a", True]}, "params.argv[2]"),
        ({"argv": ["a\0b"]}, "params.argv[0]"),
        ({"argv": ["ls", "a\0b"]}, "params.argv[1]"),
        ({"argv": [""]}, "params.argv[0]"),
        ({"argv": ["ls"], "attach": ["stdout", "stdin"]}, "params.attach[1]"),
        ({"argv": ["ls"], "attach": [1]}, "params.attach[0]"),
        ({"argv": ["ls"], "env": {"A": 1}}, "params.env.A"),
        ({"argv": ["ls"], "env": {"A": ["x"]}}, "params.env.A"),
        ({"argv": ["ls"], "env": {"A": True}}, "params.env.A"),
        ({"argv": ["ls"], "env": {"A": "x\0y"}}, "params.env.A"),
        ({"argv": ["ls"], "cwd": "a\0b"}, "params.cwd"),
    ],
)
def test_a_wrong_item_is_named_by_its_path(wire: WireClient, params: Message, path: str) -> None:
    assert list(problems(wire, "session/spawn", params)) == [path]
    assert wire.request("session/list", {}) == {"sessions": []}


@pytest.mark.parametrize("name", ["", "A=B", "A\0B", "="])
def test_a_name_that_no_environment_holds_is_refused(wire: WireClient, name: str) -> None:
    (path,) = problems(wire, "session/spawn", {"argv": ["ls"], "env": {name: "x"}})
    assert path.startswith("params.env")
    assert wire.request("session/list", {}) == {"sessions": []}


@pytest.mark.parametrize("where", ["argv", "cwd", "env", "data"])
def test_a_lone_surrogate_is_no_text(wire: WireClient, session: str, where: str) -> None:
    surrogate = r"\ud800"
    params = {
        "argv": rf'{{"argv": ["true", "{surrogate}"]}}',
        "cwd": rf'{{"argv": ["true"], "cwd": "{surrogate}"}}',
        "env": rf'{{"argv": ["true"], "env": {{"A": "{surrogate}"}}}}',
        "data": rf'{{"sessionId": "{session}", "data": "{surrogate}"}}',
    }[where]
    method = "session/write" if where == "data" else "session/spawn"
    request = wire.next_id()
    body = f'{{"jsonrpc": "2.0", "id": {request}, "method": "{method}", "params": {params}}}'.encode()
    wire.send_raw(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    message = wire.receive_answer_to(request)
    # As text that no UTF-8 holds it may be refused with the whole body, or as a parameter.
    assert message["error"]["code"] in (-32602, -32700)
    _untouched(wire, session)


@pytest.mark.parametrize("size", [1024, 4096, 64 << 20])
def test_the_bounds_of_the_backlog_are_themselves_allowed(wire: WireClient, size: int) -> None:
    session = wire.spawn(["echo", "x"], backlogBytes=size)["sessionId"]
    wire.wait_closed(session)
    assert wire.collect_output(session, "stdout") == b"x\n"


@pytest.mark.parametrize("grace", [0, 0.0, 0.5, 1e300, 1 << 31, 1 << 53])
def test_every_duration_that_is_a_number_is_accepted(wire: WireClient, grace: float) -> None:
    session = wire.spawn(["cat"], graceMs=grace)["sessionId"]
    assert wire.request("session/wait", {"sessionId": session, "timeoutMs": 0}) == {"exit": None}
    assert wire.request("session/terminate", {"sessionId": session, "graceMs": grace}) == {}
    wire.wait_exited(session)
    assert wire.request("session/terminateAll", {"graceMs": grace, "olderThanMs": grace}) == {"terminated": 0}
    read = {"sessionId": session, "stream": "stdout", "fromOffset": 0, "waitMs": grace}
    assert wire.request("session/read", read)["ended"] is True


def test_an_unknown_method_is_not_found_and_says_which(wire: WireClient) -> None:
    with pytest.raises(WireError) as caught:
        wire.request("session/spwan", {"argv": ["ls"]})
    assert caught.value.code == -32601
    assert "session/spwan" in caught.value.message
    # As notifications, requests are not carried out, and nothing is answered.
    wire.notify("session/spwan", {"argv": ["ls"]})
    assert wire.request("session/list", {}) == {"sessions": []}
