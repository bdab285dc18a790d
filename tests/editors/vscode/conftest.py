"""Fixtures of the tests of the VS Code extension.

A window takes seconds to open, so the extension is packed once and one window runs all features, whichever worker comes
first; each test asks what became of its own.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.editors.vscode.vscode import SUITE, VSIX, Workbench, package

RESULTS = "PIPE_RPC_TEST_RESULTS"
TIMEOUT_S = 300
"""How long a test may take that finds nothing done yet, and so has to wait for all features."""
HERE = Path(__file__).parent
MakeOnce = Callable[[str, Callable[[Path], None]], Path]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker begins with the window; what is asked of it comes last, so that no other worker has to wait."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.timeout(TIMEOUT_S), append=False)
    asking = [item for item in items if "in_window" in getattr(item, "fixturenames", ())]
    items[:] = [*asking[:1], *(item for item in items if item not in asking), *asking[1:]]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> MakeOnce:
    """A factory of folders that all workers share: the first that asks for one fills it."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        place, done = shared / name, shared / f"{name}.done"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                place.mkdir()
                done.touch()
                fill(place)
        return place

    return make


@pytest.fixture(scope="session")
def vsix(once: MakeOnce) -> Path:
    """The packed extension."""
    return once("vscode-package", package) / VSIX


@pytest.fixture(scope="session")
def results(once: MakeOnce, vsix: Path) -> dict[str, Any]:
    """What became of each feature of the suite: the error, or null."""

    def run(place: Path) -> None:
        workbench = Workbench(place, vsix, SUITE, {RESULTS: str(place / "results.json")})
        try:
            workbench.hear("exit")
        finally:
            workbench.close()

    written = once("vscode-suite", run) / "results.json"
    found: dict[str, Any] = json.loads(written.read_text(encoding="utf-8")) if written.exists() else {}
    return found


@pytest.fixture
def in_window(request: pytest.FixtureRequest, results: dict[str, Any]) -> Callable[[], None]:
    """Asserts that the feature of the suite which has the name of the test has worked."""

    def worked() -> None:
        name = request.node.originalname.removeprefix("test_").replace("_", " ")
        assert name in results, f"the suite has ended before it came to this; it came to {list(results)}"
        assert results[name] is None, results[name]

    return worked
