"""Jobs end softly, then hard, and never later than the editor."""

from __future__ import annotations

import os
import signal

from tests.editors.nvim.conftest import StartNeovim
from tests.editors.nvim.neovim import Neovim
from tests.support.processes import wait_ended

STUBBORN = "trap 'echo ignored' TERM; echo ready; while :; do sleep 0.01; done"


def test_stop_asks_softly(neovim: Neovim) -> None:
    neovim.run({"shell": "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.01; done"})
    neovim.wait_output("ready")
    neovim.command("PipeRpc stop")
    assert "bye\n[exit 5 after" in neovim.wait_output("[exit 5")
    assert neovim.notices() == []


def test_what_is_left_after_the_grace_is_killed(neovim: Neovim) -> None:
    neovim.run({"shell": STUBBORN})
    neovim.wait_output("ready")
    neovim.command("PipeRpc stop")
    assert "ignored\n" in neovim.wait_output("[SIGKILL after")


def test_a_second_stop_kills_at_once(start_neovim: StartNeovim) -> None:
    neovim = start_neovim({"grace_ms": 3600000})
    neovim.run({"shell": STUBBORN})
    neovim.wait_output("ready")
    neovim.command("PipeRpc stop")
    neovim.wait_output("ignored")
    neovim.command("PipeRpc stop")
    neovim.wait_output("[SIGKILL after")


def test_stop_withdraws_a_rerun_that_waits(start_neovim: StartNeovim) -> None:
    neovim = start_neovim({"grace_ms": 3600000})
    neovim.run({"shell": STUBBORN})
    neovim.wait_output("ready")
    neovim.command("PipeRpc rerun")
    neovim.wait_output("ignored")
    neovim.command("PipeRpc stop")
    neovim.wait_output("[SIGKILL after")
    assert neovim.state() == "exited"


def test_a_signal_of_the_users_choice_is_sent(neovim: Neovim) -> None:
    neovim.run({"shell": "trap 'echo hup' HUP; echo ready; while :; do sleep 0.01; done"})
    neovim.wait_output("ready")
    neovim.command("PipeRpc signal sighup")
    neovim.wait_output("hup")
    neovim.command("PipeRpc kill")
    neovim.wait_state("exited")


def test_a_job_that_is_stopped_while_it_starts_stops(neovim: Neovim) -> None:
    neovim.lua("require('pipe_rpc').run({ 'sleep', '1000' }):kill()")
    neovim.wait_output("[SIGKILL after")


def test_nothing_is_left_running_when_the_editor_quits(start_neovim: StartNeovim) -> None:
    neovim = start_neovim({"grace_ms": 100})
    neovim.run({"shell": STUBBORN})
    neovim.run({"shell": "setsid sleep 1000 & echo ready; wait"})
    neovim.wait_output("ready", 1)
    neovim.wait_output("ready", 2)
    family = neovim.server_pids()
    assert len(family) >= 4
    neovim.quit("qall")
    # The fixture that looks for leaks has a look at the whole family, too.


def test_nothing_is_left_running_when_the_editor_is_killed(start_neovim: StartNeovim) -> None:
    neovim = start_neovim({"grace_ms": 100})
    neovim.run({"argv": ["sleep", "1000"]})
    neovim.wait_state("running")
    family = neovim.server_pids()
    os.kill(neovim.pid, signal.SIGKILL)
    neovim.close()
    wait_ended(family)
