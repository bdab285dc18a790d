"""pipe_rpc/lsp/commands.py: what each command does, also without arguments."""

from typing import Any

import pytest

from tests.lsp.conftest import Editor
from tests.server.harness import sent
from tests.session.harness import TERMINATED

RUN, RERUN, LIST = "pipe-rpc.run", "pipe-rpc.rerunLast", "pipe-rpc.list"
TERMINATE, TERMINATE_ALL = "pipe-rpc.terminate", "pipe-rpc.terminateAll"


@pytest.mark.parametrize("again", [RUN, RERUN])
@pytest.mark.parametrize(
    "arguments",
    [
        ["make -j2 && echo ok"],
        ["make", "-j2"],
        [["make", "-j2"]],
        [{"argv": ["make"], "cwd": "/", "env": {"A": "1"}, "inheritEnv": False, "command": "shown"}],
    ],
    ids=repr,
)
def test_the_last_job_is_run_again_as_it_was(editor: Editor, again: str, arguments: list[Any]) -> None:
    first = editor.execute(RUN, *arguments)
    second = editor.execute(again)
    assert second["sessionId"] != first["sessionId"]
    assert editor.specs[0] == editor.specs[1]
    for member in ("argv", "cwd", "command", "originator"):
        assert second[member] == first[member]


def test_a_job_that_was_run_again_can_be_run_again(editor: Editor) -> None:
    editor.execute(RUN, "make")
    for _ in range(3):
        editor.execute(RERUN)
    assert [spec.argv[-1] for spec in editor.specs] == ["make"] * 4


def test_an_id_of_the_client_is_for_its_first_run_only(editor: Editor) -> None:
    editor.execute(RUN, {"argv": ["make"], "sessionId": "build"})
    again = editor.execute(RERUN)
    assert again["sessionId"] != "build"
    assert len(editor.children) == 2


def test_a_job_that_could_not_be_started_is_not_the_last_one(editor: Editor) -> None:
    editor.execute(RUN, "make")
    editor.refused(RUN, {"argv": ["make"], "timeoutms": 5})
    editor.execute(RERUN)
    assert [spec.argv[-1] for spec in editor.specs] == ["make", "make"]


def test_without_a_last_job_the_answer_says_what_to_do(editor: Editor) -> None:
    error = editor.refused(RERUN)
    assert error["code"] == -32602
    assert "there is no last job yet: start one with pipe-rpc.run" in error["message"]
    error = editor.refused(RUN)
    assert error["code"] == -32602
    assert 'a shell line ["make -j2"]' in error["message"]
    editor.spawn(["no job"])
    assert editor.refused(RERUN)["code"] == -32602, "what session/spawn started is no job"


@pytest.mark.parametrize("command", [TERMINATE, TERMINATE_ALL])
def test_all_jobs_that_run_are_terminated_and_nothing_else(editor: Editor, command: str) -> None:
    editor.execute(RUN, "ended")
    editor.exit(editor.children[0])
    editor.execute(RUN, "first")
    editor.execute(RUN, "second")
    editor.spawn(["no job"])
    editor.take()
    assert editor.execute(command) == {"terminated": 2}
    assert [len(sent(child)) > 0 for child in editor.children] == [False, True, True, False]


@pytest.mark.parametrize("command", [TERMINATE, TERMINATE_ALL])
def test_where_no_job_runs_none_is_terminated(editor: Editor, command: str) -> None:
    assert editor.execute(command) == {"terminated": 0}


@pytest.mark.parametrize("command", [RERUN, LIST, TERMINATE_ALL])
def test_a_command_that_takes_no_arguments_refuses_them(editor: Editor, command: str) -> None:
    editor.execute(RUN, "make")
    error = editor.refused(command, "x")
    assert (error["code"], error["data"]["problems"][0]["path"]) == (-32602, "params.arguments")
    assert len(editor.children) == 1


@pytest.mark.parametrize("running", [True, False])
def test_a_run_that_finds_its_session_shows_no_second_progress(editor: Editor, running: bool) -> None:
    run = {"argv": ["make"], "sessionId": "build"}
    editor.execute(RUN, run)
    if not running:
        editor.exit(editor.children[0], TERMINATED)
    editor.take()
    editor.received.clear()
    assert editor.execute(RUN, run)["sessionId"] == "build"
    assert editor.progress() == []
    assert len(editor.children) == 1
