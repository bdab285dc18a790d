"""pipe_rpc/lsp/jobs.py: what a person is told of a job's end."""

from typing import Any

import pytest

from pipe_rpc.child.exit_status import ExitStatus
from tests.lsp.conftest import Editor, MakeEditor
from tests.session.harness import EXITED_0, TERMINATED, USAGE

RUN, TERMINATE = "pipe-rpc.run", "pipe-rpc.terminate"
EXITED_2 = ExitStatus(2, None, core_dumped=False, usage=USAGE)
ERROR, INFO = 1, 3
LONG_S = 10.0


def messages(editor: Editor) -> list[tuple[int, str]]:
    return [(each["type"], each["message"]) for each in editor.notifications("window/showMessage")]


@pytest.mark.parametrize("capabilities", [{}, {"window": {"workDoneProgress": True}}])
def test_a_job_that_fails_is_told_whatever_the_client_can_show(make_editor: MakeEditor, capabilities: Any) -> None:
    editor = make_editor(capabilities)
    editor.execute(RUN, "make")
    editor.exit(editor.children[0], EXITED_2)
    assert messages(editor) == [(ERROR, "make: exit status 2 after 0.0 s")]


def test_a_long_job_that_went_well_is_told_and_a_short_one_is_not(editor: Editor) -> None:
    editor.execute(RUN, "short")
    editor.execute(RUN, "long")
    editor.loop.advance(LONG_S / 2)
    editor.exit(editor.children[0])
    editor.loop.advance(LONG_S / 2)
    editor.exit(editor.children[1])
    assert messages(editor) == [(INFO, "long: done after 10.0 s")]


@pytest.mark.parametrize("status", [TERMINATED, EXITED_0, EXITED_2])
@pytest.mark.parametrize("how", ["command", "cancel", "session/terminate", "removed"])
def test_a_job_that_somebody_ended_is_not_told(editor: Editor, how: str, status: ExitStatus) -> None:
    session = editor.execute(RUN, "make")["sessionId"]
    editor.loop.advance(2 * LONG_S)
    match how:
        case "command":
            editor.execute(TERMINATE)
        case "cancel":
            editor.notify("window/workDoneProgress/cancel", {"token": session})
        case "session/terminate":
            editor.result("session/terminate", {"sessionId": session})
        case "removed":
            editor.result("session/remove", {"sessionId": session, "force": True})
    editor.exit(editor.children[0], status)
    assert messages(editor) == []


def test_a_job_that_timed_out_is_told(editor: Editor) -> None:
    editor.execute(RUN, {"argv": ["make"], "timeoutMs": 1000})
    editor.loop.advance(1)
    editor.exit(editor.children[0], TERMINATED)
    assert messages(editor) == [(ERROR, "make: timed out, SIGTERM after 1.0 s")]


def test_of_a_session_that_the_client_spawned_itself_nothing_is_shown(editor: Editor) -> None:
    editor.execute("pipe-rpc.list")
    _, child = editor.spawn(["make"])
    editor.loop.advance(2 * LONG_S)
    editor.exit(child, EXITED_2)
    assert messages(editor) == []
    assert editor.progress() == []


def test_the_message_comes_behind_the_end_of_the_progress_and_is_no_request(editor: Editor) -> None:
    editor.execute(RUN, "make")
    editor.take()
    editor.received.clear()
    editor.exit(editor.children[0], EXITED_2)
    told = editor.take()
    order = [each["method"] for each in told]
    assert order.index("session/exited") < order.index("$/progress") < order.index("window/showMessage")
    assert all("id" not in each for each in told)
