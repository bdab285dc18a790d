"""pipe_rpc/session/environment.py: what a child inherits, and what is laid over that."""

from pathlib import Path

import pytest

from pipe_rpc.session.environment import MINIMAL, MINIMAL_PREFIX, child_environment

OURS = {
    "PATH": "/bin",
    "HOME": "/home/me",
    "LC_ALL": "C",
    "LC_": "x",
    "TOKEN": "secret",
    "LD_PRELOAD": "/evil.so",
    "PYTHONPATH": "/project",
    "SSH_AUTH_SOCK": "/agent",
    "PATHS": "no",
    "path": "no",
    "XLC_ALL": "no",
}
README = Path(__file__).parents[2] / "README.md"


def test_who_changes_nothing_changes_nothing_of_ours() -> None:
    made = child_environment(True, OURS, {})
    assert made == OURS
    assert made is not OURS


@pytest.mark.parametrize(
    ("inherit", "names"),
    [(True, set(OURS)), (False, set()), ("minimal", {"PATH", "HOME", "LC_ALL", "LC_"})],
)
def test_what_is_inherited_is_everything_nothing_or_the_minimum(inherit: bool, names: set[str]) -> None:
    made = child_environment(inherit, OURS, {"NEVER": None})
    assert made == {name: OURS[name] for name in names}


@pytest.mark.parametrize("inherit", [True, False, "minimal"])
def test_what_is_laid_over_wins_and_none_removes(inherit: bool) -> None:
    made = child_environment(inherit, OURS, {"PATH": "/mine", "HOME": None, "TOKEN": "mine", "NEVER": None})
    assert made is not None
    assert (made["PATH"], made["TOKEN"]) == ("/mine", "mine")
    assert not {"HOME", "NEVER"} & set(made)
    assert OURS["HOME"] == "/home/me"


def test_with_the_minimum_and_no_changes_the_rest_is_not_inherited() -> None:
    assert child_environment("minimal", {"TOKEN": "secret"}, {}) == {}
    assert child_environment(False, {"PATH": "/bin"}, {}) == {}


def test_every_name_of_the_minimum_has_a_reason_and_is_in_the_readme() -> None:
    readme = README.read_text(encoding="utf-8")
    for name, reason in {**MINIMAL, f"{MINIMAL_PREFIX}*": "the categories of the locale"}.items():
        assert len(reason.split()) > 2
        assert f"`{name}`" in readme, name


@pytest.mark.parametrize("part", ["TOKEN", "SECRET", "SOCK", "PRELOAD", "PYTHON", "PROXY", "KEY"])
def test_nothing_that_gives_rights_or_loads_code_is_in_the_minimum(part: str) -> None:
    assert not [name for name in MINIMAL if part in name]
