"""Jobs are started with what they need, and said to be over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.editors.nvim.conftest import StartNeovim
from tests.editors.nvim.neovim import LuaError, Neovim


def test_a_command_runs_and_its_output_and_status_are_shown(neovim: Neovim) -> None:
    neovim.command("PipeRpc run printf one\\ntwo\\n")
    shown = neovim.wait_output("exit 0 after")
    assert shown.startswith("one\ntwo\n[exit 0 after ")
    assert neovim.lua("return vim.api.nvim_buf_get_name(vim.fn.winbufnr(2))").startswith("pipe-rpc://1.1/printf")


def test_a_shell_line_runs_in_the_shell_of_the_editor(neovim: Neovim) -> None:
    neovim.command("PipeRpc shell echo a b | wc -w; exit 3")
    assert neovim.wait_output("[exit 3 after").startswith("2\n")


def test_a_job_has_the_directory_the_environment_and_the_name_that_it_is_given(neovim: Neovim, tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    line = (
        "PipeRpc shell ++cwd="
        + str(folder).replace(" ", "\\ ")
        + ' ++env=WORD=two\\ words ++name=it basename "$PWD"; echo $WORD'
    )
    neovim.command(line)
    assert neovim.wait_output("[exit 0").startswith("a folder\ntwo words\n")
    assert neovim.lua("return require('pipe_rpc').job(1).name") == "it"


def test_a_job_sees_what_the_editor_was_told_after_the_server_had_started(neovim: Neovim) -> None:
    neovim.run({"shell": "echo ${LATE-unset} ${HOME+set}"})
    neovim.wait_output("unset set")
    neovim.command("let $LATE = 'late' | unlet $HOME")
    neovim.run({"shell": "echo ${LATE-unset} ${HOME-unset}"})
    neovim.wait_output("late unset", job=2)


def test_the_name_of_the_current_file_stands_for_a_percent_sign(neovim: Neovim) -> None:
    neovim.command("edit some\\ file")
    neovim.command("PipeRpc run echo %:t 100% \\%")
    neovim.wait_output("some file 100% %")
    neovim.command("wincmd t | PipeRpc shell printf '[%s]\\n' %")
    neovim.wait_output("[some file]", job=2)


def test_several_jobs_run_at_once(neovim: Neovim) -> None:
    for number in (1, 2, 3):
        neovim.run({"shell": f"echo {number}; read line; echo got $line", "open": "none"})
    for number in (1, 2, 3):
        neovim.wait_output(f"{number}", number)
        assert neovim.state(number) == "running"
    for number in (3, 1, 2):
        neovim.command(f"{number}PipeRpc write line {number}")
        neovim.wait_output(f"got line {number}", number)


def test_the_last_job_is_run_again_in_the_same_window(neovim: Neovim) -> None:
    neovim.command("PipeRpc run echo hello")
    neovim.wait_output("[exit 0")
    neovim.command("PipeRpc rerun")
    neovim.wait_for("require('pipe_rpc').job(1).runs == 2 and require('pipe_rpc').job(1).state == 'exited'")
    assert neovim.wait_output("[exit 0").startswith("hello\n")
    shown = neovim.lua("return vim.fn.winbufnr(2) == require('pipe_rpc').job(1).output.number and vim.fn.winnr('$')")
    assert shown == 2


def test_a_job_that_still_runs_is_stopped_before_it_runs_again(neovim: Neovim) -> None:
    neovim.run({"shell": "echo first $$ end; exec sleep 1000"})
    first = neovim.wait_output("end")
    neovim.command("PipeRpc rerun 1")
    neovim.wait_for("require('pipe_rpc').job(1).runs == 2")
    assert neovim.wait_output("end") != first
    assert neovim.state() == "running"


def test_output_goes_into_a_file_as_well(neovim: Neovim, tmp_path: Path) -> None:
    neovim.command("PipeRpc shell ++tee=log.txt printf 'a\\tb\\n'")
    neovim.wait_output("[exit 0")
    neovim.wait_for("vim.fn.getfsize('log.txt') == 4")
    assert (tmp_path / "log.txt").read_text() == "a\tb\n"


def test_a_job_that_takes_too_long_is_stopped(neovim: Neovim) -> None:
    neovim.command("PipeRpc shell ++timeout=0.1 exec sleep 1000")
    neovim.wait_output("[timed out after")
    neovim.wait_notice("timed out")


def test_autocommands_hear_of_the_start_and_the_end(neovim: Neovim) -> None:
    neovim.run({"argv": ["true"]})
    neovim.wait_for("#events == 2")
    assert neovim.lua("return events") == [["PipeRpcJobStart", 1, "running"], ["PipeRpcJobExit", 1, "exited"]]


def test_only_a_failure_is_told_unless_the_job_was_long(neovim: Neovim) -> None:
    neovim.run({"argv": ["true"]})
    neovim.wait_state("exited")
    assert neovim.notices() == []
    neovim.run({"argv": ["false"]})
    assert neovim.wait_notice("pipe-rpc: false: exit 1 after ")


def test_a_job_that_was_long_is_told_though_it_succeeded(start_neovim: StartNeovim) -> None:
    neovim = start_neovim({"notify": {"longer_than_ms": 0}})
    neovim.run({"argv": ["true"]})
    assert neovim.wait_notice("pipe-rpc: true: exit 0 after ")


def test_nothing_is_loaded_mapped_or_started_before_the_first_use(neovim: Neovim) -> None:
    loaded = "return vim.tbl_filter(function(name) return name:find('^pipe_rpc') end, vim.tbl_keys(package.loaded))"
    assert neovim.lua(loaded) == []
    assert neovim.server_pids() == []
    mapped = neovim.lua("return vim.tbl_map(function(map) return map.lhs end, vim.api.nvim_get_keymap('n'))")
    assert {left.split("(")[0] for left in mapped if "pipe-rpc" in left} == {"<Plug>"}


def test_a_spec_without_a_command_is_refused_with_what_is_needed(neovim: Neovim) -> None:
    with pytest.raises(LuaError, match="needs either argv"):
        neovim.run({"name": "nothing"})


def test_what_the_last_run_left_behind_writes_into_no_later_run(neovim: Neovim) -> None:
    neovim.command("call system('mkfifo gate')")
    neovim.run({"shell": "(read line < gate; echo late) & echo run"})
    neovim.wait_output("[exit 0")
    neovim.lua("require('pipe_rpc').job(1).spec.shell = 'cat'")
    neovim.command("PipeRpc rerun")
    neovim.wait_state("running")
    neovim.command("call writefile(['go'], 'gate')")
    neovim.command("PipeRpc write now")
    neovim.wait_output("now")
    neovim.command("PipeRpc close")
    assert "late" not in neovim.wait_output("[exit 0")


def test_an_error_of_the_users_own_hook_is_told_and_stops_nothing(neovim: Neovim) -> None:
    neovim.lua("require('pipe_rpc').run({ shell = 'cat', on_output = function() error('my mistake') end })")
    neovim.command("PipeRpc write one")
    neovim.wait_notice("my mistake")
    neovim.command("PipeRpc write two")
    neovim.wait_output("two")
    neovim.command("PipeRpc kill")
