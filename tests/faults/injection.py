"""Calls of the system that fail when a test says so, while the server under test takes its turns."""

import errno
import os
import selectors
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest

FORK = "subprocess._fork_exec"
"""What Popen calls to fork and execute."""
REGISTER, SELECT = "selector.register", "selector.select"


class Fault:
    """One call that fails: at its ``at``-th occurrence and the following, ``times`` in all."""

    def __init__(self, number: int, at: int, times: int, when: Callable[..., bool]) -> None:
        self.happened = 0
        self._number = number
        self._at = at
        self._times = times
        self._when = when
        self._seen = 0

    def strike(self, arguments: tuple[Any, ...]) -> None:
        """Fail, if it is this call's turn."""
        if self.happened == self._times or not self._when(*arguments):
            return
        self._seen += 1
        if self._seen >= self._at:
            self.happened += 1
            path = arguments[0] if arguments and isinstance(arguments[0], str) else None
            raise OSError(self._number, os.strerror(self._number), path)


class Faults:
    """The calls that fail; outside ``in_force`` all of them work."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._faults: dict[str, list[Fault]] = {}
        self._in_force = False

    def inject(
        self, call: str, number: int, *, at: int = 1, times: int = 1, when: Callable[..., bool] = lambda *_: True
    ) -> Fault:
        """Let a call fail with an errno: ``at`` counts those for which ``when`` holds, given their arguments."""
        if call not in self._faults:
            self._faults[call] = []
            if call not in (REGISTER, SELECT):
                self._patch(call)
        fault = Fault(number, at, times, when)
        self._faults[call].append(fault)
        return fault

    def strike(self, call: str, *arguments: Any) -> None:
        """Fail, if this call is to."""
        if self._in_force:
            for fault in self._faults.get(call, ()):
                fault.strike(arguments)

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Within this block the server acts."""
        self._in_force = True
        try:
            yield
        finally:
            self._in_force = False

    def _patch(self, call: str) -> None:
        module, _, name = call.rpartition(".")
        owner = import_module(module)
        real = getattr(owner, name, None) or open

        def function(*arguments: Any, **options: Any) -> Any:
            try:
                self.strike(call, *arguments)
            except OSError as error:
                if call == "resource.setrlimit" and error.errno == errno.EPERM:
                    raise ValueError("not allowed to raise maximum limit") from None  # as Python tells it
                raise
            return real(*arguments, **options)

        self._monkeypatch.setattr(owner, name, function, raising=False)


class FailingSelector(selectors.DefaultSelector):
    """The system's selector, whose calls fail when they are to."""

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self._faults = faults

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """See selectors.BaseSelector."""
        self._faults.strike(REGISTER, fileobj, events)
        key: selectors.SelectorKey = super().register(fileobj, events, data)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """See selectors.BaseSelector."""
        self._faults.strike(SELECT, timeout)
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(timeout)
        return ready
