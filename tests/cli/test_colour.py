"""pipe_rpc/cli/colour.py: who is asked whether there are colours."""

import pytest

from pipe_rpc.cli.colour import ColourChoice, wants_colour


@pytest.mark.parametrize("is_terminal", [True, False])
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
def test_what_is_said_holds_and_else_the_terminal(
    choice: ColourChoice, environment: dict[str, str], wanted: bool | None, is_terminal: bool
) -> None:
    assert wants_colour(choice, environment, is_terminal=is_terminal) is (is_terminal if wanted is None else wanted)
