"""The doctor, the documentation, the mode line."""

from __future__ import annotations

from tests.editors.emacs.conftest import StartEmacs
from tests.editors.emacs.driven import PACKAGE, Emacs

DOCTOR = '(with-current-buffer "*pipe-rpc-doctor*" (buffer-string))'


def test_the_check_says_what_is_there(emacs: Emacs) -> None:
    emacs.call("pipe-rpc-doctor")
    emacs.wait(f'(string-search "stderr" {DOCTOR})')
    told = emacs.eval(DOCTOR)
    assert "server found by pipe-rpc-command" in told
    assert "protocol 1" in told
    assert "0 sessions, held together by" in told
    assert "wrong" not in told


def test_the_check_says_what_is_wrong_and_what_to_do(start_emacs: StartEmacs) -> None:
    emacs = start_emacs({"command": ["/no/such/server"], "scrollback": "many"})
    emacs.call("pipe-rpc-doctor")
    told = emacs.eval(DOCTOR)
    assert 'pipe-rpc-scrollback must not be "many"' in told
    assert "mend or remove it" in told


def test_every_command_and_setting_is_documented(emacs: Emacs) -> None:
    emacs.eval("(progn (require 'pipe-rpc-command) (require 'pipe-rpc-doctor))")
    readme = (PACKAGE / "README.md").read_text(encoding="utf-8")
    for setting in emacs.eval("(pipe-rpc-settings-all)"):
        assert emacs.eval(f"(documentation-property '{setting} 'variable-documentation)")
        assert f"`{setting}`" in readme
    keys = emacs.eval("(let (all) (map-keymap (lambda (_ command) (push command all)) pipe-rpc-command-map) all)")
    commands = [
        name
        for name in emacs.eval('(apropos-internal "^pipe-rpc-[a-z-]+$" #\'commandp)')
        if not name.endswith("-mode") and name != "pipe-rpc-command-map"
    ]
    assert set(keys) <= set(commands)
    for command in commands:
        assert emacs.eval(f"(documentation '{command})")


def test_the_mode_line_counts_jobs_and_costs_nothing_before_the_first(emacs: Emacs) -> None:
    assert emacs.eval("(featurep 'pipe-rpc)") is None
    emacs.run("cat", more=":show nil")
    emacs.run("false", more=":show nil")
    emacs.wait_state("exited", 2)
    assert emacs.eval("(pipe-rpc-status)") == "1 running, 1 failed"
    emacs.wait_for("[1 running, 1 failed]")
    emacs.eval("(pipe-rpc-kill 1)")
    emacs.wait_state("exited", 1)
