"""What no line of the package may do, whatever a test happens to run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.house.generate import ROOT

SOURCES = sorted((ROOT / "pipe_rpc").rglob("*.py"))


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the package, as "name of the function", and itself."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), node


def test_the_package_is_looked_at() -> None:
    assert len(SOURCES) > 50
    assert sum(name.startswith("os.") for name, _ in calls()) > 50


def test_nobody_waits_for_any_child() -> None:
    """waitpid(-1) and their like would take the exit status of another session's child away (waitpid(2))."""
    waits = [(name, ast.unparse(call)) for name, call in calls() if name.startswith(("os.wait", "wait"))]
    assert len(waits) >= 4
    for name, call in waits:
        assert name in ("os.waitpid", "os.waitid", "os.wait4", "os.waitstatus_to_exitcode"), call
        assert "-1" not in call
        assert "P_ALL" not in call or "WNOWAIT" in call, "to look is no harm"


def test_no_child_gets_a_descriptor_but_the_launcher_its_report() -> None:
    """It closes itself when the launcher becomes the program."""
    passed = [ast.unparse(each.value) for _, call in calls() for each in call.keywords if each.arg == "pass_fds"]
    assert passed == ["() if launch is None else (launch.report_fd,)"]


@pytest.mark.parametrize("keyword", ["preexec_fn", "shell", "process_group"])
def test_no_child_is_started_in_a_way_that_costs_or_leaks(keyword: str) -> None:
    """preexec_fn costs vfork, and a shell parses what is no shell line."""
    assert [ast.unparse(call) for _, call in calls() if any(each.arg == keyword for each in call.keywords)] == []


def test_no_socket_is_made() -> None:
    imported = {
        name.name
        for source in SOURCES
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import)
        for name in node.names
    }
    assert "selectors" in imported
    assert imported & {"socket", "socketserver", "http", "urllib"} == set()
