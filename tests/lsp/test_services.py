"""pipe_rpc/lsp/services.py: commands for any LSP client, and what pygls' own message path would get wrong."""

import json
import logging
from typing import Any

import pytest

from tests.lsp.conftest import Editor, MakeEditor
from tests.server.harness import sent
from tests.session.harness import TERMINATED

RUN, LIST, TERMINATE = "pipe-rpc.run", "pipe-rpc.list", "pipe-rpc.terminate"
CANARY = "canary-27b0"
ODD_CAPABILITIES: list[Any] = [
    "everything",
    5,
    [],
    True,
    {"window": 5},
    {"window": []},
    {"window": {"workDoneProgress": "yes"}},
    {"window": {"workDoneProgress": None}},
    {"general": {"positionEncodings": ["x"]}},
    {"workspace": [1]},
    {"textDocument": {"completion": "x"}},
    {"experimental": {"jsonrpc": "2.0"}, "unknown": 1},
]


# ------------------------------------------------------------------------------------------------------------ commands


@pytest.mark.parametrize(
    ("arguments", "argv"),
    [
        (["make -j2 && echo ok"], ("/bin/sh", "-c", "make -j2 && echo ok")),
        (["make", "-j2"], ("make", "-j2")),
        ([["make", "-j2"]], ("make", "-j2")),
        ([["make"]], ("make",)),
        ([{"argv": ["make", "-j2"]}], ("make", "-j2")),
    ],
)
def test_run_takes_a_shell_line_an_argv_or_the_params_of_a_spawn(
    editor: Editor, arguments: list[Any], argv: tuple[str, ...]
) -> None:
    info = editor.execute(RUN, *arguments)
    (spec,) = editor.specs
    assert spec.argv == argv
    assert info == editor.result("session/info", {"sessionId": info["sessionId"]})
    assert not info["stdout"]["attached"]
    assert info["command"] == (arguments[0] if len(argv) == 3 and argv[0] == "/bin/sh" else " ".join(argv))


def test_names_of_the_environment_reach_the_child_as_they_are(editor: Editor) -> None:
    env = {"A-B": "1", "jsonrpc": "2.0", "class": "x", "_1": "y", "1": "one", "method": "initialize", "id": "é"}
    editor.execute(RUN, {"argv": ["env"], "env": env, "inheritEnv": False, "command": "shown", "attach": ["stdout"]})
    (spec,) = editor.specs
    assert spec.env == env
    assert editor.result("session/list")["sessions"][0]["stdout"]["attached"]


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"command": RUN}, "params.arguments"),
        ({"command": RUN, "arguments": None}, "params.arguments"),
        ({"command": RUN, "arguments": []}, "params.arguments"),
        ({"command": RUN, "arguments": [5]}, "params.argv[0]"),
        ({"command": RUN, "arguments": [None]}, "params.argv[0]"),
        ({"command": RUN, "arguments": ["a", 5]}, "params.argv[1]"),
        ({"command": RUN, "arguments": [[]]}, "params.argv"),
        ({"command": RUN, "arguments": [{}]}, "params.argv"),
        ({"command": RUN, "arguments": [{"argv": "ls"}]}, "params.argv"),
        ({"command": RUN, "arguments": [{"argv": ["ls"], "timeoutms": 5}]}, "params.timeoutms"),
        ({"command": RUN, "arguments": [{"argv": ["ls"], "env": {"A": 1}}]}, "params.env.A"),
        ({"command": LIST, "arguments": ["x"]}, "params.arguments"),
        ({"command": TERMINATE, "arguments": [5]}, "params.sessionId"),
        ({"command": "unknown"}, "params.command"),
        ({"command": ""}, "params.command"),
        ({"command": 5}, None),
        ({"command": None}, None),
        ({}, "params.command"),
        (None, "params"),
        ([], "params"),
        ("text", "params"),
        (5, "params"),
    ],
    ids=repr,
)
def test_wrong_params_are_refused_and_nothing_is_started(editor: Editor, params: Any, path: str | None) -> None:
    error = editor.refusal("workspace/executeCommand", params)
    assert error["code"] == -32602
    found = [each["path"] for each in error["data"]["problems"]]
    assert path is None or found == [path]
    assert editor.children == []


@pytest.mark.parametrize("arguments", ["true", {"true": 1}, 5, True], ids=repr)
def test_arguments_are_a_list_and_are_never_made_one(editor: Editor, arguments: Any) -> None:
    answer = editor.request("workspace/executeCommand", {"command": RUN, "arguments": arguments})
    assert [spec.argv for spec in editor.specs] == []
    assert answer["error"]["code"] == -32602


