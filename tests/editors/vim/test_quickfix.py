"""Messages of compilers become entries of the quickfix list, and signs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.editors.vim.conftest import StartVim
from tests.editors.vim.vim import Vim

MAIN = "int main(void) {\n  return x;\n}\n"


def entries(vim: Vim) -> list[tuple[str, int, int, str, str]]:
    """Name, line, column, kind and text of each entry of the newest list."""
    items = "getqflist(#{nr: '$', items: 0}).items"
    code = f"{items}->mapnew({{_, one -> [bufname(one.bufnr), one.lnum, one.col, one.type, one.text]}})"
    found: list[tuple[str, int, int, str, str]] = [tuple(entry) for entry in vim.value(code)]
    return found


def wait_entries(vim: Vim, count: int) -> list[tuple[str, int, int, str, str]]:
    vim.wait_for(f"len(getqflist(#{{nr: '$', items: 0}}).items) == {count}")
    return entries(vim)


def compile_badly(**more: Any) -> dict[str, Any]:
    """What a compiler says, colours included, without a compiler."""
    said = r"\033[1mmain.c:2:10: \033[31merror: \033[0mno x here\nmain.c:3: warning: no newline\nand more\n"
    return {"argv": ["printf", said], **more}


def test_the_errorformat_of_a_compiler_plugin_fills_the_list(vim: Vim) -> None:
    vim.run(compile_badly(compiler="gcc"))
    assert wait_entries(vim, 2) == [
        ("main.c", 2, 10, "e", "no x here"),
        ("main.c", 3, 0, "w", "no newline"),
    ]


def test_an_errorformat_of_the_users_own_fills_the_list(vim: Vim) -> None:
    vim.command(r"PipeRpc run ++efm=%f\ at\ %l:\ %m printf 'one\ at\ 7:\ bad\n'")
    vim.command(r"PipeRpc shell ++efm=%f\ at\ %l:\ %m echo 'two at 7: bad'")
    assert wait_entries(vim, 1) == [("two", 7, 0, "", "bad")]


def test_a_problem_matcher_fills_the_list(vim: Vim) -> None:
    matcher = {
        "pattern": {
            "regexp": r"^(?:error in )?(.+?):(\d+):(\d+):\s+(warning|error):\s+(.*)$",
            "file": 1,
            "line": 2,
            "column": 3,
            "severity": 4,
            "message": 5,
        }
    }
    vim.run(compile_badly(matcher=matcher))
    assert wait_entries(vim, 1) == [("main.c", 2, 10, "E", "no x here")]


def test_names_of_files_are_meant_as_in_the_directory_of_the_job(vim: Vim, tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "main.c").write_text(MAIN)
    vim.run(compile_badly(compiler="gcc", cwd=str(folder)))
    wait_entries(vim, 2)
    vim.command("cfirst")
    assert vim.value("expand('%:p')") == str(folder / "main.c")
    assert vim.value("getcwd()") == str(tmp_path)


def test_entries_come_while_the_job_runs(vim: Vim) -> None:
    vim.run({"shell": "echo main.c:1: bad; read line", "compiler": "gcc"})
    wait_entries(vim, 1)
    assert vim.info()["state"] == "running"
    vim.command("PipeRpc kill")


def test_a_rerun_empties_the_list_first(vim: Vim) -> None:
    vim.run(compile_badly(compiler="gcc"))
    wait_entries(vim, 2)
    vim.command("autocmd QuickFixCmdPost pipe-rpc let g:posted = 1")
    vim.command("PipeRpc rerun")
    vim.wait_for("get(g:, 'posted') == 1")
    assert len(entries(vim)) == 2
    assert vim.value("getqflist(#{nr: '$'}).nr") == 1


def test_entries_are_signs_in_their_files_until_the_next_run(vim: Vim, tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(MAIN)
    vim.command("edit main.c")
    vim.run({"shell": "cat said; rm -f said", "compiler": "gcc"})
    vim.wait_state("exited")
    (tmp_path / "said").write_text("main.c:2:10: error: no x here\n")
    vim.command("PipeRpc rerun")
    signs = "sign_getplaced(bufnr('main.c'), #{group: '*'})[0].signs"
    [sign] = vim.wait_for(signs)
    assert (sign["lnum"], sign["name"]) == (2, "PipeRpcError")
    vim.command("PipeRpc rerun")
    vim.wait_for(f"empty({signs})")


def test_the_window_opens_when_that_is_wished_and_the_job_failed(start_vim: StartVim) -> None:
    vim = start_vim({"quickfix": {"open": True}})
    vim.run({"shell": "echo main.c:1: bad; exit 1", "compiler": "gcc"})
    vim.wait_for("getqflist(#{winid: 0}).winid != 0")
    assert vim.value("&buftype") == ""


def test_a_compiler_that_there_is_not_is_told_and_the_job_runs(vim: Vim) -> None:
    vim.command("PipeRpc run ++compiler=nonsense echo hello")
    vim.wait_notice("there is no compiler plugin nonsense")
    vim.wait_output("hello")


def test_a_compiler_plugin_is_found_where_there_is_no_room_and_touches_no_buffer(vim: Vim) -> None:
    vim.command("set noequalalways | new | resize 1 | call setline(1, 'precious')")
    before = vim.value("[bufnr(), winnr('$')]")
    vim.run(compile_badly(compiler="gcc", open="none"))
    wait_entries(vim, 2)
    assert vim.value("[bufnr(), winnr('$')]") == before
    assert vim.value("getline(1)") == "precious"
