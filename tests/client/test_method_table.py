"""Both clients have every method, parameter, result, event and error of the wire, and nothing is sent unasked."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import pydoc
import types as python_types
import typing
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import attrs
import pytest

import pipe_rpc.aio as asyncio_client
import pipe_rpc.client as blocking_client
from pipe_rpc.conversation.core import Core
from pipe_rpc.conversation.event_log import LifeEvent
from pipe_rpc.conversation.members import argument_name
from pipe_rpc.conversation.messages import Event
from pipe_rpc.conversation.spawn_options import SpawnOptions
from pipe_rpc.errors import ErrorCode
from pipe_rpc.protocol import types
from pipe_rpc.protocol.converter import without_none
from pipe_rpc.protocol.methods import NOTIFICATIONS, SESSION_METHODS, Method
from pipe_rpc.protocol.naming import wire_name
from tests.support.frames import decode_frames

CLIENTS: Any = [blocking_client, asyncio_client]

TOLD_OTHERWISE = {
    ("session/write", "encoding"): "whether data is bytes or str says it",
    ("session/run", "input_encoding"): "whether input is text says it",
    ("session/wait", "timeout_ms"): "the client cancels the request",
    ("session/waitFor", "timeout_ms"): "the client cancels the request",
}
"""Members that clients do not send as they are."""
WITHOUT_AN_ARGUMENT = {("session/write", "encoding"), ("session/run", "input_encoding")}
OF_NO_SESSION = {"session/spawn", "session/run"}
"""Methods that may name a session which there is not yet."""


class SentError(Exception):
    """Stands for the answer."""


class Driver:
    """In the place of both drivers: nobody answers."""

    guard = contextlib.nullcontext()

    def wake(self) -> None:
        """Nothing leaves."""

    def until(self, is_so: Callable[[], bool], timeout: float | None) -> Any:
        raise SentError


class Counterpart(NamedTuple):
    """A method of a client, and what it puts on the wire."""

    owner: Any
    method: Any
    core: Core

    def sent(self, **arguments: Any) -> dict[str, Any]:
        """The params of the request."""

        async def run() -> None:
            await self.method(**arguments)

        with pytest.raises(SentError):
            asyncio.run(run())  # A blocking method raises before anything could be awaited.
        frames = b"".join(bytes(view) for view in self.core.outbound.front())
        self.core.outbound.clear()
        message = decode_frames(frames)[0]
        params: dict[str, Any] = message["params"]
        assert message["method"]
        return {"method": message["method"], **params}


def counterpart(client: Any, row: Method) -> Counterpart:
    """The method of the client for a row of the table."""
    rpc = client.PipeRpc()
    core = rpc._core
    rpc._calls = client.rpc.Calls(core, Driver(), None)
    owner = rpc if "session_id" not in members(row) or row.name in OF_NO_SESSION else rpc.session("s")
    return Counterpart(owner, getattr(owner, python_name(row)), core)


def python_name(row: Method) -> str:
    """terminate_all for session/terminateAll."""
    name = row.name.removeprefix("session/")
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def arguments_of(method: Any) -> set[str]:
    """The names of its arguments, among them those that come as options."""
    names = set(inspect.signature(method).parameters)
    options = names & {"options"}
    return names - options | {name for _ in options for name in SpawnOptions.__annotations__}


def members(row: Method) -> dict[str, attrs.Attribute[Any]]:
    assert row.params is not None
    return {field.name: field for field in attrs.fields(getattr(types, row.params))}


def sample(annotation: Any) -> Any:
    """Some value of a type of the wire."""
    annotation = without_none(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return arguments[-1]
    if origin is list:
        return [sample(arguments[0])]
    if origin is typing.Union:
        return sample(arguments[0])
    if origin is dict:
        name = sample(arguments[0]) if typing.get_origin(arguments[0]) is Literal else "NAME"
        return {name: sample(arguments[1])}
    if attrs.has(annotation):
        return {wire_name(field.name): sample(field.type) for field in attrs.fields(annotation)}
    plain = getattr(annotation, "__supertype__", annotation)
    return {str: "x", int: 7, float: 7, bool: True}[plain]


@pytest.fixture(params=CLIENTS, ids=["blocking", "asyncio"])
def client(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("row", SESSION_METHODS, ids=lambda row: row.name)
def test_each_parameter_has_an_argument_and_arrives_under_its_name(client: Any, row: Method) -> None:
    method = counterpart(client, row)
    fields = {name: field for name, field in members(row).items() if name != "session_id" or row.name in OF_NO_SESSION}
    arguments = {
        argument_name(name): sample(field.type)
        for name, field in fields.items()
        if (row.name, name) not in WITHOUT_AN_ARGUMENT
    }
    assert set(arguments) - arguments_of(method.method) == set(), "members of the table without an argument"
    sent = method.sent(**arguments)
    assert sent.pop("method") == row.name
    expected = {
        wire_name(name): 7000 if name.endswith("_ms") else sample(field.type)
        for name, field in fields.items()
        if (row.name, name) not in TOLD_OTHERWISE
    }
    if "session_id" in members(row) and row.name not in OF_NO_SESSION:
        expected["sessionId"] = "s"
    assert {name: value for name, value in sent.items() if name in expected} == expected
    assert set(sent) - set(expected) <= {wire_name(name) for method, name in TOLD_OTHERWISE if method == row.name}


@pytest.mark.parametrize("row", SESSION_METHODS, ids=lambda row: row.name)
def test_each_argument_is_a_parameter_or_the_patience_of_the_client(client: Any, row: Method) -> None:
    known = {argument_name(name) for name in members(row)} | {"timeout"}
    assert arguments_of(counterpart(client, row).method) <= known


@pytest.mark.parametrize("row", SESSION_METHODS, ids=lambda row: row.name)
def test_what_is_left_out_is_not_sent(client: Any, row: Method) -> None:
    required = {name: field for name, field in members(row).items() if field.default is attrs.NOTHING}
    needed = {argument_name(name): sample(field.type) for name, field in required.items() if name != "session_id"}
    sent = counterpart(client, row).sent(**needed)
    assert set(sent) - {"method"} - {wire_name(name) for name in required} <= (
        {"data", "encoding"} if row.name == "session/write" else set()
    )


@pytest.mark.parametrize("row", SESSION_METHODS, ids=lambda row: row.name)
def test_each_method_gives_the_result_or_the_one_thing_in_it(client: Any, row: Method) -> None:
    method = counterpart(client, row).method
    given = typing.get_type_hints(method)["return"]
    result = getattr(types, row.result or "")
    fields = attrs.fields(result)
    if row.name == "session/spawn":
        assert given is client.Session
        assert types.SessionInfo in typing.get_args(typing.get_type_hints(client.Session.spawned_info.fget)["return"])
    elif not fields:
        assert given is python_types.NoneType
    elif len(fields) == 1:
        (only,) = fields
        inner = without_none(only.type)
        sequence = typing.get_origin(inner) is list
        alike = typing.get_args(given) == typing.get_args(inner) if sequence else given is inner
        assert alike or given is result
    else:
        assert issubclass(given, result)


def test_each_notification_is_an_event_or_output() -> None:
    told = {getattr(types, row.params or "") for row in NOTIFICATIONS}
    assert set(typing.get_args(Event)) == told
    assert set(typing.get_args(LifeEvent)) == told - {types.OutputParams}


@pytest.mark.parametrize("code", ErrorCode, ids=lambda code: code.kind)
def test_each_error_has_a_class_below_one_base(client: Any, code: ErrorCode) -> None:
    error = getattr(client, code.kind)
    assert error.CODE is code
    assert issubclass(error, client.RpcError)
    assert issubclass(client.RpcError, client.ClientError)
    assert pydoc.render_doc(error), "its members are described without an error at hand"


def test_both_clients_have_the_same_names_and_shapes() -> None:
    assert blocking_client.__all__ == asyncio_client.__all__
    for name in ("PipeRpc", "Session", "OutputStream"):
        mine, theirs = getattr(blocking_client, name), getattr(asyncio_client, name)
        public = [each for each in vars(mine) if not each.startswith("_")]
        assert public == [each for each in vars(theirs) if not each.startswith("_")]
        for each in public:
            if callable(vars(mine)[each]):
                both = [list(inspect.signature(vars(one)[each]).parameters.values()) for one in (mine, theirs)]
                assert both[0] == both[1], f"{name}.{each}"


@pytest.mark.parametrize("name", ["session/spawn", "session/run", "session/list"])
def test_a_misspelt_argument_is_a_type_error(client: Any, name: str) -> None:
    (row,) = (row for row in SESSION_METHODS if row.name == name)
    with pytest.raises(TypeError, match="timeoutt"):
        counterpart(client, row).sent(**({} if name == "session/list" else {"argv": ["true"]}), timeoutt=1)
