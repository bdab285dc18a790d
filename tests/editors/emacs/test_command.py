"""The commands: completion, and what they say to mistakes."""

from __future__ import annotations

import pytest

from tests.editors.emacs.driven import Emacs, LispError


def test_commands_programs_files_and_signals_are_completed(emacs: Emacs) -> None:
    emacs.eval('(write-region "" nil "some-file")')
    emacs.type("\x1bxpipe-rpc-ru\t\rbasenam\t some-f\t\r")
    emacs.wait("(and (featurep 'pipe-rpc) (pipe-rpc-job 1))")
    assert emacs.wait_output("[exit 0").startswith("some-file\n")
    emacs.run("sleep", "1000")
    emacs.type("\x1bxpipe-rpc-sig\t\rSIGTE\t\r")
    emacs.wait_output("[SIGTERM after", 2)


def test_the_last_commands_are_remembered(emacs: Emacs) -> None:
    emacs.type("\x1bxpipe-rpc-run\recho one\r")
    emacs.wait("(and (featurep 'pipe-rpc) (pipe-rpc-job 1))")
    emacs.type("\x1bxpipe-rpc-run\r\x1bp\r")
    emacs.wait("(pipe-rpc-job 2)")
    assert emacs.wait_output("[exit 0", 2).startswith("one\n")


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ('(pipe-rpc-run "")', "There is no command: write, say, make -j2"),
        ('(pipe-rpc-shell " ")', "There is no line for the shell: write, say, make 2>&1 | head"),
        ("(pipe-rpc-stop)", "There is no job: start one by M-x pipe-rpc-run"),
        ("(pipe-rpc-rerun)", "There is no job to rerun: start one by M-x pipe-rpc-run"),
        ("(pipe-rpc-stop 7)", "There is no job 7: see M-x pipe-rpc-list"),
        ('(pipe-rpc-signal "")', "Which signal?"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(shared: Emacs, form: str, told: str) -> None:
    with pytest.raises(LispError) as caught:
        shared.eval(form)
    assert told in str(caught.value)


def test_a_signal_that_there_is_not_is_told(emacs: Emacs) -> None:
    emacs.run("cat")
    emacs.wait_state("running")
    emacs.eval('(pipe-rpc-signal "SIGNONSENSE")')
    assert "must be the name of a signal" in emacs.wait_message("pipe-rpc: job 1: ")
    emacs.call("pipe-rpc-kill")
    emacs.wait_output("[SIGKILL")


def test_a_prefix_argument_names_the_job(emacs: Emacs) -> None:
    emacs.run("sleep", "1000")
    emacs.run("sleep", "1000")
    emacs.wait_state("running", 2)
    emacs.type("\x1b1\x1bxpipe-rpc-kill\r")
    emacs.wait_output("[SIGKILL", 1)
    assert emacs.state(2) == "running"


def test_a_job_can_be_started_without_a_window(emacs: Emacs) -> None:
    emacs.run("true", more=":show nil")
    emacs.wait_state("exited")
    assert emacs.eval("(length (window-list))") == 1


def test_the_map_of_commands_acts_under_a_key_of_the_users(emacs: Emacs) -> None:
    emacs.eval('(global-set-key (kbd "C-c p") \'pipe-rpc-command-map)')
    emacs.type("\x03p!sleep 1000\r")
    emacs.wait('(and (featurep \'pipe-rpc) (pipe-rpc-job 1) (equal (state) "running"))')
    emacs.type("\x03pK")
    emacs.wait_output("[SIGKILL after")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("curl http://host/?a=1&b=2", ["curl", "http://host/?a=1&b=2"]),
        ("echo a;b|c > x $HOME *.c --", ["echo", "a;b|c", ">", "x", "$HOME", "*.c", "--"]),
        (
            r"""printf '<%s>' '' "" a"b c"d 'it'\''s' "it\"s \n" x\ y""",
            ["printf", "<%s>", "", "", "ab cd", "it's", 'it"s \\n', "x y"],
        ),
        ("  two\t\n words ", ["two", "words"]),
        ("echo 'not closed", ["echo", "not closed"]),
        ("echo ünï 漢字", ["echo", "ünï", "漢字"]),
    ],
)
def test_a_command_is_split_at_blanks_and_at_nothing_else(shared: Emacs, line: str, words: list[str]) -> None:
    shared.eval("(require 'pipe-rpc-command)")
    assert shared.eval("(pipe-rpc-command-split %s)", line) == words
