"""pipe_rpc/lsp/job_problems.py and problem_reader.py: the problems of jobs, from their output to the client."""

from typing import Any

import pytest

from pipe_rpc.limits import Limits
from tests.lsp.conftest import Editor, MakeEditor
from tests.server.harness import ERR, OUT
from tests.session.harness import TERMINATED

RUN, RERUN = "pipe-rpc.run", "pipe-rpc.rerunLast"
MAKE = {"argv": ["make"], "cwd": "/src", "problemMatcher": "$gcc"}
EVERY_S = 0.2
A, B = "file:///src/a.c", "file:///src/b.c"


def later(editor: Editor) -> list[tuple[str, list[int]]]:
    """What is published once the interval is over: URIs, and the lines of their diagnostics counted from 1."""
    editor.turn()
    editor.loop.advance(EVERY_S)
    return [(uri, [each["range"]["start"]["line"] + 1 for each in found]) for uri, found in editor.diagnostics()]


def wrong(line: int, file: str = "a.c") -> bytes:
    return b"%s:%d:5: error: wrong\n" % (file.encode(), line)


def test_problems_are_published_as_they_come(editor: Editor) -> None:
    editor.execute(RUN, MAKE)
    editor.children[0].write(ERR, wrong(3) + b"a.c:4:")
    assert later(editor) == [(A, [3])]
    editor.children[0].write(ERR, b"1: error: more\r\n" + wrong(1, "b.c"))
    assert later(editor) == [(A, [3, 4]), (B, [1])]
    editor.children[0].write(OUT, wrong(2, "b.c"))
    assert later(editor) == [(B, [1, 2])]


def test_streams_do_not_cut_each_others_lines(editor: Editor) -> None:
    editor.execute(RUN, MAKE)
    for stream, piece in ((OUT, b"a.c:3"), (ERR, b"b.c:7"), (OUT, b":1: error: o\n"), (ERR, b":1: error: e\n")):
        editor.children[0].write(stream, piece)
        editor.turn()
    assert sorted(later(editor)) == [(A, [3]), (B, [7])]


def test_at_the_end_all_is_published_before_the_job_is_shown_to_have_ended(editor: Editor) -> None:
    editor.execute(RUN, MAKE)
    editor.take()
    editor.received.clear()
    editor.children[0].write(ERR, wrong(3) + wrong(4)[:-1])
    editor.exit(editor.children[0])
    told = [each["method"] for each in editor.take()]
    assert told.count("textDocument/publishDiagnostics") == 1
    assert told.index("textDocument/publishDiagnostics") < len(told) - 1 - told[::-1].index("$/progress")


def test_a_last_line_without_end_counts(editor: Editor) -> None:
    editor.execute(RUN, MAKE)
    editor.children[0].write(ERR, wrong(4)[:-1])
    editor.exit(editor.children[0])
    assert later(editor) == [(A, [4])]


def test_what_another_process_writes_behind_the_exit_is_not_the_jobs(editor: Editor) -> None:
    editor.execute(RUN, MAKE)
    editor.exit(editor.children[0], close=False)
    assert [value["kind"] for _, value in editor.progress()][-1] == "end"
    editor.children[0].write(ERR, wrong(4))
    assert later(editor) == []
    [session] = editor.registry.sessions()
    assert all(stream._waiting == [] for stream in session.streams.values())


@pytest.mark.parametrize("again", [(RERUN,), (RUN,), (RUN, MAKE)], ids=repr)
def test_running_a_job_again_replaces_its_problems(editor: Editor, again: tuple[Any, ...]) -> None:
    editor.execute(RUN, MAKE)
    editor.children[0].write(ERR, wrong(3) + wrong(1, "b.c"))
    editor.exit(editor.children[0])
    assert later(editor) == [(A, [3]), (B, [1])]
    editor.execute(*again)
    editor.children[1].write(ERR, wrong(5))
    assert sorted(later(editor)) == [(A, [5]), (B, [])]


def test_a_job_that_still_runs_gives_way_to_the_same_again(editor: Editor) -> None:
    editor.execute(RUN, MAKE)
    editor.children[0].write(ERR, wrong(3))
    assert later(editor) == [(A, [3])]
    editor.execute(RERUN)
    assert later(editor) == [(A, [])]
    editor.children[0].write(ERR, wrong(4))
    assert later(editor) == []
    editor.exit(editor.children[0])
    assert [value["kind"] for _, value in editor.progress()].count("end") == 1


def test_other_jobs_keep_theirs_and_a_file_shows_all(editor: Editor) -> None:
    for argv in (["make"], ["make", "test"]):
        editor.execute(RUN, {**MAKE, "argv": argv})
    editor.children[0].write(ERR, wrong(3))
    assert later(editor) == [(A, [3])]
    editor.children[1].write(ERR, wrong(4))
    assert later(editor) == [(A, [3, 4])]
    first, _ = editor.result("session/list")["sessions"]
    editor.exit(editor.children[0])
    editor.result("session/remove", {"sessionId": first["sessionId"]})
    assert later(editor) == [(A, [4])]


@pytest.mark.parametrize("how", ["remove", "remove by force", "purge"])
def test_problems_go_with_their_session(editor: Editor, how: str) -> None:
    session = editor.execute(RUN, MAKE)["sessionId"]
    editor.children[0].write(ERR, wrong(3))
    if how != "remove by force":
        editor.exit(editor.children[0])
    assert later(editor) == [(A, [3])]
    if how == "purge":
        assert editor.result("session/purge") == {"purged": 1}
    else:
        editor.result("session/remove", {"sessionId": session, "force": True})
    assert editor.diagnostics() == [(A, [])]
    assert editor.services._jobs._problems._latest == {}


