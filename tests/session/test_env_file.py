"""pipe_rpc/session/env_file.py: what a dotenv file assigns, and what is said of one that cannot be taken."""

import errno
import logging
import os
import socket
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

from pipe_rpc.session.env_file import EnvFileError, read_env_file
from tests.support.leaks import open_descriptors

SECRET = "canary-7f31"


def read(path: Path, max_bytes: int = 4096) -> dict[str, str]:
    return read_env_file(str(path), max_bytes=max_bytes, max_blanks=256)


def problem_of(path: Path, max_bytes: int = 4096) -> str:
    """What is wrong with the file; nothing is left open, and no value is told or logged."""
    before = open_descriptors()
    with pytest.raises(EnvFileError) as caught:
        read(path, max_bytes)
    assert open_descriptors() == before
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "some.env"


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("", {}),
        ("# nothing but a comment", {}),
        ("\n \t\n\n", {}),
        ("A=1", {"A": "1"}),
        ("A=1\nB=2\r\nC=3\rD=4", {"A": "1", "B": "2", "C": "3", "D": "4"}),
        ("A=1\nA=2\n", {"A": "2"}),
        ("export A=1", {"A": "1"}),
        ("A = 1 # a comment", {"A": "1"}),
        ("A=a#b", {"A": "a#b"}),
        ("A=", {"A": ""}),
        ("A='$HOME ${B} \\n'", {"A": "$HOME ${B} \\n"}),
        ('B=x\nA="$B ${B} `id` $(id)\\n"', {"B": "x", "A": "$B ${B} `id` $(id)\n"}),
        ("A=${HOME:-none}", {"A": "${HOME:-none}"}),
        ("A='two\nlines'\nB=1", {"A": "two\nlines", "B": "1"}),
        ("A='two\r\nlines'", {"A": "two\r\nlines"}),
        ("A-B.c=1", {"A-B.c": "1"}),
        ("É=größer 😀", {"É": "größer 😀"}),
        ("\ufeffA=1", {"A": "1"}),
        ("PATH=/only\nPYTHON_DOTENV_DISABLED=1", {"PATH": "/only", "PYTHON_DOTENV_DISABLED": "1"}),
    ],
    ids=repr,
)
def test_what_is_assigned_is_taken_as_it_stands(file: Path, text: str, variables: dict[str, str]) -> None:
    file.write_bytes(text.encode())
    assert read(file) == variables


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (SECRET, 1, "is none"),
        (f"A=1\nB {SECRET}\n", 2, "is none"),
        (f"\n\n  \n={SECRET}", 4, "is none"),
        (f"A=1\r\n\r\n# x\r\n{SECRET}\r\n", 4, "is none"),
        (f"export {SECRET}", 1, "is none"),
        (f"A=1\nB='{SECRET}", 2, "is none"),
        (f"A='{SECRET}\n\n'\nB=1\n'{SECRET}", 5, "is none"),
        (f"A='{SECRET}' {SECRET}", 1, "is none"),
        (f"A: {SECRET}", 1, "is none"),
        (f"A=1\nB={SECRET}\0", 2, "NUL"),
        (f"A=1\nB\0={SECRET}", 2, "NUL"),
        (f"A=1\n\n'B=C'={SECRET}", 3, '"="'),
        (f"A={SECRET}" + " " * 300 + SECRET, 1, "at most 256 blanks"),
        (f"A=1\nB={SECRET}" + "\t" * 300, 2, "at most 256 blanks"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_assignment_is_told_by_its_line_and_by_nothing_else(
    file: Path, text: str, line: int, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_bytes(text.encode())
    with caplog.at_level(logging.DEBUG):
        problem = problem_of(file)
    assert f"line {line} " in problem
    assert what in problem
    assert caplog.records == []


def test_what_is_no_text_is_told_by_its_line(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfA=1\n\xc3\xa9=2\nB=" + SECRET.encode() + b"\xff\n")
    assert "UTF-8 text, which line 3 is not" in problem_of(file)


@pytest.mark.parametrize("path", ["", "a.env", "./a.env", "../a.env", "~/a.env", "C:\\a.env"])
def test_only_an_absolute_path_names_a_file(tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.env").write_text("A=1")
    with pytest.raises(EnvFileError, match="must be an absolute path"):
        read_env_file(path, max_bytes=4096, max_blanks=256)


def test_a_missing_file_is_told_with_its_errno(tmp_path: Path) -> None:
    assert "No such file or directory (ENOENT)" in problem_of(tmp_path / "missing.env")
    assert "Not a directory (ENOTDIR)" in problem_of(Path("/dev/null/x"))
    assert "File name too long (ENAMETOOLONG)" in problem_of(tmp_path / ("x" * 300))


def _refuse(*_: object) -> NoReturn:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def test_a_file_that_may_not_be_read_is_told_with_its_errno(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(f"A={SECRET}")
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", _refuse)
        problem = problem_of(file)
    assert "Permission denied (EACCES)" in problem


def test_a_read_that_fails_closes_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("A=1")

    def fail(*_: object) -> NoReturn:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    before = open_descriptors()
    with monkeypatch.context() as patch:
        patch.setattr(os, "read", fail)
        with pytest.raises(EnvFileError, match="EIO"):
            read(file)
    assert open_descriptors() == before


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


ODD: dict[str, Callable[[Path], None]] = {
    "a directory": Path.mkdir,
    "a FIFO that nobody writes to": _fifo,
    "a socket": _socket,
    "a terminal": lambda path: path.symlink_to("/dev/tty"),
    "a device without an end": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
def test_what_is_no_regular_file_is_not_even_opened(
    tmp_path: Path, make: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = tmp_path / "odd"
    make(odd)
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", _refuse)
        assert "must name a regular file" in problem_of(odd)


def test_a_fifo_that_takes_the_place_of_a_file_holds_up_nobody(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("A=1")
    looked = os.stat(file)
    file.unlink()
    _fifo(file)
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", lambda _: looked)
        assert "must name a regular file" in problem_of(file)


def test_a_link_to_a_file_is_followed(file: Path, tmp_path: Path) -> None:
    file.write_text("A=1")
    (tmp_path / "link").symlink_to(file)
    assert read(tmp_path / "link") == {"A": "1"}


@pytest.mark.parametrize("size", [100, 101, 5000])
def test_a_file_has_so_many_bytes_and_not_one_more(file: Path, size: int) -> None:
    file.write_text("A=" + "x" * (size - 2))
    if size <= 100:
        assert read(file, max_bytes=100) == {"A": "x" * 98}
    else:
        assert "at most 100 bytes (--max-env-file-bytes)" in problem_of(file, max_bytes=100)


def test_a_file_that_grows_while_it_is_read_has_not_more_either(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("A=" + "x" * 200)
    sizes = list(os.stat(file))
    sizes[stat.ST_SIZE] = 0
    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", lambda _: os.stat_result(sizes))
        assert "at most 100 bytes" in problem_of(file, max_bytes=100)


@pytest.mark.parametrize("text", ["A=x" + " " * 60_000 + "y", ("A=x" + " " * 256 + "y\n") * 250], ids=["one", "many"])
def test_blanks_hold_up_nobody_for_long(file: Path, text: str) -> None:
    file.write_text(text)
    begin = time.process_time()
    with suppress(EnvFileError):
        read(file, max_bytes=1 << 20)
    assert time.process_time() - begin < 1
