"""The command: completion, and what it says to mistakes."""

from __future__ import annotations

import pytest

from tests.editors.nvim.neovim import Neovim


def complete(neovim: Neovim, line: str) -> list[str]:
    found: list[str] = neovim.lua("return vim.fn.getcompletion(..., 'cmdline')", line)
    return found


def test_subcommands_are_completed(neovim: Neovim) -> None:
    assert complete(neovim, "PipeRpc r") == ["rerun", "run"]
    assert complete(neovim, "PipeRpc ru") == ["run"]


def test_programs_files_and_options_are_completed(neovim: Neovim) -> None:
    neovim.command("call writefile([], 'some-file')")
    assert "printf" in complete(neovim, "PipeRpc run prin")
    assert complete(neovim, "PipeRpc run cat some") == ["some-file"]
    assert complete(neovim, "PipeRpc run ++c") == ["++compiler=", "++cwd="]
    assert complete(neovim, "PipeRpc run ++compiler=gc") == ["++compiler=gcc"]
    assert complete(neovim, "PipeRpc shell ++open=v") == ["++open=vsplit"]
    assert "printf" in complete(neovim, "PipeRpc run ++open=none prin")


def test_numbers_of_jobs_and_signals_are_completed(neovim: Neovim) -> None:
    neovim.run({"argv": ["true"]})
    neovim.run({"argv": ["true"]})
    assert complete(neovim, "PipeRpc stop ") == ["1", "2"]
    assert complete(neovim, "PipeRpc signal sigh") == ["SIGHUP"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("nonsense", "there is no subcommand nonsense; there are attach, close, detach,"),
        ("run", "there is no command behind it: write, say, :PipeRpc run make -j2"),
        ("run ++nonsense=1 ls", "there is no ++nonsense; there are ++compiler, ++cwd,"),
        ("run ++cwd ls", "an option is written ++name=value"),
        ("run ++timeout=soon ls", "++timeout needs a number of seconds"),
        ("run ++open=above ls", "++open needs one of split, vsplit, tab, current, none"),
        ("stop", "there is no job: start one by :PipeRpc run"),
        ("rerun", "there is no job to rerun: start one by :PipeRpc run"),
        ("stop 7", "there is no job 7: see :PipeRpc list"),
        ("stop it", "it is no number of a job: see :PipeRpc list"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(neovim: Neovim, line: str, told: str) -> None:
    neovim.command(f"PipeRpc {line}")
    assert neovim.wait_notice(told)


def test_a_signal_that_there_is_not_is_told(neovim: Neovim) -> None:
    neovim.run({"argv": ["cat"]})
    neovim.wait_state("running")
    neovim.command("PipeRpc signal SIGNONSENSE")
    assert "must be the name of a signal" in neovim.wait_notice("pipe-rpc: job 1: ")
    neovim.command("PipeRpc signal")
    neovim.wait_notice("which signal?")
    neovim.command("PipeRpc kill")


def test_a_bang_opens_no_window(neovim: Neovim) -> None:
    neovim.command("PipeRpc! run true")
    neovim.wait_state("exited")
    assert neovim.lua("return vim.fn.winnr('$')") == 1


def test_plug_maps_do_what_their_names_say(neovim: Neovim) -> None:
    neovim.run({"argv": ["cat"]})
    neovim.wait_state("running")
    neovim.command("nmap gk <Plug>(pipe-rpc-kill)")
    neovim.type("gk")
    neovim.wait_output("[SIGKILL after")
