"""pipe_rpc/client/recording_file.py: a file for its owner alone, made anew."""

import os
import pathlib
import stat

import pytest

from pipe_rpc.client.recording_file import RecordingFile


def never(error: OSError) -> None:
    raise AssertionError(error)


def test_the_file_is_readable_by_its_owner_alone_whatever_was_there(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "recording"
    path.write_text("earlier")
    path.chmod(0o644)
    before = os.umask(0)
    try:
        file = RecordingFile(str(path), never)
    finally:
        os.umask(before)
    file.write("line é \ud800\n")
    assert path.read_text() == "line é \\ud800\n", "at once, before it is closed"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    file.close()
    file.close()
    file.write("more\n")
    assert path.read_text() == "line é \\ud800\n"


def test_two_that_record_into_one_name_do_not_mix(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "recording"
    first = RecordingFile(str(path), never)
    second = RecordingFile(str(path), never)
    second.write("second\n")
    first.write("first\n")
    assert path.read_text() == "second\n"
    first.close()
    second.close()


@pytest.mark.parametrize("what", ["directory", "link", "fifo"])
def test_what_is_no_regular_file_is_left_alone(tmp_path: pathlib.Path, what: str) -> None:
    path = tmp_path / what
    target = tmp_path / "target"
    target.write_text("precious")
    match what:
        case "directory":
            path.mkdir()
        case "link":
            path.symlink_to(target)
        case _:
            os.mkfifo(path)
    with pytest.raises(FileExistsError, match=r"no regular file|a symbolic link"):
        RecordingFile(str(path), never)
    assert target.read_text() == "precious"


def test_a_file_that_cannot_be_made_is_an_error(tmp_path: pathlib.Path) -> None:
    with pytest.raises(FileNotFoundError):
        RecordingFile(str(tmp_path / "missing" / "recording"), never)


def test_a_failure_to_write_is_told_once_and_ends_the_recording(tmp_path: pathlib.Path) -> None:
    told: list[OSError] = []
    file = RecordingFile(str(tmp_path / "recording"), told.append)
    full = os.open("/dev/full" if os.path.exists("/dev/full") else os.devnull, os.O_RDONLY)
    os.dup2(full, file._fd)
    os.close(full)
    file.write("one\n")
    file.write("two\n")
    assert len(told) == 1
