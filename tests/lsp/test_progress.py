"""pipe_rpc/lsp/progress.py: one display for one job, throttled, from begin to end."""

import signal
from typing import Any

import pytest

from tests.lsp.conftest import Editor, MakeEditor
from tests.server.harness import ERR, OUT, sent
from tests.session.harness import TERMINATED

RUN = "pipe-rpc.run"
REPORT_EVERY_S = 0.25


def kinds(progress: list[tuple[Any, Any]]) -> list[str]:
    return [value["kind"] for _, value in progress]


def test_a_job_begins_reports_and_ends_under_the_token_that_was_asked_for(editor: Editor) -> None:
    info = editor.execute(RUN, "make")
    (question,) = editor.questions()
    assert question["method"] == "window/workDoneProgress/create"
    token = question["params"]["token"]
    assert token == info["sessionId"]
    assert editor.progress() == [(token, {"kind": "begin", "title": "make", "cancellable": True})]
    editor.children[0].write(OUT, b"compiling\n")
    editor.turn()
    editor.loop.advance(REPORT_EVERY_S)
    assert editor.progress() == [(token, {"kind": "report", "message": "compiling"})]
    editor.exit(editor.children[0])
    ((last, value),) = editor.progress()
    assert (last, value["kind"]) == (token, "end")
    assert value["message"].startswith("exit status 0 after 0.")


def test_the_end_comes_behind_the_news_of_the_exit(editor: Editor) -> None:
    editor.execute(RUN, "make")
    editor.take()
    editor.received.clear()
    editor.exit(editor.children[0], TERMINATED)
    messages = [each["method"] for each in editor.take()]
    assert messages.index("session/exited") < messages.index("$/progress")


def test_how_a_job_ended_is_the_last_word(editor: Editor) -> None:
    editor.execute(RUN, "make")
    editor.progress()
    editor.exit(editor.children[0], TERMINATED)
    ((_, value),) = editor.progress()
    assert value["message"].startswith("SIGTERM after ")


@pytest.mark.parametrize("token", ["from the client", 7, 0, ""])
def test_the_token_of_the_client_is_used_and_none_is_asked_for(make_editor: MakeEditor, token: int | str) -> None:
    editor = make_editor({})
    editor.execute(RUN, "make", workDoneToken=token)
    assert editor.questions() == []
    assert editor.progress() == [(token, {"kind": "begin", "title": "make", "cancellable": True})]
    editor.notify("window/workDoneProgress/cancel", {"token": token})
    assert [signal.Signals(number).name for number in sent(editor.children[0])] == ["SIGTERM", "SIGCONT"]
    editor.exit(editor.children[0], TERMINATED)
    assert kinds(editor.progress()) == ["end"]


def test_a_token_is_for_its_request_only(make_editor: MakeEditor) -> None:
    editor = make_editor({})
    editor.execute(RUN, "first", workDoneToken="T")
    editor.execute(RUN, "second")
    assert [token for token, _ in editor.progress()] == ["T"]


@pytest.mark.parametrize("capabilities", [{}, {"window": {}}, {"window": {"workDoneProgress": False}}])
def test_a_client_that_shows_none_is_sent_none(make_editor: MakeEditor, capabilities: Any) -> None:
    editor = make_editor(capabilities)
    editor.execute(RUN, "make")
    editor.children[0].write(OUT, b"word\n")
    editor.turn()
    editor.loop.advance(10)
    editor.exit(editor.children[0])
    assert editor.questions() == []
    assert editor.progress() == []


def test_a_flood_of_output_is_no_flood_of_reports(editor: Editor) -> None:
    editor.execute(RUN, "flood")
    editor.progress()
    for number in range(1000):
        editor.children[0].write(OUT, b"line %d\n" % number)
        editor.loop.advance(0.001)
    reports = editor.progress()
    assert 3 <= len(reports) <= 4
    assert set(kinds(reports)) == {"report"}


