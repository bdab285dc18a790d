"""pipe-rpc as an editor without any plugin sees it: commands of workspace/executeCommand, progress, diagnostics.

Led by pytest-lsp's client, which checks every message of the server against LSP and against what the client said that
it can do, and by sansio-lsp-client, which never answers a request of the server unless it is told to.
"""

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient, make_test_lsp_client
from sansio_lsp_client import (
    Client,
    Event,
    Initialized,
    Shutdown,
    WorkDoneProgressBegin,
    WorkDoneProgressCreate,
    WorkDoneProgressEnd,
    WorkDoneProgressReport,
)
from sansio_lsp_client.structs import Request, Response

from tests.support.bare_server import read_some, server_on
from tests.support.processes import process_state
from tests.support.trace import DEADLINE_S

RUN, LIST, TERMINATE = "pipe-rpc.run", "pipe-rpc.list", "pipe-rpc.terminate"


# ------------------------------------------------------------------------------------------------ pytest-lsp's client


@pytest.fixture
def hold(server_command: list[str]) -> Callable[[Callable[[LanguageClient], Awaitable[None]]], None]:
    """Runs a conversation with a fresh server, within the deadline, and ends it in order."""

    async def run(conversation: Callable[[LanguageClient], Awaitable[None]]) -> None:
        client = make_test_lsp_client()
        await client.start_io(*server_command)
        try:
            async with asyncio.timeout(DEADLINE_S):
                await conversation(client)
                await client.shutdown_session()
        finally:
            server = client._server
            assert server is not None
            if server.returncode is None:
                server.kill()
            stop: Any = client.stop  # Any: it has no type.
            await stop()
        assert server.returncode == 0
        assert client.error is None
        assert client.messages == []

    return lambda conversation: asyncio.run(run(conversation))


async def initialize(client: LanguageClient, *, progress: bool = True) -> types.InitializeResult:
    window = types.WindowClientCapabilities(work_done_progress=progress)
    return await client.initialize_session(types.InitializeParams(capabilities=types.ClientCapabilities(window=window)))


async def execute(client: LanguageClient, command: str, *arguments: Any) -> Any:
    params = types.ExecuteCommandParams(command=command, arguments=list(arguments) or None)
    return await client.workspace_execute_command_async(params)


async def request(client: LanguageClient, method: str, params: dict[str, Any]) -> Any:
    """A request that LSP does not know."""
    protocol: Any = client.protocol  # Any: its methods have no types.
    return await protocol.send_request_async(method, params)


async def wait_for_end(client: LanguageClient, count: int = 1) -> list[Any]:
    """The progress of so many jobs, each a list from begin to end."""
    while True:
        reports = list(client.progress_reports.values())
        ended = [report for report in reports if report and isinstance(report[-1], types.WorkDoneProgressEnd)]
        if len(ended) >= count:
            return ended
        await client.wait_for_notification("$/progress")


def test_the_commands_are_advertised(hold: Callable[..., None]) -> None:
    async def conversation(client: LanguageClient) -> None:
        result = await initialize(client)
        provider = result.capabilities.execute_command_provider
        assert provider is not None
        assert set(provider.commands) == {RUN, "pipe-rpc.rerunLast", LIST, TERMINATE, "pipe-rpc.terminateAll"}

    hold(conversation)


def test_a_job_shows_its_progress_from_begin_to_end(hold: Callable[..., None]) -> None:
    async def conversation(client: LanguageClient) -> None:
        await initialize(client)
        job = await execute(client, RUN, {"argv": ["sh", "-c", "echo working"], "cwd": "/"})
        assert (job["argv"], job["cwd"]) == (["sh", "-c", "echo working"], "/")
        [progress] = await wait_for_end(client)
        assert isinstance(progress[0], types.WorkDoneProgressBegin)
        assert progress[0].title != ""
        assert [type(report) for report in progress[1:-1]] == [types.WorkDoneProgressReport] * (len(progress) - 2)

    hold(conversation)


def test_a_list_of_words_is_an_argv(hold: Callable[..., None]) -> None:
    async def conversation(client: LanguageClient) -> None:
        await initialize(client)
        job = await execute(client, RUN, "sh", "-c", "exit 3")
        assert job["argv"] == ["sh", "-c", "exit 3"]
        await wait_for_end(client)
        listed = await execute(client, LIST)
        [session] = listed["sessions"]
        assert (session["sessionId"], session["state"]) == (job["sessionId"], "exited")
        assert session["exit"]["exitCode"] == 3
        while not client.messages:
            await client.wait_for_notification("window/showMessage")
        told = client.messages.pop()
        assert told.type is types.MessageType.Error
        assert told.message.startswith("sh -c 'exit 3': exit status 3 after ")

    hold(conversation)


def test_what_a_job_complains_of_is_a_diagnostic_until_it_is_run_again(
    hold: Callable[..., None], tmp_path: Path
) -> None:
    complaint = tmp_path / "complaint"
    complaint.write_text("é b.c:3:7: warning: odd [-Wodd]\n")

    async def conversation(client: LanguageClient) -> None:
        await initialize(client)
        await execute(client, RUN, {"argv": ["cat", "complaint"], "cwd": str(tmp_path), "problemMatcher": "$gcc"})
        await wait_for_end(client)
        [(uri, [diagnostic])] = client.diagnostics.items()
        assert uri == (tmp_path / "é b.c").as_uri()
        assert (diagnostic.range.start, diagnostic.message) == (types.Position(2, 6), "odd")
        assert (diagnostic.severity, diagnostic.source, diagnostic.code) == (
            types.DiagnosticSeverity.Warning,
            "gcc",
            "-Wodd",
        )
        complaint.write_text("all is well\n")
        await execute(client, "pipe-rpc.rerunLast")
        await wait_for_end(client, 2)
        assert {uri: list(found) for uri, found in client.diagnostics.items()} == {uri: []}

    hold(conversation)


