"""Fixtures of the tests of the Vim plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.editors.vim.vim import Vim

StartVim = Callable[..., Vim]


@pytest.fixture
def start_vim(tmp_path: Path) -> Iterator[StartVim]:
    """A factory of editors: `settings` is `g:pipe_rpc`, `env` is laid over the environment. Each is quit."""
    started: list[Vim] = []

    def start(settings: dict[str, Any] | None = None, env: dict[str, str] | None = None) -> Vim:
        started.append(Vim(tmp_path, settings, env))
        return started[-1]

    yield start
    for vim in started:
        vim.quit()


@pytest.fixture
def vim(start_vim: StartVim) -> Vim:
    """An editor with the settings' defaults and a short grace, so that no test waits for one."""
    return start_vim({"grace_ms": 200})
