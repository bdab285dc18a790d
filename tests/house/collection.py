"""Asks pytest which tests there are. As a plugin (`-p tests.house.collection`) it answers; see `collected`."""

from __future__ import annotations

import functools
import inspect
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTROL_GROUPS = "needs control groups"
"""Tests that make control groups run where the system lets them."""


class Collected(dict[str, str]):
    """Node ids, each with why that test may not run, or an empty text."""

    def matching(self, node: str) -> list[str]:
        """The node itself, or all parameters of it."""
        return [found for found in self if found == node or found.startswith(f"{node}[")]


def collected(files: Iterable[str], session: pytest.Session, answer: Path) -> Collected:
    """The tests of some files of the suite: those of this session, where it is about all of these files.

    Otherwise they are collected in a process of its own, which writes to `answer` and runs no test.
    """
    files, option = set(files), session.config.option
    whole = not (option.keyword or option.markexpr)
    if whole and files <= {item.nodeid.partition("::")[0] for item in session.items}:
        return Collected({item.nodeid: _hindrance(item) for item in session.items})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    command += ["-p", "tests.house.collection", f"--collected-to={answer}", *sorted(files)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{ended.stdout[-4000:]}\n{ended.stderr[-4000:]}"
    return Collected(json.loads(answer.read_text()))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--collected-to", type=Path, help="where to write the node ids and what keeps each from running")


def pytest_collection_finish(session: pytest.Session) -> None:
    found = {item.nodeid: _hindrance(item) for item in session.items}
    session.config.getoption("--collected-to").write_text(json.dumps(found))


def _hindrance(item: pytest.Item) -> str:
    for mark in item.iter_markers():
        if mark.name in ("skip", "xfail") or (mark.name == "skipif" and any(mark.args)):
            return mark.name
    function = getattr(item, "function", None)
    if function is not None and "pytest.skip(" in _source(function):
        return "pytest.skip in its body"
    return next(filter(None, map(_hindrance_of_fixture, _fixtures(item))), "")


@functools.cache
def _source(function: Callable[..., object]) -> str:
    """Its text, looked up once: many tests share a function and nearly all of them some fixtures."""
    return inspect.getsource(function)


def _fixtures(item: pytest.Item) -> Iterator[pytest.FixtureDef[object]]:
    if isinstance(item, pytest.Function):
        for definitions in item._fixtureinfo.name2fixturedefs.values():
            yield definitions[-1]


def _hindrance_of_fixture(fixture: pytest.FixtureDef[object]) -> str:
    source = _source(fixture.func)
    if "pytest.skip(" not in source:
        return ""
    return CONTROL_GROUPS if "no control group can be made here" in source else f"pytest.skip in {fixture.argname}"
