"""Fixtures of the language server's tests: a whole server over children made of pipes, and an editor's handshake."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pipe_rpc.limits import Limits
from tests.server.harness import Bench

MakeEditor = Callable[..., "Editor"]


class Editor(Bench):
    """A bench whose client is an editor."""

    def execute(self, command: str, *arguments: Any, **params: Any) -> Any:
        """Execute a command, which must succeed."""
        return self.result("workspace/executeCommand", {"command": command, "arguments": list(arguments), **params})

    def refused(self, command: str, *arguments: Any, **params: Any) -> Any:
        """Execute a command, which must be refused."""
        return self.refusal("workspace/executeCommand", {"command": command, "arguments": list(arguments), **params})

    def progress(self) -> list[tuple[Any, Any]]:
        """Take what was told of progress: pairs of token and value."""
        return [(each["token"], each["value"]) for each in self.notifications("$/progress")]

    def questions(self) -> list[Any]:
        """Take the requests of the server."""
        self.received = self.take()
        found = [each for each in self.received if "id" in each and "method" in each]
        self.received = [each for each in self.received if each not in found]
        return found

    def diagnostics(self) -> list[tuple[str, list[Any]]]:
        """Take what was published: pairs of URI and diagnostics."""
        return [(each["uri"], each["diagnostics"]) for each in self.notifications("textDocument/publishDiagnostics")]

    @property
    def services(self) -> Any:
        """The language server behind the front desk."""
        return self.endpoint._language_server


@pytest.fixture
def make_editor(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeEditor]:
    """A factory of editors with capabilities of the test's choice."""
    made: list[Editor] = []

    def make(capabilities: Any = None, limits: Limits | None = None, **params: Any) -> Editor:
        editor = Editor(monkeypatch, limits)
        made.append(editor)
        chosen = {"window": {"workDoneProgress": True}} if capabilities is None else capabilities
        editor.initialize(capabilities=chosen, **params)
        return editor

    yield make
    for editor in made:
        editor.close()


@pytest.fixture
def editor(make_editor: MakeEditor) -> Editor:
    """An editor that shows progress."""
    return make_editor()
