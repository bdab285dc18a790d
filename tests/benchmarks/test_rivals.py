"""Who is found, and what is said of who is not."""

from pathlib import Path

import pytest

from . import rivals
from .rivals import field


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing but what a test puts into this directory."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(rivals, "NODE_PACKAGES", tmp_path / "node_modules")
    monkeypatch.setattr(rivals, "_native_nvim", lambda: None)
    return programs


def program(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def names() -> list[str]:
    return [rival.name for rival in field().rivals]


def test_on_a_bare_machine_three_take_part_and_the_others_are_told_to_be_absent(bare: Path) -> None:
    assert names() == ["pipe-rpc", "direct", "naive"]
    absent = field().absent
    assert list(absent) == ["node", "nvim", "codex"]
    assert all("PATH" in missing for missing in absent.values())


def test_node_needs_its_package_too(bare: Path) -> None:
    program(bare / "node")
    assert "vscode-jsonrpc is not installed" in field().absent["node"]
    (rivals.NODE_PACKAGES / "vscode-jsonrpc").mkdir(parents=True)
    assert "node" in names()


@pytest.mark.parametrize(
    ("version", "takes_part"), [("v0.8.3", False), ("v0.9.0", True), ("v0.11.4", True), ("v1.0.0", True), ("?", False)]
)
def test_neovim_has_to_be_new_enough(bare: Path, version: str, *, takes_part: bool) -> None:
    program(bare / "nvim", f"echo NVIM {version}")
    assert ("nvim" in names()) == takes_part
    assert ("nvim" in field().absent) != takes_part


def test_codex_is_started_without_the_script_around_it(bare: Path, tmp_path: Path) -> None:
    packages = tmp_path / "node_modules" / "@openai"
    script = program(packages / "codex" / "bin" / "codex.js")
    native = program(packages / "codex-linux-x64" / "vendor" / "some-system" / "bin" / "codex")
    (tmp_path / "node_modules" / ".bin").mkdir()
    link = tmp_path / "node_modules" / ".bin" / "codex"
    link.symlink_to(script)
    assert "codex" in names()
    assert rivals._native_codex(link) == str(native)
    plain = program(bare / "codex")
    assert rivals._native_codex(plain) == str(plain)
