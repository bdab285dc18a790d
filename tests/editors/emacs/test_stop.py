"""Jobs end softly, then hard, and never later than the editor."""

from __future__ import annotations

import signal

import pytest

from tests.editors.emacs.conftest import StartEmacs
from tests.editors.emacs.driven import Emacs

STUBBORN = "trap 'echo ignored' TERM; echo ready; while :; do sleep 0.01; done"


def test_stop_asks_softly(emacs: Emacs) -> None:
    emacs.shell("trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.01; done")
    emacs.wait_output("ready")
    emacs.call("pipe-rpc-stop")
    assert "bye\n[exit 5 after" in emacs.wait_output("[exit 5")
    assert emacs.messages() == []


def test_what_is_left_after_the_grace_is_killed(emacs: Emacs) -> None:
    emacs.shell(STUBBORN)
    emacs.wait_output("ready")
    emacs.call("pipe-rpc-stop")
    assert "ignored\n" in emacs.wait_output("[SIGKILL after")


def test_a_second_stop_kills_at_once(start_emacs: StartEmacs) -> None:
    emacs = start_emacs({"grace": 3600})
    emacs.shell(STUBBORN)
    emacs.wait_output("ready")
    emacs.eval("(other-window 1)")
    emacs.type("\x03\x0b")
    emacs.wait_output("ignored")
    emacs.type("\x03\x0b")
    emacs.wait_output("[SIGKILL after")


def test_stop_withdraws_a_rerun_that_waits(start_emacs: StartEmacs) -> None:
    emacs = start_emacs({"grace": 3600})
    emacs.shell(STUBBORN)
    emacs.wait_output("ready")
    emacs.eval("(pipe-rpc-rerun 1)")
    emacs.wait_output("ignored")
    emacs.eval("(pipe-rpc-stop 1)")
    emacs.wait_output("[SIGKILL after")
    assert emacs.state() == "exited"


def test_a_signal_of_the_users_choice_is_sent(emacs: Emacs) -> None:
    emacs.shell("trap 'echo hup' HUP; echo ready; while :; do sleep 0.01; done")
    emacs.wait_output("ready")
    emacs.eval('(pipe-rpc-signal "sighup")')
    emacs.wait_output("hup")
    emacs.call("pipe-rpc-kill")
    emacs.wait_state("exited")


def test_a_job_that_is_stopped_while_it_starts_stops(emacs: Emacs) -> None:
    emacs.eval('(progn (pipe-rpc-start :argv \'("sleep" "1000")) (pipe-rpc-kill))')
    emacs.wait_output("[SIGKILL after")


def test_kill_compilation_stops_the_job_that_it_finds(emacs: Emacs) -> None:
    emacs.shell("echo ready; exec sleep 1000")
    emacs.wait_output("ready")
    emacs.call("kill-compilation")
    emacs.wait_output("[SIGTERM after")


def test_other_processes_are_interrupted_as_ever(emacs: Emacs) -> None:
    emacs.run("true", more=":show nil")
    emacs.wait_state("exited")
    emacs.eval('(start-process "other" (current-buffer) "sleep" "1000")')
    emacs.eval("(interrupt-process nil)")
    emacs.wait('(not (process-live-p (get-process "other")))')


def test_a_buffer_that_is_killed_leaves_its_job_alone(emacs: Emacs) -> None:
    emacs.shell("echo one; read line; echo got $line; exec sleep 1000")
    emacs.wait_output("one")
    emacs.eval("(kill-buffer (pipe-rpc-output-buffer (pipe-rpc-job-output (pipe-rpc-job 1))))")
    assert emacs.eval("(pipe-rpc-job-describe (pipe-rpc-job 1))") == "detached"
    emacs.eval('(pipe-rpc-write "two")')
    emacs.call("pipe-rpc-attach")
    assert emacs.wait_output("got two").startswith("one\n")
    emacs.call("pipe-rpc-kill")
    emacs.wait_output("[SIGKILL after")


def busy(start_emacs: StartEmacs) -> Emacs:
    """An editor with a job that heeds no signal, and one with a child in a session of its own."""
    emacs = start_emacs({"grace": 0.1})
    emacs.shell(STUBBORN)
    emacs.shell("setsid sleep 1000 & echo ready; wait")
    emacs.wait_output("ready", 1)
    emacs.wait_output("ready", 2)
    assert len(emacs.server_pids()) >= 4
    return emacs


def test_nothing_is_left_running_when_the_editor_quits(start_emacs: StartEmacs) -> None:
    emacs = busy(start_emacs)
    emacs.type("\x18\x03")
    emacs.wait_for("Active processes exist; kill them and exit anyway?")
    emacs.type("no\r")
    emacs.quit()


@pytest.mark.parametrize("kill", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_running_when_the_editor_is_killed(start_emacs: StartEmacs, kill: signal.Signals) -> None:
    busy(start_emacs).quit(kill=kill)


def test_emacs_quits_without_a_question_where_nothing_runs(emacs: Emacs) -> None:
    emacs.run("true")
    emacs.wait_output("[exit 0")
    emacs.quit("(save-buffers-kill-emacs)")