@pytest.mark.parametrize("token", [["T"], {"a": 1}, True, 1.5, pytest.param("T" * 4097, id="long")], ids=repr)
def test_a_token_that_is_no_token_starts_nothing(editor: Editor, token: Any) -> None:
    answer = editor.request("workspace/executeCommand", {"command": RUN, "arguments": ["true"], "workDoneToken": token})
    assert answer["error"]["code"] == -32602
    assert editor.children == []


def test_an_unknown_command_is_told_which_there_are(editor: Editor) -> None:
    error = editor.refused("pipe-rpc.rnu")
    for command in (RUN, LIST, TERMINATE):
        assert command in error["message"]


def test_list_answers_as_session_list_does(editor: Editor) -> None:
    assert editor.execute(LIST) == {"sessions": []}
    editor.execute(RUN, "job")
    editor.spawn(["no job"])
    assert editor.execute(LIST) == editor.result("session/list")
    assert len(editor.execute(LIST)["sessions"]) == 2


def test_terminate_takes_ids_or_means_every_job_and_nothing_else(editor: Editor) -> None:
    first, second, third = (editor.execute(RUN, f"job {number}")["sessionId"] for number in range(3))
    editor.spawn(["no job"])
    assert editor.execute(TERMINATE, second) == {"terminated": 1}
    assert [len(sent(child)) > 0 for child in editor.children] == [False, True, False, False]
    editor.exit(editor.children[1], TERMINATED)
    editor.take()
    assert editor.execute(TERMINATE) == {"terminated": 2}
    assert [len(sent(child)) > 0 for child in editor.children] == [True, True, True, False]
    assert first != third
    error = editor.refused(TERMINATE, "pipe-none")
    assert (error["code"], error["data"]["kind"]) == (1001, "SessionNotFound")


@pytest.mark.parametrize("progress", [True, False])
def test_a_job_that_was_removed_is_no_job_any_more(make_editor: MakeEditor, progress: bool) -> None:
    editor = make_editor({"window": {"workDoneProgress": progress}})
    removed = editor.execute(RUN, "first")["sessionId"]
    editor.execute(RUN, "second")
    editor.result("session/remove", {"sessionId": removed, "force": True})
    assert editor.execute(TERMINATE) == {"terminated": 1}


# ------------------------------------------------------------------------------------------- pygls' faults, kept out