def test_what_was_shown_already_is_not_shown_again(editor: Editor) -> None:
    editor.execute(RUN, "make")
    editor.progress()
    for _ in range(3):
        editor.children[0].write(OUT, b"the same\n")
        editor.turn()
        editor.loop.advance(REPORT_EVERY_S)
    assert kinds(editor.progress()) == ["report"]


def test_a_report_tells_how_long_the_job_has_run_from_its_first_second_on(editor: Editor) -> None:
    editor.execute(RUN, "make")
    editor.progress()
    for pause in (REPORT_EVERY_S, 0.5, 61):
        editor.children[0].write(OUT, b"the same\n")
        editor.turn()
        editor.loop.advance(REPORT_EVERY_S)
        editor.loop.advance(pause)
    assert [value["message"] for _, value in editor.progress()] == ["the same", "the same (1 s)"]


def test_an_idle_job_reports_nothing_and_sets_no_alarm(editor: Editor) -> None:
    editor.execute(RUN, "sleep")
    editor.progress()
    before = len(editor.loop._deadlines)
    for _ in range(10):
        editor.loop.advance(1)
    assert editor.progress() == []
    assert len(editor.loop._deadlines) == before


def test_both_streams_are_shown(editor: Editor) -> None:
    editor.execute(RUN, "make")
    editor.progress()
    for stream, word in ((ERR, b"a warning\n"), (OUT, b"a result\n")):
        editor.children[0].write(stream, word)
        editor.turn()
        editor.loop.advance(REPORT_EVERY_S)
    assert [value["message"] for _, value in editor.progress()] == ["a warning", "a result"]


def test_blank_output_is_no_report(editor: Editor) -> None:
    editor.execute(RUN, "make")
    editor.progress()
    editor.children[0].write(OUT, b"\n \x1b[0m\n\t\n")
    editor.turn()
    editor.loop.advance(REPORT_EVERY_S)
    assert editor.progress() == []


def test_nothing_is_reported_behind_the_end(editor: Editor) -> None:
    editor.execute(RUN, "make")
    editor.progress()
    editor.children[0].write(OUT, b"last word\n")
    editor.turn()
    editor.exit(editor.children[0])
    assert kinds(editor.progress())[-1] == "end"
    editor.loop.advance(REPORT_EVERY_S)
    assert editor.progress() == []


def test_a_held_stream_does_not_keep_the_display(editor: Editor) -> None:
    editor.execute(RUN, "daemon")
    editor.progress()
    editor.exit(editor.children[0], close=False)
    assert kinds(editor.progress()) == ["end"]
    editor.children[0].write(OUT, b"late\n")
    editor.turn()
    editor.loop.advance(REPORT_EVERY_S)
    assert editor.progress() == []
    session = editor.registry.sessions()[0]
    assert all(stream._waiting == [] for stream in session.streams.values())


@pytest.mark.parametrize("written", [b"", b"word\n"])
def test_the_display_of_a_job_that_is_removed_is_closed(editor: Editor, written: bytes) -> None:
    info = editor.execute(RUN, "make")
    editor.progress()
    editor.children[0].write(OUT, written)
    editor.turn()
    editor.result("session/remove", {"sessionId": info["sessionId"], "force": True})
    editor.loop.advance(10)
    assert kinds(editor.progress())[-1:] == ["end"], "the editor would show it for ever"


def test_cancelling_ends_softly_and_then_hard(editor: Editor) -> None:
    info = editor.execute(RUN, {"argv": ["make"], "graceMs": 1000})
    editor.notify("window/workDoneProgress/cancel", {"token": info["sessionId"]})
    editor.notify("window/workDoneProgress/cancel", {"token": info["sessionId"]})
    editor.loop.advance(1)
    assert [signal.Signals(number).name for number in sent(editor.children[0])] == ["SIGTERM", "SIGCONT", "SIGKILL"]
