"""Settings, and what is said to wrong ones."""

from __future__ import annotations

import pytest

from tests.editors.emacs.driven import Emacs


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("command", '"pipe-rpc"'),
        ("scrollback", "0"),
        ("grace", "-1"),
        ("start-timeout", '"long"'),
        ("environment", "'(a)"),
    ],
)
def test_a_wrong_setting_is_told_and_its_default_holds(shared: Emacs, setting: str, value: str) -> None:
    name = f"pipe-rpc-{setting}"
    shared.eval("(require 'pipe-rpc)")
    default = shared.eval(f"(eval (car (get '{name} 'standard-value)) t)")
    assert shared.eval(f"(let (({name} {value})) (pipe-rpc-settings-get '{name}))") == default
    assert f"pipe-rpc: {name} must not be {value.removeprefix(chr(39))}" in shared.wait_message(f"{name} must not be")


def test_each_setting_is_valid_by_default(shared: Emacs) -> None:
    shared.eval("(require 'pipe-rpc)")
    assert shared.eval("(pipe-rpc-settings-problems)") is None
    assert len(shared.eval("(pipe-rpc-settings-all)")) == 12


def test_the_environment_of_the_settings_is_that_of_every_job(emacs: Emacs) -> None:
    emacs.eval('(setq pipe-rpc-environment \'("WORD=said"))')
    emacs.shell("echo $WORD $INSIDE_EMACS")
    emacs.wait_output("said 28" if emacs.eval("emacs-major-version") == 28 else "said ")
