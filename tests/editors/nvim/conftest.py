"""Fixtures of the tests of the Neovim plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.editors.nvim.neovim import Neovim

StartNeovim = Callable[..., Neovim]


@pytest.fixture
def start_neovim(tmp_path: Path) -> Iterator[StartNeovim]:
    """A factory of editors: `settings` is `vim.g.pipe_rpc`, `env` is laid over the environment. Each is quit."""
    started: list[Neovim] = []

    def start(settings: dict[str, Any] | None = None, env: dict[str, str] | None = None) -> Neovim:
        started.append(Neovim(tmp_path, settings, env))
        return started[-1]

    yield start
    for neovim in started:
        neovim.quit()


@pytest.fixture
def neovim(start_neovim: StartNeovim) -> Neovim:
    """An editor with the settings' defaults and a short grace, so that no test waits for one."""
    return start_neovim({"grace_ms": 200})
