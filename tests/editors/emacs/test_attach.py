"""Output can be left and taken up again."""

from __future__ import annotations

import re

import pytest

from tests.editors.emacs.driven import Emacs, LispError

COUNTER = "while read line; do seq $line; done"


def test_what_a_detached_job_writes_comes_when_it_is_attached_again(emacs: Emacs) -> None:
    emacs.shell(COUNTER)
    emacs.eval('(pipe-rpc-write "1 2")')
    emacs.wait_output("1\n2")
    emacs.call("pipe-rpc-detach")
    emacs.eval('(pipe-rpc-write "3 4")')
    emacs.call("pipe-rpc-close")
    emacs.wait_output("[detached; M-x pipe-rpc-attach shows")
    emacs.wait_state("exited")
    assert "3" not in emacs.output().split("\n")
    emacs.call("pipe-rpc-attach")
    emacs.wait_output("3\n4")
    shown = [line for line in emacs.output().split("\n") if line.isdigit()]
    assert shown == ["1", "2", "3", "4"]


def test_what_was_not_kept_meanwhile_is_told_as_a_number(emacs: Emacs) -> None:
    emacs.shell("read line; seq -f %099.0f 60000; touch written; exec sleep 1000")
    emacs.wait_state("running")
    emacs.call("pipe-rpc-detach")
    emacs.eval('(pipe-rpc-write "go")')
    emacs.wait('(file-exists-p "written")')
    emacs.eval("(setq pipe-rpc-scrollback 100000)")
    emacs.eval("(kill-buffer (pipe-rpc-output-buffer (pipe-rpc-job-output (pipe-rpc-job 1))))")
    emacs.call("pipe-rpc-attach")
    told = re.findall(r"^\[(\d+) bytes were not kept", emacs.wait_output("060000\n"), re.MULTILINE)
    assert told == [str(6000000 - 2 * 1024 * 1024)]
    emacs.call("pipe-rpc-kill")
    emacs.wait_state("exited")


def test_a_job_that_is_attached_says_so(emacs: Emacs) -> None:
    emacs.run("cat")
    emacs.wait_state("running")
    with pytest.raises(LispError, match="Job 1 is attached already"):
        emacs.call("pipe-rpc-attach")
    emacs.call("pipe-rpc-detach")
    with pytest.raises(LispError, match="Job 1 is not attached"):
        emacs.call("pipe-rpc-detach")
    emacs.call("pipe-rpc-kill")
    emacs.wait_state("exited")


def test_a_job_whose_buffer_is_killed_while_the_last_of_its_output_comes_is_over(emacs: Emacs) -> None:
    emacs.eval("""
      (progn (require 'pipe-rpc)
             (advice-add 'pipe-rpc-job-exited :after
                         (lambda (job _exit) (kill-buffer (pipe-rpc-output-buffer (pipe-rpc-job-output job))))))
    """)
    emacs.shell("seq 150000", ":on-exit (lambda (_job) (push 1 drive-heard))")
    emacs.wait("drive-heard")
    assert emacs.state() == "exited"
    emacs.call("pipe-rpc-attach")
    emacs.wait_output("150000\n")
