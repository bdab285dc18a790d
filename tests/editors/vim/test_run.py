"""Jobs are started with what they need, and said to be over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.editors.vim.conftest import StartVim
from tests.editors.vim.vim import Vim, VimError


def test_a_command_runs_and_its_output_and_status_are_shown(vim: Vim) -> None:
    vim.command("PipeRpc run printf one\\ntwo\\n")
    shown = vim.wait_output("exit 0 after")
    assert shown.startswith("one\ntwo\n[exit 0 after ")
    assert vim.value("bufname(winbufnr(2))").startswith("pipe-rpc://1.1/printf")


def test_a_shell_line_runs_in_the_shell_of_the_editor(vim: Vim) -> None:
    vim.command("PipeRpc shell echo a b | wc -w; exit 3")
    assert vim.wait_output("[exit 3 after").startswith("2\n")


def test_a_job_has_the_directory_the_environment_and_the_name_that_it_is_given(vim: Vim, tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    line = (
        "PipeRpc shell ++cwd="
        + str(folder).replace(" ", "\\ ")
        + ' ++env=WORD=two\\ words ++name=it basename "$PWD"; echo $WORD'
    )
    vim.command(line)
    assert vim.wait_output("[exit 0").startswith("a folder\ntwo words\n")
    assert vim.info()["name"] == "it"


def test_a_job_sees_what_the_editor_was_told_after_the_server_had_started(vim: Vim) -> None:
    vim.run({"shell": "echo ${LATE-unset} ${HOME+set}"})
    vim.wait_output("unset set")
    vim.command("let $LATE = 'late' | unlet $HOME")
    vim.run({"shell": "echo ${LATE-unset} ${HOME-unset}"})
    vim.wait_output("late unset", job=2)


def test_the_name_of_the_current_file_stands_for_a_percent_sign(vim: Vim) -> None:
    vim.command("edit some\\ file")
    vim.command("PipeRpc run echo %:t 100% \\%")
    vim.wait_output("some file 100% %")
    vim.command("wincmd t | PipeRpc shell printf '[%s]\\n' %")
    vim.wait_output("[some file]", job=2)


def test_several_jobs_run_at_once(vim: Vim) -> None:
    for number in (1, 2, 3):
        vim.run({"shell": f"echo {number}; read line; echo got $line", "open": "none"})
    for number in (1, 2, 3):
        vim.wait_output(f"{number}", number)
        assert vim.info(number)["state"] == "running"
    for number in (3, 1, 2):
        vim.command(f"{number}PipeRpc write line {number}")
        vim.wait_output(f"got line {number}", number)


def test_the_last_job_is_run_again_in_the_same_window(vim: Vim) -> None:
    vim.command("PipeRpc run echo hello")
    vim.wait_output("[exit 0")
    vim.command("PipeRpc rerun")
    vim.wait_for("pipe_rpc#Info(1).runs == 2 && pipe_rpc#Info(1).state == 'exited'")
    assert vim.wait_output("[exit 0").startswith("hello\n")
    assert vim.value("[winbufnr(2) == pipe_rpc#Info(1).buffer, winnr('$')]") == [1, 2]


def test_a_job_that_still_runs_is_stopped_before_it_runs_again(vim: Vim) -> None:
    vim.run({"shell": "echo first $$ end; exec sleep 1000"})
    first = vim.wait_output("end")
    vim.command("PipeRpc rerun 1")
    vim.wait_for("pipe_rpc#Info(1).runs == 2")
    assert vim.wait_output("end") != first
    assert vim.info()["state"] == "running"


def test_output_goes_into_a_file_as_well(vim: Vim, tmp_path: Path) -> None:
    vim.command("PipeRpc shell ++tee=log.txt printf 'a\\tb\\n'")
    vim.wait_output("[exit 0")
    vim.wait_for("getfsize('log.txt') == 4")
    assert (tmp_path / "log.txt").read_text() == "a\tb\n"


def test_a_job_that_takes_too_long_is_stopped(vim: Vim) -> None:
    vim.command("PipeRpc shell ++timeout=0.1 exec sleep 1000")
    vim.wait_output("[timed out after")
    vim.wait_notice("timed out")


def test_autocommands_hear_of_the_start_and_the_end(vim: Vim) -> None:
    vim.run({"argv": ["true"]})
    vim.wait_for("len(g:test_events) == 2")
    assert vim.value("g:test_events") == [["PipeRpcJobStart", 1, "running"], ["PipeRpcJobExit", 1, "exited"]]


def test_only_a_failure_is_told_unless_the_job_was_long(vim: Vim) -> None:
    vim.run({"argv": ["true"]})
    vim.wait_state("exited")
    assert vim.notices() == []
    vim.run({"argv": ["false"]})
    assert vim.wait_notice("pipe-rpc: false: exit 1 after ")


def test_a_job_that_was_long_is_told_though_it_succeeded(start_vim: StartVim) -> None:
    vim = start_vim({"notify": {"longer_than_ms": 0}})
    vim.run({"argv": ["true"]})
    assert vim.wait_notice("pipe-rpc: true: exit 0 after ")


def test_nothing_is_loaded_mapped_or_started_before_the_first_use(vim: Vim) -> None:
    loaded = "execute('scriptnames')->split(\"\\n\")->filter({_, line -> line =~ 'autoload/pipe_rpc'})"
    assert vim.value(loaded) == []
    assert vim.server_pids() == []
    mapped = vim.value("execute('map')->split(\"\\n\")->filter({_, line -> line =~ 'PipeRpc'})")
    assert len(mapped) == 6
    assert all("<Plug>(pipe-rpc-" in line for line in mapped)
    vim.value("pipe_rpc#Status()")
    assert len(vim.value(loaded)) == 1


def test_a_spec_without_a_command_is_refused_with_what_is_needed(vim: Vim) -> None:
    with pytest.raises(VimError, match="needs either argv"):
        vim.run({"name": "nothing"})


def test_what_the_last_run_left_behind_writes_into_no_later_run(vim: Vim) -> None:
    vim.command("call system('mkfifo gate')")
    vim.run({"shell": "(read line < gate; echo late) & echo run"})
    vim.wait_output("[exit 0")
    vim.command("call extend(TestJob(1).spec, #{shell: 'cat'})")
    vim.command("PipeRpc rerun")
    vim.wait_state("running")
    vim.command("call writefile(['go'], 'gate')")
    vim.command("PipeRpc write now")
    vim.wait_output("now")
    vim.command("PipeRpc close")
    assert "late" not in vim.wait_output("[exit 0")


def test_an_error_of_the_users_own_hook_is_told_and_stops_nothing(vim: Vim) -> None:
    vim.command("call pipe_rpc#Run(#{shell: 'cat', on_output: {-> execute('throw \"my mistake\"')}})")
    vim.command("PipeRpc write one")
    vim.wait_notice("my mistake")
    vim.command("PipeRpc write two")
    vim.wait_output("two")
    vim.command("PipeRpc kill")


def test_a_directory_may_be_one_that_wildignore_hides(vim: Vim, tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    vim.command("set wildignore=build")
    vim.command("PipeRpc run ++cwd=build pwd")
    assert vim.wait_output("[exit 0").startswith(f"{tmp_path}/build\n")


def test_a_number_in_the_environment_is_meant_as_it_is_written(vim: Vim) -> None:
    vim.run({"shell": "echo $PORT", "env": {"PORT": 8080}})
    assert vim.wait_output("[exit 0").startswith("8080\n")


def test_a_rerun_writes_the_same_log_file_wherever_the_editor_is(vim: Vim, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    vim.run({"shell": "echo a", "tee": "log"})
    vim.wait_state("exited")
    vim.command("cd elsewhere")
    vim.command("PipeRpc rerun")
    vim.wait_output("[exit 0")
    assert not (tmp_path / "elsewhere" / "log").exists()


@pytest.mark.parametrize("spec", [{"argv": []}, {"argv": ["sleep", 5]}, {"shell": ""}, {"shell": "a", "argv": ["a"]}])
def test_what_is_no_command_is_refused_and_leaves_no_job(vim: Vim, spec: dict[str, Any]) -> None:
    with pytest.raises(VimError, match="needs either argv"):
        vim.run(spec)
    assert vim.value("pipe_rpc#Jobs()") == []


def test_an_autocommand_of_the_users_that_fails_leaves_no_job_behind(vim: Vim) -> None:
    vim.command("autocmd FileType * throw 'mine'")
    with pytest.raises(VimError, match="mine"):
        vim.run({"argv": ["true"]})
    vim.command("autocmd! FileType")
    assert vim.value("[pipe_rpc#Jobs(), pipe_rpc#Status()]") == [[], ""]


def test_a_rerun_begins_while_the_command_line_window_is_open_and_is_shown_behind_it(vim: Vim) -> None:
    vim.run({"shell": "echo $$; exec sleep 1000", "compiler": "gcc"})
    first = vim.wait_for("TestOutput(1)")
    vim.type("q:")
    vim.wait_for("getcmdwintype() == ':'")
    vim.command("PipeRpc rerun 1")
    vim.wait_for("pipe_rpc#Info(1).runs == 2 && pipe_rpc#Info(1).state == 'running'")
    assert vim.wait_for("TestOutput(1)") != first
    vim.type(":q\r")
    vim.wait_for("winbufnr(2) == pipe_rpc#Info(1).buffer")
    vim.command("PipeRpc kill 1")
