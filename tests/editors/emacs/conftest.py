"""Fixtures of the tests of the Emacs package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.editors.emacs.driven import Emacs, install

StartEmacs = Callable[..., Emacs]


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages that has this one, compiled."""
    folder = tmp_path_factory.mktemp("packages")
    install(folder)
    return folder


@pytest.fixture
def start_emacs(tmp_path: Path, packages: Path) -> Iterator[StartEmacs]:
    """A factory of editors: `settings` are variables, `env` is laid over the environment. Each is quit."""
    started: list[Emacs] = []

    def start(
        settings: dict[str, Any] | None = None, env: dict[str, str] | None = None, files: tuple[str, ...] = ()
    ) -> Emacs:
        started.append(Emacs(tmp_path, packages, settings, env, files))
        return started[-1]

    yield start
    for emacs in started:
        emacs.quit()


@pytest.fixture
def emacs(start_emacs: StartEmacs) -> Emacs:
    """An editor with the settings' defaults and a short grace, so that no test waits for one."""
    return start_emacs({"grace": 0.2})


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, packages: Path) -> Iterator[Emacs]:
    """One editor for the tests of a file that start no job in it."""
    emacs = Emacs(tmp_path_factory.mktemp("shared"), packages)
    yield emacs
    emacs.quit()
