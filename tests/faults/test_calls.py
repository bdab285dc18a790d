"""Every call of the system fails once: the smallest possible thing ends, and everybody else goes on."""

import ast
import errno
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import pipe_rpc
from tests.faults.injection import Fault
from tests.faults.served import Served
from tests.faults.table import ELSEWHERE, ROWS, Row
from tests.support.dose import dose
from tests.support.ledger import Ledger

pytestmark = pytest.mark.attack

FLOORS = ("buffers", "loop", "child", "session", "server")
SYSTEM = frozenset({"os", "fcntl", "signal", "mmap", "select", "selectors", "resource", "subprocess", "ctypes"})
"""Modules whose functions ask the system."""
ASK_NOBODY = frozenset({
    *("os.fsencode", "os.fsdecode", "os.strerror", "os._exit", "os.getpid", "os.getppid"),
    *("os.WIFSIGNALED", "os.WTERMSIG", "os.WCOREDUMP", "os.WIFEXITED", "os.WEXITSTATUS", "os.waitstatus_to_exitcode"),
    *("subprocess.Popen.__new__", "os.environ.items", "os.environb.items", "os.defpath.encode"),
    *("signal.Signals", "signal.Signals.__members__.get", "signal.valid_signals", "signal.getsignal"),
})  # fmt: skip
"""Functions of these modules that cannot fail."""


def _cases(*, of_control_groups: bool) -> list[pytest.ParameterSet]:
    """The rows of the table, each once with every errno that this dose has."""
    return [
        pytest.param(row, number, id=f"{row.site} {row.occasion.__name__} {errno.errorcode[number]}")
        for row in ROWS
        if row.site.startswith("child/cgroup") == of_control_groups
        for number in row.numbers[: dose(short=1, ci=99, long=99)]
    ]


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the calls are Linux's")


class _Inject:
    """Lets one call fail with one errno."""

    def __init__(self, served: Served, row: Row, number: int) -> None:
        self.number = errno.errorcode[number]
        self._only = row.only
        self._inject = partial(served.faults.inject, row.call, number)

    def __call__(self, *, at: int = 1, times: int = 1, when: Callable[..., bool] = lambda *_: True) -> Fault:
        """See Faults.inject."""

        def is_it(*arguments: Any) -> bool:
            return (not self._only or str(arguments[0]).endswith(self._only)) and when(*arguments)

        return self._inject(at=at, times=times, when=is_it)


@linux_only
@pytest.mark.parametrize(("row", "number"), _cases(of_control_groups=False))
def test_a_call_that_fails_harms_nobody_else(row: Row, number: int, served: Served, ledger: Ledger) -> None:
    _let_fail(row, number, served)
    ledger.enter("system-call faults in process", tried=1)


@linux_only
@pytest.mark.parametrize(("row", "number"), _cases(of_control_groups=True))
def test_a_call_for_control_groups_that_fails_harms_nobody_else(
    row: Row, number: int, served_with_cgroups: Served, ledger: Ledger
) -> None:
    _let_fail(row, number, served_with_cgroups)
    ledger.enter("system-call faults in process", tried=1)


@pytest.fixture
def served_with_cgroups(served: Served) -> Served:
    """A server whose sessions get control groups; skips where there can be none."""
    if served.cgroup_home is None:
        pytest.skip("no control group can be made here: that takes cgroup v2, Linux 5.14 and the right to write to it")
    return served


def _let_fail(row: Row, number: int, served: Served) -> None:
    row.occasion(served, _Inject(served, row, number))
    if served.is_running:
        served.check_bystander()
        served.finish()


def test_every_call_of_the_system_has_a_row_in_the_table_or_a_reason_why_not() -> None:
    root = Path(pipe_rpc.__file__).parent
    found = {
        f"{path.relative_to(root)} {call}" for floor in FLOORS for path in (root / floor).glob("**/*.py")
        for call in _calls(ast.parse(path.read_text()))
    }  # fmt: skip
    rows = {row.site for row in ROWS}
    assert sorted(found - rows - ELSEWHERE.keys()) == [], "these calls have no fault injected: add rows to table.py"
    assert sorted((rows | ELSEWHERE.keys()) - found) == [], "the server makes these calls no more"
    assert sorted(rows & ELSEWHERE.keys()) == []


def _calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        for function in (node.func, *filter(_is_function, node.args)):
            name = ast.unparse(function)
            asks = name == "open" or name.startswith("self._selector.") or name.partition(".")[0] in SYSTEM
            if asks and name not in ASK_NOBODY and not name.startswith("os.path.") and not _is_of_a_string(function):
                yield name


def _is_function(argument: ast.expr) -> bool:
    """Whether what is handed over is a function of the system: whoever gets it calls it."""
    match argument:
        case ast.Attribute(value=ast.Name(id=module), attr=name) if module in SYSTEM:
            return inspect.isroutine(getattr(sys.modules[module], name, None))
        case _:
            return False


def _is_of_a_string(function: ast.expr) -> bool:
    """Whether it is a method of a string that the system has told."""
    while isinstance(function, ast.Attribute):
        if isinstance(function.value, ast.Call) and function.attr in dir(str):
            return True
        function = function.value
    return False
