"""Jobs are started with what they need, and said to be over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.editors.emacs.conftest import StartEmacs
from tests.editors.emacs.driven import Emacs, LispError


def test_a_command_runs_and_its_output_and_status_are_shown(emacs: Emacs) -> None:
    emacs.type("\x1bxpipe-rpc-run\rprintf 'one\\ntwo\\n'\r")
    emacs.wait("(and (featurep 'pipe-rpc) (pipe-rpc-job 1))")
    assert emacs.wait_output("[exit 0 after").startswith("one\ntwo\n[exit 0 after ")
    emacs.wait_for("one", "two", "Job:exit 0", "*pipe-rpc 1: printf")
    assert emacs.eval("(buffer-name)") == "*scratch*"


def test_a_shell_line_runs_in_the_shell_of_the_editor(emacs: Emacs) -> None:
    emacs.eval("(pipe-rpc-shell %s)", "echo a b | wc -w; exit 3")
    assert emacs.wait_output("[exit 3 after").startswith("2\n")


def test_a_job_has_the_directory_the_environment_and_the_name_that_it_is_given(emacs: Emacs, tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    emacs.shell(
        'basename "$PWD"; echo $WORD ${HOME-gone}',
        f':cwd "{folder}" :env \'("WORD=two words" "HOME") :name "it"',
    )
    assert emacs.wait_output("[exit 0").startswith("a folder\ntwo words gone\n")
    assert emacs.eval("(pipe-rpc-job-name (pipe-rpc-job 1))") == "it"
    emacs.type(f"\x15\x15\x1bxpipe-rpc-shell\r\x01\x0becho $A; pwd\r\x01\x0b{folder}\rA=b\r")
    emacs.wait("(pipe-rpc-job 2)")
    assert emacs.wait_output("[exit 0", 2).startswith(f"b\n{folder}\n")


def test_a_job_sees_what_the_editor_was_told_after_the_server_had_started(emacs: Emacs) -> None:
    emacs.shell("echo ${LATE-unset} ${HOME+set}")
    emacs.wait_output("unset set")
    emacs.eval('(progn (setenv "LATE" "late") (setenv "HOME" nil))')
    emacs.shell("echo ${LATE-unset} ${HOME-unset}")
    emacs.wait_output("late unset", job=2)
    emacs.eval('(setq-local process-environment (cons "LATE=of this buffer" process-environment))')
    emacs.shell("echo $LATE")
    emacs.wait_output("of this buffer", job=3)


def test_several_jobs_run_at_once(emacs: Emacs) -> None:
    for number in (1, 2, 3):
        emacs.shell(f"echo {number}; read line; echo got $line")
    for number in (1, 2, 3):
        emacs.wait_output(f"{number}", number)
        assert emacs.state(number) == "running"
    for number in (3, 1, 2):
        emacs.eval("(pipe-rpc-write %s %s)", f"line {number}", number)
        emacs.wait_output(f"got line {number}", number)


def test_the_last_job_is_run_again_in_the_same_window(emacs: Emacs) -> None:
    emacs.shell("echo hello; exit 2")
    emacs.wait_output("[exit 2")
    emacs.call("pipe-rpc-rerun")
    emacs.wait('(and (= (pipe-rpc-job-runs (pipe-rpc-job 1)) 2) (equal (state) "exited"))')
    assert emacs.wait_output("[exit 2").startswith("hello\n[exit 2")
    emacs.eval("(other-window 1)")
    emacs.type("g")
    emacs.wait('(and (= (pipe-rpc-job-runs (pipe-rpc-job 1)) 3) (equal (state) "exited"))')
    assert emacs.eval("(list (length (window-list)) pipe-rpc-output-job)") == [2, 1]


def test_a_job_that_still_runs_is_stopped_before_it_runs_again(emacs: Emacs) -> None:
    emacs.shell("echo first $$ end; exec sleep 1000")
    first = emacs.wait_output("end")
    emacs.eval("(pipe-rpc-rerun 1)")
    emacs.wait("(= (pipe-rpc-job-runs (pipe-rpc-job 1)) 2)")
    assert emacs.wait_output("end") != first
    assert emacs.state() == "running"


def test_output_goes_into_a_file_as_well(emacs: Emacs, tmp_path: Path) -> None:
    emacs.shell(r"printf 'a\tb\n'", ':tee "log.txt"')
    emacs.wait_output("[exit 0")
    emacs.wait('(eql (file-attribute-size (file-attributes "log.txt")) 4)')
    assert (tmp_path / "log.txt").read_text() == "a\tb\n"


def test_a_job_that_takes_too_long_is_stopped(emacs: Emacs) -> None:
    emacs.shell("exec sleep 1000", ":timeout 0.1")
    emacs.wait_output("[timed out after")
    emacs.wait_message("timed out")


def test_hooks_hear_of_the_start_and_the_end(emacs: Emacs) -> None:
    emacs.eval("""
      (dolist (hook '(pipe-rpc-start-functions pipe-rpc-exit-functions))
        (add-hook hook (lambda (job)
                         (push (list hook (pipe-rpc-job-number job) (pipe-rpc-job-state job)) drive-heard))))
    """)
    emacs.eval("(add-hook 'compilation-finish-functions (lambda (_buffer how) (push how drive-heard)))")
    emacs.run("true")
    emacs.wait("(= (length drive-heard) 3)")
    assert emacs.eval("(reverse drive-heard)") == [
        ["pipe-rpc-start-functions", 1, "running"],
        "exit 0\n",
        ["pipe-rpc-exit-functions", 1, "exited"],
    ]


def test_each_run_is_told_though_its_output_is_not_drawn_yet(emacs: Emacs) -> None:
    more = ":on-exit (lambda (job) (push (pipe-rpc-job-describe job) drive-heard))"
    emacs.shell("seq 100000; if [ -e later ]; then exit 4; fi; touch later; exit 3", more)
    emacs.wait_state("exited")
    emacs.call("pipe-rpc-rerun")
    emacs.wait("(= (length drive-heard) 2)")
    assert emacs.eval("(reverse drive-heard)") == ["exit 3", "exit 4"]


def test_only_a_failure_is_told_unless_the_job_was_long(emacs: Emacs) -> None:
    emacs.run("true")
    emacs.wait_output("[exit 0")
    assert emacs.messages() == []
    emacs.run("false")
    assert emacs.wait_message("pipe-rpc: false: exit 1 after ")


def test_a_job_that_was_long_is_told_though_it_succeeded(start_emacs: StartEmacs) -> None:
    emacs = start_emacs({"notify-after": 0})
    emacs.run("true")
    assert emacs.wait_message("pipe-rpc: true: exit 0 after ")


def test_nothing_is_loaded_bound_or_started_before_the_first_use(emacs: Emacs) -> None:
    loaded = emacs.eval("(mapcar #'symbol-name features)")
    assert {name for name in loaded if name.startswith("pipe-rpc")} <= {"pipe-rpc-autoloads"}
    assert emacs.server_pids() == []
    assert emacs.eval("(where-is-internal 'pipe-rpc-run)") is None
    assert emacs.eval("global-mode-string") in (None, [""])


def test_a_spec_without_a_command_is_refused_with_what_is_needed(emacs: Emacs) -> None:
    with pytest.raises(LispError, match="needs either :argv"):
        emacs.eval('(pipe-rpc-start :name "nothing")')
    with pytest.raises(LispError, match="is on another"):
        emacs.eval('(pipe-rpc-start :shell "ls" :cwd "/ssh:host:/tmp/")')


def test_what_the_last_run_left_behind_writes_into_no_later_run(emacs: Emacs, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    emacs.shell("if [ -e later ]; then exec cat; fi; touch later; (read line < gate; echo late) & echo run")
    emacs.wait_output("[exit 0")
    emacs.call("pipe-rpc-rerun")
    emacs.wait_state("running")
    (tmp_path / "gate").write_text("go\n")
    emacs.eval('(pipe-rpc-write "now")')
    emacs.wait_output("now")
    emacs.call("pipe-rpc-close")
    assert "late" not in emacs.wait_output("[exit 0")


def test_an_error_of_the_users_own_hook_is_told_and_stops_nothing(emacs: Emacs) -> None:
    emacs.shell("cat", ':on-output (lambda (&rest _) (error "My mistake"))')
    emacs.eval('(pipe-rpc-write "one")')
    emacs.wait_message("My mistake")
    emacs.eval('(pipe-rpc-write "two")')
    emacs.wait_output("two")
    emacs.call("pipe-rpc-kill")
    emacs.wait_output("[SIGKILL")


@pytest.mark.parametrize(
    "mistake",
    [
        '(add-hook \'compilation-filter-hook (lambda () (error "My mistake")))',
        '(add-hook \'compilation-mode-hook (lambda () (error "My mistake")))',
        '(setq compilation-error-regexp-alist \'(("[My mistake" 1)))',
    ],
    ids=["filter", "mode", "matcher"],
)
def test_a_mistake_in_the_users_compilation_mode_lets_jobs_end(emacs: Emacs, mistake: str) -> None:
    emacs.eval(f"(progn (require 'compile) {mistake})")
    emacs.shell("echo one", ":on-exit (lambda (_job) (push 1 drive-heard))")
    emacs.wait("drive-heard")
    assert emacs.output().startswith("one\n[exit 0")
    assert emacs.messages() != []


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        (':timeout "10"', r":timeout must be seconds above 0, and not \"10\""),
        (":timeout 0", ":timeout must be seconds above 0"),
        (":env '(1)", ":env must be a list of strings as NAME=VALUE"),
        (":tee 3", ":tee must be the name of a file"),
        (":name 'it", ":name must be a string"),
        (":cwd 'here", ":cwd must be a directory"),
        (':matcher "x"', ":matcher must be a list"),
    ],
)
def test_a_spec_with_a_wrong_part_is_refused_and_leaves_no_job(shared: Emacs, more: str, wanted: str) -> None:
    with pytest.raises(LispError, match=wanted):
        shared.shell("echo", more)
    assert shared.eval("(pipe-rpc-job)") is None


def test_any_time_out_above_zero_will_do(emacs: Emacs) -> None:
    emacs.shell("exec sleep 1000", ":timeout 0.00033")
    emacs.wait_output("[timed out after")


def test_a_job_whose_buffer_was_killed_is_run_again_and_shown(emacs: Emacs) -> None:
    emacs.shell("echo ready; exec sleep 1000")
    emacs.wait_output("ready")
    emacs.eval("(kill-buffer (pipe-rpc-output-buffer (pipe-rpc-job-output (pipe-rpc-job 1))))")
    emacs.call("pipe-rpc-rerun")
    emacs.wait("(= (pipe-rpc-job-runs (pipe-rpc-job 1)) 2)")
    emacs.wait_output("ready")
    assert emacs.eval("(get-buffer-window (pipe-rpc-output-buffer (pipe-rpc-job-output (pipe-rpc-job 1))))")


def test_what_is_disposed_of_does_not_run_again(emacs: Emacs) -> None:
    emacs.eval("(setq pipe-rpc-scrollback 1000000)")
    emacs.shell("read line; seq 100000; exec sleep 1000")
    emacs.wait_state("running")
    emacs.eval("""
      (advice-add 'pipe-rpc-job--finish :after
                  (lambda (&rest _) (pipe-rpc-dispose 1) (run-at-time 0.2 nil (lambda () (push 1 drive-heard)))))
    """)
    emacs.eval('(progn (pipe-rpc-write "go" 1) (setq drive-job (pipe-rpc-job 1)) (pipe-rpc-rerun 1))')
    emacs.wait("drive-heard")
    assert emacs.eval("(pipe-rpc-job-runs drive-job)") == 1
