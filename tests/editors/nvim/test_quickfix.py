"""Messages of compilers become entries of the quickfix list, and diagnostics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.editors.nvim.conftest import StartNeovim
from tests.editors.nvim.neovim import Neovim

MAIN = "int main(void) {\n  return x;\n}\n"


def entries(neovim: Neovim) -> list[tuple[str, int, int, str, str]]:
    """Name, line, column, kind and text of each entry of the newest list."""
    code = """
      return vim.tbl_map(function(item)
        local name = item.bufnr > 0 and vim.fn.bufname(item.bufnr) or ''
        return { name, item.lnum, item.col, item.type, item.text }
      end, vim.fn.getqflist({ nr = '$', items = 0 }).items)
    """
    found: list[tuple[str, int, int, str, str]] = [tuple(entry) for entry in neovim.lua(code)]
    return found


def wait_entries(neovim: Neovim, count: int) -> list[tuple[str, int, int, str, str]]:
    neovim.wait_for(f"#vim.fn.getqflist({{ nr = '$', items = 0 }}).items == {count}")
    return entries(neovim)


def compile_badly(**more: Any) -> dict[str, Any]:
    """What a compiler says, colours included, without a compiler."""
    said = r"\033[1mmain.c:2:10: \033[31merror: \033[0mno x here\nmain.c:3: warning: no newline\nand more\n"
    return {"argv": ["printf", said], **more}


def test_the_errorformat_of_a_compiler_plugin_fills_the_list(neovim: Neovim) -> None:
    neovim.run(compile_badly(compiler="gcc"))
    assert wait_entries(neovim, 2) == [
        ("main.c", 2, 10, "e", "no x here"),
        ("main.c", 3, 0, "w", "no newline"),
    ]


def test_an_errorformat_of_the_users_own_fills_the_list(neovim: Neovim) -> None:
    neovim.command(r"PipeRpc run ++efm=%f\ at\ %l:\ %m printf 'one\ at\ 7:\ bad\n'")
    neovim.command(r"PipeRpc shell ++efm=%f\ at\ %l:\ %m echo 'two at 7: bad'")
    assert wait_entries(neovim, 1) == [("two", 7, 0, "", "bad")]


def test_a_problem_matcher_fills_the_list(neovim: Neovim) -> None:
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
    neovim.run(compile_badly(matcher=matcher))
    assert wait_entries(neovim, 1) == [("main.c", 2, 10, "E", "no x here")]


def test_names_of_files_are_meant_as_in_the_directory_of_the_job(neovim: Neovim, tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "main.c").write_text(MAIN)
    neovim.run(compile_badly(compiler="gcc", cwd=str(folder)))
    wait_entries(neovim, 2)
    neovim.command("cfirst")
    assert neovim.lua("return vim.api.nvim_buf_get_name(0)") == str(folder / "main.c")
    assert neovim.lua("return vim.fn.getcwd()") == str(tmp_path)


def test_entries_come_while_the_job_runs(neovim: Neovim) -> None:
    neovim.run({"shell": "echo main.c:1: bad; read line", "compiler": "gcc"})
    wait_entries(neovim, 1)
    assert neovim.state() == "running"
    neovim.command("PipeRpc kill")


def test_a_rerun_empties_the_list_first(neovim: Neovim) -> None:
    neovim.run(compile_badly(compiler="gcc"))
    wait_entries(neovim, 2)
    neovim.command("autocmd QuickFixCmdPost pipe-rpc let g:posted = 1")
    neovim.command("PipeRpc rerun")
    neovim.wait_for("vim.g.posted == 1")
    assert len(entries(neovim)) == 2
    assert neovim.lua("return vim.fn.getqflist({ nr = '$' }).nr") == 1


def test_entries_are_diagnostics_of_their_files_until_the_next_run(neovim: Neovim, tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(MAIN)
    neovim.command("edit main.c")
    neovim.run({"shell": "cat said; rm -f said", "compiler": "gcc"})
    neovim.wait_state("exited")
    (tmp_path / "said").write_text("main.c:2:10: error: no x here\n")
    neovim.command("PipeRpc rerun")
    found = neovim.wait_for("vim.diagnostic.get(0)[1]")
    assert (found["lnum"], found["col"], found["message"], found["severity"]) == (1, 9, "no x here", 1)
    neovim.command("PipeRpc rerun")
    neovim.wait_for("#vim.diagnostic.get() == 0")


def test_the_window_opens_when_that_is_wished_and_the_job_failed(start_neovim: StartNeovim) -> None:
    neovim = start_neovim({"quickfix": {"open": True}})
    neovim.run({"shell": "echo main.c:1: bad; exit 1", "compiler": "gcc"})
    neovim.wait_for("vim.fn.getqflist({ winid = 0 }).winid ~= 0")
    assert neovim.lua("return vim.bo.buftype") == ""


def test_a_compiler_that_there_is_not_is_told_and_the_job_runs(neovim: Neovim) -> None:
    neovim.command("PipeRpc run ++compiler=nonsense echo hello")
    neovim.wait_notice("there is no compiler plugin nonsense")
    neovim.wait_output("hello")
