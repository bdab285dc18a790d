"""What users write reaches the job."""

from __future__ import annotations

import pytest

from tests.editors.emacs.driven import Emacs, LispError


def test_lines_are_written_and_the_end_of_input_is_told(emacs: Emacs) -> None:
    emacs.run("sort")
    emacs.eval('(pipe-rpc-write "b  two  blänks")')
    emacs.eval('(pipe-rpc-write "a")')
    emacs.call("pipe-rpc-close")
    assert emacs.wait_output("[exit 0").startswith("a\nb  two  blänks\n")


def test_nothing_is_written_where_the_question_is_cancelled(emacs: Emacs) -> None:
    emacs.run("cat")
    emacs.wait_state("running")
    emacs.type("\x1bxpipe-rpc-write\rhello")
    emacs.wait_for("stdin of cat: hello")
    # C-g only quits what a timer does, should it come within one; `abort-recursive-edit' is meant here.
    emacs.type("\x1d")
    emacs.wait("(not (active-minibuffer-window))")
    emacs.call("pipe-rpc-close")
    assert emacs.wait_output("[exit 0").startswith("[exit 0")


def test_a_job_that_is_over_says_that_it_reads_nothing(emacs: Emacs) -> None:
    emacs.run("true")
    emacs.wait_state("exited")
    with pytest.raises(LispError, match=r"Job 1 is over .exit 0. and reads nothing: rerun it"):
        emacs.call("pipe-rpc-write")


def test_what_is_no_utf_8_is_refused_and_nothing_hangs(emacs: Emacs) -> None:
    emacs.run("cat")
    emacs.wait_state("running")
    emacs.eval(r'(pipe-rpc-write "\377")')
    emacs.wait_message("must be UTF-8")
    emacs.eval('(pipe-rpc-write "a")')
    emacs.wait_output("a")
    emacs.call("pipe-rpc-kill")
    emacs.wait_output("[SIGKILL")


def test_more_than_the_server_takes_at_once_is_refused_and_jobs_live_on(emacs: Emacs) -> None:
    emacs.run("cat")
    emacs.wait_state("running")
    emacs.eval("(pipe-rpc-job-write (pipe-rpc-job 1) (make-string 20000000 ?a))")
    emacs.wait_message("are more than the server takes at once")
    emacs.eval('(pipe-rpc-write "a")')
    emacs.wait_output("a")
    emacs.call("pipe-rpc-kill")
    emacs.wait_output("[SIGKILL")
