"""Jobs end softly, then hard, and never later than the editor."""

from __future__ import annotations

import signal

import pytest

from tests.editors.vim.conftest import StartVim
from tests.editors.vim.vim import Vim

STUBBORN = "trap 'echo ignored' TERM; echo ready; while :; do sleep 0.01; done"


def test_stop_asks_softly(vim: Vim) -> None:
    vim.run({"shell": "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.01; done"})
    vim.wait_output("ready")
    vim.command("PipeRpc stop")
    assert "bye\n[exit 5 after" in vim.wait_output("[exit 5")
    assert vim.notices() == []


def test_what_is_left_after_the_grace_is_killed(vim: Vim) -> None:
    vim.run({"shell": STUBBORN})
    vim.wait_output("ready")
    vim.command("PipeRpc stop")
    assert "ignored\n" in vim.wait_output("[SIGKILL after")


def test_a_second_stop_kills_at_once(start_vim: StartVim) -> None:
    vim = start_vim({"grace_ms": 3600000})
    vim.run({"shell": STUBBORN})
    vim.wait_output("ready")
    vim.command("PipeRpc stop")
    vim.wait_output("ignored")
    vim.command("PipeRpc stop")
    vim.wait_output("[SIGKILL after")


def test_stop_withdraws_a_rerun_that_waits(start_vim: StartVim) -> None:
    vim = start_vim({"grace_ms": 3600000})
    vim.run({"shell": STUBBORN})
    vim.wait_output("ready")
    vim.command("PipeRpc rerun")
    vim.wait_output("ignored")
    vim.command("PipeRpc stop")
    vim.wait_output("[SIGKILL after")
    assert vim.info()["state"] == "exited"


def test_a_signal_of_the_users_choice_is_sent(vim: Vim) -> None:
    vim.run({"shell": "trap 'echo hup' HUP; echo ready; while :; do sleep 0.01; done"})
    vim.wait_output("ready")
    vim.command("PipeRpc signal sighup")
    vim.wait_output("hup")
    vim.command("PipeRpc kill")
    vim.wait_state("exited")


def test_a_job_that_is_stopped_while_it_starts_stops(vim: Vim) -> None:
    vim.command("call pipe_rpc#Stop(pipe_rpc#Run(['sleep', '1000']), 0)")
    vim.wait_output("[SIGKILL after")


def test_nothing_is_left_running_when_the_editor_quits(start_vim: StartVim) -> None:
    vim = start_vim({"grace_ms": 100})
    vim.run({"shell": STUBBORN})
    vim.run({"shell": "setsid sleep 1000 & echo ready; wait"})
    vim.wait_output("ready", 1)
    vim.wait_output("ready", 2)
    family = vim.server_pids()
    assert len(family) >= 4
    vim.quit("qall")
    # The fixture that looks for leaks has a look at the whole family, too.


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda number: number.name)
def test_nothing_is_left_running_when_the_editor_is_killed(start_vim: StartVim, number: signal.Signals) -> None:
    vim = start_vim({"grace_ms": 100})
    vim.run({"argv": ["sleep", "1000"]})
    vim.wait_state("running")
    assert len(vim.server_pids()) >= 3
    vim.end(number)
