"""What a user sees, in a real terminal: also the picture of the README."""

from __future__ import annotations

from pathlib import Path

from tests.editors.emacs.conftest import StartEmacs
from tests.editors.emacs.driven import PACKAGE

SOURCE = "int main(void) {\n  return x;\n}\n"
BUILD = r"""
printf '\033[1mcc -c main.c\033[0m\n'
printf '10 percent\r100 percent\n'
printf '\033[1mmain.c:2:10: \033[31merror: \033[0mx undeclared (first use in this function)\n'
exit 1
"""


def test_a_build_that_fails_looks_like_the_picture_in_the_readme(start_emacs: StartEmacs, tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(SOURCE)
    (tmp_path / "build").write_text(BUILD)
    emacs = start_emacs(env={"TERM": "xterm-256color"})
    emacs.eval('(progn (menu-bar-mode -1) (find-file "main.c") (pipe-rpc-flymake-setup))')
    emacs.run("sh", "build", more=':name "build"')
    emacs.wait_for("100 percent", "[exit 1 after", "undeclared", "Job:exit 1 [1")
    emacs.run("sleep", "1000", more=':name "server" :show nil')
    emacs.eval("""
      (let ((display-buffer-overriding-action '(display-buffer-same-window)))
        (select-window (next-window))
        (select-window (split-window-below -7))
        (pipe-rpc-list))
    """)
    emacs.wait_for("int main", "100 percent", "1 exit 1", "2 running", "[1 running, 1 failed]", "Flymake[1")
    assert "10 percent\r" not in emacs.shown
    emacs.keep_picture(PACKAGE / "screenshot.svg", "Emacs")
