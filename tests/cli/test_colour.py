"""pipe_rpc/cli/colour.py: who is asked whether there are colours."""

import os
import pty
import socket
from pathlib import Path

import pytest

from pipe_rpc.cli.colour import ColourChoice, may_be_seen, wants_colour


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize(
    ("choice", "environment", "wanted"),
    [
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, True),
        ("never", {"FORCE_COLOR": "1", "TERM": "xterm"}, False),
        ("auto", {"NO_COLOR": "1", "TERM": "xterm"}, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("auto", {"FORCE_COLOR": "1"}, True),
        ("auto", {"FORCE_COLOR": "3", "TERM": "dumb"}, True),
        ("auto", {"CLICOLOR_FORCE": "1"}, True),
        ("auto", {"NO_COLOR": "", "FORCE_COLOR": "yes"}, True),
        ("auto", {"TERM": "xterm"}, None),
        ("auto", {"TERM": "xterm", "NO_COLOR": ""}, None),
        ("auto", {"TERM": "xterm", "FORCE_COLOR": "", "CLICOLOR_FORCE": "0"}, None),
        ("auto", {"TERM": "dumb"}, False),
        ("auto", {}, False),
    ],
)
def test_what_is_said_holds_and_else_whether_somebody_may_see_it(
    choice: ColourChoice, environment: dict[str, str], wanted: bool | None, seen: bool
) -> None:
    assert wants_colour(choice, environment, may_be_seen=seen) is (seen if wanted is None else wanted)


def test_terminals_and_pipes_may_be_seen_and_files_are_for_later(tmp_path: Path) -> None:
    opened = [*pty.openpty(), *os.pipe(), *(end.detach() for end in socket.socketpair())]
    unseen = [os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY), os.open("/dev/null", os.O_WRONLY)]
    try:
        assert [may_be_seen(fd) for fd in opened] == [True] * 6
        assert [may_be_seen(fd) for fd in unseen] == [False] * 2
    finally:
        for fd in opened + unseen:
            os.close(fd)