def test_without_a_matcher_nothing_is_published(editor: Editor) -> None:
    for run in (["cc a.c"], [{"argv": ["cc"]}], [{"argv": ["cc"], "problemMatcher": []}]):
        editor.execute(RUN, *run)
        editor.children[-1].write(ERR, wrong(3))
        editor.exit(editor.children[-1])
    editor.spawn(["cc"])
    editor.children[-1].write(ERR, wrong(3))
    assert later(editor) == []


def test_the_connection_may_name_matchers_for_jobs_that_name_none(make_editor: MakeEditor) -> None:
    editor = make_editor(initializationOptions={"problemMatcher": ["$gcc", "$mypy"]})
    editor.execute(RUN, {"argv": ["make"], "cwd": "/src"})
    editor.children[0].write(ERR, wrong(3))
    assert later(editor) == [(A, [3])]
    editor.execute(RUN, {**MAKE, "problemMatcher": []})
    editor.children[1].write(ERR, wrong(4))
    assert later(editor) == [(A, [])], "none is a choice, too"


def test_a_wrong_matcher_of_the_connection_is_told_where_it_stands(make_editor: MakeEditor) -> None:
    editor = make_editor(initializationOptions={"problemMatcher": "$nope"})
    error = editor.refused(RUN, "make")
    assert error["data"]["problems"][0]["path"] == "params.initializationOptions.problemMatcher"
    assert editor.children == []


@pytest.mark.parametrize(
    ("matcher", "path"),
    [
        ("$nope", "params.problemMatcher"),
        ({"pattern": {"regexp": "(?=x)"}}, "params.problemMatcher"),
        ({"pattern": {}}, "params.problemMatcher.pattern.regexp"),
    ],
)
def test_a_wrong_matcher_starts_nothing_and_costs_nothing(editor: Editor, matcher: Any, path: str) -> None:
    error = editor.refused(RUN, {**MAKE, "problemMatcher": matcher})
    assert (error["code"], error["data"]["problems"][0]["path"]) == (-32602, path)
    assert editor.children == []
    assert editor.searches._patterns == {}
    assert ("position" in error["data"]) == ("(?=x)" in str(matcher))


def test_a_spawn_that_fails_gives_the_patterns_back(editor: Editor) -> None:
    editor.refused(RUN, {**MAKE, "timeoutms": 5})
    assert editor.searches._patterns == {}


def test_a_run_that_finds_its_session_reads_it_once(editor: Editor) -> None:
    run = {**MAKE, "sessionId": "build"}
    editor.execute(RUN, run)
    editor.execute(RUN, run)
    editor.children[0].write(ERR, wrong(3))
    assert later(editor) == [(A, [3])]
    editor.exit(editor.children[0], TERMINATED)
    assert editor.execute(RUN, run)["state"] == "exited"
    assert later(editor) == []
    assert editor.searches._patterns == {}


def test_jobs_that_come_and_go_leave_nothing_behind(editor: Editor) -> None:
    for number in range(20):
        editor.execute(RUN, {**MAKE, "argv": ["make", str(number)]})
        editor.children[number].write(OUT, b"all is well\n")
        editor.exit(editor.children[number])
        editor.take()
        editor.received.clear()
    problems = editor.services._jobs._problems
    assert (problems._readers, problems._latest) == ({}, {})
    assert editor.searches._patterns == {}
    assert editor.searches._due == {}


def test_output_that_was_overwritten_is_missed_and_what_follows_is_not(make_editor: MakeEditor) -> None:
    editor = make_editor(limits=Limits(child_read_bytes=1024))
    editor.execute(RUN, {**MAKE, "backlogBytes": 1024})
    child = editor.children[0]
    child.write(ERR, b"a.c:")
    editor.turn()
    reader = next(iter(editor.services._jobs._problems._readers.values()))
    [session] = editor.registry.sessions()
    stream = session.streams[ERR]
    editor.searches.discard(reader._step)
    retained = b"9:5: error: two halves\n" + wrong(7)
    child.write(ERR, b"x" * 1024 + b"\n" * (1024 - len(retained)) + retained)
    for _ in range(3):
        stream.look_for_end()
    child.write(ERR, b"\n" * (1024 - len(retained)))
    for _ in range(3):
        stream.look_for_end()
    assert stream.ring.read(stream.ring.start, len(retained)) == retained
    assert later(editor) == [(A, [7])]


def test_only_what_the_child_wrote_is_its_jobs_however_late_it_is_read(editor: Editor) -> None:
    editor.execute(RUN, MAKE)
    child = editor.children[0]
    child.write(ERR, b"y\n" * 20_000 + wrong(3))
    editor.turn_until(lambda: editor.registry.sessions()[0].streams[ERR].ring.end > 40_000, "the output")
    editor.exit(child, close=False)
    child.write(ERR, wrong(4))
    editor.turn_until(lambda: not editor.services._jobs._problems._readers, "the end of reading")
    assert [(uri, [each["range"]["start"]["line"] for each in found]) for uri, found in editor.diagnostics()] == [
        (A, [2])
    ]


def test_a_flood_takes_a_bounded_part_of_each_turn(editor: Editor) -> None:
    editor.execute(RUN, MAKE)
    editor.children[0].write(OUT, b"y\n" * 30_000)
    editor.turn(2)
    reader = next(iter(editor.services._jobs._problems._readers.values()))
    assert 0 < reader._streams[0]._offset < 60_000
    assert editor.result("session/list")["sessions"]
    assert reader._streams[0]._offset < 60_000, "an answer does not wait for it"
    editor.turn_until(lambda: reader._streams[0]._offset == 60_000, "the rest")
