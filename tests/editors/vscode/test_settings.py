"""Settings: what is said to wrong ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.editors.vscode.vscode import node
from tests.support.editors import vscode_extension


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("command", "pipe-rpc", 'a list of strings such as ["pipe-rpc", "--stdio"]'),
        ("command", [], 'a list of strings such as ["pipe-rpc", "--stdio"]'),
        ("startTimeoutMs", 0, "a whole number of at least 1"),
        ("graceMs", 0.5, "a whole number of at least 0"),
        ("color", "yes", "true or false"),
        ("env", {"A": 1}, "an object of strings such as"),
        ("reveal", "above", "one of always, silent, never"),
        ("problemMatchers", "$gcc", "a list of names such as"),
    ],
)
def test_what_is_wrong_with_a_setting_is_told_and_its_default_holds(name: str, value: Any, told: str) -> None:
    settled = node("settle.cjs", json.dumps({name: value}))
    assert len(settled["problems"]) == 1
    assert f"the setting pipe-rpc.{name} must be {told}" in settled["problems"][0]
    assert settled["settings"] == node("settle.cjs", "{}")["settings"]


def test_the_manifest_describes_each_setting_with_its_default() -> None:
    manifest = json.loads((vscode_extension() / "package.json").read_text(encoding="utf-8"))
    described = manifest["contributes"]["configuration"]["properties"]
    defaults = {name.removeprefix("pipe-rpc."): setting["default"] for name, setting in described.items()}
    assert defaults == node("settle.cjs", "{}")["settings"]