def test_a_client_that_cannot_show_progress_is_sent_none(hold: Callable[..., None]) -> None:
    async def conversation(client: LanguageClient) -> None:
        await initialize(client, progress=False)
        job = await execute(client, RUN, {"argv": ["true"]})
        await request(client, "session/wait", {"sessionId": job["sessionId"], "until": "closed"})
        assert client.progress_reports == {}

    hold(conversation)


def test_terminate_ends_the_one_job_that_is_named(hold: Callable[..., None]) -> None:
    async def conversation(client: LanguageClient) -> None:
        await initialize(client)
        first = await execute(client, RUN, "sleep", "1000")
        second = await execute(client, RUN, "sleep", "1000")
        assert await execute(client, TERMINATE, first["sessionId"]) == {"terminated": 1}
        await wait_for_end(client)
        listed = await execute(client, LIST)
        states = {session["sessionId"]: session["state"] for session in listed["sessions"]}
        assert states == {first["sessionId"]: "exited", second["sessionId"]: "running"}

    hold(conversation)


def test_terminate_without_arguments_ends_every_job_and_nothing_else(hold: Callable[..., None]) -> None:
    async def conversation(client: LanguageClient) -> None:
        await initialize(client)
        jobs = [await execute(client, RUN, "sleep", "1000") for _ in range(3)]
        other = await request(client, "session/spawn", {"argv": ["sleep", "1000"], "attach": []})
        assert await execute(client, TERMINATE) == {"terminated": 3}
        await wait_for_end(client, 3)
        assert [process_state(job["pid"]) for job in jobs] == ["", "", ""]
        info = await request(client, "session/info", {"sessionId": other.sessionId})
        assert info.state == "running"

    hold(conversation)


def test_a_job_that_cannot_start_is_an_error_with_its_reason(hold: Callable[..., None]) -> None:
    async def conversation(client: LanguageClient) -> None:
        await initialize(client)
        with pytest.raises(Exception, match="/no/such/program") as refused:
            await execute(client, RUN, {"argv": ["/no/such/program"]})
        assert getattr(refused.value, "code", None) == 1002
        assert client.progress_reports == {}

    hold(conversation)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (RUN, []),
        (RUN, [1]),
        (RUN, [{}]),
        (RUN, [{"argv": "ls"}]),
        (RUN, [{"argv": ["ls"], "timeoutms": 5}]),
        (TERMINATE, [1]),
        ("pipe-rpc.noSuch", []),
    ],
)
def test_wrong_arguments_are_refused(hold: Callable[..., None], command: str, arguments: list[Any]) -> None:
    async def conversation(client: LanguageClient) -> None:
        await initialize(client)
        with pytest.raises(Exception) as refused:  # noqa: PT011 - each code has an exception class of its own in pygls
            await execute(client, command, *arguments)
        assert getattr(refused.value, "code", None) == -32602
        assert await execute(client, LIST) == {"sessions": []}

    hold(conversation)


# ------------------------------------------------------------------------------------------------- sansio-lsp-client


class CommandClient(Client):
    """The library's client, with workspace/executeCommand, and deaf to the notifications of sessions."""

    def execute(self, command: str, arguments: list[Any]) -> None:
        self._send_request("workspace/executeCommand", {"command": command, "arguments": arguments})

    def _handle_response(self, response: Response) -> Event:
        assert response.id is not None
        if self._unanswered_requests[response.id].method == "workspace/executeCommand":
            del self._unanswered_requests[response.id]
            assert response.error is None
            return Event()
        return super()._handle_response(response)

    def _handle_request(self, request: Request) -> Event:
        if request.method == "window/workDoneProgress/create":
            # Vim cannot answer a request whose id is a string.
            assert type(request.id) is int
        return Event() if request.method.startswith("session/") else super()._handle_request(request)


@pytest.fixture
def server() -> Iterator[subprocess.Popen[bytes]]:
    with server_on(subprocess.PIPE, subprocess.PIPE) as process:
        yield process


@pytest.mark.parametrize("answers", [True, False], ids=["answers", "does not answer"])
def test_a_job_runs_whether_or_not_the_client_answers_the_request_to_show_progress(
    server: subprocess.Popen[bytes], answers: bool
) -> None:
    assert server.stdin is not None
    assert server.stdout is not None
    client = CommandClient(process_id=os.getpid())
    seen: list[type[Event]] = []
    token: object = None
    while Shutdown not in seen:
        server.stdin.write(client.send())
        server.stdin.flush()
        data = read_some(server.stdout.fileno())
        assert data, "the server closed its stdout"
        for event in client.recv(data):
            seen.append(type(event))
            match event:
                case Initialized():
                    client.execute(RUN, ["sh", "-c", "echo working"])
                case WorkDoneProgressCreate():
                    token = event.token
                    if answers:
                        event.reply()
                case WorkDoneProgressBegin() | WorkDoneProgressReport():
                    assert event.token == token
                case WorkDoneProgressEnd():
                    assert event.token == token
                    client.shutdown()
    client.exit()
    server.stdin.write(client.send())
    server.stdin.flush()

    assert server.wait(DEADLINE_S) == 0
    shown = [kind for kind in seen if kind not in (Initialized, Event, WorkDoneProgressReport)]
    assert shown == [WorkDoneProgressCreate, WorkDoneProgressBegin, WorkDoneProgressEnd, Shutdown]
