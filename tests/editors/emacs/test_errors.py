"""Messages of compilers can be jumped to, and are diagnostics of their files."""

from __future__ import annotations

from pathlib import Path

from tests.editors.emacs.driven import Emacs

MAIN = "int main(void) {\n  return x;\n}\n"
SAID = r"\033[1mmain.c:2:10: \033[31merror: \033[0mno x here\nmain.c:3: warning: no newline\nand more\n"
ERRORS = "(list compilation-num-errors-found compilation-num-warnings-found)"
BUFFER = "(pipe-rpc-output-buffer (pipe-rpc-job-output (pipe-rpc-job 1)))"
DIAGNOSTICS = """
(mapcar (lambda (each)
          (list (line-number-at-pos (flymake-diagnostic-beg each)) (flymake-diagnostic-type each)
                (flymake-diagnostic-text each)))
        (flymake-diagnostics))
"""


def test_next_error_visits_what_the_output_names(emacs: Emacs, tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "main.c").write_text(MAIN)
    emacs.run("printf", SAID, more=f':cwd "{folder}"')
    emacs.wait_output("[exit 0")
    emacs.type("\x18`")
    emacs.wait('(equal (buffer-name) "main.c")')
    assert emacs.eval("(list buffer-file-name (line-number-at-pos) (current-column))") == [
        str(folder / "main.c"),
        2,
        9,
    ]
    emacs.type("\x18`")
    emacs.wait("(= (line-number-at-pos) 3)")


def test_errors_are_counted_while_the_job_runs(emacs: Emacs) -> None:
    emacs.shell(f"printf '{SAID}main.c:4: half a li'; read line; exit 1", ':name "it"')
    emacs.wait_output("half a li")
    assert emacs.eval(f"(with-current-buffer {BUFFER} {ERRORS})") == [1, 1]
    emacs.eval('(pipe-rpc-write "")')
    emacs.wait_output("[exit 1")
    emacs.wait(f"(with-current-buffer {BUFFER} (equal {ERRORS} '(2 1)))")
    emacs.wait_for("Job:exit 1 [2 1")


def test_a_matcher_of_the_jobs_own_is_used(emacs: Emacs) -> None:
    matcher = r'(("^\\(\\w+\\) at \\([0-9]+\\): " 1 2))'
    emacs.shell("echo 'one at 7: bad'; echo main.c:1: bad", f":matcher '{matcher}")
    emacs.wait_output("[exit 0")
    assert emacs.eval(f"(with-current-buffer {BUFFER} {ERRORS})") == [1, 0]


def test_messages_are_diagnostics_of_their_files_until_the_next_run(emacs: Emacs, tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(MAIN)
    emacs.eval('(progn (find-file "main.c") (fundamental-mode) (pipe-rpc-flymake-setup))')
    emacs.shell("cat said; rm -f said", ":show nil")
    emacs.wait_state("exited")
    (tmp_path / "said").write_text("main.c:2:10: error: no x here\nmain.c:99: warning: not there\n")
    emacs.call("pipe-rpc-rerun")
    emacs.eval('(switch-to-buffer "main.c")')
    emacs.wait(DIAGNOSTICS)
    assert emacs.eval(DIAGNOSTICS) == [[2, ":error", "no x here"]]
    emacs.call("pipe-rpc-rerun")
    emacs.wait('(with-current-buffer "main.c" (null (flymake-diagnostics)))')


def test_diagnostics_come_while_the_job_runs(emacs: Emacs, tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(MAIN)
    emacs.eval('(progn (find-file "main.c") (fundamental-mode) (pipe-rpc-flymake-setup))')
    emacs.shell("echo main.c:1: warning: bad; exec sleep 1000", ":show nil")
    emacs.wait(DIAGNOSTICS)
    assert emacs.eval(DIAGNOSTICS) == [[1, ":warning", "bad"]]
    emacs.call("pipe-rpc-kill")
    emacs.wait_state("exited")


def test_a_file_on_another_machine_is_not_looked_for(emacs: Emacs, tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(MAIN)
    emacs.eval("""
      (progn (require 'tramp) (require 'pipe-rpc-flymake)
             (advice-add 'tramp-maybe-open-connection :before (lambda (&rest _) (push "opened" drive-heard)))
             (find-file "main.c") (pipe-rpc-flymake-setup))
    """)
    emacs.shell("echo '/ssh:host.invalid:~/main.c:1:2: error: x'; echo main.c:2:10: error: no x here", ":show nil")
    emacs.wait(f'(equal {DIAGNOSTICS} \'((2 :error "no x here")))')
    assert emacs.eval("drive-heard") is None


def test_the_disk_is_asked_only_for_files_that_may_be_meant(emacs: Emacs, tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(MAIN)
    emacs.eval("""
      (progn (require 'pipe-rpc-flymake) (find-file "main.c") (pipe-rpc-flymake-setup)
             (advice-add 'file-truename :before (lambda (file &rest _) (push file drive-heard))))
    """)
    emacs.shell("echo main.c:1:1: error: a; echo main.c:2:1: error: b; echo other.c:1:1: error: c", ":show nil")
    emacs.wait(f"(= (length {DIAGNOSTICS}) 2)")
    assert "other.c" not in " ".join(emacs.eval("drive-heard"))
