"""The list of jobs, its keys, and the keys of an output buffer."""

from __future__ import annotations

import re

import pytest

from tests.editors.emacs.driven import Emacs, LispError

SLEEP = "echo ready; exec sleep 1000"


@pytest.fixture
def listed(emacs: Emacs) -> Emacs:
    """An editor with the list in its current window, and in its only line a job that runs."""
    emacs.shell(SLEEP, ":show nil")
    emacs.wait_output("ready")
    emacs.call("pipe-rpc-list")
    return emacs


def wait_line(emacs: Emacs, pattern: str) -> None:
    """Return once a line of the list matches."""
    emacs.wait("(string-match-p %s (listed))", pattern)


def test_an_empty_list_says_how_to_start_a_job(emacs: Emacs) -> None:
    emacs.call("pipe-rpc-list")
    emacs.wait_message("No jobs yet: M-x pipe-rpc-run")


def test_the_list_keeps_itself_up_to_date(listed: Emacs) -> None:
    wait_line(listed, "^ *1 running ")
    listed.run("false", more=":show nil")
    wait_line(listed, "^ *2 exit 1 ")
    wait_line(listed, r"^ *1 running +[1-9]\.")
    listed.wait_for("exit 1", "running", "1 running, 1 failed")


def test_return_opens_the_output_in_the_same_window(listed: Emacs) -> None:
    listed.type("\r")
    listed.wait("(eql pipe-rpc-output-job 1)")


@pytest.mark.parametrize(("key", "here"), [("o", True), ("\x0f", False)])
def test_the_output_opens_where_the_key_says(listed: Emacs, key: str, here: bool) -> None:
    listed.eval("(delete-other-windows)")
    listed.type(key)
    listed.wait("(= (length (window-list)) 2)")
    listed.wait("(eq (eql pipe-rpc-output-job 1) %s)", here)


def test_r_runs_it_again(listed: Emacs) -> None:
    listed.type("r")
    listed.wait("(= (pipe-rpc-job-runs (pipe-rpc-job 1)) 2)")
    wait_line(listed, "running")


def test_k_stops_it_and_capital_k_kills_it(listed: Emacs) -> None:
    listed.type("k")
    wait_line(listed, "SIGTERM")
    listed.type("r")
    listed.wait('(and (= (pipe-rpc-job-runs (pipe-rpc-job 1)) 2) (equal (state) "running"))')
    listed.type("K")
    wait_line(listed, "SIGKILL")


def test_d_kills_and_forgets_it(listed: Emacs) -> None:
    children = len(listed.server_pids())
    listed.type("d")
    listed.wait('(equal (listed) "")')
    listed.wait_gone_but(children - 1)
    buffers = listed.eval("(mapcar #'buffer-name (buffer-list))")
    assert [name for name in buffers if name.startswith("*pipe-rpc 1")] == []


def test_i_asks_for_a_line_of_stdin(emacs: Emacs) -> None:
    emacs.shell("read line; echo got $line", ":show nil")
    emacs.wait_state("running")
    emacs.call("pipe-rpc-list")
    emacs.type("i")
    emacs.wait_for("stdin of read line; echo got $line:")
    emacs.type("a line\r")
    emacs.wait_output("got a line")


def test_a_question_mark_shows_the_keys_and_q_closes(listed: Emacs) -> None:
    listed.type("?")
    listed.wait('(with-current-buffer "*Help*" (string-search "run it again" (buffer-string)))')
    listed.eval('(select-window (get-buffer-window "*pipe-rpc*"))')
    listed.type("q")
    listed.wait('(not (equal (buffer-name) "*pipe-rpc*"))')


def test_w_copies_the_command(listed: Emacs) -> None:
    listed.type("w")
    listed.wait("(equal (car kill-ring) %s)", SLEEP)


def test_the_output_has_keys_of_its_own(emacs: Emacs) -> None:
    emacs.shell("read line; echo got $line; exec sleep 1000")
    emacs.wait_state("running")
    emacs.eval("(other-window 1)")
    emacs.type("i")
    emacs.wait_for("stdin of read line")
    emacs.type("a line\r")
    emacs.wait_output("got a line")
    emacs.type("\x03\x0b")
    emacs.wait_output("[SIGTERM after")
    emacs.type("g")
    emacs.wait('(and (= (pipe-rpc-job-runs (pipe-rpc-job 1)) 2) (equal (state) "running"))')
    emacs.type("D")
    emacs.wait_output("[detached")
    assert re.search("Job:run", emacs.shown)


def test_a_line_without_a_job_means_none(emacs: Emacs) -> None:
    emacs.run("cat", more=":show nil")
    emacs.wait_state("running")
    emacs.call("pipe-rpc-list")
    emacs.eval("(goto-char (point-max))")
    for command in ("dispose", "kill", "rerun"):
        with pytest.raises(LispError, match="no job on this line"):
            emacs.call(f"pipe-rpc-{command}")
    assert emacs.state() == "running"
