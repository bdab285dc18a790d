"""The Lisp of the package: compiled without a warning, documented, packaged, and in small files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.editors.emacs.driven import NO_COMPILER, PACKAGE
from tests.support.available import unavailable
from tests.support.editors import emacs_with_json

SOURCES = sorted(PACKAGE.glob("*.el"))
MADE = ("pipe-rpc-constants.el",)
MOST_LINES = 300
CHECKDOC = """
(progn (require 'checkdoc)
       ;; It takes every word that is also a verb for one.
       (setq checkdoc-verb-check-experimental-flag nil)
       (mapc #'checkdoc-file command-line-args-left))
"""
TOO_OLD = """
(progn (require 'package)
       (setq package-user-dir default-directory)
       (package-initialize)
       (setf (alist-get 'emacs package--builtin-versions) '(27 2))
       (package-install-file "%s/"))
"""
PACKAGE_LINT = """
(progn (package-initialize)
       (unless (require 'package-lint nil t) (kill-emacs 99))
       (setq package-lint-main-file "pipe-rpc.el")
       (package-lint-batch-and-exit))
"""
EXCUSED = (
    "Package should have a Homepage or URL header",  # There is none yet.
    "This makes the package uninstallable in all released Emacs versions",  # Its list of them ends before 28.1.
)


def said_by(form: str, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [emacs_with_json(), "-q", "--batch", "--eval", NO_COMPILER, *more, "--eval", form]
    files = [path.name for path in SOURCES]
    return subprocess.run([*command, *files], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The sources, where compiled ones may lie beside them."""
    for path in SOURCES:
        shutil.copy(path, tmp_path)
    return tmp_path


def test_the_compiler_has_no_warning(copied: Path) -> None:
    said = said_by("(batch-byte-compile)", copied, "-L", ".", "--eval", "(setq byte-compile-error-on-warn t)")
    assert said.returncode == 0, said.stderr


def test_checkdoc_has_nothing_to_say(copied: Path) -> None:
    said = said_by(CHECKDOC, copied, "--no-site-file")
    assert (said.returncode, said.stderr) == (0, "")


def test_package_lint_has_nothing_to_say_but_what_is_excused(copied: Path) -> None:
    said = said_by(PACKAGE_LINT, copied)
    if said.returncode == 99:
        unavailable("there is no package-lint; on Debian: apt install elpa-package-lint")
    problems = re.findall(r"^\S+:\d+:\d+: .*$", said.stdout + said.stderr, re.MULTILINE)
    assert [line for line in problems if not any(excuse in line for excuse in EXCUSED)] == []
    assert problems, said.stderr


def test_an_emacs_that_is_too_old_is_told(tmp_path: Path) -> None:
    said = subprocess.run(
        [emacs_with_json(), "-q", "--no-site-file", "--batch", "--eval", NO_COMPILER, "--eval", TOO_OLD % PACKAGE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode != 0
    assert "28.1" in said.stderr
    assert list(tmp_path.glob("pipe-rpc*")) == []


def test_files_are_small_and_lines_short() -> None:
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES and name not in MADE} == {}
    long = [path.name for path in SOURCES for line in path.read_text(encoding="utf-8").splitlines() if len(line) > 120]
    assert long == []


def test_nothing_compiled_lies_in_the_tree() -> None:
    assert os.listdir(PACKAGE) == [name for name in os.listdir(PACKAGE) if not name.endswith(".elc")]
