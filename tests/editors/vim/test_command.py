"""The command: completion, and what it says to mistakes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.editors.vim.vim import Vim


def complete(vim: Vim, line: str) -> list[str]:
    found: list[str] = vim.call("getcompletion", line, "cmdline")
    return found


def test_subcommands_are_completed(vim: Vim) -> None:
    assert complete(vim, "PipeRpc r") == ["rerun", "run"]
    assert complete(vim, "PipeRpc ru") == ["run"]


def test_programs_files_and_options_are_completed(vim: Vim) -> None:
    vim.command("call writefile([], 'some-file')")
    assert "printf" in complete(vim, "PipeRpc run prin")
    assert complete(vim, "PipeRpc run cat some") == ["some-file"]
    assert complete(vim, "PipeRpc run ++c") == ["++compiler=", "++cwd="]
    assert complete(vim, "PipeRpc run ++compiler=gc") == ["++compiler=gcc"]
    assert complete(vim, "PipeRpc shell ++open=v") == ["++open=vsplit"]
    assert "printf" in complete(vim, "PipeRpc run ++open=none prin")


def test_numbers_of_jobs_and_signals_are_completed(vim: Vim) -> None:
    vim.run({"argv": ["true"]})
    vim.run({"argv": ["true"]})
    assert complete(vim, "PipeRpc stop ") == ["1", "2"]
    assert complete(vim, "PipeRpc signal sigh") == ["SIGHUP"]


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vim]:
    """An editor for mistakes: it never has a job."""
    vim = Vim(tmp_path_factory.mktemp("idle"))
    yield vim
    vim.quit()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("nonsense", "there is no subcommand nonsense; there are attach, close, detach,"),
        ("run", "there is no command behind it: write, say, :PipeRpc run make -j2"),
        ("run ++nonsense=1 ls", "there is no ++nonsense; there are ++compiler, ++cwd,"),
        ("run ++cwd ls", "an option is written ++name=value"),
        ("run ++cwd= ls", "++cwd needs a directory"),
        ("run ++timeout=soon ls", "++timeout needs a number of seconds"),
        ("run ++open=above ls", "++open needs one of split, vsplit, tab, current, none"),
        ("stop", "there is no job: start one by :PipeRpc run"),
        ("rerun", "there is no job to rerun: start one by :PipeRpc run"),
        ("stop 7", "there is no job 7: see :PipeRpc list"),
        ("stop it", "it is no number of a job: see :PipeRpc list"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(idle: Vim, line: str, told: str) -> None:
    idle.command(f"PipeRpc {line}")
    assert idle.wait_notice(told)


def test_a_signal_that_there_is_not_is_told(vim: Vim) -> None:
    vim.run({"argv": ["cat"]})
    vim.wait_state("running")
    vim.command("PipeRpc signal SIGNONSENSE")
    assert "must be the name of a signal" in vim.wait_notice("pipe-rpc: job 1: ")
    vim.command("PipeRpc signal")
    vim.wait_notice("which signal?")
    vim.command("PipeRpc kill")


def test_a_bang_opens_no_window(vim: Vim) -> None:
    vim.command("PipeRpc! run true")
    vim.wait_state("exited")
    assert vim.value("winnr('$')") == 1


def test_plug_maps_do_what_their_names_say(vim: Vim) -> None:
    vim.run({"argv": ["cat"]})
    vim.wait_state("running")
    vim.command("nmap gk <Plug>(pipe-rpc-kill)")
    vim.type("gk")
    vim.wait_output("[SIGKILL after")
