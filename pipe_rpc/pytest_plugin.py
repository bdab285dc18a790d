"""The pytest plugin: servers for tests, which fail when the test leaves something behind.

Rules of this file: pytest loads it into every run where pipe-rpc is installed, so it imports nothing of pipe_rpc before
a test asks for a server. A test that has failed already is not told as well what it has left behind.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pipe_rpc.client import PipeRpc
    from pipe_rpc.client.trace import Trace
    from pipe_rpc.conversation.messages import Listener, Sender
    from pipe_rpc.protocol.types import SessionInfo

LAST_MESSAGES = 500
"""Of the conversation of a failed test so many are shown, the newest: who reads more wants ``pipe-rpc record``."""
LONGEST_MESSAGE = 2000
"""Characters of the JSON of a message in the report: enough for what a test mostly says and hears."""
MOST_PROBLEMS = 10
"""Of what a test has left behind so much is told; the others are mostly of the same kind."""
SETTLE_S = 1.0
"""How long, behind a test, sessions may take to close on their own: a child exits right behind its last output."""

_SAY_SO = "A test that ends its server says so by close()."
_passed = pytest.StashKey[bool]()
_conversations = pytest.StashKey[list["Conversation"]]()


class Conversation:
    """What client and server said to each other, for the report of a failed test."""

    def __init__(self, trace: Trace, on_message: Listener | None) -> None:
        self._trace = trace
        self._on_message = on_message
        self._lines: deque[str] = deque(maxlen=LAST_MESSAGES)
        self._count = 0

    def listen(self, sender: Sender, message: Mapping[str, Any]) -> None:
        """Take a message, and let the test have it too."""
        self._count += 1
        self._lines.append(self._trace.line(sender, message))
        if self._on_message is not None:
            self._on_message(sender, message)

    def __str__(self) -> str:
        omitted = self._count - len(self._lines)
        return (f"… {omitted} earlier messages …\n" if omitted else "") + "".join(self._lines)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "pipe_rpc(**options): options of pipe_rpc.client.PipeRpc for the fixture pipe_rpc of this test"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the conversations to the report of a failure; the fixtures learn whether the test has passed."""
    report = yield
    if report.when == "call":
        item.stash[_passed] = report.passed
    if report.failed:
        conversations = item.stash.setdefault(_conversations, [])
        for number, conversation in enumerate(conversations, 1):
            report.sections.append((f"pipe_rpc conversation {number}", str(conversation)))
    return report


@pytest.fixture
def start_pipe_rpc(request: pytest.FixtureRequest) -> Iterator[Callable[..., PipeRpc]]:
    """Start servers: each call gives a connected client, made with the options of PipeRpc that it is given.

    Behind a test that has passed, each client that the test has not closed must have no session that is still open, no
    error among its events that the test has not read, and a server that has said nothing on its stderr and ends with
    status 0; else the test fails. Whatever happened, nothing is left running.
    """
    from pipe_rpc.client import PipeRpc
    from pipe_rpc.client.trace import Trace

    conversations = request.node.stash.setdefault(_conversations, [])
    clients: list[PipeRpc] = []

    def start(*, on_message: Listener | None = None, **options: Any) -> PipeRpc:
        conversation = Conversation(Trace(LONGEST_MESSAGE), on_message)
        client = PipeRpc(**{"on_message": conversation.listen, "client_name": "pytest", **options})
        conversations.append(conversation)
        clients.append(client.start())
        return client

    left_behind: list[str] = []
    try:
        yield start
        if request.node.stash.get(_passed, False):
            for client in clients:
                left_behind += _left_behind(client)
    finally:
        for client in clients:
            client.close()
    if left_behind:
        shown = [f"- {each}" for each in left_behind[:MOST_PROBLEMS]]
        if len(left_behind) > MOST_PROBLEMS:
            shown.append(f"- and {len(left_behind) - MOST_PROBLEMS} more")
        pytest.fail("\n".join(("The test left something behind:", *shown)), pytrace=False)


@pytest.fixture
def pipe_rpc(request: pytest.FixtureRequest, start_pipe_rpc: Callable[..., PipeRpc]) -> PipeRpc:
    """A connected client with a server of its own; options come from ``@pytest.mark.pipe_rpc(encoding="utf-8")``.

    What fails a test that has passed is told by ``start_pipe_rpc``.
    """
    options: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("pipe_rpc"))):  # The nearest mark has the last word.
        if mark.args:
            raise pytest.UsageError("@pytest.mark.pipe_rpc takes options by name, such as encoding='utf-8'")
        options |= mark.kwargs
    return start_pipe_rpc(**options)


def _left_behind(client: PipeRpc) -> list[str]:
    """What a test that has passed should have seen to, each as a sentence; closes the client."""
    from pipe_rpc.client import EndpointGone

    if client.is_closed:
        return []
    problems = []
    try:
        problems += [_open_session(info) for info in _open_sessions(client)]
    except EndpointGone as error:
        problems.append(f"{error} {_SAY_SO}")
    problems += [
        f"an error that no reader of events has got: {error.stream} of {error.session_id} is not written to "
        f"{error.path} from offset {error.offset} on: {error.message}"
        for error in client.unread_errors
    ]
    status = client.close()
    if status and not problems:
        problems.append(f"the server ended with status {status}. {_SAY_SO}")
    if client.stderr_tail and not any(client.stderr_tail.strip() in problem for problem in problems):
        problems.append(f"the server said on its stderr: {client.stderr_tail.strip()}")
    return problems


def _open_sessions(client: PipeRpc) -> list[SessionInfo]:
    """The sessions that do not close in time."""
    from pipe_rpc.client import CallTimeout, SessionNotFound

    deadline = time.monotonic() + SETTLE_S
    open_sessions = []
    for each in client.list():
        session = client.session(each.session_id)
        try:
            session.wait(until="closed", timeout=max(0, deadline - time.monotonic()))
        except CallTimeout:
            open_sessions.append(session.info())
        except SessionNotFound:
            continue  # It has closed, and others that closed later are retained instead.
    return open_sessions


def _open_session(info: SessionInfo) -> str:
    if info.state == "exited":
        return f"session {info.session_id} ({info.command}) has exited, but a process that it left holds its output"
    return f"session {info.session_id} ({info.command}) is {info.state}: close its stdin, wait for it or terminate it"