def test_a_failure_is_answered_without_a_word_of_the_inside(editor: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    editor.execute(LIST)

    def fail(*arguments: Any) -> Any:
        raise ValueError(CANARY)

    monkeypatch.setattr(editor.registry, "sessions", fail)
    error = editor.refused(LIST)
    assert (error["code"], error["data"]) == (-32603, {"kind": "InternalError"})
    for inside in (CANARY, "Traceback", ".py", "ValueError", "/"):
        assert inside not in json.dumps(error)
    assert "pipe-rpc.list failed: ValueError" in editor.log_text()
    assert CANARY not in editor.log_text()
    monkeypatch.undo()
    monkeypatch.setattr("pipe_rpc.session.spawning.spawn", editor._spawn)
    assert editor.execute(LIST) == {"sessions": []}


def test_an_error_of_ours_comes_with_its_data_and_no_traceback(editor: Editor) -> None:
    error = editor.refused(TERMINATE, "pipe-none")
    assert error["data"] == {"kind": "SessionNotFound", "sessionId": "pipe-none"}


def test_what_would_run_later_cannot_be_registered(editor: Editor) -> None:
    editor.execute(LIST)

    async def later(*arguments: Any) -> None: ...

    def piecemeal(*arguments: Any) -> Any:
        yield

    async def both(*arguments: Any) -> Any:
        yield

    for handler in (later, piecemeal, both):
        with pytest.raises(TypeError, match=r"x\.y: a command is answered in the turn that reads it"):
            editor.services.register("x.y", handler)


def test_a_plain_function_can_be_registered(editor: Editor) -> None:
    editor.execute(LIST)
    editor.services.register("x.y", lambda *arguments: arguments)
    assert "x.y" in editor.services._server.protocol.fm.commands


@pytest.mark.parametrize("request_id", [1, "1", "", -5, 2**53, "é"])
def test_an_answer_has_the_id_of_the_request_and_its_type(editor: Editor, request_id: int | str) -> None:
    answer = editor.request("workspace/executeCommand", {"command": LIST}, request_id=request_id)
    assert answer == {"jsonrpc": "2.0", "id": request_id, "result": {"sessions": []}}


def test_ids_of_requests_and_of_questions_do_not_meet(editor: Editor) -> None:
    editor.execute(RUN, "job")
    (question,) = editor.questions()
    assert type(question["id"]) is int, "Vim cannot answer others"
    editor.wires.send(
        {"jsonrpc": "2.0", "id": question["id"], "method": "workspace/executeCommand", "params": {"command": LIST}},
        {"jsonrpc": "2.0", "id": question["id"], "result": None},
    )
    (answer,) = [each for each in editor.take() if each.get("id") == question["id"]]
    assert len(answer["result"]["sessions"]) == 1


def test_nothing_waits_for_the_answer_of_the_client(editor: Editor) -> None:
    for number in range(50):
        info = editor.execute(RUN, "job")
        editor.exit(editor.children[number])
        editor.take()
        editor.received.clear()
        assert editor.result("session/remove", {"sessionId": info["sessionId"]}) == {}
    protocol = editor.services._server.protocol
    assert len(protocol._request_futures) + len(protocol._result_types) <= 2, (
        "a client that never answers costs nothing"
    )


def test_jobs_that_come_and_go_leave_nothing_behind(editor: Editor) -> None:
    for number in range(30):
        info = editor.execute(RUN, "job")
        for question in editor.questions():
            editor.wires.send({"jsonrpc": "2.0", "id": question["id"], "result": None})
        editor.notify("window/workDoneProgress/cancel", {"token": info["sessionId"]})
        editor.exit(editor.children[number], TERMINATED)
        editor.take()
        editor.received.clear()
    services = editor.services
    protocol = services._server.protocol
    assert protocol._request_futures == {}
    assert protocol._result_types == {}
    assert services._server.work_done_progress.tokens == {}
    assert services._jobs.running() == []


@pytest.mark.parametrize(
    "params", [None, {}, [], 5, "x", {"token": None}, {"token": []}, {"token": {}}, {"token": "?"}]
)
def test_cancelling_what_is_no_job_costs_and_does_nothing(editor: Editor, params: Any) -> None:
    editor.execute(RUN, "job")
    before = len(editor.services._server.protocol._request_futures)
    for _ in range(20):
        editor.notify("window/workDoneProgress/cancel", params)
    assert len(editor.services._server.protocol._request_futures) == before
    assert sent(editor.children[0]) == []


@pytest.mark.parametrize(
    "response",
    [
        {"id": 1, "result": None},
        {"id": "x", "result": {"a": 1}},
        {"id": None, "result": 1},
        {"id": [], "result": 1},
        {"id": {}, "result": None},
        {"id": 1, "error": {"code": 1, "message": "m"}},
        {"id": {}, "error": {"code": 1, "message": "m"}},
        {"id": [], "error": {"code": 1, "message": "m"}},
        {"id": 1, "error": 5},
        {"id": 2**30, "error": {"code": -32601, "message": "no such method"}},
        {"id": 2**30, "error": 5},
        {"id": 2**30, "result": {"any": "thing"}},
        {"id": 2**30},
        {"id": float(2**30), "result": None},
        {"result": None},
    ],
    ids=repr,
)
def test_whatever_a_client_answers_the_server_lives(editor: Editor, response: dict[str, Any]) -> None:
    editor.execute(RUN, "job")
    editor.wires.send({"jsonrpc": "2.0", **response}, {"jsonrpc": "2.0", **response})
    editor.take()
    assert len(editor.result("session/list")["sessions"]) == 1
    editor.exit(editor.children[0])
    assert [value["kind"] for _, value in editor.progress()][-1:] == ["end"]


@pytest.mark.parametrize("capabilities", ODD_CAPABILITIES, ids=repr)
def test_whatever_a_client_says_that_it_can_do_it_gets_its_commands(make_editor: MakeEditor, capabilities: Any) -> None:
    editor = make_editor(capabilities)
    editor.notify("window/workDoneProgress/cancel", {"token": "x"})
    assert editor.execute(RUN, "job")["state"] == "running"
    assert editor.execute(TERMINATE) == {"terminated": 1}


def test_pygls_logs_nothing_that_a_client_sent(editor: Editor, caplog: pytest.LogCaptureFixture) -> None:
    editor.execute(LIST)
    assert logging.getLogger("pygls").propagate is False
    with caplog.at_level(logging.DEBUG):
        editor.execute(RUN, {"argv": ["env"], "env": {"SECRET": CANARY}})
        editor.refused(RUN, {"argv": ["env"], "env": {"SECRET": [CANARY]}})
    assert CANARY not in caplog.text
    assert CANARY not in editor.log_text()


def test_a_command_after_shutdown_is_refused_and_not_dropped(editor: Editor) -> None:
    editor.execute(LIST)
    editor.result("shutdown")
    assert editor.refused(LIST)["code"] == -32600


def test_a_command_nested_as_deep_as_json_may_be_is_answered(editor: Editor) -> None:
    for depth in (10, 100, 500, 900):
        nested = json.loads("[" * depth + "]" * depth)
        error = editor.refused(RUN, {"argv": ["a"], "env": nested})
        assert error["code"] in {-32602, -32700}
